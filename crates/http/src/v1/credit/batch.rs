//! Many documents in one request, each authorised for itself.

use super::authorize::{AuthorizeCreditRequest, settle};
use super::wire::CreditAuthorizationResponse;
use crate::body::Json;
use crate::faults::Faults;
use crate::flows::credit::upkeep;
use crate::problem::{FieldError, Kind, Problem};
use crate::reply;
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use actix_web::{HttpResponse, post};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tiercel_persistence::Tx;
use utoipa::ToSchema;

const MOST: usize = 1_000;

/// Documents to authorise, in their order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"authorizations": [{"customer": {"external": {"system": "erp1", "id": "C-1042"}}, "amount": "6000.00", "currency": "EUR", "document": {"system": "erp1", "type": "sales_order", "id": "SO-555"}}]}))]
pub struct AuthorizeCreditBatchRequest {
    /// 1 to 1,000.
    pub authorizations: Vec<AuthorizeCreditRequest>,
}

/// What became of one document of a batch.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"status": "rejected", "errors": [{"pointer": "/amount", "code": "not_positive", "detail": "must be above zero"}]}))]
pub struct CreditBatchItem {
    /// The outcome, or `rejected`: the document makes no sense, and nothing was decided.
    pub status: String,
    /// As `POST /v1/credit/authorizations` answers; absent where it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = CreditAuthorizationResponse, nullable = false)]
    pub authorization: Option<Value>,
    /// Why it was rejected; pointers into the document.
    pub errors: Vec<FieldError>,
}

/// What became of a batch: as many items as were sent, in the same order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"approved": 0, "held": 0, "declined": 0, "rejected": 1, "items": [{"status": "rejected", "errors": [{"pointer": "/amount", "code": "not_positive", "detail": "must be above zero"}]}]}))]
pub struct CreditBatchResponse {
    /// With conditions or without.
    pub approved: usize,
    pub held: usize,
    pub declined: usize,
    pub rejected: usize,
    pub items: Vec<CreditBatchItem>,
}

impl CreditBatchItem {
    fn rejected(errors: Vec<FieldError>) -> Self {
        Self {
            status: "rejected".to_owned(),
            authorization: None,
            errors,
        }
    }
}

impl CreditBatchResponse {
    fn new(items: Vec<CreditBatchItem>) -> Self {
        let count = |word: &str| {
            items
                .iter()
                .filter(|it| it.status.starts_with(word))
                .count()
        };
        Self {
            approved: count("approved"),
            held: count("held"),
            declined: count("declined"),
            rejected: count("rejected"),
            items,
        }
    }
}

/// Authorize credit for up to 1,000 documents
///
/// Each for itself and in its order, as `POST /v1/credit/authorizations` would: a document that is
/// held or rejected keeps no other from going. A request that broke off is sent again under the
/// same key: what was decided is told again, the rest is decided.
#[utoipa::path(tag = "credit", params(("Idempotency-Key" = String, Header, description = "Required; the same key gets the same answers")),
    responses((status = 200, description = "One item a document", body = CreditBatchResponse)))]
#[post("/credit/authorizations/batch")]
pub async fn authorize_credit_batch(
    tenant: Tenant<need::CreditAuthorize>,
    retry: RetryKey,
    body: Json<AuthorizeCreditBatchRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let documents = body.value.authorizations;
    if !(1..=MOST).contains(&documents.len()) {
        let mut faults = Faults::default();
        faults.add("/authorizations", "length", "must be 1 to 1,000 documents");
        return faults.finish(None);
    }
    upkeep::expire(tenant.hosted()).await?;
    let mut items = Vec::new();
    let mut all_replayed = true;
    for (place, document) in documents.into_iter().enumerate() {
        let part = RetryKey {
            key: retry.key.as_ref().map(|key| format!("{key}#{place}")),
            route: retry.route.clone(),
        };
        let (item, replayed) = one(&tenant, document, &part, &body.hash).await?;
        all_replayed &= replayed;
        items.push(item);
    }
    let mut response = HttpResponse::Ok();
    if all_replayed {
        response.insert_header(("Idempotency-Replayed", "true"));
    }
    Ok(response.json(CreditBatchResponse::new(items)))
}

/// One document; what makes no sense is an item, what fails on our side ends the batch.
async fn one(
    tenant: &TenantHandle,
    document: AuthorizeCreditRequest,
    retry: &RetryKey,
    hash: &str,
) -> Result<(CreditBatchItem, bool), Problem> {
    let order = match document.read(tenant).await {
        Ok(order) => order,
        Err(problem) => return rejected(problem),
    };
    let action = "credit.authorized";
    let write = async |tx: &Tx| settle(tenant, tx, &order).await;
    let (answer, replayed) = match reply::answer(tenant, action, retry, hash, write).await {
        Ok(answered) => answered,
        Err(problem) => return rejected(problem),
    };
    let authorization: Value = serde_json::from_slice(&answer.body)
        .map_err(|_| Problem::new(Kind::Internal, "the answer could not be read"))?;
    let outcome = authorization["outcome"].as_str().unwrap_or_default();
    let item = CreditBatchItem {
        status: outcome.to_owned(),
        authorization: Some(authorization),
        errors: Vec::new(),
    };
    Ok((item, replayed))
}

fn rejected(problem: Problem) -> Result<(CreditBatchItem, bool), Problem> {
    match problem.kind() {
        Kind::InvalidInput => Ok((CreditBatchItem::rejected(problem.errors().to_vec()), false)),
        _ => Err(problem),
    }
}
