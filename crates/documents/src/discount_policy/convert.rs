//! From the document to what the domain decides by.

use super::{
    DiscountKindDocument, DiscountPolicyDocument, DiscountRuleDocument, DiscountSelectorsDocument,
    FloorBasisDocument, FloorDocument, MarginClassDocument, MissingCostDocument,
    PercentBasisDocument, PriceRoundingDocument, RoundingLevelDocument, RoundingModeDocument,
    StackGroupDocument, StackModeDocument,
};
use crate::checks::Checks;
use crate::fault::DocumentFault;
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
