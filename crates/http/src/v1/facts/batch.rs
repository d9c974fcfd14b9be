//! Up to 1,000 facts in one request: each for itself, or all or none.

use super::wire::{self, RecordFactRequest};
use super::{below, record};
use crate::body::Json;
use crate::problem::{FieldError, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use tiercel_domain::incoming::IncomingFact;
use tiercel_persistence::facts::Recorded;
use utoipa::ToSchema;

const MOST: usize = 1_000;

/// Facts to record, in their order: a later one of the same source and external id corrects an
/// earlier one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"all_or_none": false, "facts": [{"source": "erp1", "external_id": "SO-1001/1", "customer": {"external": {"system": "erp1", "id": "C-1042"}}, "kind": "order_line", "occurred_on": "2026-03-01", "sku": "SRV-200", "quantity": "2", "amount": "379.00", "currency": "EUR"}]}))]
pub struct RecordFactsRequest {
    /// 1 to 1,000.
    pub facts: Vec<RecordFactRequest>,
    /// One rejected fact keeps all of them from being recorded: 422 with every fault.
    #[serde(default)]
    pub all_or_none: bool,
}

/// What became of one fact of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "created", "id": "fct_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "errors": []}))]
pub struct FactResult {
    /// `created`, `updated`, `unchanged` or `rejected`.
    pub status: String,
    /// Null where it was rejected.
    pub id: Option<String>,
    pub version: Option<i64>,
    /// Why it was rejected; pointers into the fact.
    pub errors: Vec<FieldError>,
}

/// What became of a batch: as many items as were sent, in the same order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"created": 1, "updated": 0, "unchanged": 0, "rejected": 0, "items": [{"status": "created", "id": "fct_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "errors": []}]}))]
pub struct FactResultsResponse {
    pub created: usize,
    pub updated: usize,
    pub unchanged: usize,
    pub rejected: usize,
    pub items: Vec<FactResult>,
}

impl FactResult {
    fn rejected(errors: Vec<FieldError>) -> Self {
        Self {
            status: "rejected".to_owned(),
            id: None,
            version: None,
            errors,
        }
    }
}

impl From<Recorded> for FactResult {
    fn from(recorded: Recorded) -> Self {
        let (status, id, version) = match recorded {
            Recorded::Created { id, version } => ("created", id, version),
            Recorded::Updated { id, version } => ("updated", id, version),
            Recorded::Unchanged { id, version } => ("unchanged", id, version),
            Recorded::Rejected(faults) => return Self::rejected(wire::errors("", &faults)),
        };
        Self {
            status: status.to_owned(),
            id: Some(id.to_string()),
            version: Some(version),
            errors: Vec::new(),
        }
    }
}

impl FactResultsResponse {
    fn new(items: Vec<FactResult>) -> Self {
        let count = |status| items.iter().filter(|item| item.status == status).count();
        Self {
            created: count("created"),
            updated: count("updated"),
            unchanged: count("unchanged"),
            rejected: count("rejected"),
            items,
        }
    }

    /// Every error with its place in the batch.
    fn errors(self) -> Vec<FieldError> {
        let items = self.items.into_iter().enumerate();
        items
            .flat_map(|(place, item)| below(place, item.errors))
            .collect()
    }
}

/// Facts that can be read, and what is wrong with each of the others.
struct Readable {
    facts: Vec<IncomingFact>,
    /// By place; none where the fact can be read.
    errors: Vec<Option<Vec<FieldError>>>,
}

impl Readable {
    fn of(requests: Vec<RecordFactRequest>) -> Result<Self, Problem> {
        if !(1..=MOST).contains(&requests.len()) {
            let detail = format!("must hold 1 to {MOST} facts");
            return Err(Problem::invalid(vec![FieldError::new(
                "/facts", "length", detail,
            )]));
        }
        let (mut facts, mut errors) = (Vec::new(), Vec::new());
        for request in requests {
            match request.read() {
                Ok(fact) => {
                    facts.push(fact);
                    errors.push(None);
                }
                Err(found) => errors.push(Some(found)),
            }
        }
        Ok(Self { facts, errors })
    }

    /// Puts what became of the readable facts back into their places.
    fn merge(&self, recorded: Vec<Recorded>) -> FactResultsResponse {
        let mut recorded = recorded.into_iter();
        let items = self.errors.iter().filter_map(|errors| match errors {
            Some(errors) => Some(FactResult::rejected(errors.clone())),
            None => recorded.next().map(FactResult::from),
        });
        FactResultsResponse::new(items.collect())
    }
}

/// Record up to 1,000 facts
///
/// Every fact ends as created, updated, unchanged or rejected; with `all_or_none` one that is
/// rejected makes the whole request a 422 and nothing is written.
#[utoipa::path(tag = "facts", responses((status = 200, description = "What became of each fact", body = FactResultsResponse)))]
#[post("/facts/batch")]
pub async fn record_facts(
    tenant: Tenant<need::FactsWrite>,
    retry: RetryKey,
    body: Json<RecordFactsRequest>,
) -> Result<HttpResponse, Problem> {
    let all_or_none = body.value.all_or_none;
    let readable = Readable::of(body.value.facts)?;
    reply::write(&tenant, "facts.recorded", &retry, &body.hash, async |tx| {
        let recorded = record(&tenant, tx, &readable.facts).await?;
        let results = readable.merge(recorded);
        if all_or_none && results.rejected > 0 {
            return Err(Problem::invalid(results.errors()));
        }
        Reply::ok(&results)
    })
    .await
}
