//! The discount policy: which rules there are, how they stack, and what bounds them.

use crate::category::CategoryPath;
use crate::decision::PolicyRef;
use crate::discounts::rules::Rule;
use crate::money::Rounding;
use crate::scaled::Percent;

/// One version of a discount policy. The order of rules within a group means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub reference: PolicyRef,
    /// The tier of customers whose tier is not known.
    pub default_tier: String,
    /// Applied one after the other, in this order.
    pub groups: Vec<StackGroup>,
    pub rounding: PriceRounding,
    /// No line is discounted by more than this share of its list price.
    pub cap: Option<Percent>,
    pub floor: Option<FloorRule>,
}

/// Rules that compete or add up, as the mode says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackGroup {
    pub code: String,
    pub mode: Mode,
    pub basis: Basis,
    pub rules: Vec<Rule>,
}

/// How the matching rules of one group combine. Ties go to the more specific rule, then to the
/// lower sequence, then to the lower id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The one rule with the largest reduction.
    BestForCustomer,
    /// The one rule that says most about the line; its size does not matter.
    MostSpecific,
    /// All of them, by sequence, then id.
    Compound,
}

impl Mode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::BestForCustomer => "best_for_customer",
            Self::MostSpecific => "most_specific",
            Self::Compound => "compound",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::BestForCustomer, Self::MostSpecific, Self::Compound]
            .into_iter()
            .find(|mode| mode.word() == word)
    }
}

/// What a percentage is a percentage of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The price as the adjustments before have left it: 20 % and 10 % make 28 %.
    Running,
    /// The list price: 20 % and 10 % make 30 %.
    List,
}

impl Basis {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::List => "list",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Running, Self::List]
            .into_iter()
            .find(|basis| basis.word() == word)
    }
}

/// How a discounted price becomes a price that can be told. Line amounts are always payable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRounding {
    pub mode: Rounding,
    pub level: RoundingLevel,
    /// Decimals of unit prices and floors; none = those of the currency.
    pub scale: Option<u32>,
}

/// Where rounding happens; 0.75 less 10 %, four pieces: by unit 2.72, by line 2.70.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundingLevel {
    /// The unit price is rounded, then multiplied.
    Unit,
    /// The unit price stays exact; only the line's amount is rounded.
    Line,
}

impl RoundingLevel {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unit => "unit",
            Self::Line => "line",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Unit, Self::Line]
            .into_iter()
            .find(|level| level.word() == word)
    }
}

/// The margin that discounts must leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorRule {
    pub basis: FloorBasis,
    /// Where no category says otherwise.
    pub percent: Percent,
    /// The deepest category that holds the line wins.
    pub by_category: Vec<CategoryFloor>,
    pub missing_cost: MissingCost,
}

/// The margin that one category and all below it must leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryFloor {
    pub category: CategoryPath,
    pub percent: Percent,
}

/// What the floor's percentage is a percentage of. At cost 82.50, 15 % asks 97.06 or 94.88.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorBasis {
    /// Of the net price: `cost ÷ (1 − p)`.
    GrossMargin,
    /// Of the cost: `cost × (1 + p)`.
    Markup,
}

impl FloorBasis {
    pub const fn word(self) -> &'static str {
        match self {
            Self::GrossMargin => "gross_margin_pct",
            Self::Markup => "markup_pct",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::GrossMargin, Self::Markup]
            .into_iter()
            .find(|basis| basis.word() == word)
    }
}

/// What to do where the floor cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingCost {
    /// The line has no floor.
    Ignore,
    /// The discounted price stands, and somebody must approve it.
    Approve,
    /// The line gets no price.
    Block,
}

impl MissingCost {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Approve => "approve",
            Self::Block => "block",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Ignore, Self::Approve, Self::Block]
            .into_iter()
            .find(|rule| rule.word() == word)
    }
}
