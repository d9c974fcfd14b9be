//! Columns of `product_cost`; see `migrations/steps` for what they mean.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "product_cost")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub cost_id: Uuid,
    pub product_id: Uuid,
    pub valid_from: Date,
    pub unit_cost: i64,
    pub currency: String,
    pub write_id: Uuid,
    pub recorded_at: i64,
    pub superseded_by: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
