//! Products in numbered versions, and what one unit of each costs from a day on.
//!
//! | look-ups by sku | here                                    |
//! | read            | `products/read.rs`: one, pages, history |
//! | saved           | `products/save.rs`: bulk and single     |
//! | costs           | `products/costs.rs`                     |

mod costs;
mod read;
mod save;

pub use costs::{CostVersion, cost_history, save_cost};
pub use read::{Filter, Product, ProductVersion, count, find, find_by_sku, history, page, skus};
pub use save::{Outcome, Upserted, upsert};

use crate::entity::{product, product_cost};
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::category::CategoryPath;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::ProductId;
use tiercel_domain::incoming::MarginClass;
use tiercel_domain::scaled::UnitPrice;
use uuid::Uuid;

/// Values of one `IN (…)`.
const CHUNK: usize = 500;

/// The current state of a product, with its costs: what facts and decisions need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownProduct {
    pub id: ProductId,
    pub version: i64,
    pub sku: String,
    pub category: Option<CategoryPath>,
    pub list_price: Option<UnitPrice>,
    /// Of the list price.
    pub currency: Currency,
    pub margin_class: MarginClass,
    /// What one unit costs from a day on, oldest first.
    pub costs: Vec<(NaiveDate, UnitPrice, Currency)>,
}

impl KnownProduct {
    /// What one unit costs on a day: the latest cost that is valid by then.
    pub fn cost_on(&self, date: NaiveDate) -> Option<(UnitPrice, Currency)> {
        let known = self.costs.partition_point(|(from, ..)| *from <= date);
        let (_, cost, currency) = *self.costs.get(known.checked_sub(1)?)?;
        Some((cost, currency))
    }
}

/// The products that have these skus, by sku.
pub async fn by_sku(
    source: &impl Source,
    skus: &BTreeSet<String>,
) -> Result<BTreeMap<String, KnownProduct>, DbError> {
    by_sku_known_at(source, skus, None).await
}

/// The same as known at a position of the journal.
pub async fn by_sku_known_at(
    source: &impl Source,
    skus: &BTreeSet<String>,
    known_at: Option<i64>,
) -> Result<BTreeMap<String, KnownProduct>, DbError> {
    let skus: Vec<&String> = skus.iter().collect();
    let mut found = BTreeMap::new();
    for chunk in skus.chunks(CHUNK) {
        let known = sql::in_force(
            product::Column::WriteId,
            product::Column::SupersededBy,
            known_at,
        );
        let rows = product::Entity::find()
            .filter(known)
            .filter(product::Column::Sku.is_in(chunk.iter().map(|sku| sku.as_str())))
            .all(source.connection())
            .await?;
        for known in with_costs(source, rows, known_at).await? {
            found.insert(known.sku.clone(), known);
        }
    }
    Ok(found)
}

/// The products that have these ids, by id.
pub async fn by_id(
    source: &impl Source,
    ids: &BTreeSet<ProductId>,
) -> Result<BTreeMap<ProductId, KnownProduct>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(CHUNK) {
        let rows = product::Entity::find()
            .filter(product::Column::SupersededBy.is_null())
            .filter(product::Column::ProductId.is_in(chunk.iter().copied()))
            .all(source.connection())
            .await?;
        for known in with_costs(source, rows, None).await? {
            found.insert(known.id, known);
        }
    }
    Ok(found)
}

/// Up to 500 products after an id, in order of ids: how projections read the whole assortment.
pub async fn all_after(
    source: &impl Source,
    after: Option<ProductId>,
) -> Result<Vec<KnownProduct>, DbError> {
    let mut query = product::Entity::find().filter(product::Column::SupersededBy.is_null());
    if let Some(after) = after {
        query = query.filter(product::Column::ProductId.gt(Uuid::from_u128(after.bits())));
    }
    let rows = query
        .order_by_asc(product::Column::ProductId)
        .limit(CHUNK as u64)
        .all(source.connection())
        .await?;
    with_costs(source, rows, None).await
}

async fn with_costs(
    source: &impl Source,
    rows: Vec<product::Model>,
    known_at: Option<i64>,
) -> Result<Vec<KnownProduct>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.product_id).collect();
    let mut costs = costs_known_at(source, &ids, known_at).await?;
    rows.into_iter()
        .map(|row| {
            let costs = costs.remove(&row.product_id).unwrap_or_default();
            to_known(row, &costs)
        })
        .collect()
}

/// The costs in force of products, oldest first.
async fn current_costs(
    source: &impl Source,
    products: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<product_cost::Model>>, DbError> {
    costs_known_at(source, products, None).await
}

async fn costs_known_at(
    source: &impl Source,
    products: &[Uuid],
    known_at: Option<i64>,
) -> Result<BTreeMap<Uuid, Vec<product_cost::Model>>, DbError> {
    let mut found: BTreeMap<Uuid, Vec<product_cost::Model>> = BTreeMap::new();
    for chunk in products.chunks(CHUNK) {
        let known = sql::in_force(
            product_cost::Column::WriteId,
            product_cost::Column::SupersededBy,
            known_at,
        );
        let rows = product_cost::Entity::find()
            .filter(known)
            .filter(product_cost::Column::ProductId.is_in(chunk.iter().copied()))
            .order_by_asc(product_cost::Column::ProductId)
            .order_by_asc(product_cost::Column::ValidFrom)
            .all(source.connection())
            .await?;
        for row in rows {
            found.entry(row.product_id).or_default().push(row);
        }
    }
    Ok(found)
}

fn to_known(row: product::Model, costs: &[product_cost::Model]) -> Result<KnownProduct, DbError> {
    let costs = costs.iter().map(|cost| {
        let unit_cost = UnitPrice::from_units(cost.unit_cost);
        Ok((
            cost.valid_from,
            unit_cost,
            currency("product_cost", &cost.currency)?,
        ))
    });
    Ok(KnownProduct {
        id: ProductId::from_bits(row.product_id.as_u128()),
        version: row.version,
        category: category(row.category.as_deref())?,
        list_price: row.list_price.map(UnitPrice::from_units),
        currency: currency("product", &row.currency)?,
        margin_class: margin_class(&row.margin_class)?,
        costs: costs.collect::<Result<_, DbError>>()?,
        sku: row.sku,
    })
}

fn currency(table: &'static str, text: &str) -> Result<Currency, DbError> {
    text.parse().map_err(|error| DbError::corrupt(table, error))
}

fn category(text: Option<&str>) -> Result<Option<CategoryPath>, DbError> {
    text.map(str::parse)
        .transpose()
        .map_err(|error| DbError::corrupt("product", error))
}

fn margin_class(word: &str) -> Result<MarginClass, DbError> {
    MarginClass::from_word(word)
        .ok_or_else(|| DbError::corrupt("product", format!("no margin class `{word}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cost_holds_from_its_day_until_the_next() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let cost = |units| (UnitPrice::from_units(units), Currency::EUR);
        let product = KnownProduct {
            id: ProductId::from_bits(1),
            version: 1,
            sku: "A".to_owned(),
            category: None,
            list_price: None,
            currency: Currency::EUR,
            margin_class: MarginClass::Neutral,
            costs: vec![
                (day("2024-01-01"), cost(1).0, Currency::EUR),
                (day("2024-02-01"), cost(2).0, Currency::EUR),
            ],
        };
        assert_eq!(product.cost_on(day("2023-12-31")), None);
        assert_eq!(product.cost_on(day("2024-01-31")), Some(cost(1)));
        assert_eq!(product.cost_on(day("2024-02-01")), Some(cost(2)));
    }
}
