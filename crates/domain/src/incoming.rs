//! Data as a source system sends it, before it is matched with what is already known.

use crate::category::CategoryPath;
use crate::currency::Currency;
use crate::fact::{DocumentRef, DocumentStatus, FactKind};
use crate::ids::CustomerId;
use crate::profile::{AttributeValue, CustomerKind};
use crate::scaled::{Amount, Quantity, UnitPrice};
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// An id that another system gave.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExternalRef {
    pub system: String,
    pub id: String,
}

/// A customer, by our id or by anybody's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CustomerRef {
    Id(CustomerId),
    External(ExternalRef),
}

/// One field of an update: absent fields stay, null clears.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    #[default]
    Keep,
    Clear,
    Set(T),
}

/// A phone number as typed, with the region that tells how to read it without a country code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingPhone {
    pub raw: String,
    /// ISO 3166-1 alpha-2; the tenant's default region where it is absent.
    pub region: Option<String>,
}

/// A customer to create, or to change where the external id is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingCustomer {
    pub external: ExternalRef,
    pub kind: Option<CustomerKind>,
    pub name: Change<String>,
    pub email: Change<String>,
    pub owner: Change<String>,
    pub since: Change<NaiveDate>,
    /// `None` clears the attribute.
    pub attributes: BTreeMap<String, Option<AttributeValue>>,
    /// The customer's own numbers; absent = unchanged, else the whole list.
    pub phones: Option<Vec<IncomingPhone>>,
}

/// How the margin of a product should move: promoted, left alone, or restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum MarginClass {
    Promote,
    #[default]
    Neutral,
    Restrict,
}

impl MarginClass {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Promote => "promote",
            Self::Neutral => "neutral",
            Self::Restrict => "restrict",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "promote" => Some(Self::Promote),
            "neutral" => Some(Self::Neutral),
            "restrict" => Some(Self::Restrict),
            _ => None,
        }
    }
}

/// A product to create, or to change where the sku is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingProduct {
    pub sku: String,
    pub name: Change<String>,
    pub category: Change<CategoryPath>,
    pub list_price: Change<UnitPrice>,
    pub margin_class: Option<MarginClass>,
    /// Of list price and cost; none = the tenant's base currency.
    pub currency: Option<Currency>,
    /// Cost of one unit from a day on.
    pub cost: Option<(NaiveDate, UnitPrice)>,
}

/// A fact to record, or to correct where `(source, external_id)` is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingFact {
    pub source: String,
    pub external_id: String,
    pub customer: CustomerRef,
    pub kind: FactKind,
    pub occurred_on: NaiveDate,
    pub document: Option<DocumentRef>,
    pub follows: Option<DocumentRef>,
    pub status: DocumentStatus,
    pub sku: Option<String>,
    /// Where absent, the product's category on the day it is recorded.
    pub category: Option<CategoryPath>,
    pub quantity: Option<Quantity>,
    pub amount: Option<Amount>,
    /// Of amount and cost; none = the tenant's base currency.
    pub currency: Option<Currency>,
    /// Cost of the whole line, in `currency`; where absent, the product's cost times quantity.
    pub cost: Option<Amount>,
    pub due_on: Option<NaiveDate>,
    pub rating: Option<Amount>,
    pub severity: Option<u8>,
    pub minutes: Option<u32>,
    pub channel: Option<String>,
    pub author: Option<String>,
    /// Free text; personal data, kept apart.
    pub note: Option<String>,
}
