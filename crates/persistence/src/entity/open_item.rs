//! Columns of `open_item`; see `migrations/steps` for what they mean.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "open_item")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub customer_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub fact_id: Uuid,
    pub doc_system: Option<String>,
    pub doc_kind: Option<String>,
    pub doc_id: Option<String>,
    pub doc_line: Option<String>,
    pub invoiced_on: Date,
    pub due_on: Option<Date>,
    pub amount: i64,
    pub open_amount: i64,
    pub disputed: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
