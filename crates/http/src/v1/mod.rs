//! Version 1 of the contract: one line per slice.

mod documents;
mod events;
mod jobs;
mod products;
mod rates;

pub use documents::seed_defaults;

use utoipa_actix_web::service_config::ServiceConfig;

/// All operations below `/v1`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .configure(products::routes)
        .configure(rates::routes)
        .configure(documents::routes)
        .configure(jobs::routes)
        .configure(events::routes);
}
