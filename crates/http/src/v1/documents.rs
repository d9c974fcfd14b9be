//! Evaluation models and service policies: draft → published → retired, in numbered versions.
//!
//! | models   | `documents/models.rs`: `/v1/evaluation-models/{id}/versions/{version}`     |
//! | policies | `documents/policies.rs`: `/v1/service-policies/{kind}/versions/{version}`  |
//! | flows    | `documents/flow.rs`: what both do; `compare.rs`: two versions              |
//! | frozen   | `documents/freeze.rs`: what a draft takes from the portfolio               |
//! | rules    | `documents/rules.rs`: who may publish                                      |
//! | faults   | `documents/lint.rs`                                                        |
//! | shapes   | `crates/documents`                                                         |
//! | rows     | `crates/persistence/src/documents.rs`                                      |

mod compare;
mod flow;
mod freeze;
mod lint;
mod models;
mod policies;
mod products;
mod rules;
mod wire;

use tiercel_documents::{credit_policy, discount_policy, evaluation_model, routing_policy};
use tiercel_persistence::documents::{self as store, DocumentKind};
use tiercel_persistence::{DbError, Store};
use utoipa_actix_web::service_config::ServiceConfig;

/// The code of the documents that a tenant begins with, and of its only service policies.
const DEFAULT_CODE: &str = "default";

pub fn routes(config: &mut ServiceConfig) {
    config
        .configure(models::routes)
        .configure(policies::routes)
        .configure(rules::routes);
}

/// Publishes the default model and policies where a tenant has none yet.
pub async fn seed_defaults(store: &Store) -> Result<(), DbError> {
    for (kind, text) in [
        (
            DocumentKind::EvaluationModel,
            evaluation_model::DEFAULT_MODEL,
        ),
        (DocumentKind::DiscountPolicy, discount_policy::DEFAULT),
        (DocumentKind::CreditPolicy, credit_policy::DEFAULT),
        (DocumentKind::RoutingPolicy, routing_policy::DEFAULT),
    ] {
        let refused = |_| DbError::Schema(format!("the default {} is unreadable", kind.word()));
        let body = lint::canonical_of(kind, text.as_bytes()).map_err(refused)?;
        store::seed(store, kind, DEFAULT_CODE, &body).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tiercel_documents::discount_policy::Known;

    #[test]
    fn the_defaults_have_no_faults() {
        let tiers: BTreeSet<_> = ["high", "general", "low"].map(str::to_owned).into();
        let known = Known {
            tiers: Some(tiers),
            categories: None,
        };
        for (kind, text) in [
            (
                DocumentKind::EvaluationModel,
                evaluation_model::DEFAULT_MODEL,
            ),
            (DocumentKind::DiscountPolicy, discount_policy::DEFAULT),
            (DocumentKind::CreditPolicy, credit_policy::DEFAULT),
            (DocumentKind::RoutingPolicy, routing_policy::DEFAULT),
        ] {
            let body = lint::canonical_of(kind, text.as_bytes()).unwrap();
            let found = lint::found(kind, &body, &known);
            assert_eq!(found, lint::Found::default(), "{kind:?}");
        }
    }
}
