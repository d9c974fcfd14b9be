//! Facts as known now or at a position of the journal.

use super::rows::{StoredFact, to_fact, to_stored};
use crate::entity::{fact, fact_note};
use crate::error::DbError;
use crate::sql::{self, MANY};
use crate::store::Source;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use tiercel_domain::evaluation::Edges;
use tiercel_domain::fact::{Fact, FactKind};
use tiercel_domain::ids::{CustomerId, FactId};
use uuid::Uuid;

/// Which facts a page shows; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactFilter {
    pub customer: Option<CustomerId>,
    pub kind: Option<FactKind>,
    pub source: Option<String>,
    pub external_id: Option<String>,
    /// The first business day shown.
    pub occurred_from: Option<NaiveDate>,
    /// The last business day shown.
    pub occurred_to: Option<NaiveDate>,
    pub document_system: Option<String>,
    pub document_kind: Option<String>,
    pub document_id: Option<String>,
    /// As known at this position of the journal; now where it is absent.
    pub known_at: Option<i64>,
}

/// Versions in force: now, or those written by `position` and not replaced by then.
fn in_force(known_at: Option<i64>) -> Condition {
    sql::in_force(fact::Column::WriteId, fact::Column::SupersededBy, known_at)
}

/// The facts of customers in order of day and id; customers without facts are absent.
pub async fn of_customers(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    known_at: Option<i64>,
) -> Result<BTreeMap<CustomerId, Vec<Fact>>, DbError> {
    let ids: Vec<Uuid> = customers
        .iter()
        .map(|id| Uuid::from_u128(id.bits()))
        .collect();
    let mut found: BTreeMap<CustomerId, Vec<Fact>> = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        let rows = of_chunk(chunk).filter(in_force(known_at));
        gather(source, rows, &mut found).await?;
    }
    Ok(found)
}

/// Facts of some customers, each customer's in order of day and id.
fn of_chunk(customers: &[Uuid]) -> Select<fact::Entity> {
    fact::Entity::find()
        .filter(fact::Column::CustomerId.is_in(customers.iter().copied()))
        .order_by_asc(fact::Column::CustomerId)
        .order_by_asc(fact::Column::OccurredOn)
        .order_by_asc(fact::Column::FactId)
}

/// Puts the rows with their customers.
async fn gather(
    source: &impl Source,
    rows: Select<fact::Entity>,
    found: &mut BTreeMap<CustomerId, Vec<Fact>>,
) -> Result<(), DbError> {
    for row in rows.all(source.connection()).await? {
        let fact = to_fact(&row)?;
        found.entry(fact.customer).or_default().push(fact);
    }
    Ok(())
}

/// The current facts of customers of some kinds on some days, in order of day and id; customers
/// without such facts are absent.
pub(crate) async fn of_days(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    edges: &Edges,
) -> Result<BTreeMap<CustomerId, Vec<Fact>>, DbError> {
    let ids: Vec<Uuid> = customers
        .iter()
        .map(|id| Uuid::from_u128(id.bits()))
        .collect();
    let kinds: Vec<&str> = edges.kinds.iter().map(|kind| kind.word()).collect();
    let mut found: BTreeMap<CustomerId, Vec<Fact>> = BTreeMap::new();
    // One statement for each stretch of days, so that the index leads to nothing else.
    for days in &edges.days {
        for chunk in ids.chunks(MANY) {
            let rows = of_chunk(chunk)
                .filter(fact::Column::SupersededBy.is_null())
                .filter(fact::Column::OccurredOn.between(*days.start(), *days.end()))
                .filter(fact::Column::Kind.is_in(kinds.iter().copied()));
            gather(source, rows, &mut found).await?;
        }
    }
    Ok(found)
}

/// The current facts of one kind of some customers from one day to another, both included.
pub async fn of_period(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    kind: FactKind,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<BTreeMap<CustomerId, Vec<Fact>>, DbError> {
    let edges = Edges {
        kinds: BTreeSet::from([kind]),
        days: vec![from..=to],
    };
    of_days(source, customers, &edges).await
}

/// Some facts of one customer as known now, in order of ids.
pub async fn of_ids(
    source: &impl Source,
    customer: CustomerId,
    ids: &BTreeSet<FactId>,
) -> Result<Vec<Fact>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = Vec::new();
    for chunk in ids.chunks(MANY) {
        let rows = fact::Entity::find()
            .filter(fact::Column::CustomerId.eq(Uuid::from_u128(customer.bits())))
            .filter(fact::Column::FactId.is_in(chunk.iter().copied()))
            .filter(in_force(None))
            .order_by_asc(fact::Column::FactId)
            .all(source.connection())
            .await?;
        for row in rows {
            found.push(to_fact(&row)?);
        }
    }
    Ok(found)
}

/// Where a fact stands in the order of lists: by day, then id; as `2026-03-01 fct_…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FactPlace {
    pub occurred_on: NaiveDate,
    pub id: FactId,
}

impl From<&Fact> for FactPlace {
    fn from(fact: &Fact) -> Self {
        Self {
            occurred_on: fact.occurred_on,
            id: fact.id,
        }
    }
}

impl fmt::Display for FactPlace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.occurred_on, self.id)
    }
}

/// A text that names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the place of a fact")]
pub struct NotAPlace;

impl FromStr for FactPlace {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (day, id) = text.split_once(' ').ok_or(NotAPlace)?;
        Ok(Self {
            occurred_on: day.parse().map_err(|_| NotAPlace)?,
            id: id.parse().map_err(|_| NotAPlace)?,
        })
    }
}

/// Facts after a place, in order of day and id.
pub async fn page(
    source: &impl Source,
    filter: &FactFilter,
    after: Option<FactPlace>,
    limit: u64,
) -> Result<Vec<StoredFact>, DbError> {
    let rows = selected(filter, after, limit)
        .all(source.connection())
        .await?;
    with_notes(source, rows).await
}

pub(super) fn selected(
    filter: &FactFilter,
    after: Option<FactPlace>,
    limit: u64,
) -> Select<fact::Entity> {
    use fact::Column;
    let mut query = filtered(filter);
    if let Some(after) = after {
        // The bare bound of the day is what both engines seek the index by.
        let later = Condition::any()
            .add(Column::OccurredOn.gt(after.occurred_on))
            .add(Column::FactId.gt(Uuid::from_u128(after.id.bits())));
        query = query
            .filter(Column::OccurredOn.gte(after.occurred_on))
            .filter(later);
    }
    query
        .order_by_asc(Column::OccurredOn)
        .order_by_asc(Column::FactId)
        .limit(limit)
}

fn filtered(filter: &FactFilter) -> Select<fact::Entity> {
    use fact::Column;
    let mut query = fact::Entity::find().filter(in_force(filter.known_at));
    if let Some(customer) = filter.customer {
        query = query.filter(Column::CustomerId.eq(Uuid::from_u128(customer.bits())));
    }
    if let Some(from) = filter.occurred_from {
        query = query.filter(Column::OccurredOn.gte(from));
    }
    if let Some(to) = filter.occurred_to {
        query = query.filter(Column::OccurredOn.lte(to));
    }
    let texts = [
        (Column::Kind, filter.kind.map(FactKind::word)),
        (Column::Source, filter.source.as_deref()),
        (Column::ExternalId, filter.external_id.as_deref()),
        (Column::DocSystem, filter.document_system.as_deref()),
        (Column::DocKind, filter.document_kind.as_deref()),
        (Column::DocId, filter.document_id.as_deref()),
    ];
    for (column, text) in texts {
        if let Some(text) = text {
            query = query.filter(column.eq(text));
        }
    }
    query
}

/// One fact as known now or at a position of the journal.
pub async fn find(
    source: &impl Source,
    id: FactId,
    known_at: Option<i64>,
) -> Result<Option<StoredFact>, DbError> {
    let rows = fact::Entity::find()
        .filter(fact::Column::FactId.eq(Uuid::from_u128(id.bits())))
        .filter(in_force(known_at))
        .all(source.connection())
        .await?;
    Ok(with_notes(source, rows).await?.into_iter().next())
}

/// Versions of one fact after a number, oldest first; none where there is no such fact.
pub async fn versions(
    source: &impl Source,
    id: FactId,
    after: i64,
    limit: u64,
) -> Result<Vec<StoredFact>, DbError> {
    let rows = fact::Entity::find()
        .filter(fact::Column::FactId.eq(Uuid::from_u128(id.bits())))
        .filter(fact::Column::Version.gt(after))
        .order_by_asc(fact::Column::Version)
        .limit(limit)
        .all(source.connection())
        .await?;
    with_notes(source, rows).await
}

pub(super) async fn with_notes(
    source: &impl Source,
    rows: Vec<fact::Model>,
) -> Result<Vec<StoredFact>, DbError> {
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.fact_id).collect();
    let ids: Vec<Uuid> = ids.into_iter().collect();
    let mut notes = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        let customers: BTreeSet<Uuid> = rows.iter().map(|row| row.customer_id).collect();
        let found = fact_note::Entity::find()
            .filter(fact_note::Column::CustomerId.is_in(customers))
            .filter(fact_note::Column::FactId.is_in(chunk.iter().copied()))
            .all(source.connection())
            .await?;
        notes.extend(
            found
                .into_iter()
                .map(|row| ((row.fact_id, row.version), row.note)),
        );
    }
    rows.into_iter()
        .map(|row| {
            let note = notes.remove(&(row.fact_id, row.version));
            to_stored(row, note)
        })
        .collect()
}
