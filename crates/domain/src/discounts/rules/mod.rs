//! A discount rule: when it applies, how specific that is, and what it takes off.

pub mod category;
pub mod channel;
pub mod customer_group;
pub mod margin_class;
pub mod percent;
pub mod quantity;
pub mod sku;
pub mod tier;
pub mod validity;

use crate::category::CategoryPath;
use crate::discounts::question::{Facts, Line};
use crate::ids::GroupId;
use crate::incoming::MarginClass;
use crate::scaled::{Percent, Quantity};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// One rule of a discount policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique within the policy.
    pub id: String,
    /// Where equally specific rules meet, and within compound groups, the lower comes first.
    pub sequence: u32,
    pub selectors: Selectors,
    pub kind: RuleKind,
}

/// What a rule takes off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleKind {
    Percent(Percent),
}

impl RuleKind {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Percent(_) => "percent",
        }
    }

    /// The rule's own number, as written in the policy.
    pub fn value(&self) -> Decimal {
        match self {
            Self::Percent(percent) => percent.decimal(),
        }
    }

    /// What the rule takes off a price of `running`, never more than the price itself; none where
    /// that cannot be calculated.
    pub(super) fn reduction(&self, basis: Decimal, running: Decimal) -> Option<Decimal> {
        let wanted = match self {
            Self::Percent(percent) => percent::reduction(*percent, basis),
        };
        wanted.map(|amount| amount.min(running))
    }
}

/// When a rule applies: all selectors must hold; an empty one holds always. They see the line's
/// own data only, never a running price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selectors {
    pub tiers: BTreeSet<String>,
    pub customer_groups: BTreeSet<GroupId>,
    /// Each stands for itself and everything below it.
    pub categories: BTreeSet<CategoryPath>,
    pub skus: BTreeSet<String>,
    pub margin_classes: BTreeSet<MarginClass>,
    pub channels: BTreeSet<String>,
    pub min_quantity: Option<Quantity>,
    /// First and last day, both included.
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
}

/// What selectors look at: one line of one quote.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The tier that counts: the customer's, else the policy's default.
    pub tier: &'a str,
    pub facts: &'a Facts,
    pub line: &'a Line,
    pub today: NaiveDate,
}

/// How much a rule says about a line: an article before a category, a deeper category before a
/// wider one, then the number of selectors, then the higher quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    sku: bool,
    category_depth: usize,
    selectors: usize,
    min_quantity: Option<Quantity>,
}

/// A selector that does not hold: what it needed and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    pub reason: MissReason,
    pub needed: String,
    pub actual: String,
    /// How much more would do, where that is a quantity.
    pub delta: Option<Quantity>,
}

impl Miss {
    fn new(reason: MissReason, needed: impl Into<String>, actual: impl Into<String>) -> Self {
        Self {
            reason,
            needed: needed.into(),
            actual: actual.into(),
            delta: None,
        }
    }
}

/// Why a rule did not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissReason {
    TierOther,
    CustomerGroupOther,
    CategoryOther,
    SkuOther,
    MarginClassOther,
    ChannelOther,
    QuantityBelow,
    DateNotStarted,
    DateEnded,
    /// The rule matched, but another of its group was chosen.
    Outranked,
}

impl MissReason {
    pub const fn word(self) -> &'static str {
        match self {
            Self::TierOther => "tier_other",
            Self::CustomerGroupOther => "customer_group_other",
            Self::CategoryOther => "category_other",
            Self::SkuOther => "sku_other",
            Self::MarginClassOther => "margin_class_other",
            Self::ChannelOther => "channel_other",
            Self::QuantityBelow => "quantity_below",
            Self::DateNotStarted => "date_not_started",
            Self::DateEnded => "date_ended",
            Self::Outranked => "outranked",
        }
    }
}

impl Selectors {
    /// The selectors that do not hold, the most personal first.
    pub(super) fn misses(&self, case: Case<'_>) -> impl Iterator<Item = Miss> {
        [
            tier::miss(&self.tiers, case),
            customer_group::miss(&self.customer_groups, case),
            sku::miss(&self.skus, case),
            category::miss(&self.categories, case),
            margin_class::miss(&self.margin_classes, case),
            channel::miss(&self.channels, case),
            quantity::miss(self.min_quantity, case),
            validity::miss(self.valid_from, self.valid_until, case),
        ]
        .into_iter()
        .flatten()
    }

    pub(super) fn specificity(&self, line: &Line) -> Specificity {
        let said = [
            !self.tiers.is_empty(),
            !self.customer_groups.is_empty(),
            !self.skus.is_empty(),
            !self.categories.is_empty(),
            !self.margin_classes.is_empty(),
            !self.channels.is_empty(),
            self.min_quantity.is_some(),
            self.valid_from.is_some() || self.valid_until.is_some(),
        ];
        Specificity {
            sku: !self.skus.is_empty(),
            category_depth: category::depth(&self.categories, line),
            selectors: said.into_iter().filter(|said| *said).count(),
            min_quantity: self.min_quantity,
        }
    }
}

/// A list for people: `high, general`.
fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}
