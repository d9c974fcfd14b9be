//! The discount policy as a document.

use crate::checks::Checks;
use crate::fault::DocumentFault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::discounts::policy::{
    Basis, CategoryFloor, FloorBasis, FloorRule, MissingCost, Mode, Policy, PriceRounding,
    RoundingLevel, StackGroup,
};
use tiercel_domain::discounts::rules::{Rule, RuleKind, Selectors};
use tiercel_domain::incoming::MarginClass;
use tiercel_domain::money::Rounding;
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Percent;
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

impl DiscountPolicyDocument {
    /// What the domain decides by, or every fault. `known_tiers` are those of the evaluation model
    /// in force; none = tiers are not compared.
    pub fn to_policy(
        &self,
        reference: PolicyRef,
        known_tiers: Option<&BTreeSet<String>>,
    ) -> Result<Policy, Vec<DocumentFault>> {
        let mut checks = Checks::new(self.schema, known_tiers);
        let root = Path::root();
        checks.text(&self.name, &root.field("name"));
        checks.tier(&self.default_tier, &root.field("default_tier"));
        self.check_distinct(&mut checks);
        let groups = self.groups(&mut checks);
        let scale = self.rounding.scale.unwrap_or(0);
        let at = root.field("rounding").field("scale");
        checks.require(scale <= 6, &at, "out_of_range", "is more than 6 decimals");
        let cap = match &self.cap_pct {
            Some(text) => checks.percent(text, 100, &root.field("cap_pct")).map(Some),
            None => Some(None),
        };
        let floor = match &self.floor {
            Some(floor) => floor.to_rule(&mut checks, &root.field("floor")).map(Some),
            None => Some(None),
        };
        let policy = groups.zip(cap).zip(floor);
        let policy = policy.map(|((groups, cap), floor)| Policy {
            reference,
            default_tier: self.default_tier.clone(),
            groups,
            rounding: self.rounding.to_rounding(),
            cap,
            floor,
        });
        checks.finish(policy)
    }

    fn check_distinct(&self, checks: &mut Checks<'_>) {
        let at = Path::root().field("groups");
        let groups = || self.groups.iter().enumerate();
        checks.distinct(groups().map(|(index, group)| {
            let path = at.index(index).field("code");
            (group.code.as_str(), path)
        }));
        checks.distinct(groups().flat_map(|(index, group)| {
            let at = at.index(index).field("rules");
            let rules = group.rules.iter().enumerate();
            rules.map(move |(index, rule)| (rule.id.as_str(), at.index(index).field("id")))
        }));
    }

    fn groups(&self, checks: &mut Checks<'_>) -> Option<Vec<StackGroup>> {
        let at = Path::root().field("groups");
        let groups = self.groups.iter().enumerate();
        let groups: Vec<Option<StackGroup>> = groups
            .map(|(index, group)| group.to_group(checks, &at.index(index)))
            .collect();
        groups.into_iter().collect()
    }
}

impl StackGroupDocument {
    fn to_group(&self, checks: &mut Checks<'_>, at: &Path) -> Option<StackGroup> {
        checks.code(&self.code, &at.field("code"));
        let rules = self.rules.iter().enumerate();
        let rules: Vec<Option<Rule>> = rules
            .map(|(index, rule)| rule.to_rule(checks, &at.field("rules").index(index)))
            .collect();
        Some(StackGroup {
            code: self.code.clone(),
            mode: match self.mode {
                StackModeDocument::BestForCustomer => Mode::BestForCustomer,
                StackModeDocument::MostSpecific => Mode::MostSpecific,
                StackModeDocument::Compound => Mode::Compound,
            },
            basis: match self.basis {
                PercentBasisDocument::Running => Basis::Running,
                PercentBasisDocument::List => Basis::List,
            },
            rules: rules.into_iter().collect::<Option<_>>()?,
        })
    }
}

impl DiscountRuleDocument {
    fn to_rule(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Rule> {
        checks.code(&self.id, &at.field("id"));
        let selectors = self.select.to_selectors(checks, &at.field("select"));
        let kind = match self.kind {
            DiscountKindDocument::Percent => checks
                .percent(&self.value, 100, &at.field("value"))
                .map(RuleKind::Percent),
        };
        Some(Rule {
            id: self.id.clone(),
            sequence: self.sequence,
            selectors: selectors?,
            kind: kind?,
        })
    }
}

impl DiscountSelectorsDocument {
    fn to_selectors(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Selectors> {
        for (index, tier) in self.tiers.iter().enumerate() {
            checks.tier(tier, &at.field("tiers").index(index));
        }
        for (field, texts) in [("skus", &self.skus), ("channels", &self.channels)] {
            for (index, text) in texts.iter().enumerate() {
                checks.text(text, &at.field(field).index(index));
            }
        }
        let groups = checks.read_all(&self.customer_groups, &at.field("customer_groups"));
        let categories = checks.read_all(&self.categories, &at.field("categories"));
        let quantity_at = at.field("min_quantity");
        let min_quantity = checks.read_some(self.min_quantity.as_deref(), &quantity_at);
        let valid_from = checks.read_some(self.valid_from.as_deref(), &at.field("valid_from"));
        let until_at = at.field("valid_until");
        let valid_until = checks.read_some(self.valid_until.as_deref(), &until_at);
        let selectors = Selectors {
            tiers: self.tiers.iter().cloned().collect(),
            customer_groups: groups?,
            categories: categories?,
            skus: self.skus.iter().cloned().collect(),
            margin_classes: self
                .margin_classes
                .iter()
                .map(|class| class.to_class())
                .collect(),
            channels: self.channels.iter().cloned().collect(),
            min_quantity: min_quantity?,
            valid_from: valid_from?,
            valid_until: valid_until?,
        };
        let positive = selectors
            .min_quantity
            .is_none_or(|quantity| !quantity.is_negative() && !quantity.is_zero());
        checks.require(positive, &quantity_at, "out_of_range", "is not above zero");
        let days = selectors.valid_from.zip(selectors.valid_until);
        let in_order = days.is_none_or(|(from, until)| from <= until);
        checks.require(
            in_order,
            &until_at,
            "never_valid",
            "lies before `valid_from`",
        );
        Some(selectors)
    }
}

impl MarginClassDocument {
    const fn to_class(self) -> MarginClass {
        match self {
            Self::Promote => MarginClass::Promote,
            Self::Neutral => MarginClass::Neutral,
            Self::Restrict => MarginClass::Restrict,
        }
    }
}

impl PriceRoundingDocument {
    const fn to_rounding(&self) -> PriceRounding {
        PriceRounding {
            mode: match self.mode {
                RoundingModeDocument::HalfUp => Rounding::HalfUp,
                RoundingModeDocument::HalfEven => Rounding::HalfEven,
                RoundingModeDocument::Up => Rounding::Up,
                RoundingModeDocument::Down => Rounding::Down,
            },
            level: match self.level {
                RoundingLevelDocument::Unit => RoundingLevel::Unit,
                RoundingLevelDocument::Line => RoundingLevel::Line,
            },
            scale: self.scale,
        }
    }
}

impl FloorDocument {
    fn to_rule(&self, checks: &mut Checks<'_>, at: &Path) -> Option<FloorRule> {
        let percent = self.percent(&self.value, checks, &at.field("value"));
        let list_at = at.field("by_category");
        let floors = || self.by_category.iter().enumerate();
        checks.distinct(floors().map(|(index, floor)| {
            let path = list_at.index(index).field("category");
            (floor.category.as_str(), path)
        }));
        let by_category: Vec<Option<CategoryFloor>> = floors()
            .map(|(index, floor)| {
                let at = list_at.index(index);
                let category = checks.read(&floor.category, &at.field("category"));
                let percent = self.percent(&floor.value, checks, &at.field("value"));
                Some(CategoryFloor {
                    category: category?,
                    percent: percent?,
                })
            })
            .collect();
        Some(FloorRule {
            basis: match self.basis {
                FloorBasisDocument::GrossMarginPct => FloorBasis::GrossMargin,
                FloorBasisDocument::MarkupPct => FloorBasis::Markup,
            },
            percent: percent?,
            by_category: by_category.into_iter().collect::<Option<_>>()?,
            missing_cost: match self.missing_cost {
                MissingCostDocument::Ignore => MissingCost::Ignore,
                MissingCostDocument::Approve => MissingCost::Approve,
                MissingCostDocument::Block => MissingCost::Block,
            },
        })
    }

    /// No price leaves a gross margin of 100 %, so there the bound is 99.
    fn percent(&self, text: &str, checks: &mut Checks<'_>, at: &Path) -> Option<Percent> {
        let most = match self.basis {
            FloorBasisDocument::GrossMarginPct => 99,
            FloorBasisDocument::MarkupPct => 1_000,
        };
        checks.percent(text, most, at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::canonical::canonical;
    use crate::fault::read;

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
