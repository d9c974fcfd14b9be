//! Credit accounts: one per customer, company and segment, and groups of them.

use super::{amount, bits, limit, lost, optional_bits, reserve, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{QueryResult, Value};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{CreditAccountId, CustomerId};
use tiercel_domain::scaled::Amount;

const COLUMNS: &str = "account_id, customer_id, parent_id, name, company, segment, currency, \
    status, limit_version, posted, pending, from_facts, credit_balance, version, created_at";

/// Where a customer's credit is used; empty texts are the whole company and all it sells.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub company: String,
    pub segment: String,
}

/// A credit account with its balances, in its own currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: CreditAccountId,
    /// None = a group of accounts.
    pub customer: Option<CustomerId>,
    pub parent: Option<CreditAccountId>,
    /// Of a group.
    pub name: String,
    pub place: Place,
    pub currency: Currency,
    /// Nothing is authorised on an account that is not.
    pub open: bool,
    /// Counts the changes of its limit.
    pub limit_version: i64,
    pub posted: Amount,
    pub pending: Amount,
    /// The part of `posted` that facts tell: open bills.
    pub from_facts: Amount,
    /// Money that settles no bill yet; not part of `posted`.
    pub credit_balance: Amount,
    /// Counts the movements of its balances and every other change.
    pub version: i64,
    pub created_at: DateTime<Utc>,
}

/// An account to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    pub customer: Option<CustomerId>,
    pub name: String,
    pub place: Place,
    pub currency: Currency,
}

/// Which accounts a page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountFilter {
    pub customer: Option<CustomerId>,
    pub parent: Option<CreditAccountId>,
}

fn to_account(row: &QueryResult) -> Result<Account, DbError> {
    let currency: String = row.try_get("", "currency")?;
    let status: String = row.try_get("", "status")?;
    Ok(Account {
        id: CreditAccountId::from_bits(bits(row, "account_id")?),
        customer: optional_bits(row, "customer_id")?.map(CustomerId::from_bits),
        parent: optional_bits(row, "parent_id")?.map(CreditAccountId::from_bits),
        name: row.try_get("", "name")?,
        place: Place {
            company: row.try_get("", "company")?,
            segment: row.try_get("", "segment")?,
        },
        currency: currency
            .parse()
            .map_err(|error| DbError::corrupt("credit_account", error))?,
        open: status == "open",
        limit_version: row.try_get("", "limit_version")?,
        posted: amount(row, "posted")?,
        pending: amount(row, "pending")?,
        from_facts: amount(row, "from_facts")?,
        credit_balance: amount(row, "credit_balance")?,
        version: row.try_get("", "version")?,
        created_at: from_micros(row.try_get("", "created_at")?),
    })
}

async fn select(
    source: &impl Source,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<Account>, DbError> {
    let text = format!("SELECT {COLUMNS} FROM credit_account WHERE {condition}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_account).collect()
}

pub async fn account(
    source: &impl Source,
    id: CreditAccountId,
) -> Result<Option<Account>, DbError> {
    let found = select(source, "account_id = $1", vec![value(id.bits())]).await?;
    Ok(found.into_iter().next())
}

/// All accounts of a customer; the first one, its main account, takes the bills that belong to
/// no document authorised elsewhere.
pub async fn of_customer(
    source: &impl Source,
    customer: CustomerId,
) -> Result<Vec<Account>, DbError> {
    let condition = "customer_id = $1 ORDER BY account_id";
    select(source, condition, vec![value(customer.bits())]).await
}

/// The accounts of some customers, in order of ids.
pub(super) async fn of_customers(
    source: &impl Source,
    customers: Vec<Value>,
) -> Result<Vec<Account>, DbError> {
    let places = sql::places(1, customers.len());
    let condition = format!("customer_id IN ({places}) ORDER BY account_id");
    select(source, &condition, customers).await
}

/// Accounts after an id, in order of ids.
pub async fn accounts(
    source: &impl Source,
    filter: &AccountFilter,
    after: Option<CreditAccountId>,
    count: u64,
) -> Result<Vec<Account>, DbError> {
    let mut values = vec![value(after.map_or(0, CreditAccountId::bits)), limit(count)];
    let mut condition = "account_id > $1".to_owned();
    if let Some(customer) = filter.customer {
        values.push(value(customer.bits()));
        condition += &format!(" AND customer_id = ${}", values.len());
    }
    if let Some(parent) = filter.parent {
        values.push(value(parent.bits()));
        condition += &format!(" AND parent_id = ${}", values.len());
    }
    select(
        source,
        &format!("{condition} ORDER BY account_id LIMIT $2"),
        values,
    )
    .await
}

/// The customer's account at a place, opened where there is none. The caller holds the customer.
pub async fn ensure(
    tx: &Tx,
    customer: CustomerId,
    place: &Place,
    currency: Currency,
) -> Result<Account, DbError> {
    let accounts = of_customer(tx, customer).await?;
    if let Some(account) = accounts.into_iter().find(|it| it.place == *place) {
        return Ok(account);
    }
    let new = NewAccount {
        customer: Some(customer),
        name: String::new(),
        place: place.clone(),
        currency,
    };
    open_account(tx, &new).await
}

/// Opens an account without a limit of its own and without balances.
///
/// # Errors
/// `Taken` where the customer has one at that place.
pub async fn open_account(tx: &Tx, new: &NewAccount) -> Result<Account, DbError> {
    let id = CreditAccountId::from_bits(tx.mint());
    let text = format!(
        "INSERT INTO credit_account ({COLUMNS}) \
         VALUES ($1, $2, NULL, $3, $4, $5, $6, 'open', 0, 0, 0, 0, 0, 1, $7)"
    );
    let customer = new.customer.map(|id| uuid::Uuid::from_u128(id.bits()));
    let values = vec![
        value(id.bits()),
        customer.into(),
        new.name.clone().into(),
        new.place.company.clone().into(),
        new.place.segment.clone().into(),
        new.currency.code().into(),
        tx.micros().into(),
    ];
    sql::run(tx, &text, values).await?;
    let opened = account(tx, id).await?.ok_or_else(|| lost("account"))?;
    note(tx, &opened, "opened");
    Ok(opened)
}

/// Notes a change of an account for the journal.
pub(super) fn note(tx: &Tx, account: &Account, what: &'static str) {
    tx.note(Change {
        entity: "credit_account",
        id: account.id.to_string(),
        version: account.version,
        what,
        customer: account.customer,
        content: None,
        detail: vec![
            ("posted", account.posted.to_string()),
            ("pending", account.pending.to_string()),
            ("currency", account.currency.to_string()),
        ],
    });
}

/// Opens or blocks an account. None where another version is the current one.
pub async fn set_open(tx: &Tx, before: &Account, open: bool) -> Result<Option<Account>, DbError> {
    let text = "UPDATE credit_account SET status = $1, version = version + 1 \
                WHERE account_id = $2 AND version = $3";
    let status = if open { "open" } else { "blocked" };
    let values = vec![
        status.into(),
        value(before.id.bits()),
        before.version.into(),
    ];
    changed(
        tx,
        before.id,
        text,
        values,
        if open { "opened" } else { "blocked" },
    )
    .await
}

/// Puts an account under a group, or under none: its balances move with it. The caller holds the
/// account's customer, so that the balances stand still. None where another version is current.
pub async fn put_under(
    tx: &Tx,
    before: &Account,
    parent: Option<CreditAccountId>,
) -> Result<Option<Account>, DbError> {
    let (posted, pending) = (before.posted.units(), before.pending.units());
    let leaves = before.parent.map(|id| (id, -posted, -pending));
    let joins = parent.map(|id| (id, posted, pending));
    let mut moves: Vec<_> = leaves.into_iter().chain(joins).collect();
    moves.sort_by_key(|(id, ..)| *id);
    for (id, posted, pending) in moves {
        let movement = reserve::Movement {
            kind: "member_moved",
            authorization: None,
            posted,
            pending,
        };
        reserve::shift(tx, id, &movement, None).await?;
    }
    let text = "UPDATE credit_account SET parent_id = $1, version = version + 1 \
                WHERE account_id = $2 AND version = $3";
    let parent = parent.map(|id| uuid::Uuid::from_u128(id.bits()));
    let values = vec![
        parent.into(),
        value(before.id.bits()),
        before.version.into(),
    ];
    changed(tx, before.id, text, values, "moved").await
}

async fn changed(
    tx: &Tx,
    id: CreditAccountId,
    text: &str,
    values: Vec<Value>,
    what: &'static str,
) -> Result<Option<Account>, DbError> {
    if sql::run(tx, text, values).await? == 0 {
        return Ok(None);
    }
    let after = account(tx, id).await?.ok_or_else(|| lost("account"))?;
    note(tx, &after, what);
    Ok(Some(after))
}
