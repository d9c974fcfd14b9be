//! The discount policy as a document.

mod convert;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The policy that a new tenant starts with.
pub const DEFAULT: &str = include_str!("defaults/discount_policy.json");

/// How discounts are decided. Percentages and quantities are strings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountPolicyDocument {
    /// The version of this shape: 1.
    pub schema: u32,
    pub name: String,
    /// The tier of customers whose tier is not known.
    pub default_tier: String,
    /// Applied one after the other, in this order.
    pub groups: Vec<StackGroupDocument>,
    pub rounding: PriceRoundingDocument,
    /// No line is discounted by more than this percentage of its list price.
    #[serde(default)]
    pub cap_pct: Option<String>,
    #[serde(default)]
    pub floor: Option<FloorDocument>,
}

/// Rules that compete or add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StackGroupDocument {
    pub code: String,
    pub mode: StackModeDocument,
    pub basis: PercentBasisDocument,
    /// Their order means nothing.
    pub rules: Vec<DiscountRuleDocument>,
}

/// How the matching rules of a group combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StackModeDocument {
    BestForCustomer,
    MostSpecific,
    Compound,
}

/// What a percentage is a percentage of: the price so far, or the list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PercentBasisDocument {
    Running,
    List,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DiscountRuleDocument {
    /// Unique within the policy.
    pub id: String,
    /// Breaks ties between equally specific rules, and orders compound groups.
    #[serde(default)]
    pub sequence: u32,
    #[serde(default)]
    pub select: DiscountSelectorsDocument,
    pub kind: DiscountKindDocument,
    pub value: String,
}

/// What a rule takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiscountKindDocument {
    Percent,
}

/// When a rule applies: all that is told must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DiscountSelectorsDocument {
    pub tiers: Vec<String>,
    /// Ids of customer groups; each stands for itself and everything below it.
    pub customer_groups: Vec<String>,
    /// Category paths; each stands for itself and everything below it.
    pub categories: Vec<String>,
    pub skus: Vec<String>,
    pub margin_classes: Vec<MarginClassDocument>,
    pub channels: Vec<String>,
    pub min_quantity: Option<String>,
    /// First and last day, both included.
    pub valid_from: Option<String>,
    pub valid_until: Option<String>,
}

/// How the margin of a product should move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarginClassDocument {
    Promote,
    Neutral,
    Restrict,
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

/// Whether the price of a unit is rounded, or only the amount of the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RoundingLevelDocument {
    Unit,
    Line,
}

/// The margin that discounts must leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FloorDocument {
    pub basis: FloorBasisDocument,
    pub value: String,
    /// The deepest category that holds a line wins over `value`.
    #[serde(default)]
    pub by_category: Vec<CategoryFloorDocument>,
    pub missing_cost: MissingCostDocument,
}

/// The margin that one category and all below it must leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CategoryFloorDocument {
    pub category: String,
    pub value: String,
}

/// What the floor's percentage is a percentage of: the net price, or the cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FloorBasisDocument {
    GrossMarginPct,
    MarkupPct,
}

/// What to do where the cost is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingCostDocument {
    Ignore,
    Approve,
    Block,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical;
    use crate::fault::read;
    use std::collections::BTreeSet;
    use tiercel_domain::decision::PolicyRef;

    fn reference() -> PolicyRef {
        PolicyRef {
            id: "discount".to_owned(),
            version: 1,
        }
    }

    fn faults(text: &str) -> Vec<String> {
        let document: DiscountPolicyDocument = read(text.as_bytes()).unwrap();
        let known = BTreeSet::from(["high".to_owned(), "low".to_owned()]);
        let faults = document.to_policy(reference(), Some(&known)).unwrap_err();
        let told = faults.into_iter();
        told.map(|fault| format!("{} {}", fault.pointer, fault.code))
            .collect()
    }

    #[test]
    fn the_default_policy_has_no_fault_and_reads_back() {
        let document: DiscountPolicyDocument = read(DEFAULT.as_bytes()).unwrap();
        let tiers = ["high", "general", "low"].map(str::to_owned);
        let policy = document.to_policy(reference(), Some(&BTreeSet::from(tiers)));
        assert_eq!(policy.unwrap().groups.len(), 2);
        let bytes = canonical(&document).unwrap().bytes;
        assert_eq!(read::<DiscountPolicyDocument>(&bytes).unwrap(), document);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let text = r#"{"schema": 2, "name": " ", "default_tier": "gold",
            "groups": [
              {"code": "a", "mode": "compound", "basis": "list", "rules": [
                {"id": "r", "kind": "percent", "value": "101", "select": {"tiers": ["vip"]}},
                {"id": "r", "kind": "percent", "value": "1e1",
                 "select": {"categories": ["a//b"], "customer_groups": ["grp_1"]}},
                {"id": "s", "kind": "percent", "value": "5", "select": {
                  "min_quantity": "0", "valid_from": "2025-02-01", "valid_until": "2025-01-31"}}
              ]},
              {"code": "a", "mode": "compound", "basis": "list", "rules": []}
            ],
            "rounding": {"mode": "half_up", "level": "unit", "scale": 7},
            "cap_pct": "-1",
            "floor": {"basis": "gross_margin_pct", "value": "100", "missing_cost": "block",
              "by_category": [{"category": "x", "value": "1"}, {"category": "x", "value": "2"}]}}"#;
        assert_eq!(
            faults(text),
            [
                "/schema unknown_schema",
                "/name not_a_text",
                "/default_tier unknown_tier",
                "/groups/1/code duplicate",
                "/groups/0/rules/1/id duplicate",
                "/groups/0/rules/0/select/tiers/0 unknown_tier",
                "/groups/0/rules/0/value out_of_range",
                "/groups/0/rules/1/select/customer_groups/0 not_a_value",
                "/groups/0/rules/1/select/categories/0 not_a_value",
                "/groups/0/rules/1/value not_a_value",
                "/groups/0/rules/2/select/min_quantity out_of_range",
                "/groups/0/rules/2/select/valid_until never_valid",
                "/rounding/scale out_of_range",
                "/cap_pct out_of_range",
                "/floor/value out_of_range",
                "/floor/by_category/1/category duplicate",
            ]
        );
    }

    #[test]
    fn numbers_for_percentages_and_unknown_fields_are_not_read() {
        let place = |text: &str| read::<DiscountPolicyDocument>(text.as_bytes()).unwrap_err();
        let cap = r#"{"schema": 1, "name": "n", "default_tier": "low", "groups": [],
            "rounding": {"mode": "half_up", "level": "unit"}, "cap_pct": 30}"#;
        assert_eq!(place(cap)[0].pointer, "/cap_pct");
        let field = r#"{"schema": 1, "rounding": {"mode": "half_up", "levl": "unit"}}"#;
        assert_eq!(place(field)[0].code, "not_this_document");
    }
}
