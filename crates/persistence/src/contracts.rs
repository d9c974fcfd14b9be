//! Contracts with customers and groups: versioned, read whole into the book, or of one buyer at a
//! position of the past.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{QueryResult, Value};
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use tiercel_domain::contracts::{About, AgreedPrice, Contract, Party, Term};
use tiercel_domain::ids::{ContractId, CustomerId, GroupId};
use uuid::Uuid;

const TABLE: &str = "contract";

/// A version as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContract {
    pub what: Contract,
    pub version: i64,
    pub recorded_at: DateTime<Utc>,
}

/// Which contracts a page shows; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ContractFilter {
    pub customer: Option<CustomerId>,
    pub group: Option<GroupId>,
    pub code: Option<String>,
}

/// What a term is about and what it agrees on, as it is kept.
type Row = (String, String, String, String);

fn row_of(term: &Term) -> Row {
    let (about, goods) = match &term.about {
        About::Everything => ("all", String::new()),
        About::Category(path) => ("category", path.to_string()),
        About::Sku(sku) => ("sku", sku.clone()),
    };
    let (kind, value) = match term.price {
        AgreedPrice::Net(price) => ("net", price.to_string()),
        AgreedPrice::Percent(percent) => ("percent", percent.to_string()),
    };
    (about.to_owned(), goods, kind.to_owned(), value)
}

fn term_of((about, goods, kind, value): Row) -> Result<Term, DbError> {
    Ok(Term {
        about: match about.as_str() {
            "all" => About::Everything,
            "category" => About::Category(parsed(&goods)?),
            "sku" => About::Sku(goods),
            _ => return Err(DbError::corrupt(TABLE, format!("a term about `{about}`"))),
        },
        price: match kind.as_str() {
            "net" => AgreedPrice::Net(parsed(&value)?),
            "percent" => AgreedPrice::Percent(parsed(&value)?),
            _ => return Err(DbError::corrupt(TABLE, format!("a price by `{kind}`"))),
        },
    })
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, DbError> {
    text.parse()
        .map_err(|error| DbError::corrupt(TABLE, format!("`{text}`: {error}")))
}

fn stored(row: &QueryResult) -> Result<StoredContract, DbError> {
    let id: Uuid = row.try_get("", "contract_id")?;
    let customer: Option<Uuid> = row.try_get("", "customer_id")?;
    let group: Option<Uuid> = row.try_get("", "group_id")?;
    let party = match (customer, group) {
        (Some(id), None) => Party::Customer(CustomerId::from_bits(id.as_u128())),
        (None, Some(id)) => Party::Group(GroupId::from_bits(id.as_u128())),
        _ => return Err(DbError::corrupt(TABLE, "neither a customer nor a group")),
    };
    let currency: String = row.try_get("", "currency")?;
    let terms: String = row.try_get("", "terms")?;
    let terms: Vec<Row> =
        serde_json::from_str(&terms).map_err(|error| DbError::corrupt(TABLE, error))?;
    Ok(StoredContract {
        what: Contract {
            id: ContractId::from_bits(id.as_u128()),
            code: row.try_get("", "code")?,
            party,
            currency: parsed(&currency)?,
            valid_from: row.try_get("", "valid_from")?,
            valid_until: row.try_get("", "valid_until")?,
            terms: terms.into_iter().map(term_of).collect::<Result<_, _>>()?,
        },
        version: row.try_get("", "version")?,
        recorded_at: from_micros(row.try_get("", "recorded_at")?),
    })
}

/// All that there are, as decisions read them.
pub async fn all(source: &impl Source) -> Result<Vec<Contract>, DbError> {
    let text = "SELECT * FROM contract WHERE superseded_by IS NULL ORDER BY contract_id";
    let rows = sql::rows(source, text, Vec::new()).await?;
    rows.iter().map(|row| Ok(stored(row)?.what)).collect()
}

/// Those of some customers and groups, as known at a position of the journal.
pub async fn of_parties(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    groups: &BTreeSet<GroupId>,
    position: i64,
) -> Result<Vec<Contract>, DbError> {
    let ids = sql::uuids(customers.iter().map(|id| id.bits()));
    let groups = sql::uuids(groups.iter().map(|id| id.bits()));
    let mut found = Vec::new();
    for (column, ids) in [("customer_id", ids), ("group_id", groups)] {
        for chunk in ids.chunks(sql::MANY) {
            let known = sql::known("t", Some(position));
            let places = sql::places(2, chunk.len());
            let text =
                format!("SELECT * FROM contract t WHERE {known} AND t.{column} IN ({places})");
            let values = std::iter::once(position.into()).chain(chunk.iter().cloned());
            let rows = sql::rows(source, &text, values.collect()).await?;
            let read = rows.iter().map(|row| Ok(stored(row)?.what));
            found.extend(read.collect::<Result<Vec<Contract>, DbError>>()?);
        }
    }
    Ok(found)
}

/// Contracts after an id, oldest first.
pub async fn page(
    source: &impl Source,
    filter: &ContractFilter,
    after: Option<ContractId>,
    limit: u64,
) -> Result<Vec<StoredContract>, DbError> {
    let after = after.map_or(0, ContractId::bits);
    let mut text =
        "SELECT * FROM contract WHERE superseded_by IS NULL AND contract_id > $1".to_owned();
    let mut values: Vec<Value> = vec![Uuid::from_u128(after).into()];
    let customer = filter.customer.map(|id| Uuid::from_u128(id.bits()).into());
    let group = filter.group.map(|id| Uuid::from_u128(id.bits()).into());
    let code = filter.code.clone().map(Value::from);
    for (column, value) in [
        ("customer_id", customer),
        ("group_id", group),
        ("code", code),
    ] {
        if let Some(value) = value {
            values.push(value);
            text = format!("{text} AND {column} = ${}", values.len());
        }
    }
    let text = format!("{text} ORDER BY contract_id LIMIT {limit}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(stored).collect()
}

/// Versions of a contract after one, oldest first.
pub async fn versions(
    source: &impl Source,
    id: ContractId,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredContract>, DbError> {
    let text = format!(
        "SELECT * FROM contract WHERE contract_id = $1 AND version > $2 \
         ORDER BY version LIMIT {limit}"
    );
    let values = vec![Uuid::from_u128(id.bits()).into(), after.into()];
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(stored).collect()
}

/// The contract as it is now.
pub async fn find(source: &impl Source, id: ContractId) -> Result<Option<StoredContract>, DbError> {
    let text = "SELECT * FROM contract WHERE contract_id = $1 AND superseded_by IS NULL";
    let rows = sql::rows(source, text, vec![Uuid::from_u128(id.bits()).into()]).await?;
    rows.first().map(stored).transpose()
}

/// Makes a contract; its id is minted here.
///
/// # Errors
/// `Taken` where another contract has the code.
pub async fn create(tx: &Tx, what: &Contract) -> Result<StoredContract, DbError> {
    let made = StoredContract {
        what: Contract {
            id: ContractId::from_bits(tx.mint()),
            ..what.clone()
        },
        version: 1,
        recorded_at: tx.at(),
    };
    insert(tx, &made, "created").await?;
    Ok(made)
}

/// Replaces a version by another one.
///
/// # Errors
/// `Conflict` where another change came between.
pub async fn replace(
    tx: &Tx,
    known: &StoredContract,
    what: &Contract,
) -> Result<StoredContract, DbError> {
    let text = "UPDATE contract SET superseded_by = $1 \
                WHERE contract_id = $2 AND version = $3 AND superseded_by IS NULL";
    let id = Uuid::from_u128(known.what.id.bits());
    let values = vec![tx.write_uuid().into(), id.into(), known.version.into()];
    if sql::run(tx, text, values).await? != 1 {
        return Err(DbError::Conflict("the contract changed meanwhile".into()));
    }
    let next = StoredContract {
        what: what.clone(),
        version: known.version.saturating_add(1),
        recorded_at: tx.at(),
    };
    insert(tx, &next, "updated").await?;
    Ok(next)
}

async fn insert(tx: &Tx, of: &StoredContract, what: &'static str) -> Result<(), DbError> {
    let text = "INSERT INTO contract (contract_id, version, code, customer_id, group_id, \
                currency, valid_from, valid_until, terms, write_id, recorded_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (customer, group) = match of.what.party {
        Party::Customer(id) => (Some(id), None),
        Party::Group(id) => (None, Some(id)),
    };
    let terms: Vec<Row> = of.what.terms.iter().map(row_of).collect();
    let values: Vec<Value> = vec![
        Uuid::from_u128(of.what.id.bits()).into(),
        of.version.into(),
        of.what.code.clone().into(),
        customer.map(|id| Uuid::from_u128(id.bits())).into(),
        group.map(|id| Uuid::from_u128(id.bits())).into(),
        of.what.currency.to_string().into(),
        of.what.valid_from.into(),
        of.what.valid_until.into(),
        serde_json::json!(terms).to_string().into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    let until = of
        .what
        .valid_until
        .map(|day| ("valid_until", day.to_string()));
    let party = customer.map(|id| ("party", id.to_string()));
    let party = party.or(group.map(|id| ("party", id.to_string())));
    let detail = [
        ("code", of.what.code.clone()),
        ("valid_from", of.what.valid_from.to_string()),
    ];
    tx.note(Change {
        entity: TABLE,
        id: of.what.id.to_string(),
        version: of.version,
        what,
        customer,
        content: None,
        detail: detail.into_iter().chain(until).chain(party).collect(),
    });
    Ok(())
}
