//! New versions of facts whose value a corrected rate or cost changes: what the source told stays.

use super::record::{put, supersede};
use super::rows::{currency, kind};
use super::value::Goods;
use crate::entity::{fact, fact_note};
use crate::error::DbError;
use crate::refresh::{self, Basis, Cause, RefreshError, Scope};
use crate::revaluations::News;
use crate::sql::MANY;
use crate::store::sealed::Sealed;
use crate::valuation::Prices;
use crate::write::{Change, Tx};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter,
};
use std::collections::BTreeSet;
use tiercel_domain::ids::{CustomerId, FactId, ProductId};
use tiercel_domain::rollups::month_of;
use tiercel_domain::scaled::{Amount, Quantity};
use uuid::Uuid;

/// What became of the facts that rates and costs of a write hold for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Revalued {
    /// A new version was recorded.
    pub corrected: usize,
    /// The value is what it was.
    pub unchanged: usize,
    /// There is no such value: no rate is known, or it is too large. The fact stays as it was.
    pub refused: usize,
}

/// Facts of some customers with their values of now.
struct Found {
    /// With the new value already in them.
    stale: Vec<fact::Model>,
    counts: Revalued,
}

/// Values the facts of customers again that `news` hold for, and brings everything derived from
/// them up to date in the same transaction. Where nothing changes nothing is written.
///
/// Of the customers in `left_out` nothing is recorded; what would have been counts as refused.
///
/// # Errors
/// `TooLarge` where the sums of a customer could not be kept: nothing must be committed.
pub async fn revalue(
    tx: &Tx,
    customers: &BTreeSet<CustomerId>,
    news: &News,
    left_out: &BTreeSet<CustomerId>,
    basis: &Basis<'_>,
) -> Result<Revalued, RefreshError> {
    // Most look-ups of a resumed job change nothing: only those who change are locked.
    let first = find(tx, customers, news, left_out, basis).await?;
    let moved: BTreeSet<CustomerId> = first.stale.iter().map(owner).collect();
    if moved.is_empty() {
        return Ok(first.counts);
    }
    tx.touch(&moved).await?;
    let found = find(tx, customers, news, left_out, basis).await?;
    if found.stale.iter().any(|row| !moved.contains(&owner(row))) {
        return Err(DbError::Conflict("a fact was recorded meanwhile".into()).into());
    }
    let scope = Scope {
        customers: moved,
        months: found
            .stale
            .iter()
            .map(|row| month_of(row.occurred_on))
            .collect(),
    };
    replace(tx, found.stale).await?;
    refresh::customers(tx, &scope, basis, Cause::Facts).await?;
    Ok(found.counts)
}

fn owner(row: &fact::Model) -> CustomerId {
    CustomerId::from_bits(row.customer_id.as_u128())
}

async fn find(
    tx: &Tx,
    customers: &BTreeSet<CustomerId>,
    news: &News,
    left_out: &BTreeSet<CustomerId>,
    basis: &Basis<'_>,
) -> Result<Found, DbError> {
    let base = basis.settings.base_currency;
    let rows = rows(tx, customers).await?;
    let products = rows.iter().filter_map(|row| row.product_id);
    let products = products
        .map(|id| ProductId::from_bits(id.as_u128()))
        .collect();
    let prices = Prices::of_products(tx, base, &products).await?;
    let mut found = Found {
        stale: Vec::new(),
        counts: Revalued::default(),
    };
    for row in rows {
        let goods = goods(&row, &prices)?;
        if !concerns(news, &prices, &goods) {
            continue;
        }
        let mut faults = Vec::new();
        let valued = goods.value(base, &prices.rates, &mut faults);
        if valued.is_of(&row) {
            found.counts.unchanged += 1;
        } else if faults.is_empty() && !left_out.contains(&owner(&row)) {
            found.counts.corrected += 1;
            found.stale.push(valued.fill(row));
        } else {
            found.counts.refused += 1;
        }
    }
    Ok(found)
}

/// The facts in force of customers that have a value at all.
async fn rows(tx: &Tx, customers: &BTreeSet<CustomerId>) -> Result<Vec<fact::Model>, DbError> {
    let ids: Vec<Uuid> = customers
        .iter()
        .map(|id| Uuid::from_u128(id.bits()))
        .collect();
    let valued = Condition::any()
        .add(fact::Column::Currency.is_not_null())
        .add(fact::Column::ProductId.is_not_null());
    let mut found = Vec::new();
    for chunk in ids.chunks(MANY) {
        let rows = fact::Entity::find()
            .filter(fact::Column::CustomerId.is_in(chunk.iter().copied()))
            .filter(fact::Column::SupersededBy.is_null())
            .filter(valued.clone())
            .all(tx.connection())
            .await?;
        found.extend(rows);
    }
    Ok(found)
}

fn goods<'a>(row: &fact::Model, prices: &'a Prices) -> Result<Goods<'a>, DbError> {
    let product = row.product_id.map(|id| ProductId::from_bits(id.as_u128()));
    Ok(Goods {
        kind: kind(row)?,
        occurred_on: row.occurred_on,
        amount: row.amount.map(Amount::from_units),
        cost: row.given_cost.map(Amount::from_units),
        currency: currency(row)?.unwrap_or(prices.base),
        quantity: row.quantity.map(Quantity::from_units),
        product: product.and_then(|id| prices.products.get(&id)),
    })
}

/// Whether the value of the goods depends on any of the news.
fn concerns(news: &News, prices: &Prices, goods: &Goods<'_>) -> bool {
    let on = goods.occurred_on;
    let money = goods.amount.is_some() || goods.cost.is_some();
    if money && news.rate_holds(&prices.rates, goods.currency, on) {
        return true;
    }
    let product = goods.product.filter(|_| goods.is_at_product_cost());
    product.is_some_and(|product| news.cost_holds(&prices.rates, product, on))
}

/// Writes the next version of each row.
async fn replace(tx: &Tx, rows: Vec<fact::Model>) -> Result<(), DbError> {
    let notes = next_notes(tx, &rows).await?;
    let ids: Vec<Uuid> = rows.iter().map(|row| row.fact_id).collect();
    supersede(tx, &ids).await?;
    let rows = rows.into_iter().map(|row| fact::Model {
        version: row.version.saturating_add(1),
        write_id: tx.write_uuid(),
        recorded_at: tx.micros(),
        superseded_by: None,
        ..row
    });
    let rows: Vec<fact::Model> = rows.collect();
    for row in &rows {
        note(tx, row);
    }
    put(tx, &rows, &notes).await
}

/// A note belongs to a version: the next one keeps it.
async fn next_notes(tx: &Tx, rows: &[fact::Model]) -> Result<Vec<fact_note::ActiveModel>, DbError> {
    let mut notes = Vec::new();
    for chunk in rows.chunks(MANY) {
        let heads: BTreeSet<(Uuid, i64)> =
            chunk.iter().map(|row| (row.fact_id, row.version)).collect();
        let customers: BTreeSet<Uuid> = chunk.iter().map(|row| row.customer_id).collect();
        let found = fact_note::Entity::find()
            .filter(fact_note::Column::CustomerId.is_in(customers))
            .filter(fact_note::Column::FactId.is_in(chunk.iter().map(|row| row.fact_id)))
            .all(tx.connection())
            .await?;
        let found = found.into_iter();
        let current = found.filter(|note| heads.contains(&(note.fact_id, note.version)));
        notes.extend(current.map(|note| {
            let version = note.version.saturating_add(1);
            fact_note::Model { version, ..note }
                .into_active_model()
                .reset_all()
        }));
    }
    Ok(notes)
}

fn note(tx: &Tx, row: &fact::Model) {
    tx.note(Change {
        entity: "fact",
        id: FactId::from_bits(row.fact_id.as_u128()).to_string(),
        version: row.version,
        what: "revalued",
        customer: Some(owner(row)),
        content: Some(row.content_hash.clone()),
        detail: vec![("kind", row.kind.clone())],
    });
}
