//! A discount rule: when it applies, how specific that is, and what it does to a price.

pub mod amount;
pub mod benefit;
pub mod breaks;
pub mod category;
pub mod channel;
pub mod contract;
pub mod currency;
pub mod customer;
pub mod customer_group;
pub mod held_out;
pub mod margin_class;
pub mod quantity;
pub mod segment;
pub mod sku;
pub mod tier;
pub mod validity;

pub use benefit::Benefit;
pub use breaks::{Break, Schedule, Tiering};

use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::discounts::answer::LineError;
use crate::discounts::limit::Limit;
use crate::discounts::policy::Engine;
use crate::discounts::question::{Facts, Line, Question};
use crate::discounts::sums::{Sums, Total};
use crate::hold_out::HoldOut;
use crate::ids::{CustomerId, GroupId};
use crate::incoming::MarginClass;
use crate::scaled::{Quantity, UnitPrice};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// One rule of a discount policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Unique within the policy.
    pub id: String,
    /// The author's count of the changes of this rule.
    pub version: u32,
    /// Where equally specific rules meet, and within compound groups, the lower comes first.
    pub sequence: u32,
    pub selectors: Selectors,
    pub benefit: Benefit,
    /// How much, perhaps by quantity: per cent, or an amount per base unit.
    pub schedule: Schedule,
    /// Of all amounts of the rule; none = that of the quote.
    pub currency: Option<Currency>,
    /// What its quantities and amounts are counted over.
    pub aggregate: Aggregate,
    /// The most that the rule takes off a line.
    pub cap: Option<Limit>,
    /// Customers who do not get it.
    pub hold_out: Option<HoldOut>,
}

/// What the quantity and the amount that a rule looks at are counted over. Both are those of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aggregate {
    #[default]
    Line,
    /// All lines within the rule's category that holds the line; where the rule names none, within
    /// the line's own category.
    Category,
    /// All lines.
    Document,
}

impl Aggregate {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Category => "category",
            Self::Document => "document",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Line, Self::Category, Self::Document]
            .into_iter()
            .find(|aggregate| aggregate.word() == word)
    }
}

/// When a rule applies: all selectors must hold; an empty one holds always. They see list amounts
/// and quantities only, never a running price.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selectors {
    pub customers: BTreeSet<CustomerId>,
    pub tiers: BTreeSet<String>,
    pub segments: BTreeSet<String>,
    pub customer_groups: BTreeSet<GroupId>,
    pub contracts: BTreeSet<String>,
    /// Each stands for itself and everything below it.
    pub categories: BTreeSet<CategoryPath>,
    pub skus: BTreeSet<String>,
    pub margin_classes: BTreeSet<MarginClass>,
    pub channels: BTreeSet<String>,
    /// Of the quote.
    pub currencies: BTreeSet<Currency>,
    /// In base units, from the first (included) to the second (excluded).
    pub min_quantity: Option<Quantity>,
    pub below_quantity: Option<Quantity>,
    /// List amounts in the rule's currency, from the first (included) to the second (excluded).
    pub min_amount: Option<UnitPrice>,
    pub below_amount: Option<UnitPrice>,
    /// First and last day, both included.
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
}

/// What selectors look at: one line of one quote.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub engine: Engine,
    /// The tier that counts: the customer's, else the policy's default.
    pub tier: &'a str,
    pub facts: &'a Facts,
    pub line: &'a Line,
    pub question: &'a Question,
    pub sums: &'a Sums,
}

/// How much a rule says about a line: a customer before a contract, a contract before an article,
/// an article before a category, a deeper category before a wider one, then the number of
/// selectors, then the higher quantity and amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Specificity {
    customer: bool,
    contract: bool,
    sku: bool,
    category_depth: usize,
    selectors: usize,
    min_quantity: Option<Quantity>,
    min_amount: Option<UnitPrice>,
}

/// A selector that does not hold: what it needed and what it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    pub reason: MissReason,
    pub needed: String,
    pub actual: String,
    /// How much more would do, where that is a quantity or an amount.
    pub delta: Option<Decimal>,
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

    /// `actual` would have to be another number.
    fn number(reason: MissReason, needed: Decimal, actual: Decimal) -> Self {
        let (needed, actual) = (needed.normalize(), actual.normalize());
        let delta = needed
            .checked_sub(actual)
            .filter(|more| *more > Decimal::ZERO);
        Self {
            delta: delta.map(|more| more.normalize()),
            ..Self::new(reason, needed.to_string(), actual.to_string())
        }
    }
}

/// Why a rule did not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissReason {
    CustomerOther,
    TierOther,
    SegmentOther,
    CustomerGroupOther,
    ContractOther,
    CategoryOther,
    SkuOther,
    MarginClassOther,
    ChannelOther,
    CurrencyOther,
    QuantityBelow,
    QuantityAbove,
    AmountBelow,
    AmountAbove,
    DateNotStarted,
    DateEnded,
    /// The rule matched, but another of its group was chosen.
    Outranked,
    /// The customer is one of those who show what it is like without the benefit.
    HeldOut,
}

impl MissReason {
    pub const fn word(self) -> &'static str {
        match self {
            Self::CustomerOther => "customer_other",
            Self::TierOther => "tier_other",
            Self::SegmentOther => "segment_other",
            Self::CustomerGroupOther => "customer_group_other",
            Self::ContractOther => "contract_other",
            Self::CategoryOther => "category_other",
            Self::SkuOther => "sku_other",
            Self::MarginClassOther => "margin_class_other",
            Self::ChannelOther => "channel_other",
            Self::CurrencyOther => "currency_other",
            Self::QuantityBelow => "quantity_below",
            Self::QuantityAbove => "quantity_above",
            Self::AmountBelow => "amount_below",
            Self::AmountAbove => "amount_above",
            Self::DateNotStarted => "date_not_started",
            Self::DateEnded => "date_ended",
            Self::Outranked => "outranked",
            Self::HeldOut => "held_out",
        }
    }

    /// Whether the rule is about somebody or something else altogether.
    const fn is_about_another(self) -> bool {
        matches!(
            self,
            Self::CustomerOther
                | Self::CustomerGroupOther
                | Self::ContractOther
                | Self::CategoryOther
                | Self::SkuOther
        )
    }
}

/// Whether a rule applies to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Matches,
    /// One selector fails.
    Near(Miss),
    Far,
}

type Dimension = fn(&Selectors, Case<'_>) -> Option<Miss>;

/// All selectors but those of quantities and amounts, the most personal first.
const DIMENSIONS: [Dimension; 11] = [
    |it, case| customer::miss(&it.customers, case),
    |it, case| customer_group::miss(&it.customer_groups, case),
    |it, case| contract::miss(&it.contracts, case),
    |it, case| sku::miss(&it.skus, case),
    |it, case| category::miss(&it.categories, case),
    |it, case| tier::miss(&it.tiers, case),
    |it, case| segment::miss(&it.segments, case),
    |it, case| margin_class::miss(&it.margin_classes, case),
    |it, case| channel::miss(&it.channels, case),
    |it, case| currency::miss(&it.currencies, case),
    |it, case| validity::miss(it.valid_from, it.valid_until, case),
];

impl Rule {
    /// What the selectors say of a line, quantities and amounts left out.
    pub(super) fn judge_goods(&self, case: Case<'_>) -> Verdict {
        let mut near = held_out::miss(self, case);
        for dimension in DIMENSIONS {
            let Some(miss) = dimension(&self.selectors, case) else {
                continue;
            };
            let another = case.engine == Engine::Two && miss.reason.is_about_another();
            if another || near.is_some() {
                return Verdict::Far;
            }
            near = Some(miss);
        }
        near.map_or(Verdict::Matches, Verdict::Near)
    }

    /// What all selectors say of a line.
    pub(super) fn judge(&self, case: Case<'_>) -> Result<Verdict, LineError> {
        let goods = self.judge_goods(case);
        if goods == Verdict::Far {
            return Ok(goods);
        }
        let total = self.counted(case);
        let (quantity, amount) = self.judge_total(total, case.question);
        match (goods, quantity, amount) {
            // A rule that would not apply anyway needs no rate.
            (Verdict::Matches, None, amount) => Ok(amount?.map_or(Verdict::Matches, Verdict::Near)),
            (Verdict::Matches, Some(miss), Ok(None)) => Ok(Verdict::Near(miss)),
            (Verdict::Near(miss), None, Ok(None)) => Ok(Verdict::Near(miss)),
            _ => Ok(Verdict::Far),
        }
    }

    /// What the bounds of quantity and of amount say of what is counted.
    pub(super) fn judge_total(
        &self,
        total: Total,
        question: &Question,
    ) -> (Option<Miss>, Result<Option<Miss>, LineError>) {
        let quantity = quantity::miss(self, total.quantity);
        (quantity, amount::miss(self, total.amount, question))
    }

    /// What the rule's quantities and amounts are compared with.
    pub(super) fn counted(&self, case: Case<'_>) -> Total {
        let of_line = || Total::of(case.line).unwrap_or_default();
        match self.aggregate {
            Aggregate::Line => of_line(),
            Aggregate::Document => case.sums.document(),
            Aggregate::Category => {
                let named = category::deepest(&self.selectors.categories, case.line);
                let within = named.or(case.line.category.as_ref());
                within.map_or_else(of_line, |path| case.sums.category(path))
            }
        }
    }

    /// The lowest quantity at which the rule gives anything.
    pub fn least_quantity(&self) -> Option<Quantity> {
        self.selectors.min_quantity.max(self.schedule.begins_at())
    }

    pub(super) fn specificity(&self, line: &Line) -> Specificity {
        let depth = category::deepest(&self.selectors.categories, line);
        self.specificity_at(depth.map_or(0, CategoryPath::depth))
    }

    pub(super) fn specificity_at(&self, category_depth: usize) -> Specificity {
        let it = &self.selectors;
        let least = self.least_quantity();
        let said = [
            !it.customers.is_empty(),
            !it.tiers.is_empty(),
            !it.segments.is_empty(),
            !it.customer_groups.is_empty(),
            !it.contracts.is_empty(),
            !it.skus.is_empty(),
            !it.categories.is_empty(),
            !it.margin_classes.is_empty(),
            !it.channels.is_empty(),
            !it.currencies.is_empty(),
            least.is_some() || it.below_quantity.is_some(),
            it.min_amount.is_some() || it.below_amount.is_some(),
            it.valid_from.is_some() || it.valid_until.is_some(),
        ];
        Specificity {
            customer: !it.customers.is_empty(),
            contract: !it.contracts.is_empty(),
            sku: !it.skus.is_empty(),
            category_depth,
            selectors: said.into_iter().filter(|said| *said).count(),
            min_quantity: least,
            min_amount: it.min_amount,
        }
    }
}

/// A list for people: `high, general`.
fn listed<T: ToString>(values: impl IntoIterator<Item = T>) -> String {
    let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
    values.join(", ")
}
