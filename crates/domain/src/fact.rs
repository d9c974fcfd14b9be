//! What happened between the company and a customer, as everything else reads it.

use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::ids::{CustomerId, FactId, ProductId, RateId};
use crate::scaled::{Amount, Quantity};
use chrono::NaiveDate;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];
            /// The word used in JSON, in files and in the database.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

words! {
    /// What kind of event a fact records.
    FactKind {
        /// A line that a customer ordered; amount = net value of the line, cost = cost of goods.
        OrderLine = "order_line",
        /// Goods that left; moves what the order held.
        Delivery = "delivery",
        /// A bill; has a due date, is settled by payments and credit notes.
        Invoice = "invoice",
        /// Money received; settles the invoice it follows, else the oldest.
        Payment = "payment",
        /// Money owed back; settles like a payment.
        CreditNote = "credit_note",
        /// Goods that came back; amount = value returned (positive), cost = value back in stock.
        Return = "return",
        /// A complaint; severity 1 (slight) to 5 (grave).
        Complaint = "complaint",
        /// A contact with staff; minutes spent.
        Contact = "contact",
        /// A rating by staff, within bounds declared by the model.
        StaffRating = "staff_rating",
        /// Money spent on the customer; amount = the expense.
        Expense = "expense",
    }
}

words! {
    /// Where a document stands.
    DocumentStatus {
        Open = "open",
        Closed = "closed",
        /// Never happened commercially: left out of every measure.
        Cancelled = "cancelled",
        /// Contested by the customer: counts, but is reported apart.
        Disputed = "disputed",
    }
}

/// A line of a business document in the system that keeps it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentRef {
    pub system: String,
    /// The system's own type, e.g. `sales_order`, `invoice`.
    pub kind: String,
    pub id: String,
    pub line: Option<String>,
}

impl DocumentRef {
    /// Whether both name the same document, whatever the line.
    pub fn same_document(&self, other: &Self) -> bool {
        (&self.system, &self.kind, &self.id) == (&other.system, &other.kind, &other.id)
    }
}

/// What the goods of a fact cost, in base currency, and how that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Told by the source.
    Given(Amount),
    /// The product's cost on the day, times the quantity.
    Product(Amount),
    /// Not known: profit and margin are missing, not zero.
    Missing,
}

impl Cost {
    pub const fn amount(self) -> Option<Amount> {
        match self {
            Self::Given(amount) | Self::Product(amount) => Some(amount),
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

/// An amount as it was given and what it was worth in base currency when it was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordedAmount {
    pub original: Amount,
    pub currency: Currency,
    pub base: Amount,
    /// The dated rate used; none where the currency is the base currency.
    pub rate: Option<RateId>,
}

/// One version of one fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    pub id: FactId,
    pub customer: CustomerId,
    pub kind: FactKind,
    /// The business day it happened.
    pub occurred_on: NaiveDate,
    pub document: Option<DocumentRef>,
    pub follows: Option<DocumentRef>,
    pub status: DocumentStatus,
    pub product: Option<ProductId>,
    pub category: Option<CategoryPath>,
    pub quantity: Option<Quantity>,
    pub amount: Option<RecordedAmount>,
    pub cost: Cost,
    /// Invoices only: the last day on which payment is on time.
    pub due_on: Option<NaiveDate>,
    /// Staff ratings only, in the rating's own scale.
    pub rating: Option<Amount>,
    /// Complaints only: 1 to 5.
    pub severity: Option<u8>,
    /// Contacts only: minutes of staff time.
    pub minutes: Option<u32>,
    pub channel: Option<String>,
    /// Who recorded or gave it: a staff code, never a name.
    pub author: Option<String>,
    /// The system that told it.
    pub source: String,
}

impl Fact {
    /// The amount in base currency.
    pub fn base_amount(&self) -> Option<Amount> {
        self.amount.map(|amount| amount.base)
    }

    /// Whether the fact counts commercially.
    pub fn counts(&self) -> bool {
        self.status != DocumentStatus::Cancelled
    }
}
