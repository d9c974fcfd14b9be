//! The history of evaluations.

use crate::clock::from_micros;
use crate::entity::evaluation;
use crate::error::DbError;
use crate::store::Source;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use tiercel_domain::ids::{CustomerId, DocumentId, EvaluationId, WriteId};
use tiercel_domain::scaled::Points;
use uuid::Uuid;

/// One evaluation as it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvaluation {
    pub id: EvaluationId,
    pub customer: CustomerId,
    pub as_of: NaiveDate,
    pub model: DocumentId,
    pub model_version: i64,
    /// The customer's state version of the write that evaluated.
    pub state_version: i64,
    pub score: Points,
    /// The tier's code in the model.
    pub tier: String,
    /// By criterion, in the model's order.
    pub points: Vec<(String, Points)>,
    /// Why it was made: `facts`, `profile`, `run` or `time`.
    pub cause: String,
    pub write: WriteId,
    pub recorded_at: DateTime<Utc>,
}

/// Which evaluations a page shows; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvaluationFilter {
    pub customer: Option<CustomerId>,
    pub tier: Option<String>,
    pub as_of: Option<NaiveDate>,
}

/// Evaluations before an id, newest first.
pub async fn page(
    source: &impl Source,
    filter: &EvaluationFilter,
    before: Option<EvaluationId>,
    limit: u64,
) -> Result<Vec<StoredEvaluation>, DbError> {
    let mut query = evaluation::Entity::find();
    if let Some(customer) = filter.customer {
        let customer = Uuid::from_u128(customer.bits());
        query = query.filter(evaluation::Column::CustomerId.eq(customer));
    }
    if let Some(tier) = &filter.tier {
        query = query.filter(evaluation::Column::Tier.eq(tier));
    }
    if let Some(as_of) = filter.as_of {
        query = query.filter(evaluation::Column::AsOf.eq(as_of));
    }
    if let Some(before) = before {
        let before = Uuid::from_u128(before.bits());
        query = query.filter(evaluation::Column::EvaluationId.lt(before));
    }
    let rows = query
        .order_by_desc(evaluation::Column::EvaluationId)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_stored).collect()
}

/// One evaluation of one customer.
pub async fn find(
    source: &impl Source,
    customer: CustomerId,
    id: EvaluationId,
) -> Result<Option<StoredEvaluation>, DbError> {
    let key = (Uuid::from_u128(customer.bits()), Uuid::from_u128(id.bits()));
    let row = evaluation::Entity::find_by_id(key)
        .one(source.connection())
        .await?;
    row.map(to_stored).transpose()
}

/// Points by criterion as the database keeps them: `[["revenue","12.5"],…]`.
pub(super) fn points_text<'a>(points: impl Iterator<Item = (&'a str, Points)>) -> String {
    let points: Vec<_> = points
        .map(|(code, points)| serde_json::json!([code, points.to_string()]))
        .collect();
    serde_json::Value::from(points).to_string()
}

fn points_of(text: &str) -> Result<Vec<(String, Points)>, DbError> {
    let corrupt = |detail: String| DbError::corrupt("evaluation", detail);
    let points: Vec<(String, String)> =
        serde_json::from_str(text).map_err(|error| corrupt(error.to_string()))?;
    points
        .into_iter()
        .map(|(code, points)| {
            let points = points
                .parse()
                .map_err(|_| corrupt(format!("the points {points}")))?;
            Ok((code, points))
        })
        .collect()
}

fn to_stored(row: evaluation::Model) -> Result<StoredEvaluation, DbError> {
    Ok(StoredEvaluation {
        id: EvaluationId::from_bits(row.evaluation_id.as_u128()),
        customer: CustomerId::from_bits(row.customer_id.as_u128()),
        as_of: row.as_of,
        model: DocumentId::from_bits(row.model_id.as_u128()),
        model_version: row.model_version,
        state_version: row.state_version,
        score: Points::from_units(row.score),
        points: points_of(&row.points)?,
        tier: row.tier,
        cause: row.cause,
        write: WriteId::from_bits(row.write_id.as_u128()),
        recorded_at: from_micros(row.recorded_at),
    })
}
