//! What the decision book holds of every customer, read by ids or page by page.
//!
//! | what | `book/held.rs`                                           |
//! | now  | here                                                     |
//! | then | `book/past.rs`: as known at a position, as of a date     |
//! | finance | `book/finance.rs`: levels of reminders, what is confirmed |
//! | tier | `book/overrides.rs`: the one set by hand comes first     |

mod finance;
mod held;
mod overrides;
pub mod past;

pub use held::{BookCustomer, CreditSummary, Finance, KnownAs};

use crate::credit;
use crate::customers::CustomerState;
use crate::entity::customer_state;
use crate::error::DbError;
use crate::price_approvals;
use crate::sql;
use crate::store::Source;
use futures_util::stream::{self, Stream, TryStreamExt};
use rust_decimal::Decimal;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tiercel_domain::credit::OpenItem;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::phones::MatchKey;
use tiercel_domain::scaled::Amount;
use uuid::Uuid;

/// Customers of one page at start-up.
const PAGE: u64 = 2_000;
/// Pages that are read at once.
const AT_ONCE: usize = 3;

/// Those of the customers that exist.
pub async fn customers(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<Vec<BookCustomer>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = Vec::new();
    for chunk in ids.chunks(sql::MANY) {
        let states = customer_state::Entity::find()
            .filter(customer_state::Column::CustomerId.is_in(chunk.iter().copied()))
            .all(source.connection())
            .await?;
        let span = Span::Ids(chunk.iter().map(|id| Value::from(*id)).collect());
        found.extend(complete(source, states, &span).await?);
    }
    Ok(found)
}

/// Everyone, page by page in id order. Some pages are read at once: the database reads on several
/// connections while rows become customers here.
pub fn everyone(
    source: &impl Source,
) -> impl Stream<Item = Result<Vec<BookCustomer>, DbError>> + '_ {
    let pages = stream::try_unfold(Uuid::nil(), move |after| async move {
        let states = states_after(source, after).await?;
        let last = states.last().map(|state| state.customer_id);
        Ok(last.map(|last| ((states, Span::Range(after.into(), last.into())), last)))
    });
    let whole = move |(states, span)| async move { complete(source, states, &span).await };
    pages.map_ok(whole).try_buffered(AT_ONCE)
}

async fn states_after(
    source: &impl Source,
    after: Uuid,
) -> Result<Vec<customer_state::Model>, DbError> {
    Ok(customer_state::Entity::find()
        .filter(customer_state::Column::CustomerId.gt(after))
        .order_by_asc(customer_state::Column::CustomerId)
        .limit(PAGE)
        .all(source.connection())
        .await?)
}

/// The parent of every customer group; none for those at the top.
pub async fn group_parents(
    source: &impl Source,
) -> Result<BTreeMap<GroupId, Option<GroupId>>, DbError> {
    let text = "SELECT group_id, parent_id FROM customer_group WHERE superseded_by IS NULL";
    let rows = sql::rows(source, text, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let group: Uuid = row.try_get("", "group_id")?;
            let parent: Option<Uuid> = row.try_get("", "parent_id")?;
            Ok((GroupId::from_bits(group.as_u128()), group_of(parent)))
        })
        .collect()
}

fn group_of(id: Option<Uuid>) -> Option<GroupId> {
    id.map(|id| GroupId::from_bits(id.as_u128()))
}

/// Whose rows a statement reads.
enum Span {
    Ids(Vec<Value>),
    /// After the first, up to and with the last.
    Range(Value, Value),
}

impl Span {
    fn condition(&self) -> (String, Vec<Value>) {
        match self {
            Self::Ids(ids) => {
                let places = sql::places(1, ids.len());
                (format!("customer_id IN ({places})"), ids.clone())
            }
            Self::Range(after, last) => (
                "customer_id > $1 AND customer_id <= $2".to_owned(),
                vec![after.clone(), last.clone()],
            ),
        }
    }

    async fn rows(
        &self,
        source: &impl Source,
        select: &str,
        and: &str,
    ) -> Result<Vec<QueryResult>, DbError> {
        let (condition, values) = self.condition();
        sql::rows(source, &format!("{select} WHERE {condition} {and}"), values).await
    }
}

type Customers = BTreeMap<CustomerId, BookCustomer>;

/// The states were read first: whatever changes meanwhile has a newer version, which comes later.
async fn complete(
    source: &impl Source,
    states: Vec<customer_state::Model>,
    span: &Span,
) -> Result<Vec<BookCustomer>, DbError> {
    let states = states.into_iter().map(CustomerState::from);
    let mut found: Customers = states.map(|state| (state.id, blank(state))).collect();
    add_profiles(source, span, &mut found).await?;
    add_externals(source, span, &mut found).await?;
    add_phones(source, span, &mut found).await?;
    overrides::add(source, span, &mut found).await?;
    add_approvals(source, span, &mut found).await?;
    add_receivables(source, span, &mut found).await?;
    add_open_items(source, span, &mut found).await?;
    add_credit(source, span, &mut found).await?;
    finance::add(source, span, &mut found).await?;
    Ok(found.into_values().map(BookCustomer::fitted).collect())
}

fn blank(state: CustomerState) -> BookCustomer {
    BookCustomer {
        id: state.id,
        version: state.version,
        erased: state.erased_at.is_some(),
        evaluated_tier: state.tier.map(Arc::from),
        overrides: Vec::new(),
        approvals: Vec::new(),
        score: state.score,
        evaluated_as_of: state.evaluated_as_of,
        model_version: state.model_version,
        owner: None,
        group: None,
        credit_limit: None,
        externals: Vec::new(),
        phones: Vec::new(),
        invoices_known: false,
        open_items: Vec::new(),
        credit: Vec::new(),
        finance: Finance::default(),
    }
}

/// The customer of a row; none where it was created after the states were read, or is erased.
fn of_row<'a>(
    row: &QueryResult,
    found: &'a mut Customers,
) -> Result<Option<&'a mut BookCustomer>, DbError> {
    let id: Uuid = row.try_get("", "customer_id")?;
    let customer = found.get_mut(&CustomerId::from_bits(id.as_u128()));
    Ok(customer.filter(|customer| !customer.erased))
}

async fn add_profiles(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select = "SELECT customer_id, owner, group_id, attributes FROM customer_profile";
    for row in span
        .rows(source, select, "AND superseded_by IS NULL")
        .await?
    {
        let Some(customer) = of_row(&row, found)? else {
            continue;
        };
        let attributes: String = row.try_get("", "attributes")?;
        customer.owner = shared(&row, "owner")?;
        customer.group = group_of(row.try_get("", "group_id")?);
        customer.credit_limit = credit_limit(&attributes)?;
    }
    Ok(())
}

/// A text that may be absent.
fn shared(row: &QueryResult, column: &str) -> Result<Option<Arc<str>>, DbError> {
    let text: Option<String> = row.try_get("", column)?;
    Ok(text.map(Arc::from))
}

fn known_as(row: &QueryResult) -> Result<KnownAs, DbError> {
    let (system, id): (String, String) = (row.try_get("", "system")?, row.try_get("", "value")?);
    Ok(KnownAs {
        system: system.into(),
        id: id.into(),
    })
}

/// Reads one attribute; most customers have none, so nothing is parsed for them.
fn credit_limit(attributes: &str) -> Result<Option<Amount>, DbError> {
    if !attributes.contains("\"credit_limit\"") {
        return Ok(None);
    }
    let corrupt = |detail: String| DbError::corrupt("customer_profile", detail);
    let fields: serde_json::Value =
        serde_json::from_str(attributes).map_err(|error| corrupt(error.to_string()))?;
    let Some(text) = fields.get("credit_limit").and_then(|value| value.as_str()) else {
        return Ok(None);
    };
    let limit: Decimal = text
        .parse()
        .map_err(|_| corrupt(format!("the credit limit `{text}`")))?;
    // What an amount cannot hold is above every limit that anybody could use up.
    let limit = Amount::from_decimal(round(limit, Amount::SCALE, Rounding::Down));
    Ok(Some(limit.unwrap_or(Amount::from_units(i64::MAX))))
}

async fn add_externals(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select = "SELECT customer_id, system, value FROM external_id";
    for row in span
        .rows(source, select, "AND superseded_by IS NULL")
        .await?
    {
        if let Some(customer) = of_row(&row, found)? {
            customer.externals.push(known_as(&row)?);
        }
    }
    Ok(())
}

async fn add_phones(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select = "SELECT customer_id, e164, match_key FROM phone";
    for row in span
        .rows(source, select, "AND superseded_by IS NULL")
        .await?
    {
        let Some(customer) = of_row(&row, found)? else {
            continue;
        };
        let e164: Option<String> = row.try_get("", "e164")?;
        let typed: String = row.try_get("", "match_key")?;
        for key in keys(e164, &typed) {
            if !customer.phones.contains(&key) {
                customer.phones.push(key);
            }
        }
    }
    Ok(())
}

/// The keys under which a stored number is found: itself where it is valid, else its digits.
fn keys(e164: Option<String>, typed: &str) -> Vec<MatchKey> {
    match e164 {
        Some(number) => vec![MatchKey::E164(number)],
        None => typed
            .split_whitespace()
            .map(|digits| MatchKey::AsTyped(digits.to_owned()))
            .collect(),
    }
}

async fn add_approvals(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let and = format!(
        "AND superseded_by IS NULL AND {} ORDER BY approval_id",
        price_approvals::GRANTED
    );
    for row in span.rows(source, price_approvals::SELECT, &and).await? {
        if let Some(customer) = of_row(&row, found)? {
            customer.approvals.push(price_approvals::read(&row)?);
        }
    }
    Ok(())
}

async fn add_receivables(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select = "SELECT customer_id FROM receivables";
    for row in span.rows(source, select, "AND invoice_count > 0").await? {
        if let Some(customer) = of_row(&row, found)? {
            customer.invoices_known = true;
        }
    }
    Ok(())
}

async fn add_open_items(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let select =
        "SELECT customer_id, doc_system, doc_kind, doc_id, due_on, open_amount FROM open_item";
    // The order of allocation, so that of equally old documents the same one is named everywhere;
    // undated items are never overdue, so it does not matter where an engine puts them.
    let order = "AND open_amount <> 0 ORDER BY customer_id, due_on, invoiced_on, \
                 COALESCE(doc_system, ''), COALESCE(doc_kind, ''), COALESCE(doc_id, ''), \
                 COALESCE(doc_line, ''), fact_id";
    for row in span.rows(source, select, order).await? {
        let Some(customer) = of_row(&row, found)? else {
            continue;
        };
        customer.open_items.push(OpenItem {
            due_on: row.try_get("", "due_on")?,
            open: Amount::from_units(row.try_get("", "open_amount")?),
            document: document(&row)?,
        });
    }
    Ok(())
}

async fn add_credit(
    source: &impl Source,
    span: &Span,
    found: &mut Customers,
) -> Result<(), DbError> {
    let (condition, values) = span.condition();
    for (id, summary) in credit::summaries(source, &condition, values).await? {
        if let Some(customer) = found.get_mut(&id).filter(|customer| !customer.erased) {
            customer.credit.push(summary);
        }
    }
    Ok(())
}

fn document(row: &QueryResult) -> Result<Option<DocumentRef>, DbError> {
    let system: Option<String> = row.try_get("", "doc_system")?;
    let kind: Option<String> = row.try_get("", "doc_kind")?;
    let id: Option<String> = row.try_get("", "doc_id")?;
    Ok(system
        .zip(kind)
        .zip(id)
        .map(|((system, kind), id)| DocumentRef {
            system,
            kind,
            id,
            line: None,
        }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credit_limit_is_read_where_there_is_one() {
        let limit = |text: &str| credit_limit(text).unwrap().map(|limit| limit.to_string());
        assert_eq!(limit(r#"{"size":"large"}"#), None);
        assert_eq!(limit(r#"{"note":"\"credit_limit\""}"#), None);
        assert_eq!(
            limit(r#"{"credit_limit":"1200.50"}"#).as_deref(),
            Some("1200.5")
        );
        assert!(credit_limit(r#"{"credit_limit":"much"}"#).is_err());
    }

    #[test]
    fn a_number_is_found_by_itself_or_by_its_digits() {
        let valid = keys(Some("+14155550100".to_owned()), "14155550100");
        assert_eq!(valid, [MatchKey::E164("+14155550100".to_owned())]);
        assert_eq!(keys(None, "555123 1555123").len(), 2);
        assert_eq!(keys(None, ""), []);
    }

    async fn insert(store: &crate::Store, table: &str, columns: &str, values: &str) {
        let text = format!("INSERT INTO {table} ({columns}) VALUES {values}");
        sql::run(store, &text, Vec::new()).await.unwrap();
    }

    #[tokio::test]
    async fn customers_come_whole_by_ids_and_by_pages() {
        let (_dir, store) = crate::test_store::open().await;
        let (one, two, write) = (
            format!("X'{:032x}'", 1),
            format!("X'{:032x}'", 2),
            format!("X'{:032x}'", 9),
        );
        let columns = "customer_id, version, profile_version, created_at, updated_at, erased_at, \
                       tier, score";
        let values =
            format!("({one}, 3, 1, 0, 0, NULL, 'high', 840000), ({two}, 5, 1, 0, 0, 7, 'low', 0)");
        insert(&store, "customer_state", columns, &values).await;
        let columns = "customer_id, version, kind, owner, attributes, write_id, recorded_at";
        let limit = r#"{"credit_limit":"500"}"#;
        let values = format!("({one}, 1, 'person', 'agent42', '{limit}', {write}, 0)");
        insert(&store, "customer_profile", columns, &values).await;
        let columns = "customer_id, system, value, write_id, recorded_at, superseded_by";
        let values = format!(
            "({one}, 'erp1', 'A', {write}, 0, NULL), ({one}, 'erp1', 'B', {write}, 0, {write})"
        );
        insert(&store, "external_id", columns, &values).await;
        let columns = "customer_id, phone_no, raw, e164, match_key, write_id, recorded_at";
        let values = format!(
            "({one}, 1, '', '+491', '491', {write}, 0), ({one}, 2, '', NULL, '555123', {write}, 0)"
        );
        insert(&store, "phone", columns, &values).await;

        let all: Vec<Vec<BookCustomer>> = everyone(&store).try_collect().await.unwrap();
        let all = all.concat();
        assert_eq!(all.len(), 2);
        let first = &all[0];
        assert_eq!(
            (first.version, first.evaluated_tier.as_deref()),
            (3, Some("high"))
        );
        assert_eq!(first.owner.as_deref(), Some("agent42"));
        assert_eq!(first.credit_limit, "500".parse().ok());
        assert_eq!(first.externals.len(), 1);
        assert_eq!(first.phones.len(), 2);
        assert!(!first.invoices_known && all[1].erased);
        let ids = BTreeSet::from([first.id, all[1].id, CustomerId::from_bits(77)]);
        assert_eq!(customers(&store, &ids).await.unwrap(), all);
        assert!(group_parents(&store).await.unwrap().is_empty());
    }
}
