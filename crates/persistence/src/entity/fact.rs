//! Columns of `fact`; see `migrations/steps` for what they mean.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "fact")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub fact_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub version: i64,
    pub source: String,
    pub external_id: String,
    pub kind: String,
    pub occurred_on: Date,
    pub doc_system: Option<String>,
    pub doc_kind: Option<String>,
    pub doc_id: Option<String>,
    pub doc_line: Option<String>,
    pub follows_system: Option<String>,
    pub follows_kind: Option<String>,
    pub follows_id: Option<String>,
    pub follows_line: Option<String>,
    pub status: String,
    pub product_id: Option<Uuid>,
    pub category: Option<String>,
    pub quantity: Option<i64>,
    pub amount: Option<i64>,
    pub currency: Option<String>,
    pub base_amount: Option<i64>,
    pub rate_id: Option<Uuid>,
    pub given_cost: Option<i64>,
    pub cost: Option<i64>,
    pub cost_source: String,
    pub due_on: Option<Date>,
    pub rating: Option<i64>,
    pub severity: Option<i64>,
    pub minutes: Option<i64>,
    pub channel: Option<String>,
    pub author: Option<String>,
    pub content_hash: String,
    pub write_id: Uuid,
    pub recorded_at: i64,
    pub superseded_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
