//! The answer: a customer at a glance.

use crate::v1::deciding::TierStanding;
use crate::v1::facts::DocumentBody;
use crate::wire::money;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use tiercel_domain::credit::OpenItem;
use tiercel_domain::currency::Currency;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::orders::OpenOrder;
use tiercel_domain::period::days_between;
use tiercel_domain::scaled::{Points, UnitPrice};
use tiercel_persistence::facts::StoredFact;
use utoipa::ToSchema;

/// A customer at a glance. Lists are the newest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "name": "Meyer Antriebstechnik GmbH", "owner": "anna", "collaborators": [], "tier": {"code": "high", "score": "84", "as_of": "2026-02-28", "model_version": 1, "stale": false}, "why": [{"criterion": "revenue", "points": "25"}], "open_orders": [], "open_cases": [], "overdue": null, "last_contacts": [], "last_prices": []}))]
pub struct ContextResponse {
    pub id: String,
    pub name: Option<String>,
    pub owner: Option<String>,
    pub collaborators: Vec<String>,
    pub tier: TierStanding,
    /// Points by criterion, in the model's order; null without `evaluations:read`.
    pub why: Option<Vec<CriterionGlance>>,
    /// Null without `facts:read`, as are complaints, contacts and prices.
    pub open_orders: Option<Vec<OpenOrderGlance>>,
    pub open_cases: Option<Vec<OpenCase>>,
    /// Null without `credit:read`.
    pub overdue: Option<Overdue>,
    pub last_contacts: Option<Vec<ContactGlance>>,
    pub last_prices: Option<Vec<PriceGlance>>,
}

/// What one criterion gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"criterion": "revenue", "points": "25"}))]
pub struct CriterionGlance {
    pub criterion: String,
    pub points: String,
}

impl From<(String, Points)> for CriterionGlance {
    fn from((criterion, points): (String, Points)) -> Self {
        Self {
            criterion,
            points: points.to_string(),
        }
    }
}

/// An order that is under way. The amount is in base currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"document": {"system": "erp1", "type": "sales_order", "id": "SO-1001", "line": null}, "ordered_on": "2026-03-01", "lines": 2, "amount": "758.00", "currency": "EUR", "quantity_ordered": "4", "quantity_delivered": "2", "delivery": "partial", "last_delivery_on": "2026-03-04"}))]
pub struct OpenOrderGlance {
    pub document: DocumentBody,
    #[schema(format = Date)]
    pub ordered_on: String,
    pub lines: usize,
    pub amount: String,
    pub currency: String,
    pub quantity_ordered: String,
    pub quantity_delivered: String,
    /// `none`, `partial` or `complete` (and not billed yet).
    pub delivery: String,
    #[schema(format = Date)]
    pub last_delivery_on: Option<String>,
}

impl OpenOrderGlance {
    pub fn new(order: OpenOrder, base: Currency) -> Self {
        Self {
            document: order.document.into(),
            ordered_on: order.ordered_on.to_string(),
            lines: order.lines,
            amount: money(order.amount, base),
            currency: base.to_string(),
            quantity_ordered: order.ordered.normalize().to_string(),
            quantity_delivered: order.delivered.normalize().to_string(),
            delivery: order.delivery.word().to_owned(),
            last_delivery_on: order.last_delivery_on.map(|day| day.to_string()),
        }
    }
}

/// A complaint that is not settled.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"fact": "fct_06dv7n5z4h9k3m2p8q1r5s7t0w", "opened_on": "2026-02-20", "severity": 3, "channel": "phone", "author": "bruno", "note": "Two motors arrived scratched"}))]
pub struct OpenCase {
    pub fact: String,
    #[schema(format = Date)]
    pub opened_on: String,
    pub severity: Option<u8>,
    pub channel: Option<String>,
    pub author: Option<String>,
    pub note: Option<String>,
}

impl From<StoredFact> for OpenCase {
    fn from(stored: StoredFact) -> Self {
        Self {
            fact: stored.fact.id.to_string(),
            opened_on: stored.fact.occurred_on.to_string(),
            severity: stored.fact.severity,
            channel: stored.fact.channel,
            author: stored.fact.author,
            note: stored.note,
        }
    }
}

/// A contact of before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"on": "2026-02-25", "channel": "phone", "minutes": 12, "author": "anna", "note": null}))]
pub struct ContactGlance {
    #[schema(format = Date)]
    pub on: String,
    pub channel: Option<String>,
    pub minutes: Option<u32>,
    pub author: Option<String>,
    pub note: Option<String>,
}

impl From<StoredFact> for ContactGlance {
    fn from(stored: StoredFact) -> Self {
        Self {
            on: stored.fact.occurred_on.to_string(),
            channel: stored.fact.channel,
            minutes: stored.fact.minutes,
            author: stored.fact.author,
            note: stored.note,
        }
    }
}

/// What an article cost the customer the last time it was ordered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"sku": "SRV-200", "on": "2026-02-11", "quantity": "2", "unit_price": "189.50", "currency": "EUR"}))]
pub struct PriceGlance {
    pub sku: String,
    #[schema(format = Date)]
    pub on: String,
    pub quantity: String,
    /// The line's amount over its quantity, to six decimals.
    pub unit_price: String,
    pub currency: String,
}

impl PriceGlance {
    /// None where the line tells no quantity or no amount.
    pub fn new(sku: &str, line: &StoredFact) -> Option<Self> {
        let (quantity, amount) = (line.fact.quantity?, line.fact.amount?);
        let unit = amount
            .original
            .decimal()
            .checked_div(quantity.decimal())
            .map(|unit| round(unit, UnitPrice::SCALE, Rounding::HalfUp))?;
        Some(Self {
            sku: sku.to_owned(),
            on: line.fact.occurred_on.to_string(),
            quantity: quantity.to_string(),
            unit_price: money(unit, amount.currency),
            currency: amount.currency.to_string(),
        })
    }
}

/// What is past its due day, in base currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"known": true, "amount": "700.00", "currency": "EUR", "documents": 1, "oldest_due_on": "2026-02-09", "oldest_days": 20}))]
pub struct Overdue {
    /// False where no bill of the customer was ever told: nothing is known, not nothing owed.
    pub known: bool,
    pub amount: String,
    pub currency: String,
    pub documents: usize,
    #[schema(format = Date)]
    pub oldest_due_on: Option<String>,
    pub oldest_days: i64,
}

impl Overdue {
    pub fn new(items: &[OpenItem], known: bool, today: NaiveDate, base: Currency) -> Self {
        let late: Vec<_> = items
            .iter()
            .filter_map(|item| Some((item.due_on.filter(|due| *due < today)?, item.open)))
            .collect();
        let amounts = late.iter().map(|(_, open)| open.decimal());
        let amount = amounts.fold(Decimal::ZERO, Decimal::saturating_add);
        let oldest = late.iter().map(|(due, _)| *due).min();
        Self {
            known,
            amount: money(amount, base),
            currency: base.to_string(),
            documents: late.len(),
            oldest_due_on: oldest.map(|day| day.to_string()),
            oldest_days: oldest.map_or(0, |day| days_between(day, today)),
        }
    }
}
