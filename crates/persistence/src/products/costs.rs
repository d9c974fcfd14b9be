//! What one unit of a product costs from a day on; the same day again is a correction.

use super::save::came_first;
use super::{CHUNK, currency, current_costs};
use crate::clock::from_micros;
use crate::entity::product_cost;
use crate::error::DbError;
use crate::journal;
use crate::store::{Source, sealed::Sealed};
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{ProductCostId, ProductId, WriteId};
use tiercel_domain::scaled::UnitPrice;
use uuid::Uuid;

/// One cost with its place in knowledge time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CostVersion {
    pub id: ProductCostId,
    pub valid_from: NaiveDate,
    pub unit_cost: UnitPrice,
    pub currency: Currency,
    pub recorded_at: DateTime<Utc>,
    pub write_id: WriteId,
    /// Of the write in the journal; none where the write is not numbered yet.
    pub position: Option<i64>,
    /// The write that corrected it.
    pub superseded_by: Option<WriteId>,
}

/// Costs to record; of the same product and day the last one counts.
#[derive(Debug, Default)]
pub(super) struct Batch(BTreeMap<(Uuid, NaiveDate), (i64, String)>);

impl Batch {
    pub(super) fn add(
        &mut self,
        product: Uuid,
        valid_from: NaiveDate,
        cost: UnitPrice,
        currency: String,
    ) {
        self.0
            .insert((product, valid_from), (cost.units(), currency));
    }
}

/// Records what one unit costs from a day on; false where that is known already. Where facts are
/// touched, the write ends with a job that values them again.
///
/// # Errors
/// `Conflict` where another write came between: run the transaction again.
pub async fn save_cost(
    tx: &Tx,
    product: ProductId,
    valid_from: NaiveDate,
    unit_cost: UnitPrice,
    currency: Currency,
) -> Result<bool, DbError> {
    let mut batch = Batch::default();
    let product = Uuid::from_u128(product.bits());
    batch.add(product, valid_from, unit_cost, currency.code().to_owned());
    Ok(!record(tx, batch).await?.is_empty())
}

/// Every cost of a product, corrected ones included, by day and then in the order of recording.
pub async fn cost_history(
    source: &impl Source,
    product: ProductId,
) -> Result<Vec<CostVersion>, DbError> {
    let rows = product_cost::Entity::find()
        .filter(product_cost::Column::ProductId.eq(Uuid::from_u128(product.bits())))
        .order_by_asc(product_cost::Column::ValidFrom)
        .order_by_asc(product_cost::Column::RecordedAt)
        .order_by_asc(product_cost::Column::CostId)
        .all(source.connection())
        .await?;
    let write = |row: &product_cost::Model| WriteId::from_bits(row.write_id.as_u128());
    let positions = journal::positions(source, rows.iter().map(write)).await?;
    rows.into_iter()
        .map(|row| {
            Ok(CostVersion {
                id: ProductCostId::from_bits(row.cost_id.as_u128()),
                valid_from: row.valid_from,
                unit_cost: UnitPrice::from_units(row.unit_cost),
                currency: currency("product_cost", &row.currency)?,
                recorded_at: from_micros(row.recorded_at),
                write_id: write(&row),
                position: positions.get(&write(&row)).copied(),
                superseded_by: row
                    .superseded_by
                    .map(|write| WriteId::from_bits(write.as_u128())),
            })
        })
        .collect()
}

/// Records the costs that are news, and returns the products that have any.
pub(super) async fn record(tx: &Tx, batch: Batch) -> Result<BTreeSet<Uuid>, DbError> {
    let products: BTreeSet<Uuid> = batch.0.keys().map(|(product, _)| *product).collect();
    let products: Vec<Uuid> = products.into_iter().collect();
    let known = current_costs(tx, &products).await?;
    let mut corrected = Vec::new();
    let mut rows = Vec::new();
    for ((product, valid_from), (unit_cost, currency)) in batch.0 {
        let known = known.get(&product).into_iter().flatten();
        let before = known.into_iter().find(|row| row.valid_from == valid_from);
        if before.is_some_and(|row| (row.unit_cost, &row.currency) == (unit_cost, &currency)) {
            continue;
        }
        corrected.extend(before.map(|row| row.cost_id));
        let row = product_cost::Model {
            cost_id: Uuid::from_u128(tx.mint()),
            product_id: product,
            valid_from,
            unit_cost,
            currency,
            write_id: tx.write_uuid(),
            recorded_at: tx.micros(),
            superseded_by: None,
        };
        tx.valuation().changed();
        tx.note(noted(&row, before.is_some()));
        rows.push(row);
    }
    let news = rows.iter().map(|row| row.product_id).collect();
    for chunk in corrected.chunks(CHUNK) {
        supersede(tx, chunk).await?;
    }
    for chunk in rows.chunks(CHUNK) {
        let chunk = chunk
            .iter()
            .cloned()
            .map(IntoActiveModel::into_active_model);
        product_cost::Entity::insert_many(chunk)
            .exec_without_returning(tx.connection())
            .await
            .map_err(|error| came_first(error.into()))?;
    }
    Ok(news)
}

async fn supersede(tx: &Tx, ids: &[Uuid]) -> Result<(), DbError> {
    let done = product_cost::Entity::update_many()
        .col_expr(
            product_cost::Column::SupersededBy,
            Expr::value(Some(tx.write_uuid())),
        )
        .filter(product_cost::Column::CostId.is_in(ids.iter().copied()))
        .filter(product_cost::Column::SupersededBy.is_null())
        .exec(tx.connection())
        .await?;
    if usize::try_from(done.rows_affected) == Ok(ids.len()) {
        return Ok(());
    }
    Err(DbError::Conflict("a cost has changed".into()))
}

/// The journal names a cost but does not tell it: readers of the feed may not see costs.
fn noted(row: &product_cost::Model, correction: bool) -> Change {
    Change {
        entity: "product_cost",
        id: ProductCostId::from_bits(row.cost_id.as_u128()).to_string(),
        version: 1,
        what: if correction { "corrected" } else { "recorded" },
        customer: None,
        content: None,
        detail: vec![
            (
                "product",
                ProductId::from_bits(row.product_id.as_u128()).to_string(),
            ),
            ("valid_from", row.valid_from.to_string()),
        ],
    }
}
