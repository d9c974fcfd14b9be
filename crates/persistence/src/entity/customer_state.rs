//! Columns of `customer_state`; see `migrations/steps` for what they mean.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "customer_state")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    pub version: i64,
    pub profile_version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub erased_at: Option<i64>,
    pub evaluation_id: Option<Uuid>,
    pub evaluated_as_of: Option<Date>,
    pub tier: Option<String>,
    pub score: Option<i64>,
    pub model_version: Option<i64>,
    pub next_change_on: Option<Date>,
    pub steady_until: Option<Date>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
