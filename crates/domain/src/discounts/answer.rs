//! What is answered: a price for each line, and the way it came about.

use super::approval::Approval;
use super::document::DocumentDecision;
use super::floor::Floor;
use super::limit::{CapScope, Limit};
use super::policy::PriceRounding;
use super::question::UnitCost;
use super::stack::NotApplied;
use super::waterfall::Adjustment;
use crate::currency::Currency;
use crate::decision::PolicyRef;
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
    /// What was taken off all lines together.
    pub document: DocumentDecision,
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
    #[error("no rate tells what an amount of the policy is worth in the currency of the quote")]
    CurrencyRateMissing,
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
            Self::CurrencyRateMissing => "currency_rate_missing",
            Self::Overflow => "overflow",
        }
    }
}

/// The price of one line. `list_amount = net_amount + discount_amount`, and
/// `net_amount = net_unit_price × quantity + line_rounding − the document's shares`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    pub list_unit_price: Decimal,
    /// The truth, before anything is taken off the document. Never above list unless a surcharge or
    /// a contract lifts it; below the floor only where approval is required
    /// or was granted.
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
    /// The line's share of what each rule of the document took, in the order of the rules.
    pub document_shares: Vec<Money>,
    /// The line's cap, and every cap of a rule or a group that bound.
    pub caps: Vec<Cap>,
    /// None where the policy has no floor or the cost is missing.
    pub floor: Option<Floor>,
    /// The least that document discounts may bring the line to: its floor and its cap.
    pub lowest_amount: Money,
    pub cost: UnitCost,
    /// Prices per unit.
    pub approval: Approval,
    pub not_applied: Vec<NotApplied>,
}

/// Why somebody must approve a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApprovalCode {
    /// Even the list price leaves less than the floor asks: actual list, threshold floor.
    FloorAboveList,
    /// The contract's price leaves less than the floor asks: actual contract, threshold floor.
    FloorAboveContract,
    /// Somebody asks for less than the policy gives: actual what is asked, threshold the net price.
    RequestedBelowNet,
    /// The whole document leaves less than its floor asks: actual net, threshold floor.
    DocumentBelowFloor,
    /// The lines alone are discounted beyond the document's cap: actual discount, threshold cap.
    DocumentAboveCap,
    /// Nobody knows what the goods cost, so nobody knows whether the floor is kept.
    CostMissing,
}

impl ApprovalCode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::FloorAboveList => "floor_above_list",
            Self::FloorAboveContract => "floor_above_contract",
            Self::RequestedBelowNet => "requested_below_net",
            Self::DocumentBelowFloor => "document_below_floor",
            Self::DocumentAboveCap => "document_above_cap",
            Self::CostMissing => "cost_missing",
        }
    }
}

/// A bound on discounts, and whether it held any back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cap {
    pub scope: CapScope,
    /// The rule or the group; none for the line's own.
    pub name: Option<String>,
    pub limit: Limit,
    /// The price of a unit that it leaves.
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
