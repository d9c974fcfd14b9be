//! Jobs: how far work has come that outlives its request.

mod events;

use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::scope::Scope;
use crate::tenant::TenantHandle;
use crate::wire::instant;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiercel_domain::ids::JobId;
use tiercel_domain::scaled::Percent;
use tiercel_persistence::jobs::{self as store, Job, JobState};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

/// Whoever may start or read what jobs do may see how far they have come.
const SEEN_BY: [Scope; 7] = [
    Scope::ImportsWrite,
    Scope::ProductsWrite,
    Scope::EvaluationsRun,
    Scope::EvaluationsRead,
    Scope::PoliciesWrite,
    Scope::PoliciesRead,
    Scope::CreditOverride,
];

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_jobs)
        .service(find_job)
        .service(events::follow_job);
}

/// A job and how far it has come.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "job_06dv7n5z4h9k3m2p8q1r5s7t10", "kind": "import", "state": "running", "done": 1500, "total": 6000, "percent": "25", "counts": {"created": 1490, "rejected": 10}, "error": null, "result": null, "created_at": "2026-03-01T09:30:00.000000Z", "updated_at": "2026-03-01T09:30:05.000000Z", "finished_at": null}))]
pub struct JobResponse {
    pub id: String,
    /// `import`, `evaluation`, `revaluation`, `simulation` or `limit_proposals`.
    pub kind: String,
    /// `queued`, `running`, `done` or `failed`.
    pub state: String,
    pub done: i64,
    /// Null while it is not known how much there is to do.
    pub total: Option<i64>,
    /// Per cent done; null while the total is not known.
    pub percent: Option<String>,
    /// What became of what was done, by outcome.
    pub counts: BTreeMap<String, i64>,
    /// Why it failed.
    pub error: Option<String>,
    /// Where the results are.
    pub result: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    pub finished_at: Option<String>,
}

/// What a job tells of itself: see `persistence::jobs::Progress`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    counts: BTreeMap<String, i64>,
    result: Option<String>,
}

impl From<Job> for JobResponse {
    fn from(job: Job) -> Self {
        let told: Told = serde_json::from_str(&job.progress).unwrap_or_default();
        Self {
            id: job.id.to_string(),
            percent: percent(&job),
            kind: job.kind,
            state: job.state.word().to_owned(),
            done: job.done,
            total: job.total,
            counts: told.counts,
            error: job.error,
            result: told.result,
            created_at: instant(job.created_at),
            updated_at: instant(job.updated_at),
            finished_at: job.finished_at.map(instant),
        }
    }
}

fn percent(job: &Job) -> Option<String> {
    if job.state == JobState::Done {
        return Some("100".to_owned());
    }
    let total = job.total.filter(|total| *total > 0)?;
    let units = i128::from(job.done) * 1_000_000 / i128::from(total);
    let units = i64::try_from(units.clamp(0, 1_000_000)).ok()?;
    Some(Percent::from_units(units).to_string())
}

/// Which jobs to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListJobs {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Adds the total.
    pub count: Option<bool>,
    /// `import`, `evaluation`, `revaluation`
    pub kind: Option<String>,
    /// `queued`, `running`, `done` or `failed`.
    pub state: Option<String>,
}

/// List jobs
///
/// Newest first. Needs `imports:write`, `products:write`, `evaluations:run`, `evaluations:read`,
/// `policies:write` or `policies:read`.
#[utoipa::path(tag = "jobs", params(ListJobs), responses((status = 200, description = "A page of jobs", body = Page<JobResponse>)))]
#[get("/jobs")]
pub async fn list_jobs(
    tenant: TenantHandle,
    request: HttpRequest,
    query: Result<Query<ListJobs>, Problem>,
) -> Result<HttpResponse, Problem> {
    tenant.require_any(&SEEN_BY)?;
    let Query(query) = query?;
    let mut faults = Faults::default();
    let state = query.state.as_deref();
    let state = state.and_then(|word| faults.word("state", word, JobState::from_word));
    let state = faults.finish(Some(state))?;
    let kind = query.kind.as_deref();
    let list = format!("jobs {kind:?} {state:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let before = listing.after()?;
    let rows = store::page(tenant.store(), kind, state, before, listing.fetch()).await?;
    let mut page = listing.page(rows, |row| row.id.to_string(), JobResponse::from);
    if query.count == Some(true) {
        page.total = Some(store::count(tenant.store(), kind, state).await?);
    }
    Ok(listing::answer(&request, &page))
}

/// Find a job
///
/// Needs `imports:write`, `products:write`, `evaluations:run`, `evaluations:read`,
/// `policies:write` or `policies:read`.
#[utoipa::path(tag = "jobs",
    params(("id" = String, Path, description = "Id of the job", example = "job_06dv7n5z4h9k3m2p8q1r5s7t10")),
    responses((status = 200, description = "The job", body = JobResponse)))]
#[get("/jobs/{id}")]
pub async fn find_job(
    tenant: TenantHandle,
    id: Result<Id<JobId>, Problem>,
) -> Result<HttpResponse, Problem> {
    tenant.require_any(&SEEN_BY)?;
    let Id(id) = id?;
    let found = store::find(tenant.store(), id).await?;
    let job = found.ok_or_else(|| Problem::not_found("job"))?;
    Ok(HttpResponse::Ok().json(JobResponse::from(job)))
}
