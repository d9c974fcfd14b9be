//! Columns of `journal`; see `migrations/steps` for what they mean.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "journal")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub write_id: Uuid,
    pub recorded_at: i64,
    pub principal: String,
    pub action: String,
    pub entry: String,
    pub position: Option<i64>,
    pub chain_hash: Option<String>,
    pub numbered_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
