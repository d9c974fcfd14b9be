//! The discount policy: which rules there are, how they stack, and what bounds them.

use super::approval::ApprovalRule;
use super::index::RuleSet;
use super::limit::Limit;
use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::decision::PolicyRef;
use crate::incoming::MarginClass;
use crate::money::Rounding;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// One version of a discount policy. The order of rules within a group means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub reference: PolicyRef,
    pub engine: Engine,
    /// The tier of customers whose tier is not known.
    pub default_tier: String,
    /// Applied to each line one after the other, in this order; those that are always last after
    /// all others.
    pub groups: Vec<StackGroup>,
    /// Applied to the document after its lines have their prices, in this order.
    pub document_groups: Vec<StackGroup>,
    pub rounding: PriceRounding,
    /// The most that a line may be discounted by, from its list price.
    pub cap: Option<Limit>,
    /// The most that the document may be discounted by, from the list prices of its lines.
    pub document_cap: Option<Limit>,
    pub floor: Option<FloorRule>,
    pub document_floor: Option<DocumentFloorRule>,
    pub contract: ContractRule,
    pub approvals: ApprovalRule,
}

/// How a policy was meant when it was published; later programs decide by it in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Documents of schema 1: every rule that fails one selector is told as a near miss.
    One,
    /// Documents of schema 2: rules for another customer, group, contract, article or category are
    /// never near, so that the rules asked do not grow with the policy.
    Two,
}

/// Rules that compete or add up, as the mode says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackGroup {
    pub code: String,
    pub mode: Mode,
    pub basis: Basis,
    /// The most that the rules of the group take together.
    pub cap: Option<Limit>,
    pub rules: RuleSet,
}

/// How the matching rules of one group combine. Ties go to the more specific rule, then to the
/// lower sequence, then to the lower id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// No two rules of the group can match; publishing proves it.
    Unique,
    /// The one rule with the lowest sequence, then the lowest id.
    Priority,
    /// The one rule that says most about the line; its size does not matter.
    MostSpecific,
    /// The one rule with the largest reduction.
    BestForCustomer,
    /// The one rule with the smallest reduction.
    BestForMargin,
    /// All of them, by sequence, then id.
    Compound,
    /// All of them, each from the price at which the group began.
    Additive,
    /// As compound, after all other groups wherever the group stands.
    AlwaysLast,
}

impl Mode {
    const ALL: [Self; 8] = [
        Self::Unique,
        Self::Priority,
        Self::MostSpecific,
        Self::BestForCustomer,
        Self::BestForMargin,
        Self::Compound,
        Self::Additive,
        Self::AlwaysLast,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::Priority => "priority",
            Self::MostSpecific => "most_specific",
            Self::BestForCustomer => "best_for_customer",
            Self::BestForMargin => "best_for_margin",
            Self::Compound => "compound",
            Self::Additive => "additive",
            Self::AlwaysLast => "always_last",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|mode| mode.word() == word)
    }

    /// Whether every rule that matches applies, instead of one that is chosen.
    pub const fn takes_all(self) -> bool {
        matches!(self, Self::Compound | Self::Additive | Self::AlwaysLast)
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
    /// Discounted unit prices end like this; none = as they come out.
    pub ending: Option<Ending>,
}

/// Prices such as 119.99: to the nearest `multiple`, then `offset` is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    /// Above zero.
    pub multiple: Decimal,
    /// Smaller than the multiple, either way.
    pub offset: Decimal,
}

/// Where rounding happens; 0.75 less 10 %, four pieces: by unit 2.72, by line 2.70.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundingLevel {
    /// What each rule takes off a unit is rounded, and so is the unit price.
    Step,
    /// The unit price is rounded, then multiplied.
    Unit,
    /// The unit price stays exact; only the line's amount is rounded.
    Line,
    /// Lines stay exact too; the document's net is rounded, and what that gives or takes is spread
    /// over the lines by largest remainder.
    Document,
}

impl RoundingLevel {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Unit => "unit",
            Self::Line => "line",
            Self::Document => "document",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Step, Self::Unit, Self::Line, Self::Document]
            .into_iter()
            .find(|level| level.word() == word)
    }
}

/// The margin that discounts must leave on a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorRule {
    pub basis: FloorBasis,
    /// Per cent or an amount per base unit, as the basis says; where no exception does.
    pub value: Decimal,
    /// Of values that are amounts; none = that of the quote.
    pub currency: Option<Currency>,
    /// The deepest category wins, then the margin class, then the tier.
    pub exceptions: Vec<FloorException>,
    pub missing_cost: MissingCost,
}

/// Another value for some goods and customers. All that is told must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorException {
    /// Stands for itself and everything below it.
    pub category: Option<CategoryPath>,
    pub margin_class: Option<MarginClass>,
    pub tier: Option<String>,
    pub value: Decimal,
}

/// The margin that discounts must leave on the whole document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DocumentFloorRule {
    pub basis: FloorBasis,
    /// Per cent, or an amount for the whole document, as the basis says.
    pub value: Decimal,
    pub currency: Option<Currency>,
    /// Where one line's cost is not known; blocking keeps the document's own discounts off.
    pub missing_cost: MissingCost,
}

/// What the floor's value means. At cost 82.50, 15 % asks 97.06 or 94.88.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloorBasis {
    /// Per cent of the net price: `cost ÷ (1 − p)`.
    GrossMargin,
    /// Per cent of the cost: `cost × (1 + p)`.
    Markup,
    /// An amount on top of the cost.
    AmountOverCost,
    /// A price, whatever the goods cost.
    Absolute,
}

impl FloorBasis {
    pub const fn word(self) -> &'static str {
        match self {
            Self::GrossMargin => "gross_margin_pct",
            Self::Markup => "markup_pct",
            Self::AmountOverCost => "amount_over_cost",
            Self::Absolute => "absolute",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::GrossMargin,
            Self::Markup,
            Self::AmountOverCost,
            Self::Absolute,
        ];
        all.into_iter().find(|basis| basis.word() == word)
    }

    /// Whether the value is an amount of money instead of a percentage.
    pub const fn is_amount(self) -> bool {
        matches!(self, Self::AmountOverCost | Self::Absolute)
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

/// What the price of a contract means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractRule {
    pub wins: ContractWins,
    /// Whether the contract's own price needs no approval where it lies below the floor. Discounts
    /// never take it below the floor without one.
    pub beats_floor: bool,
}

/// When the contract's price replaces the list price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContractWins {
    /// Where it is lower.
    WhereCheaper,
    Always,
}

impl ContractWins {
    pub const fn word(self) -> &'static str {
        match self {
            Self::WhereCheaper => "where_cheaper",
            Self::Always => "always",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::WhereCheaper, Self::Always]
            .into_iter()
            .find(|rule| rule.word() == word)
    }
}

impl Policy {
    /// The currencies of the policy's own amounts: a quote in another one needs their rates.
    pub fn currencies(&self) -> BTreeSet<Currency> {
        let groups = || self.groups.iter().chain(&self.document_groups);
        let rules = groups().flat_map(|group| group.rules.all());
        let caps = groups()
            .map(|group| group.cap)
            .chain([self.cap, self.document_cap]);
        let bounds = caps.flatten().filter_map(|cap| cap.currency);
        let floors = [
            self.floor.as_ref().and_then(|floor| floor.currency),
            self.document_floor.and_then(|floor| floor.currency),
        ];
        let levels = self.approvals.levels.iter();
        let levels = levels.filter_map(|level| level.most_margin?.1);
        rules
            .flat_map(|rule| rule.currency)
            .chain(levels)
            .chain(bounds)
            .chain(floors.into_iter().flatten())
            .collect()
    }
}

/// The order in which groups apply: those that are always last after all others.
pub(super) fn in_order(groups: &[StackGroup]) -> impl Iterator<Item = &StackGroup> {
    let last = |group: &&StackGroup| group.mode == Mode::AlwaysLast;
    let usual = groups.iter().filter(move |group| !last(group));
    usual.chain(groups.iter().filter(last))
}
