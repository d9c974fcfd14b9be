//! Tokens for front ends in a browser: bound to one customer, good for a few minutes.

use crate::body::Json;
use crate::faults::Faults;
use crate::problem::Problem;
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::token::{self, Principal};
use crate::v1::asking;
use actix_web::http::header;
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

const SHORTEST: i64 = 30;

pub fn routes(config: &mut ServiceConfig) {
    config.service(issue_customer_token);
}

/// Whom the token is bound to.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": "erp:C-1", "expires_in": 300}))]
pub struct IssueCustomerTokenRequest {
    /// `cus_…`, or `system:id`.
    pub customer: String,
    /// Seconds, 30 to 900; 900 where it is absent.
    pub expires_in: Option<i64>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"access_token": "eyJ…", "token_type": "Bearer", "expires_in": 300, "customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"}))]
pub struct CustomerTokenResponse {
    pub access_token: String,
    pub token_type: String,
    /// Seconds.
    pub expires_in: i64,
    /// The customer's id, for the paths that the token opens.
    pub customer: String,
}

/// Issue a token bound to a customer
///
/// For a page that the customer sees: the token reads what is declared to be for that customer and
/// nothing else; everything else is 404. It ends with its time, with the client that asked for it,
/// and with the customer's erasure. `Idempotency-Key` is refused: tokens are never kept.
#[utoipa::path(tag = "access", responses((status = 200, description = "The token", body = CustomerTokenResponse)))]
#[post("/customer-tokens")]
pub async fn issue_customer_token(
    tenant: Tenant<need::CustomersDelegate>,
    retry: RetryKey,
    body: Json<IssueCustomerTokenRequest>,
) -> Result<HttpResponse, Problem> {
    retry.refuse()?;
    let mut faults = Faults::default();
    let lifetime = body.value.expires_in.unwrap_or(token::LIFETIME);
    if !(SHORTEST..=token::LIFETIME).contains(&lifetime) {
        let detail = format!("is not from {SHORTEST} to {}", token::LIFETIME);
        faults.add("/expires_in", "out_of_range", detail);
    }
    faults.finish(Some(()))?;
    let customer = asking::named(&tenant, &body.value.customer).await?;
    asking::existing(tenant.store(), customer).await?;
    let principal = Principal {
        subject: tenant.principal().to_owned(),
        scopes: BTreeSet::new(),
        customer: Some(customer),
    };
    let signer = tenant.hosted().verifier.signer(tenant.now())?;
    let access_token = token::issue(&signer, &principal, tenant.now(), lifetime)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(CustomerTokenResponse {
            access_token,
            token_type: "Bearer".to_owned(),
            expires_in: lifetime,
            customer: customer.to_string(),
        }))
}
