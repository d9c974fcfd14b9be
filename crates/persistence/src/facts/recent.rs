//! The last facts of a customer, and what followed its documents: a look, not the whole history.

use super::read::with_notes;
use super::rows::{StoredFact, to_fact};
use crate::entity::fact;
use crate::error::DbError;
use crate::store::Source;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::BTreeSet;
use tiercel_domain::fact::{DocumentStatus, Fact, FactKind};
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// The last facts of one kind, newest first; of one status where that is asked for.
pub async fn recent(
    source: &impl Source,
    customer: CustomerId,
    kind: FactKind,
    status: Option<DocumentStatus>,
    limit: u64,
) -> Result<Vec<StoredFact>, DbError> {
    let mut query = fact::Entity::find()
        .filter(fact::Column::CustomerId.eq(Uuid::from_u128(customer.bits())))
        .filter(fact::Column::Kind.eq(kind.word()))
        .filter(fact::Column::SupersededBy.is_null());
    if let Some(status) = status {
        query = query.filter(fact::Column::Status.eq(status.word()));
    }
    let rows = query
        .order_by_desc(fact::Column::OccurredOn)
        .order_by_desc(fact::Column::FactId)
        .limit(limit)
        .all(source.connection())
        .await?;
    with_notes(source, rows).await
}

/// What followed documents of a customer, whatever their systems call the documents; at most
/// `limit`.
pub async fn following(
    source: &impl Source,
    customer: CustomerId,
    documents: &BTreeSet<String>,
    limit: u64,
) -> Result<Vec<Fact>, DbError> {
    let rows = fact::Entity::find()
        .filter(fact::Column::CustomerId.eq(Uuid::from_u128(customer.bits())))
        .filter(fact::Column::FollowsId.is_in(documents))
        .filter(fact::Column::SupersededBy.is_null())
        .order_by_asc(fact::Column::FactId)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.iter().map(to_fact).collect()
}
