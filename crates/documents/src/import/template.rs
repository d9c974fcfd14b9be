//! The records that a row makes, with their values checked.

use super::mapping::AttributeKind;
use super::value::Value;
use tiercel_domain::fact::FactKind;

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) value: Value,
    pub(super) present: Option<bool>,
    pub(super) is: Option<Vec<String>>,
    pub(super) is_not: Option<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) when: Vec<Condition>,
    pub(super) external_id: Value,
    pub(super) kind: Option<Value>,
    pub(super) name: Option<Value>,
    pub(super) email: Option<Value>,
    pub(super) owner: Option<Value>,
    pub(super) since: Option<Value>,
    /// Number and region.
    pub(super) phones: Vec<(Value, Option<Value>)>,
    pub(super) attributes: Vec<(String, AttributeKind, Value)>,
}

#[derive(Debug, Clone)]
pub(super) struct Product {
    pub(super) when: Vec<Condition>,
    pub(super) sku: Value,
    pub(super) name: Option<Value>,
    pub(super) category: Option<Value>,
    pub(super) list_price: Option<Value>,
    pub(super) margin_class: Option<Value>,
    pub(super) currency: Option<Value>,
    /// Cost and the day it begins.
    pub(super) cost: Option<(Value, Value)>,
}

#[derive(Debug, Clone)]
pub(super) struct Document {
    pub(super) kind: String,
    pub(super) id: Value,
    pub(super) line: Option<Value>,
}

#[derive(Debug, Clone)]
pub(super) struct Fact {
    pub(super) when: Vec<Condition>,
    pub(super) kind: FactKind,
    pub(super) external_id: Value,
    pub(super) customer: Value,
    pub(super) occurred_on: Value,
    pub(super) status: Value,
    pub(super) document: Option<Document>,
    pub(super) follows: Option<Document>,
    pub(super) sku: Option<Value>,
    pub(super) category: Option<Value>,
    pub(super) quantity: Option<Value>,
    pub(super) amount: Option<Value>,
    pub(super) currency: Option<Value>,
    pub(super) cost: Option<Value>,
    pub(super) due_on: Option<Value>,
    pub(super) rating: Option<Value>,
    pub(super) severity: Option<Value>,
    pub(super) minutes: Option<Value>,
    pub(super) channel: Option<Value>,
    pub(super) author: Option<Value>,
    pub(super) note: Option<Value>,
}
