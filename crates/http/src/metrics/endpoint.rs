//! `/metrics`: on the public address for administrators, on an address of its own for whoever
//! reaches it.

use super::exposition::MEDIA_TYPE;
use super::gather::gather;
use crate::instance::Instance;
use crate::scope::need;
use crate::tenant::{Hosted, Tenant};
use actix_web::{HttpResponse, get, web};

/// Read the metrics of this instance
///
/// In the text format of Prometheus. They tell how much is asked and how the instance fares, and
/// nothing of customers. Without a credential they are read at `metrics_bind`, where it is set.
#[utoipa::path(tag = "operations",
    responses((status = 200, description = "Counts and gauges", body = String, content_type = "text/plain",
        example = json!("tiercel_requests_total{operation=\"decide_discount\",status=\"200\"} 12\n"))))]
#[get("/metrics")]
pub async fn read_metrics(
    _tenant: Tenant<need::Admin>,
    hosted: web::Data<Hosted>,
    instance: web::Data<Instance>,
) -> HttpResponse {
    answer(&instance, &hosted).await
}

/// The same for the address that answers nothing else.
pub async fn read_alone(hosted: web::Data<Hosted>, instance: web::Data<Instance>) -> HttpResponse {
    answer(&instance, &hosted).await
}

async fn answer(instance: &Instance, hosted: &Hosted) -> HttpResponse {
    let text = gather(instance, hosted).await;
    HttpResponse::Ok().content_type(MEDIA_TYPE).body(text)
}
