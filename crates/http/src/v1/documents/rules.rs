//! What must hold when documents are published.

use super::wire::PublicationRules;
use crate::body::Json;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::{HttpResponse, get, put};
use tiercel_persistence::settings;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(find_publication_rules)
        .service(replace_publication_rules);
}

/// Find what must hold when documents are published
///
/// For evaluation models and service policies alike.
#[utoipa::path(tag = "evaluation-models", responses((status = 200, description = "The rules", body = PublicationRules)))]
#[get("/publication-rules")]
pub async fn find_publication_rules(
    tenant: Tenant<need::ModelsRead>,
) -> Result<HttpResponse, Problem> {
    let four_eyes = settings::four_eyes(tenant.store()).await?;
    Ok(HttpResponse::Ok().json(PublicationRules { four_eyes }))
}

/// Decide what must hold when documents are published
///
/// From now on; what is published stays so.
#[utoipa::path(tag = "evaluation-models", request_body = PublicationRules, responses((status = 200, description = "The rules", body = PublicationRules)))]
#[put("/publication-rules")]
pub async fn replace_publication_rules(
    tenant: Tenant<need::Admin>,
    retry: RetryKey,
    body: Json<PublicationRules>,
) -> Result<HttpResponse, Problem> {
    let wanted = body.value.four_eyes;
    let (action, hash) = ("setting.decided", &body.hash);
    reply::write(&tenant, action, &retry, hash, async |tx| {
        settings::set_four_eyes(tx, wanted).await?;
        Reply::ok(&PublicationRules { four_eyes: wanted })
    })
    .await
}
