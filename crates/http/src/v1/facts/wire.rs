//! Requests and answers about facts.

use crate::faults::Faults;
use crate::problem::{FieldError, Problem};
use crate::tenant::TenantHandle;
use crate::v1::{asking, deciding};
use crate::wire::{date, instant, money};
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::{DocumentRef, DocumentStatus, FactKind};
use tiercel_domain::facts::FactFault;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{CustomerRef, IncomingFact};
use tiercel_persistence::facts::{FactFilter, StoredFact};
use utoipa::{IntoParams, ToSchema};

/// A line of a business document in the system that keeps it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "erp1", "type": "sales_order", "id": "SO-1001", "line": "1"}))]
pub struct DocumentBody {
    pub system: String,
    /// The system's own type, e.g. `sales_order`, `invoice`.
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    #[serde(default)]
    pub line: Option<String>,
}

impl From<DocumentBody> for DocumentRef {
    fn from(body: DocumentBody) -> Self {
        Self {
            system: body.system,
            kind: body.kind,
            id: body.id,
            line: body.line,
        }
    }
}

impl From<DocumentRef> for DocumentBody {
    fn from(document: DocumentRef) -> Self {
        Self {
            system: document.system,
            kind: document.kind,
            id: document.id,
            line: document.line,
        }
    }
}

/// A fact to record, or to correct where source and external id are known.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"source": "erp1", "external_id": "SO-1001/1", "customer": {"external": {"system": "erp1", "id": "C-1042"}}, "kind": "order_line", "occurred_on": "2026-03-01", "document": {"system": "erp1", "type": "sales_order", "id": "SO-1001", "line": "1"}, "sku": "SRV-200", "quantity": "2", "amount": "379.00", "currency": "EUR"}))]
pub struct RecordFactRequest {
    /// The system that tells the fact.
    pub source: String,
    /// The fact's id there.
    pub external_id: String,
    pub customer: deciding::CustomerReference,
    /// `order_line`, `delivery`, `invoice`, `payment`, `credit_note`, `return`, `complaint`,
    /// `contact`, `staff_rating` or `expense`.
    pub kind: String,
    /// The business day.
    pub occurred_on: String,
    pub document: Option<DocumentBody>,
    /// The document that this one follows: an invoice its order, a payment its invoice.
    pub follows: Option<DocumentBody>,
    /// `open` (where it is absent), `closed`, `cancelled` or `disputed`.
    pub status: Option<String>,
    pub sku: Option<String>,
    /// Where it is absent, the product's category.
    pub category: Option<String>,
    /// More than zero; up to six decimals.
    pub quantity: Option<String>,
    /// Net; up to four decimals.
    pub amount: Option<String>,
    /// ISO 4217, of amount and cost; the base currency where it is absent.
    pub currency: Option<String>,
    /// Of the whole line; where it is absent, the product's cost on the day times quantity.
    pub cost: Option<String>,
    /// Invoices: the last day on which payment is on time.
    pub due_on: Option<String>,
    /// Staff ratings.
    pub rating: Option<String>,
    /// Complaints: 1 (slight) to 5 (grave).
    pub severity: Option<i64>,
    /// Contacts: minutes of staff time.
    pub minutes: Option<i64>,
    pub channel: Option<String>,
    /// A staff code, never a name.
    pub author: Option<String>,
    /// Free text; erased with the customer.
    pub note: Option<String>,
}

/// Faults of the domain as errors of a request.
pub fn errors(prefix: &str, faults: &[FactFault]) -> Vec<FieldError> {
    let errors = faults.iter();
    errors
        .map(|fault| {
            FieldError::new(
                format!("{prefix}/{}", fault.field),
                fault.code,
                &fault.detail,
            )
        })
        .collect()
}

fn small<T: TryFrom<i64>>(faults: &mut Faults, pointer: &str, number: Option<i64>) -> Option<T> {
    let number = number?;
    let read = T::try_from(number).ok();
    if read.is_none() {
        faults.add(pointer, "out_of_range", format!("{number} is out of range"));
    }
    read
}

/// A fact as it was sent.
pub enum Told {
    Sound(IncomingFact),
    /// Nothing of it will be recorded; what else is wrong with it is still worth telling.
    Faulty(Faulty),
}

/// A fact of which something cannot be read or cannot be.
pub struct Faulty {
    /// As far as it can be read; what stands in for the rest is not to be judged.
    pub fact: IncomingFact,
    /// What cannot be read.
    errors: Vec<FieldError>,
}

impl Faulty {
    /// Every fault: what cannot be read, and what `found` says of the fields that can.
    pub fn every_error(&self, found: &[FactFault]) -> Vec<FieldError> {
        let misread = |field: &str| {
            let errors = self.errors.iter();
            let mut fields = errors.filter_map(|error| error.pointer.split('/').nth(1));
            fields.any(|misread| misread == field)
        };
        let telling = |fault: &&FactFault| {
            let by_kind = fault.depends_on_kind() && misread("kind");
            let by_day = fault.code == "no_rate" && misread("occurred_on");
            !misread(fault.field) && !by_kind && !by_day
        };
        let found: Vec<FactFault> = found.iter().filter(telling).cloned().collect();
        [self.errors.clone(), errors("", &found)].concat()
    }
}

impl RecordFactRequest {
    pub fn read(self) -> Told {
        let mut faults = Faults::default();
        let fact = self.into_incoming(&mut faults);
        let errors = faults.into_errors();
        if errors.is_empty() && tiercel_domain::facts::faults(&fact).is_empty() {
            return Told::Sound(fact);
        }
        Told::Faulty(Faulty { fact, errors })
    }

    /// A field that cannot be read leaves a fault, and something in its place.
    fn into_incoming(self, faults: &mut Faults) -> IncomingFact {
        let customer = self.customer.read("/customer", faults);
        let kind = faults.word("/kind", &self.kind, FactKind::from_word);
        let occurred_on = date(faults, "/occurred_on", &self.occurred_on);
        let due_on = self.due_on.as_deref();
        let due_on = due_on.and_then(|text| date(faults, "/due_on", text));
        let status = self.status.as_deref().unwrap_or("open");
        let status = faults.word("/status", status, DocumentStatus::from_word);
        let currency = self.currency.as_deref();
        let currency = currency.and_then(|text| faults.currency("/currency", text));
        let category = self.category.as_deref();
        let category = category.and_then(|text| faults.parsed("/category", text, "not_a_category"));
        IncomingFact {
            quantity: faults.optional_number("/quantity", self.quantity.as_deref()),
            amount: faults.optional_number("/amount", self.amount.as_deref()),
            cost: faults.optional_number("/cost", self.cost.as_deref()),
            rating: faults.optional_number("/rating", self.rating.as_deref()),
            severity: small(faults, "/severity", self.severity),
            minutes: small(faults, "/minutes", self.minutes),
            source: self.source,
            external_id: self.external_id,
            customer: customer.unwrap_or(CustomerRef::Id(CustomerId::from_bits(0))),
            kind: kind.unwrap_or(FactKind::Contact),
            occurred_on: occurred_on.unwrap_or_default(),
            document: self.document.map(DocumentRef::from),
            follows: self.follows.map(DocumentRef::from),
            status: status.unwrap_or(DocumentStatus::Open),
            sku: self.sku,
            category,
            currency,
            due_on,
            channel: self.channel,
            author: self.author,
            note: self.note,
        }
    }
}

/// One version of a fact.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "fct_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "source": "erp1", "external_id": "SO-1001/1", "kind": "order_line", "occurred_on": "2026-03-01", "document": null, "follows": null, "status": "open", "product": "prd_06dv7n5z4h9k3m2p8q1r5s7t0w", "category": "drives/servo", "quantity": "2", "amount": "379", "currency": "EUR", "base_amount": "379.00", "base_currency": "EUR", "rate": null, "cost": "250.00", "given_cost": null, "cost_source": "product", "hidden": false, "due_on": null, "rating": null, "severity": null, "minutes": null, "channel": null, "author": null, "note": null, "write_id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "recorded_at": "2026-03-01T09:30:00.000000Z", "superseded_by": null}))]
pub struct FactResponse {
    pub id: String,
    pub version: i64,
    pub customer: String,
    pub source: String,
    pub external_id: String,
    pub kind: String,
    pub occurred_on: String,
    pub document: Option<DocumentBody>,
    pub follows: Option<DocumentBody>,
    pub status: String,
    pub product: Option<String>,
    pub category: Option<String>,
    pub quantity: Option<String>,
    /// As it was given, in `currency`.
    pub amount: Option<String>,
    pub currency: Option<String>,
    /// What it was worth on its day, at the rates known to this version.
    pub base_amount: Option<String>,
    pub base_currency: String,
    /// The rate used; null in base currency.
    pub rate: Option<String>,
    /// In base currency; null where it is missing or hidden.
    pub cost: Option<String>,
    /// As it was given, in `currency`.
    pub given_cost: Option<String>,
    /// `given`, `product` or `missing`.
    pub cost_source: String,
    /// The caller may not see costs.
    pub hidden: bool,
    pub due_on: Option<String>,
    pub rating: Option<String>,
    pub severity: Option<u8>,
    pub minutes: Option<u32>,
    pub channel: Option<String>,
    pub author: Option<String>,
    pub note: Option<String>,
    /// The write that brought this version.
    pub write_id: String,
    pub recorded_at: String,
    /// The write that replaced this version.
    pub superseded_by: Option<String>,
}

impl FactResponse {
    pub fn new(stored: StoredFact, base: Currency, with_costs: bool) -> Self {
        let fact = stored.fact;
        let cost = fact.cost.amount().filter(|_| with_costs);
        let given_cost = stored.given_cost.filter(|_| with_costs);
        Self {
            id: fact.id.to_string(),
            version: stored.version,
            customer: fact.customer.to_string(),
            source: stored.source,
            external_id: stored.external_id,
            kind: fact.kind.word().to_owned(),
            occurred_on: fact.occurred_on.to_string(),
            document: fact.document.map(DocumentBody::from),
            follows: fact.follows.map(DocumentBody::from),
            status: fact.status.word().to_owned(),
            product: fact.product.map(|id| id.to_string()),
            category: fact.category.map(|category| category.to_string()),
            quantity: fact.quantity.map(|quantity| quantity.to_string()),
            amount: fact.amount.map(|amount| amount.original.to_string()),
            currency: stored.currency.map(|currency| currency.to_string()),
            base_amount: fact.amount.map(|amount| money(amount.base.decimal(), base)),
            base_currency: base.to_string(),
            rate: fact
                .amount
                .and_then(|amount| Some(amount.rate?.to_string())),
            cost: cost.map(|cost| money(cost.decimal(), base)),
            given_cost: given_cost.map(|cost| cost.to_string()),
            cost_source: fact.cost.source().to_owned(),
            hidden: !with_costs,
            due_on: fact.due_on.map(|day| day.to_string()),
            rating: fact.rating.map(|rating| rating.to_string()),
            severity: fact.severity,
            minutes: fact.minutes,
            channel: fact.channel,
            author: fact.author,
            note: stored.note,
            write_id: stored.write.to_string(),
            recorded_at: instant(stored.recorded_at),
            superseded_by: stored.superseded_by.map(|write| write.to_string()),
        }
    }
}

/// One version of a fact and where its write stands.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "fct_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "source": "erp1", "external_id": "SO-1001/1", "kind": "order_line", "occurred_on": "2026-03-01", "document": null, "follows": null, "status": "open", "product": "prd_06dv7n5z4h9k3m2p8q1r5s7t0w", "category": "drives/servo", "quantity": "2", "amount": "379", "currency": "EUR", "base_amount": "379", "base_currency": "EUR", "rate": null, "cost": "250", "given_cost": null, "cost_source": "product", "hidden": false, "due_on": null, "rating": null, "severity": null, "minutes": null, "channel": null, "author": null, "note": null, "write_id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "recorded_at": "2026-03-01T09:30:00.000000Z", "superseded_by": null, "position": 42}))]
pub struct FactVersionResponse {
    #[serde(flatten)]
    pub fact: FactResponse,
    /// Of the write in the journal; null while it is not numbered yet.
    pub position: Option<i64>,
}

/// Which facts to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListFacts {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…`, or `system:id`.
    pub customer: Option<String>,
    pub kind: Option<String>,
    pub source: Option<String>,
    /// Of the `source` that is named beside it.
    pub external_id: Option<String>,
    /// The first business day.
    pub occurred_from: Option<String>,
    /// The last business day.
    pub occurred_to: Option<String>,
    pub document_system: Option<String>,
    pub document_type: Option<String>,
    pub document_id: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
}

impl ListFacts {
    pub async fn filter(&self, tenant: &TenantHandle) -> Result<FactFilter, Problem> {
        let mut faults = Faults::default();
        let kind = self.kind.as_deref();
        let kind = kind.and_then(|word| faults.word("kind", word, FactKind::from_word));
        let from = self.occurred_from.as_deref();
        let occurred_from = from.and_then(|text| date(&mut faults, "occurred_from", text));
        let to = self.occurred_to.as_deref();
        let occurred_to = to.and_then(|text| date(&mut faults, "occurred_to", text));
        self.check_pairs(&mut faults);
        faults.finish(Some(()))?;
        let moment = asking::moment(tenant, None, self.known_at.as_deref()).await?;
        let customer = match &self.customer {
            Some(text) => Some(asking::named(tenant, text).await?),
            None => None,
        };
        Ok(FactFilter {
            customer,
            kind,
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            occurred_from,
            occurred_to,
            document_system: self.document_system.clone(),
            document_kind: self.document_type.clone(),
            document_id: self.document_id.clone(),
            known_at: moment.known_at,
        })
    }

    /// Half a key finds nothing by index.
    fn check_pairs(&self, faults: &mut Faults) {
        if self.external_id.is_some() && self.source.is_none() {
            faults.add("external_id", "needs_source", "needs `source` beside it");
        }
        let parts = [
            ("document_system", &self.document_system),
            ("document_type", &self.document_type),
        ];
        let half = |part: &&(&str, &Option<String>)| part.1.is_some() && self.document_id.is_none();
        for (name, _) in parts.iter().filter(half) {
            faults.add(*name, "needs_document_id", "needs `document_id` beside it");
        }
    }
}

/// As known when.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindFact {
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
}
