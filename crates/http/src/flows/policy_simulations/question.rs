//! What a simulation of policies is asked: kept as it was asked, so that its answer can be read later.

use crate::flows::simulations::question::SimulatedCustomers;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tiercel_persistence::customers::Filter;
use tiercel_persistence::documents::{self, DocumentKind, StoredDocument};
use tiercel_persistence::{DbError, Source};

/// Over which business two policies are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The order lines of a period, as if they were quoted on one day.
    OrderLines,
    /// The firm quotes of a period, decided again as of their own day.
    Quotes,
}

impl Basis {
    pub const fn word(self) -> &'static str {
        match self {
            Self::OrderLines => "order_lines",
            Self::Quotes => "quotes",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::OrderLines, Self::Quotes]
            .into_iter()
            .find(|basis| basis.word() == word)
    }
}

/// Exactly the text of a version: a draft that changes later has another hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub version: i64,
    pub hash: String,
}

/// Which versions, whom, and over which business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub customers: SimulatedCustomers,
    pub discount: Option<Version>,
    pub credit: Option<Version>,
    pub basis: Basis,
    /// First and last day of the business.
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// The day whose policies and tiers count.
    pub on: NaiveDate,
}

impl Asked {
    /// # Errors
    /// The field that says nothing.
    pub fn filter(&self) -> Result<Filter, &'static str> {
        let asked = crate::flows::simulations::question::Asked {
            customers: self.customers.clone(),
            ..crate::flows::simulations::question::Asked::default()
        };
        asked.question().map(|question| question.filter)
    }
}

/// A version of the policy of a kind, whatever its status.
pub async fn version(
    source: &impl Source,
    kind: DocumentKind,
    version: i64,
) -> Result<Option<StoredDocument>, DbError> {
    let Some(id) = documents::id_of(source, kind, "default").await? else {
        return Ok(None);
    };
    documents::find(source, kind, id, version).await
}
