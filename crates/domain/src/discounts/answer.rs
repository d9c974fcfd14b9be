//! What is answered: a price for each line, and the way it came about.

use super::floor::Floor;
use super::policy::PriceRounding;
use super::question::UnitCost;
use super::stack::NotApplied;
use super::waterfall::Adjustment;
use crate::currency::Currency;
use crate::decision::{PolicyRef, Reason};
use crate::money::Money;
use crate::scaled::Percent;
use rust_decimal::Decimal;

/// The prices of a quote, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub policy: PolicyRef,
    pub customer_matched: bool,
    /// The tier that counted: the customer's, else the policy's default.
    pub tier: String,
    pub currency: Currency,
    pub rounding: PriceRounding,
    /// Decimals of unit prices and floors.
    pub scale: u32,
    /// As many as were asked, in the same order.
    pub lines: Vec<LineDecision>,
    /// Over the lines that have a price.
    pub totals: Totals,
}

/// A line's price, or why it has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDecision {
    pub line_id: String,
    pub outcome: Result<PricedLine, LineError>,
}

/// Why a line has no price. The other lines are priced all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("neither the request nor the product tells a list price")]
    ListPriceMissing,
    #[error("the list price is negative")]
    ListPriceNegative,
    #[error("the quantity is not above zero")]
    QuantityNotPositive,
    #[error("the unit cost is negative")]
    CostNegative,
    #[error("the unit cost is not known, and the policy prices nothing without it")]
    CostMissing,
    #[error("the amount is too large to calculate with")]
    Overflow,
}

impl LineError {
    pub const fn code(self) -> &'static str {
        match self {
            Self::ListPriceMissing => "list_price_missing",
            Self::ListPriceNegative => "list_price_negative",
            Self::QuantityNotPositive => "quantity_not_positive",
            Self::CostNegative => "cost_negative",
            Self::CostMissing => "cost_missing",
            Self::Overflow => "overflow",
        }
    }
}

/// The price of one line. `list_amount = net_amount + discount_amount`, and
/// `net_amount = net_unit_price × quantity + line_rounding`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub list_unit_price: Decimal,
    /// The truth. Never above list; below the floor only where approval is required.
    pub net_unit_price: Decimal,
    pub list_amount: Money,
    pub net_amount: Money,
    pub discount_amount: Money,
    /// What making the line payable added or took.
    pub line_rounding: Decimal,
    /// For display only, four decimals: a price is never derived from it.
    pub effective_discount_pct: Percent,
    /// From list to net, per unit.
    pub adjustments: Vec<Adjustment>,
    pub cap: Option<Cap>,
    /// None where the policy has no floor or the cost is missing.
    pub floor: Option<Floor>,
    pub cost: UnitCost,
    /// Empty where nobody needs to approve. Prices per unit.
    pub approval: Vec<Reason<ApprovalCode>>,
    pub not_applied: Vec<NotApplied>,
}

/// Why somebody must approve a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalCode {
    /// Even the list price leaves less than the floor asks: actual list, threshold floor.
    FloorAboveList,
    /// Nobody knows what the goods cost, so nobody knows whether the floor is kept.
    CostMissing,
}

impl ApprovalCode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::FloorAboveList => "floor_above_list",
            Self::CostMissing => "cost_missing",
        }
    }
}

/// The largest discount of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    pub percent: Percent,
    /// The price that it leaves, rounded up.
    pub unit_cap: Decimal,
    pub binding: bool,
}

/// Sums over the lines that have a price; `list = net + discount`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    pub list: Money,
    pub net: Money,
    pub discount: Money,
}
