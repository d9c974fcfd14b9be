//! Version 1 of the contract: one line per slice.

mod imports;

use utoipa_actix_web::service_config::ServiceConfig;

/// All operations below `/v1`.
pub fn routes(config: &mut ServiceConfig) {
    imports::routes(config);
}
