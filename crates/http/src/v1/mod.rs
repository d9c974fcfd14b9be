//! Version 1 of the contract: one line per slice.

use utoipa_actix_web::service_config::ServiceConfig;

/// All operations below `/v1`.
pub fn routes(_config: &mut ServiceConfig) {}
