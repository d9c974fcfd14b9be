//! What is asked: the lines of a quote and what is known of the customer.

use super::answer::LineError;
use super::approval::Approved;
use super::rules::benefit::calculated;
use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::ids::{CustomerId, GroupId};
use crate::incoming::MarginClass;
use crate::scaled::{Quantity, UnitPrice};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// What one unit costs, in the currency of the quote, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitCost {
    /// Told by the request.
    Given(UnitPrice),
    /// The product's cost on the day.
    Product(UnitPrice),
    /// Not known: what happens then is declared by the policy's floor.
    Missing,
}

impl UnitCost {
    pub const fn amount(self) -> Option<UnitPrice> {
        match self {
            Self::Given(cost) | Self::Product(cost) => Some(cost),
            Self::Missing => None,
        }
    }

    pub const fn source(self) -> &'static str {
        match self {
            Self::Given(_) => "given",
            Self::Product(_) => "product",
            Self::Missing => "missing",
        }
    }
}

/// The contract that a line is sold under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contract {
    pub reference: String,
    /// What it says a unit costs the customer; none where rules of the policy say it.
    pub unit_price: Option<UnitPrice>,
}

/// One line of the quote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The caller's own name of the line; comes back unchanged.
    pub line_id: String,
    pub sku: Option<String>,
    pub category: Option<CategoryPath>,
    pub margin_class: MarginClass,
    /// In the unit of measure of price and cost.
    pub quantity: Quantity,
    /// Base units in one unit of measure: rules count base units, and their amounts are per base
    /// unit. Above zero; 1 where the line is sold by base units.
    pub base_units: Quantity,
    /// Absent where neither request nor product tells it: an error of this line.
    pub list_unit_price: Option<UnitPrice>,
    pub unit_cost: UnitCost,
    pub contract: Option<Contract>,
    /// What somebody wants to sell a unit for.
    pub requested_unit_price: Option<UnitPrice>,
    /// What was granted for exactly these inputs.
    pub approved: Option<Approved>,
}

/// A quote to price. All prices and costs are in `currency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub currency: Currency,
    /// The business day that validity dates are compared with.
    pub today: NaiveDate,
    pub lines: Vec<Line>,
    /// What one unit of other currencies is worth in `currency`.
    pub rates: BTreeMap<Currency, Decimal>,
    /// What was granted for exactly these lines together.
    pub approved: Option<Approved>,
}

impl Question {
    /// An amount of the policy in the currency of the quote, twelve decimals; none = is already.
    pub(super) fn exchanged(
        &self,
        amount: Decimal,
        currency: Option<Currency>,
    ) -> Result<Decimal, LineError> {
        match currency {
            Some(other) if other != self.currency => {
                let rate = self
                    .rates
                    .get(&other)
                    .ok_or(LineError::CurrencyRateMissing)?;
                let exact = amount.checked_mul(*rate).ok_or(LineError::Overflow)?;
                Ok(calculated(exact))
            }
            _ => Ok(amount),
        }
    }
}

/// What is known of the customer who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether the caller's customer is known at all.
    pub customer_matched: bool,
    pub customer: Option<CustomerId>,
    /// None = no tier known: the policy's default tier counts.
    pub tier: Option<String>,
    /// The segments that the customer is of, as the caller or the customer's profile tells.
    pub segments: BTreeSet<String>,
    /// The customer's groups with all their ancestors.
    pub groups: BTreeSet<GroupId>,
    /// Where the quote comes from, e.g. `field`, `web`.
    pub channel: Option<String>,
}
