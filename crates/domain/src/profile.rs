//! Who a customer is: the part of the profile that decisions read, free of personal data.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Whether the customer is an organisation (B2B) or a person (B2C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CustomerKind {
    Organisation,
    Person,
}

impl CustomerKind {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Organisation => "organisation",
            Self::Person => "person",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "organisation" => Some(Self::Organisation),
            "person" => Some(Self::Person),
            _ => None,
        }
    }
}

/// The type of a profile or custom attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttributeType {
    Text,
    Number,
    Flag,
    Date,
}

impl AttributeType {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Flag => "flag",
            Self::Date => "date",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "number" => Some(Self::Number),
            "flag" => Some(Self::Flag),
            "date" => Some(Self::Date),
            _ => None,
        }
    }
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    Text(String),
    Number(Decimal),
    Flag(bool),
    Date(NaiveDate),
}

impl AttributeValue {
    pub const fn kind(&self) -> AttributeType {
        match self {
            Self::Text(_) => AttributeType::Text,
            Self::Number(_) => AttributeType::Number,
            Self::Flag(_) => AttributeType::Flag,
            Self::Date(_) => AttributeType::Date,
        }
    }
}

/// Attributes by code. `size`, `industry`, `listed`, `annual_profit`, `region`, `country`,
/// `credit_limit` are defined from the start; the tenant defines more.
pub type Attributes = BTreeMap<String, AttributeValue>;

/// What evaluation knows of a customer besides facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    pub kind: CustomerKind,
    /// First day of the relationship as told; where it is missing, the first fact counts.
    pub since: Option<NaiveDate>,
    /// Includes `contact_position`, the highest position among the customer's contacts.
    pub attributes: Attributes,
    /// The codes of the customer's group and of those above it, the nearest first.
    pub groups: Vec<String>,
}
