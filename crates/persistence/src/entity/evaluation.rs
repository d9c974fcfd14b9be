//! Columns of `evaluation`; see `migrations/steps` for what they mean.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "evaluation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub evaluation_id: Uuid,
    pub as_of: Date,
    pub model_id: Uuid,
    pub model_version: i64,
    pub state_version: i64,
    pub score: i64,
    pub tier: String,
    pub points: String,
    pub cause: String,
    pub write_id: Uuid,
    pub recorded_at: i64,
    pub score_tier: Option<String>,
    pub standing: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
