//! Version 1 of the contract: one line per slice.

mod asking;
mod attributes;
mod clients;
mod contacts;
mod context;
mod contracts;
pub(crate) mod credit;
mod customer_tokens;
mod customers;
pub(crate) mod deciding;
pub(crate) mod discounts;
mod documents;
mod entitlements;
mod evaluations;
mod events;
mod facts;
pub(crate) mod ground;
mod groups;
mod imports;
mod jobs;
mod phones;
mod policy_simulations;
mod price_approvals;
mod products;
mod quotes;
mod rates;
pub(crate) mod receipts;
mod receivables;
mod reports;
mod rollups;
mod routing;
mod simulations;
mod tier_overrides;
mod tier_path;

pub use documents::seed_defaults;

use utoipa_actix_web::service_config::ServiceConfig;

/// All operations below `/v1`. Whoever looks for a route asks one after the other, so the look-ups
/// that others wait for come first.
pub fn routes(config: &mut ServiceConfig) {
    config
        .configure(discounts::routes)
        .configure(routing::routes)
        .configure(credit::routes)
        .configure(customers::routes)
        .configure(contacts::routes)
        .configure(attributes::routes)
        .configure(groups::routes)
        .configure(phones::routes)
        .configure(products::routes)
        .configure(rates::routes)
        .configure(documents::routes)
        .configure(imports::routes)
        .configure(jobs::routes)
        .configure(receipts::routes)
        .configure(reports::routes)
        .configure(events::routes)
        .configure(facts::routes)
        .configure(receivables::routes)
        .configure(rollups::routes)
        .configure(evaluations::routes)
        .configure(tier_overrides::routes)
        .configure(tier_path::routes)
        .configure(simulations::routes)
        .configure(policy_simulations::routes)
        .configure(clients::routes)
        .configure(customer_tokens::routes)
        .configure(context::routes)
        .configure(contracts::routes)
        .configure(entitlements::routes)
        .configure(price_approvals::routes)
        .configure(quotes::routes);
}
