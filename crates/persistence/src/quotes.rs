//! Quotes that hold: answers as they were given, never changed, and the prices last told.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{QueryResult, Value};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, DecisionId};
use uuid::Uuid;

/// A quote to keep, under the id of its decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewQuote {
    pub id: DecisionId,
    pub customer: Option<CustomerId>,
    pub document: Option<QuoteDocument>,
    pub valid_until: DateTime<Utc>,
    pub needs_approval: bool,
    /// The answer as JSON, for who may see no costs and for who may.
    pub answer: String,
    pub answer_with_costs: String,
    /// The receipt as JSON.
    pub receipt: String,
    /// What is told for articles; those of nobody we know are not remembered.
    pub prices: BTreeMap<String, PriceTold>,
}

/// The document of another system that a quote is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteDocument {
    pub system: String,
    pub kind: String,
    pub id: String,
    pub revision: Option<i64>,
}

/// A price as it was told, in the words of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTold {
    pub quote: DecisionId,
    pub unit_price: String,
    pub currency: String,
    pub quantity: String,
    pub at: DateTime<Utc>,
}

/// A quote without its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteSummary {
    pub id: DecisionId,
    pub customer: Option<CustomerId>,
    pub document: Option<QuoteDocument>,
    pub valid_until: DateTime<Utc>,
    pub needs_approval: bool,
    pub principal: String,
    pub recorded_at: DateTime<Utc>,
}

/// A quote as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    pub summary: QuoteSummary,
    pub answer: String,
    pub answer_with_costs: String,
    pub receipt: String,
}

/// Which quotes a page shows; what is absent does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QuoteFilter {
    pub customer: Option<CustomerId>,
    pub document_id: Option<String>,
}

const SUMMARY: &str = "quote_id, customer_id, doc_system, doc_kind, doc_id, doc_revision, \
                       valid_until, needs_approval, principal, recorded_at";

/// Keeps a quote, and what it tells.
pub async fn keep(tx: &Tx, new: &NewQuote) -> Result<(), DbError> {
    let text = "INSERT INTO quote (quote_id, customer_id, doc_system, doc_kind, doc_id, \
                doc_revision, valid_until, needs_approval, answer, answer_with_costs, receipt, \
                principal, write_id, recorded_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let document = new.document.as_ref();
    let values: Vec<Value> = vec![
        uuid(new.id.bits()).into(),
        new.customer.map(|id| uuid(id.bits())).into(),
        document.map(|it| it.system.clone()).into(),
        document.map(|it| it.kind.clone()).into(),
        document.map(|it| it.id.clone()).into(),
        document.and_then(|it| it.revision).into(),
        new.valid_until.timestamp_micros().into(),
        new.needs_approval.into(),
        new.answer.clone().into(),
        new.answer_with_costs.clone().into(),
        new.receipt.clone().into(),
        tx.principal().to_owned().into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    if let Some(customer) = new.customer {
        remember(tx, customer, &new.prices).await?;
    }
    tx.note(Change {
        entity: "quote",
        id: new.id.to_string(),
        version: 1,
        what: "given",
        customer: None,
        content: None,
        detail: vec![(
            "customer",
            new.customer.map(|id| id.to_string()).unwrap_or_default(),
        )],
    });
    Ok(())
}

async fn remember(
    tx: &Tx,
    customer: CustomerId,
    prices: &BTreeMap<String, PriceTold>,
) -> Result<(), DbError> {
    let text = "INSERT INTO price_told \
                (customer_id, sku, quote_id, unit_price, currency, quantity, told_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7) \
                ON CONFLICT (customer_id, sku) DO UPDATE SET quote_id = excluded.quote_id, \
                unit_price = excluded.unit_price, currency = excluded.currency, \
                quantity = excluded.quantity, told_at = excluded.told_at \
                WHERE price_told.told_at <= excluded.told_at";
    // In the order of skus, so that two quotes at once cannot wait for each other.
    for (sku, told) in prices {
        let values: Vec<Value> = vec![
            uuid(customer.bits()).into(),
            sku.clone().into(),
            uuid(told.quote.bits()).into(),
            told.unit_price.clone().into(),
            told.currency.clone().into(),
            told.quantity.clone().into(),
            told.at.timestamp_micros().into(),
        ];
        sql::run(tx, text, values).await?;
    }
    Ok(())
}

/// The prices last told to a customer, by sku.
pub async fn last_told(
    source: &impl Source,
    customer: CustomerId,
    skus: &BTreeSet<String>,
) -> Result<BTreeMap<String, PriceTold>, DbError> {
    let skus: Vec<&String> = skus.iter().collect();
    let mut found = BTreeMap::new();
    for chunk in skus.chunks(sql::MANY) {
        let places = sql::places(2, chunk.len());
        let text = format!(
            "SELECT sku, quote_id, unit_price, currency, quantity, told_at FROM price_told \
             WHERE customer_id = $1 AND sku IN ({places})"
        );
        let mut values: Vec<Value> = vec![uuid(customer.bits()).into()];
        values.extend(chunk.iter().map(|sku| Value::from((*sku).clone())));
        for row in sql::rows(source, &text, values).await? {
            let told = PriceTold {
                quote: decision(&row)?,
                unit_price: row.try_get("", "unit_price")?,
                currency: row.try_get("", "currency")?,
                quantity: row.try_get("", "quantity")?,
                at: from_micros(row.try_get("", "told_at")?),
            };
            found.insert(row.try_get("", "sku")?, told);
        }
    }
    Ok(found)
}

/// One quote.
pub async fn find(source: &impl Source, id: DecisionId) -> Result<Option<Quote>, DbError> {
    let text = format!(
        "SELECT {SUMMARY}, answer, answer_with_costs, receipt FROM quote WHERE quote_id = $1"
    );
    let rows = sql::rows(source, &text, vec![uuid(id.bits()).into()]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Quote {
        summary: summary(row)?,
        answer: row.try_get("", "answer")?,
        answer_with_costs: row.try_get("", "answer_with_costs")?,
        receipt: row.try_get("", "receipt")?,
    }))
}

/// Quotes before an id, newest first.
pub async fn page(
    source: &impl Source,
    filter: &QuoteFilter,
    before: Option<DecisionId>,
    limit: u64,
) -> Result<Vec<QuoteSummary>, DbError> {
    let before = before.map_or(u128::MAX, DecisionId::bits);
    let mut text = format!("SELECT {SUMMARY} FROM quote WHERE quote_id < $1");
    let mut values: Vec<Value> = vec![uuid(before).into()];
    let customer = filter.customer.map(|id| Value::from(uuid(id.bits())));
    let document = filter.document_id.clone().map(Value::from);
    for (column, value) in [("customer_id", customer), ("doc_id", document)] {
        if let Some(value) = value {
            values.push(value);
            let place = values.len();
            text = format!("{text} AND {column} = ${place}");
        }
    }
    let text = format!("{text} ORDER BY quote_id DESC LIMIT {limit}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(summary).collect()
}

/// Where a walk over the quotes of some customers stands.
pub type QuotePlace = (CustomerId, DecisionId);

/// Receipts of quotes that some customers were given in a period (the second instant excluded),
/// after a place, in order of customers and ids.
pub async fn receipts(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    after: Option<QuotePlace>,
    limit: u64,
) -> Result<Vec<(QuotePlace, String)>, DbError> {
    let (customer, quote) = after.map_or((0, 0), |(one, other)| (one.bits(), other.bits()));
    let places = sql::places(6, customers.len());
    let text = format!(
        "SELECT customer_id, quote_id, receipt FROM quote \
         WHERE recorded_at >= $1 AND recorded_at < $2 \
         AND (customer_id > $3 OR (customer_id = $4 AND quote_id > $5)) \
         AND customer_id IN ({places}) \
         ORDER BY customer_id, quote_id LIMIT {limit}"
    );
    let mut values: Vec<Value> = vec![
        from.timestamp_micros().into(),
        to.timestamp_micros().into(),
        uuid(customer).into(),
        uuid(customer).into(),
        uuid(quote).into(),
    ];
    values.extend(customers.iter().map(|id| Value::from(uuid(id.bits()))));
    let rows = sql::rows(source, &text, values).await?;
    rows.iter()
        .map(|row| {
            let customer: Uuid = row.try_get("", "customer_id")?;
            let place = (CustomerId::from_bits(customer.as_u128()), decision(row)?);
            Ok((place, row.try_get("", "receipt")?))
        })
        .collect()
}

fn summary(row: &QueryResult) -> Result<QuoteSummary, DbError> {
    let customer: Option<Uuid> = row.try_get("", "customer_id")?;
    let system: Option<String> = row.try_get("", "doc_system")?;
    let kind: Option<String> = row.try_get("", "doc_kind")?;
    let id: Option<String> = row.try_get("", "doc_id")?;
    let revision = row.try_get("", "doc_revision")?;
    let named = system.zip(kind).zip(id);
    Ok(QuoteSummary {
        id: decision(row)?,
        customer: customer.map(|id| CustomerId::from_bits(id.as_u128())),
        document: named.map(|((system, kind), id)| QuoteDocument {
            system,
            kind,
            id,
            revision,
        }),
        valid_until: from_micros(row.try_get("", "valid_until")?),
        needs_approval: row.try_get("", "needs_approval")?,
        principal: row.try_get("", "principal")?,
        recorded_at: from_micros(row.try_get("", "recorded_at")?),
    })
}

fn decision(row: &QueryResult) -> Result<DecisionId, DbError> {
    let id: Uuid = row.try_get("", "quote_id")?;
    Ok(DecisionId::from_bits(id.as_u128()))
}

const fn uuid(bits: u128) -> Uuid {
    Uuid::from_u128(bits)
}
