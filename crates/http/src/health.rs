//! `/livez` and `/readyz`: is the process up, and may traffic come.

use crate::instance::Instance;
use crate::tenant::Hosted;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use std::time::Duration;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[schema(example = json!({"status": "ok"}))]
pub struct Health {
    /// `ok`, `draining` or `database_unavailable`.
    pub status: String,
}

fn health(status: &str) -> Health {
    Health {
        status: status.to_owned(),
    }
}

/// Tell whether the process is alive
///
/// Says nothing of the database: a process that answers need not be restarted.
#[utoipa::path(tag = "operations", responses((status = 200, description = "The process answers", body = Health)))]
#[get("/livez")]
pub async fn check_liveness() -> HttpResponse {
    HttpResponse::Ok().json(health("ok"))
}

/// Tell whether requests may be sent here
///
/// Ready means: the database answers, its schema is the one this program knows, and the server is not
/// being stopped. A load balancer asks here.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "Ready", body = Health),
        (status = 503, description = "Stopping, or the database is away", body = Health),
    )
)]
#[get("/readyz")]
pub async fn check_readiness(
    hosted: web::Data<Hosted>,
    instance: web::Data<Instance>,
) -> HttpResponse {
    if instance.is_draining() {
        return HttpResponse::ServiceUnavailable().json(health("draining"));
    }
    match tokio::time::timeout(Duration::from_secs(2), hosted.store.ping()).await {
        Ok(Ok(())) => HttpResponse::Ok().json(health("ok")),
        _ => HttpResponse::ServiceUnavailable().json(health("database_unavailable")),
    }
}
