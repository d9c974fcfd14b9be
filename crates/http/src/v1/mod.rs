//! Version 1 of the contract: one line per slice.

pub mod credit;
pub mod deciding;
pub mod discounts;
pub mod routing;

use utoipa_actix_web::service_config::ServiceConfig;

/// All operations below `/v1`.
pub fn routes(config: &mut ServiceConfig) {
    discounts::routes(config);
    credit::routes(config);
    routing::routes(config);
}
