//! What is asked: the lines of a quote and what is known of the customer.

use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::ids::GroupId;
use crate::incoming::MarginClass;
use crate::scaled::{Quantity, UnitPrice};
use chrono::NaiveDate;
use std::collections::BTreeSet;

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
    /// Absent where neither request nor product tells it: an error of this line.
    pub list_unit_price: Option<UnitPrice>,
    pub unit_cost: UnitCost,
}

/// A quote to price. All prices and costs are in `currency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub currency: Currency,
    /// The business day that validity dates are compared with.
    pub today: NaiveDate,
    pub lines: Vec<Line>,
}

/// What is known of the customer who asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Whether the caller's customer is known at all.
    pub customer_matched: bool,
    /// None = no tier known: the policy's default tier counts.
    pub tier: Option<String>,
    /// The customer's groups with all their ancestors.
    pub groups: BTreeSet<GroupId>,
    /// Where the quote comes from, e.g. `field`, `web`.
    pub channel: Option<String>,
}
