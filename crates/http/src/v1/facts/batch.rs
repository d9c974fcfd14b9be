//! Up to 1,000 facts in one request: each for itself, or all or none.

use super::wire::{self, RecordFactRequest, Told};
use super::{below, on_basis};
use crate::body::Json;
use crate::problem::{FieldError, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::IncomingFact;
use tiercel_persistence::Tx;
use tiercel_persistence::facts::{self as store, Recorded};
use tiercel_persistence::refresh::{Basis, RefreshError};
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

/// The facts of a batch, apart from each other by whether anything of them may be recorded.
struct Batch {
    told: Vec<Told>,
    /// Customers whose sums could not be kept: their facts are rejected.
    left_out: Mutex<BTreeSet<CustomerId>>,
}

impl Batch {
    fn of(requests: Vec<RecordFactRequest>) -> Result<Self, Problem> {
        if !(1..=MOST).contains(&requests.len()) {
            let detail = format!("must hold 1 to {MOST} facts");
            return Err(Problem::invalid(vec![FieldError::new(
                "/facts", "length", detail,
            )]));
        }
        let told = requests.into_iter().map(RecordFactRequest::read);
        Ok(Self {
            told: told.collect(),
            left_out: Mutex::default(),
        })
    }

    fn sound(&self) -> Vec<IncomingFact> {
        let sound = self.told.iter().filter_map(|told| match told {
            Told::Sound(fact) => Some(fact.clone()),
            Told::Faulty(_) => None,
        });
        sound.collect()
    }

    fn faulty(&self) -> Vec<IncomingFact> {
        let faulty = self.told.iter().filter_map(|told| match told {
            Told::Sound(_) => None,
            Told::Faulty(faulty) => Some(faulty.fact.clone()),
        });
        faulty.collect()
    }

    fn left_out(&self) -> BTreeSet<CustomerId> {
        let left_out = self.left_out.lock();
        left_out.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Records what is sound, and tells of everything.
    async fn record(
        &self,
        tx: &Tx,
        basis: &Basis<'_>,
    ) -> Result<FactResultsResponse, RefreshError> {
        let recorded = store::record_apart(tx, &self.sound(), &self.left_out(), basis).await;
        if let Err(RefreshError::TooLarge(customer)) = &recorded {
            let left_out = self.left_out.lock();
            left_out
                .unwrap_or_else(PoisonError::into_inner)
                .insert(*customer);
        }
        let mut recorded = recorded?.into_iter();
        let faulty = self.faulty();
        let found = match faulty.is_empty() {
            true => Vec::new(),
            false => store::examine(tx, &faulty, basis).await?,
        };
        let mut found = found.into_iter();
        let items = self.told.iter().filter_map(|told| match told {
            Told::Sound(_) => recorded.next().map(FactResult::from),
            Told::Faulty(faulty) => {
                let errors = faulty.every_error(&found.next()?);
                Some(FactResult::rejected(errors))
            }
        });
        Ok(FactResultsResponse::new(items.collect()))
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
    let batch = Batch::of(body.value.facts)?;
    loop {
        let before = batch.left_out().len();
        let answer = reply::write(&tenant, "facts.recorded", &retry, &body.hash, async |tx| {
            let record = async |basis: &Basis<'_>| batch.record(tx, basis).await;
            let results = on_basis(&tenant, tx, record).await?;
            if all_or_none && results.rejected > 0 {
                return Err(Problem::invalid(results.errors()));
            }
            Reply::ok(&results)
        });
        let answer = answer.await;
        // One more customer whose sums cannot be kept: again, without its facts.
        if batch.left_out().len() == before {
            return answer;
        }
    }
}
