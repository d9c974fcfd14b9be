//! Facts as known now or at a position of the journal.

use super::rows::{StoredFact, to_fact, to_stored};
use crate::entity::{fact, fact_note};
use crate::error::DbError;
use crate::sql::{self, MANY};
use crate::store::Source;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use std::collections::{BTreeMap, BTreeSet};
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
        let rows = fact::Entity::find()
            .filter(fact::Column::CustomerId.is_in(chunk.iter().copied()))
            .filter(in_force(known_at))
            .order_by_asc(fact::Column::CustomerId)
            .order_by_asc(fact::Column::OccurredOn)
            .order_by_asc(fact::Column::FactId)
            .all(source.connection())
            .await?;
        for row in rows {
            let fact = to_fact(&row)?;
            found.entry(fact.customer).or_default().push(fact);
        }
    }
    Ok(found)
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
            let rows = fact::Entity::find()
                .filter(fact::Column::CustomerId.is_in(chunk.iter().copied()))
                .filter(fact::Column::SupersededBy.is_null())
                .filter(fact::Column::OccurredOn.between(*days.start(), *days.end()))
                .filter(fact::Column::Kind.is_in(kinds.iter().copied()))
                .order_by_asc(fact::Column::CustomerId)
                .order_by_asc(fact::Column::OccurredOn)
                .order_by_asc(fact::Column::FactId)
                .all(source.connection())
                .await?;
            for row in rows {
                let fact = to_fact(&row)?;
                found.entry(fact.customer).or_default().push(fact);
            }
        }
    }
    Ok(found)
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

/// Facts after an id, in order of ids.
pub async fn page(
    source: &impl Source,
    filter: &FactFilter,
    after: Option<FactId>,
    limit: u64,
) -> Result<Vec<StoredFact>, DbError> {
    let mut query = filtered(filter);
    if let Some(after) = after {
        query = query.filter(fact::Column::FactId.gt(Uuid::from_u128(after.bits())));
    }
    let rows = query
        .order_by_asc(fact::Column::FactId)
        .limit(limit)
        .all(source.connection())
        .await?;
    with_notes(source, rows).await
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

async fn with_notes(
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
