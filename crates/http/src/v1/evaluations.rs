//! Evaluations: of everyone as a job, their history, and why a customer is in its tier.
//!
//! | a run      | `crates/http/src/flows/evaluations.rs`             |
//! | one why    | `evaluations/explain.rs`, `evaluations/wire.rs`    |
//! | standing   | `evaluations/standing.rs`: the lifecycle, of one customer |
//! | decision   | `crates/domain/src/evaluation/mod.rs`              |
//! | rows       | `crates/persistence/src/evaluations/mod.rs`        |

mod explain;
pub(in crate::v1) mod standing;
mod why;
mod wire;

pub use explain::model_for;
pub use wire::ModelReference;

use crate::body::{Json, Query};
use crate::faults::Faults;
use crate::flows::evaluations as flow;
use crate::flows::model;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking;
use crate::wire::date;
use actix_web::{HttpRequest, HttpResponse, get, post};
use tiercel_persistence::evaluations::{self as store, EvaluationFilter};
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{
    EvaluationQueuedResponse, ListEvaluations, StartEvaluationRequest, StoredEvaluationResponse,
};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(start_evaluation)
        .service(list_evaluations)
        .service(explain::find_evaluation)
        .service(explain::list_measures);
}

/// Evaluate every customer
///
/// A job. What it finds becomes the current evaluation of each customer, also where the date is
/// not today, until facts of the customer change or the next run.
#[utoipa::path(tag = "evaluations", responses((status = 202, description = "Queued; `Location` is the job", body = EvaluationQueuedResponse)))]
#[post("/evaluations")]
pub async fn start_evaluation(
    tenant: Tenant<need::EvaluationsRun>,
    retry: RetryKey,
    body: Json<StartEvaluationRequest>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let as_of = match body.value.as_of.as_deref() {
        Some(text) => date(&mut faults, "/as_of", text),
        None => Some(tenant.today()),
    };
    if as_of.is_some_and(|day| day > tenant.today()) {
        faults.add(
            "/as_of",
            "in_the_future",
            "nobody can be evaluated as of a day to come",
        );
    }
    let as_of = faults.finish(as_of)?;
    if model::on(tenant.store(), as_of).await?.is_none() {
        let detail = format!("no evaluation model is in force on {as_of}");
        return Err(Problem::new(Kind::Conflict, detail));
    }
    reply::write(
        &tenant,
        "evaluation.queued",
        &retry,
        &body.hash,
        async |tx| {
            let job = flow::queue(tx, as_of, tenant.principal()).await?;
            let answer = EvaluationQueuedResponse::new(job, as_of);
            Reply::accepted(format!("/v1/jobs/{job}"), &answer)
        },
    )
    .await
}

/// List evaluations
///
/// As they were made, newest first.
#[utoipa::path(tag = "evaluations", params(ListEvaluations), responses((status = 200, description = "A page of evaluations", body = Page<StoredEvaluationResponse>)))]
#[get("/evaluations")]
pub async fn list_evaluations(
    tenant: Tenant<need::EvaluationsRead>,
    request: HttpRequest,
    Query(query): Query<ListEvaluations>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let as_of = query.as_of.as_deref();
    let as_of = as_of.and_then(|text| date(&mut faults, "as_of", text));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let tier = query.tier;
    let filter = EvaluationFilter {
        customer,
        tier,
        as_of,
    };
    let list = format!("evaluations {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let page = listing.page(
        rows,
        |row| row.id.to_string(),
        StoredEvaluationResponse::from,
    );
    Ok(listing::answer(&request, &page))
}
