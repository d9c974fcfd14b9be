//! Products as they are and as they were.

use super::{category, currency, margin_class};
use crate::clock::from_micros;
use crate::entity::product;
use crate::error::DbError;
use crate::journal;
use crate::sql::MANY;
use crate::store::Source;
use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::category::CategoryPath;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{ProductId, WriteId};
use tiercel_domain::incoming::MarginClass;
use tiercel_domain::scaled::UnitPrice;
use uuid::Uuid;

/// One version of a product; its costs are kept apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    pub id: ProductId,
    pub version: i64,
    pub sku: String,
    pub name: Option<String>,
    pub category: Option<CategoryPath>,
    pub list_price: Option<UnitPrice>,
    /// Of the list price.
    pub currency: Currency,
    pub margin_class: MarginClass,
    pub recorded_at: DateTime<Utc>,
}

/// A version with its place in knowledge time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductVersion {
    pub product: Product,
    pub write_id: WriteId,
    /// Of the write in the journal; none where the write is not numbered yet.
    pub position: Option<i64>,
    /// The write that brought the next version.
    pub superseded_by: Option<WriteId>,
}

/// Which products a page shows; what is absent does not narrow it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub sku: Option<String>,
    /// The category and everything below it.
    pub within: Option<CategoryPath>,
    pub margin_class: Option<MarginClass>,
}

impl Filter {
    fn select(&self) -> Select<product::Entity> {
        let mut query = product::Entity::find().filter(product::Column::SupersededBy.is_null());
        if let Some(sku) = &self.sku {
            query = query.filter(product::Column::Sku.eq(sku.as_str()));
        }
        if let Some(class) = self.margin_class {
            query = query.filter(product::Column::MarginClass.eq(class.word()));
        }
        if let Some(category) = &self.within {
            // `0` is the character after `/`, and both engines compare bytes.
            let below = Condition::all()
                .add(product::Column::Category.gt(format!("{category}/")))
                .add(product::Column::Category.lt(format!("{category}0")));
            let itself = product::Column::Category.eq(category.as_str());
            query = query.filter(Condition::any().add(itself).add(below));
        }
        query
    }
}

/// The current version of a product.
pub async fn find(source: &impl Source, id: ProductId) -> Result<Option<Product>, DbError> {
    let row = product::Entity::find()
        .filter(product::Column::ProductId.eq(Uuid::from_u128(id.bits())))
        .filter(product::Column::SupersededBy.is_null())
        .one(source.connection())
        .await?;
    row.map(to_product).transpose()
}

/// The current skus of some products; what is not known is absent.
pub async fn skus(
    source: &impl Source,
    ids: &BTreeSet<ProductId>,
) -> Result<BTreeMap<ProductId, String>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut found = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        let rows = product::Entity::find()
            .filter(product::Column::ProductId.is_in(chunk.iter().copied()))
            .filter(product::Column::SupersededBy.is_null())
            .all(source.connection())
            .await?;
        let skus = rows.into_iter();
        found.extend(skus.map(|row| (ProductId::from_bits(row.product_id.as_u128()), row.sku)));
    }
    Ok(found)
}

/// The current version of the product that has a sku.
pub async fn find_by_sku(source: &impl Source, sku: &str) -> Result<Option<Product>, DbError> {
    let filter = Filter {
        sku: Some(sku.to_owned()),
        ..Filter::default()
    };
    let row = filter.select().one(source.connection()).await?;
    row.map(to_product).transpose()
}

/// Products after an id, in order of ids, which is about the order of their creation.
pub async fn page(
    source: &impl Source,
    filter: &Filter,
    after: Option<ProductId>,
    limit: u64,
) -> Result<Vec<Product>, DbError> {
    let mut query = filter.select();
    if let Some(after) = after {
        query = query.filter(product::Column::ProductId.gt(Uuid::from_u128(after.bits())));
    }
    let rows = query
        .order_by_asc(product::Column::ProductId)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_product).collect()
}

/// How many products the filter shows in all.
pub async fn count(source: &impl Source, filter: &Filter) -> Result<u64, DbError> {
    Ok(filter.select().count(source.connection()).await?)
}

/// Versions of a product after a number, in order.
pub async fn history(
    source: &impl Source,
    id: ProductId,
    after: i64,
    limit: u64,
) -> Result<Vec<ProductVersion>, DbError> {
    let rows = product::Entity::find()
        .filter(product::Column::ProductId.eq(Uuid::from_u128(id.bits())))
        .filter(product::Column::Version.gt(after))
        .order_by_asc(product::Column::Version)
        .limit(limit)
        .all(source.connection())
        .await?;
    let write = |row: &product::Model| WriteId::from_bits(row.write_id.as_u128());
    let positions = journal::positions(source, rows.iter().map(write)).await?;
    rows.into_iter()
        .map(|row| {
            Ok(ProductVersion {
                write_id: write(&row),
                position: positions.get(&write(&row)).copied(),
                superseded_by: row
                    .superseded_by
                    .map(|write| WriteId::from_bits(write.as_u128())),
                product: to_product(row)?,
            })
        })
        .collect()
}

fn to_product(row: product::Model) -> Result<Product, DbError> {
    Ok(Product {
        id: ProductId::from_bits(row.product_id.as_u128()),
        version: row.version,
        category: category(row.category.as_deref())?,
        list_price: row.list_price.map(UnitPrice::from_units),
        currency: currency("product", &row.currency)?,
        margin_class: margin_class(&row.margin_class)?,
        recorded_at: from_micros(row.recorded_at),
        sku: row.sku,
        name: row.name,
    })
}
