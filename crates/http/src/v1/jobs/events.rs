//! Progress of a job as server-sent events: what `GET /v1/jobs/{id}` answers, whenever it changes.

use super::{JobResponse, SEEN_BY};
use crate::body::Id;
use crate::instance::Instance;
use crate::problem::Problem;
use crate::tenant::{TenantHandle, may_still};
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse, get};
use futures_util::stream;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiercel_domain::ids::JobId;
use tiercel_persistence::Store;
use tiercel_persistence::jobs::{self as store, Job, JobState};
use utoipa::ToSchema;

/// How often the job is looked at: one row by its key, since any instance may be running it.
const LOOK: Duration = Duration::from_millis(500);
/// Proxies close connections on which nothing is said.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// One event, as a client of server-sent events reads it.
#[derive(ToSchema)]
#[schema(example = json!({"event": "job", "id": "2026-03-01T09:30:05.000000Z", "data": "{\"id\":\"job_06dv7n5z4h9k3m2p8q1r5s7t10\",\"kind\":\"import\",\"state\":\"running\",\"done\":1500,\"total\":6000,\"percent\":\"25\"}"}))]
pub struct JobEvent {
    /// Always `job`.
    event: &'static str,
    /// The instant of the change; whoever connects again sends it as `Last-Event-ID`.
    #[schema(format = DateTime)]
    id: String,
    /// The job as JSON, as `GET /v1/jobs/{id}` answers it.
    data: String,
}

impl fmt::Display for JobEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, id, data } = self;
        write!(f, "id: {id}\nevent: {event}\ndata: {data}\n\n")
    }
}

/// The rest of a stream.
struct Watch {
    /// Whose credential must stay valid for as long as the stream is open.
    request: HttpRequest,
    instance: Data<Instance>,
    store: Arc<Store>,
    id: JobId,
    /// Found by the request itself and not told yet.
    first: Option<Job>,
    last_id: String,
    said_at: Instant,
    ended: bool,
}

/// Follow a job
///
/// Server-sent events: one `job` event at once and one whenever the job has changed, each with the
/// job as `GET /v1/jobs/{id}` answers it and the instant of the change as its id. The stream closes
/// after the event of a job that is `done` or `failed`; it also closes when the credential ends or the
/// server stops: connect again. A reconnection whose `Last-Event-ID` is that of an ended job gets
/// 204, at which browsers stop. Needs `imports:write`, `evaluations:run`, `evaluations:read`,
/// `policies:write` or `policies:read`.
#[utoipa::path(tag = "jobs",
    params(
        ("id" = String, Path, description = "Id of the job", example = "job_06dv7n5z4h9k3m2p8q1r5s7t10"),
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event that was received", example = "2026-03-01T09:30:05.000000Z"),
    ),
    responses(
        (status = 200, description = "The events", body = JobEvent, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended and its last event was received"),
    ))]
#[get("/jobs/{id}/events")]
pub async fn follow_job(
    tenant: TenantHandle,
    id: Result<Id<JobId>, Problem>,
    instance: Data<Instance>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    tenant.require_any(&SEEN_BY)?;
    let Id(id) = id?;
    let found = store::find(tenant.store(), id).await?;
    let job = found.ok_or_else(|| Problem::not_found("job"))?;
    let last = request.headers().get("last-event-id");
    let last = last.and_then(|value| value.to_str().ok());
    if has_ended(&job) && last == Some(event_id(&job).as_str()) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let watch = Watch {
        store: Arc::clone(&tenant.hosted().store),
        request,
        instance,
        id,
        first: Some(job),
        last_id: String::new(),
        said_at: Instant::now(),
        ended: false,
    };
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(stream::try_unfold(watch, Watch::next)))
}

impl Watch {
    /// The next event or heartbeat; none once the stream is over.
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, std::io::Error> {
        if self.ended {
            return Ok(None);
        }
        if let Some(job) = self.first.take() {
            return Ok(Some(self.tell(job)));
        }
        while self.may_go_on().await {
            let found = store::find(&*self.store, self.id).await;
            match found.map_err(std::io::Error::other)? {
                Some(job) if has_ended(&job) || event_id(&job) != self.last_id => {
                    return Ok(Some(self.tell(job)));
                }
                Some(_) if self.said_at.elapsed() < HEARTBEAT => {}
                Some(_) => {
                    self.said_at = Instant::now();
                    return Ok(Some((Bytes::from_static(b": still here\n\n"), self)));
                }
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Waits for the next look; false where the server stops or the token is no longer good.
    async fn may_go_on(&self) -> bool {
        tokio::time::sleep(LOOK).await;
        !self.instance.is_draining() && may_still(&self.request, &SEEN_BY)
    }

    fn tell(mut self, job: Job) -> (Bytes, Self) {
        self.last_id = event_id(&job);
        self.said_at = Instant::now();
        self.ended = has_ended(&job);
        let event = JobEvent {
            event: "job",
            id: self.last_id.clone(),
            data: serde_json::json!(JobResponse::from(job)).to_string(),
        };
        (Bytes::from(event.to_string()), self)
    }
}

const fn has_ended(job: &Job) -> bool {
    matches!(job.state, JobState::Done | JobState::Failed)
}

/// The instant of the last change.
fn event_id(job: &Job) -> String {
    crate::wire::instant(job.updated_at)
}
