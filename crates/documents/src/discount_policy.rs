//! The discount policy as a document.

mod approvals;
mod bounds;
mod convert;
mod lint;
mod rules;
mod schema;
#[cfg(test)]
mod tests;

pub use approvals::{ApprovalLevelDocument, ApprovalRuleDocument};
pub use bounds::{
    CategoryFloorDocument, ContractRuleDocument, ContractWinsDocument, DocumentFloorDocument,
    FloorBasisDocument, FloorDocument, FloorExceptionDocument, LimitDocument, MissingCostDocument,
};
pub use lint::{Known, Lint};
pub use rules::{
    AggregateDocument, BreakDocument, BreaksDocument, DiscountKindDocument, DiscountRuleDocument,
    DiscountSelectorsDocument, MarginClassDocument, TieringDocument,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The policy that a new tenant starts with.
pub const DEFAULT: &str = include_str!("defaults/discount_policy.json");

/// How discounts are decided. Percentages, quantities and amounts are strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountPolicyDocument {
    /// The version of this shape: 2. Documents of schema 1 decide as they always did; they have
    /// none of the fields that say so.
    pub schema: u32,
    pub name: String,
    /// The tier of customers whose tier is not known.
    pub default_tier: String,
    /// Of all amounts that name no currency of their own. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// What the price of a contract means; it counts where it is cheaper unless this says
    /// otherwise. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contract: Option<ContractRuleDocument>,
    /// Applied to each line one after the other, in this order; those that are `always_last` after
    /// all others.
    pub groups: Vec<StackGroupDocument>,
    /// Applied to the document after its lines have their prices, and shared among them. Schema 2.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub document_groups: Vec<StackGroupDocument>,
    pub rounding: PriceRoundingDocument,
    /// No line is discounted by more than this percentage of its list price. Schema 1: later
    /// documents have `cap`.
    #[serde(default)]
    pub cap_pct: Option<String>,
    /// The most that a line is discounted by. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<LimitDocument>,
    /// The most that a whole document is discounted by. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_cap: Option<LimitDocument>,
    #[serde(default)]
    pub floor: Option<FloorDocument>,
    /// Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document_floor: Option<DocumentFloorDocument>,
    /// Who approves prices that the policy does not give; one level, and whoever may approve at
    /// all, where it is absent. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<ApprovalRuleDocument>,
}

/// Rules that compete or add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StackGroupDocument {
    pub code: String,
    pub mode: StackModeDocument,
    pub basis: PercentBasisDocument,
    /// The most that the rules of the group take together. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<LimitDocument>,
    /// Their order means nothing.
    pub rules: Vec<DiscountRuleDocument>,
}

/// How the matching rules of a group combine; schema 1 knows three: `best_for_customer`,
/// `most_specific` and `compound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackModeDocument {
    /// No two rules may match: publishing refuses it with an example.
    Unique,
    /// The lowest `sequence`.
    Priority,
    /// The rule that says most.
    MostSpecific,
    /// The largest reduction.
    BestForCustomer,
    /// The smallest reduction.
    BestForMargin,
    /// All, one after the other.
    Compound,
    /// All, each from the price at which the group began.
    Additive,
    /// All, after every other group.
    AlwaysLast,
}

/// What a percentage is a percentage of: the price so far, or the list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PercentBasisDocument {
    Running,
    List,
}

/// How discounted prices are rounded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceRoundingDocument {
    pub mode: RoundingModeDocument,
    pub level: RoundingLevelDocument,
    /// Decimals of unit prices and floors, at most 6; absent = those of the currency.
    #[serde(default)]
    pub scale: Option<u32>,
    /// Discounted unit prices end like this. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<PriceEndingDocument>,
}

/// To the nearest `multiple`, then `offset` is added: 10 and -0.01 make 119.99.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceEndingDocument {
    pub multiple: String,
    pub offset: String,
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingModeDocument {
    HalfUp,
    HalfEven,
    Up,
    Down,
}

/// What is rounded: each step and the unit price, the unit price, the amount of the line, or only
/// that of the document. Schema 1 knows `unit` and `line`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingLevelDocument {
    Step,
    Unit,
    Line,
    Document,
}
