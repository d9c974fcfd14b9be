//! Columns of `fact` ↔ domain values.

use crate::clock::from_micros;
use crate::entity::fact;
use crate::error::DbError;
use chrono::{DateTime, Utc};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::{Cost, DocumentRef, DocumentStatus, Fact, FactKind, RecordedAmount};
use tiercel_domain::ids::{CustomerId, FactId, ProductId, RateId, WriteId};
use tiercel_domain::scaled::{Amount, Quantity};

/// One version of a fact with everything that was kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFact {
    pub fact: Fact,
    pub version: i64,
    pub source: String,
    pub external_id: String,
    /// Of amount and cost as they were given.
    pub currency: Option<Currency>,
    /// The cost as it was given, in `currency`.
    pub given_cost: Option<Amount>,
    /// Free text; gone once the customer is erased.
    pub note: Option<String>,
    pub write: WriteId,
    pub recorded_at: DateTime<Utc>,
    /// The write that replaced this version.
    pub superseded_by: Option<WriteId>,
}

fn corrupt(detail: impl std::fmt::Display) -> DbError {
    DbError::corrupt("fact", detail)
}

/// The part of a row that decisions read.
pub(super) fn to_fact(row: &fact::Model) -> Result<Fact, DbError> {
    let small = |number: i64| corrupt(format!("the number {number}"));
    let category = row.category.as_deref().map(str::parse).transpose();
    let severity = row
        .severity
        .map(|it| u8::try_from(it).map_err(|_| small(it)));
    let minutes = row
        .minutes
        .map(|it| u32::try_from(it).map_err(|_| small(it)));
    Ok(Fact {
        id: FactId::from_bits(row.fact_id.as_u128()),
        customer: CustomerId::from_bits(row.customer_id.as_u128()),
        kind: kind(row)?,
        occurred_on: row.occurred_on,
        document: document([&row.doc_system, &row.doc_kind, &row.doc_id, &row.doc_line])?,
        follows: document([
            &row.follows_system,
            &row.follows_kind,
            &row.follows_id,
            &row.follows_line,
        ])?,
        status: DocumentStatus::from_word(&row.status).ok_or_else(|| unknown(&row.status))?,
        product: row.product_id.map(|id| ProductId::from_bits(id.as_u128())),
        category: category.map_err(corrupt)?,
        quantity: row.quantity.map(Quantity::from_units),
        amount: amount(row)?,
        cost: cost(row)?,
        due_on: row.due_on,
        rating: row.rating.map(Amount::from_units),
        severity: severity.transpose()?,
        minutes: minutes.transpose()?,
        channel: row.channel.clone(),
        author: row.author.clone(),
        source: row.source.clone(),
    })
}

/// A whole version; its note is kept elsewhere.
pub(super) fn to_stored(row: fact::Model, note: Option<String>) -> Result<StoredFact, DbError> {
    Ok(StoredFact {
        fact: to_fact(&row)?,
        version: row.version,
        currency: currency(&row)?,
        given_cost: row.given_cost.map(Amount::from_units),
        source: row.source,
        external_id: row.external_id,
        note,
        write: WriteId::from_bits(row.write_id.as_u128()),
        recorded_at: from_micros(row.recorded_at),
        superseded_by: row.superseded_by.map(|id| WriteId::from_bits(id.as_u128())),
    })
}

fn unknown(word: &str) -> DbError {
    corrupt(format!("the word `{word}`"))
}

pub(super) fn kind(row: &fact::Model) -> Result<FactKind, DbError> {
    FactKind::from_word(&row.kind).ok_or_else(|| unknown(&row.kind))
}

fn document(parts: [&Option<String>; 4]) -> Result<Option<DocumentRef>, DbError> {
    match parts {
        [None, None, None, None] => Ok(None),
        [Some(system), Some(kind), Some(id), line] => Ok(Some(DocumentRef {
            system: system.clone(),
            kind: kind.clone(),
            id: id.clone(),
            line: line.clone(),
        })),
        _ => Err(corrupt("half a document reference")),
    }
}

pub(super) fn currency(row: &fact::Model) -> Result<Option<Currency>, DbError> {
    let currency = row.currency.as_deref().map(str::parse);
    currency.transpose().map_err(corrupt)
}

fn amount(row: &fact::Model) -> Result<Option<RecordedAmount>, DbError> {
    match (row.amount, currency(row)?, row.base_amount) {
        (None, _, None) => Ok(None),
        (Some(original), Some(currency), Some(base)) => Ok(Some(RecordedAmount {
            original: Amount::from_units(original),
            currency,
            base: Amount::from_units(base),
            rate: row.rate_id.map(|id| RateId::from_bits(id.as_u128())),
        })),
        _ => Err(corrupt("half an amount")),
    }
}

fn cost(row: &fact::Model) -> Result<Cost, DbError> {
    match (row.cost_source.as_str(), row.cost.map(Amount::from_units)) {
        ("given", Some(cost)) => Ok(Cost::Given(cost)),
        ("product", Some(cost)) => Ok(Cost::Product(cost)),
        ("missing", None) => Ok(Cost::Missing),
        (source, _) => Err(corrupt(format!("the cost source `{source}`"))),
    }
}
