//! Documents that wait for credit.

use super::wire::{CreditReason, CreditRemedy, Judged, document, money};
use crate::body::{Id, Json, Query};
use crate::etag::etag;
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking;
use crate::wire::instant;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::ids::CreditHoldId;
use tiercel_persistence::DbError;
use tiercel_persistence::credit::{self as store, Hold, HoldFilter};
use utoipa::{IntoParams, ToSchema};

/// A document that waits, or did.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "hld_01k8z6v3q2e4r5t6y7a8b9c0de", "version": 1, "status": "open", "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "account_id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de", "document": {"system": "erp1", "type": "sales_order", "id": "SO-555"}, "amount": "56200.00", "currency": "EUR", "reasons": [{"code": "limit_exceeded", "actual": "56200.00", "threshold": "50000.00", "shortfall": "6200.00"}], "remedies": [{"type": "prepay", "amount": "6200.00", "payment_term": null}], "owner": "agent42", "expires_at": "2026-03-02T09:30:00.000000Z", "released_by": null, "release_reason": null, "created_at": "2026-03-01T09:30:00.000000Z", "updated_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct CreditHoldResponse {
    pub id: String,
    pub version: i64,
    /// `open`, `ready` (it would be authorised now: authorise it again), `released` or `expired`.
    pub status: String,
    pub customer_id: String,
    pub account_id: String,
    pub document: super::answer::CreditDocument,
    pub amount: String,
    pub currency: String,
    pub reasons: Vec<CreditReason>,
    pub remedies: Vec<CreditRemedy>,
    /// Who looks after the customer.
    pub owner: Option<String>,
    #[schema(format = DateTime)]
    pub expires_at: String,
    pub released_by: Option<String>,
    /// Empty once the customer was erased.
    pub release_reason: Option<String>,
    pub created_at: String,
    pub updated_at: String,
}

/// Why a hold ends.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "order cancelled"}))]
pub struct ReleaseHoldRequest {
    pub reason: String,
}

/// Which holds to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListHolds {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…` or `system:id`.
    pub customer: Option<String>,
    /// `open`, `ready` or `released`.
    pub status: Option<String>,
}

fn shown(hold: Hold, now: chrono::DateTime<chrono::Utc>) -> Result<CreditHoldResponse, Problem> {
    let judged = Judged::read(&hold.decision)?;
    let currency = judged.currency.parse().map_err(|_| {
        let detail = format!("the currency `{}`", judged.currency);
        Problem::from(DbError::Corrupt {
            table: "credit_hold",
            detail,
        })
    })?;
    let over = hold.status != "released" && hold.expires_at <= now;
    Ok(CreditHoldResponse {
        id: hold.id.to_string(),
        version: hold.version,
        status: if over {
            "expired".to_owned()
        } else {
            hold.status
        },
        customer_id: hold.customer.to_string(),
        account_id: hold.account.to_string(),
        document: document(&hold.document),
        amount: money(hold.amount, currency),
        currency: judged.currency,
        reasons: judged.reasons,
        remedies: judged.remedies,
        owner: hold.owner,
        expires_at: instant(hold.expires_at),
        released_by: hold.released_by,
        release_reason: hold.release_reason,
        created_at: instant(hold.created_at),
        updated_at: instant(hold.updated_at),
    })
}

/// List the documents that credit holds, oldest first
///
/// Released ones too, unless `status` says otherwise.
#[utoipa::path(tag = "credit", params(ListHolds), responses((status = 200, description = "A page of holds", body = Page<CreditHoldResponse>)))]
#[get("/credit/holds")]
pub async fn list_credit_holds(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    Query(query): Query<ListHolds>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let status = query.status.as_deref();
    let known = |word: &str| {
        ["open", "ready", "released"]
            .contains(&word)
            .then(|| word.to_owned())
    };
    let status = status.and_then(|word| faults.word("status", word, known));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = HoldFilter { customer, status };
    let list = format!("credit holds {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::holds(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let mut bodies = Vec::new();
    for row in rows {
        bodies.push(shown(row, tenant.now())?);
    }
    let page = listing.page(bodies, |body| body.id.clone(), |body| body);
    Ok(listing::answer(&request, &page))
}

/// Find a document that credit holds
///
/// With why it is held, and what would release it.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The hold", example = "hld_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The hold", body = CreditHoldResponse)))]
#[get("/credit/holds/{id}")]
pub async fn find_credit_hold(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<CreditHoldId>,
) -> Result<HttpResponse, Problem> {
    let hold = store::hold(tenant.store(), id).await?;
    let hold = hold.ok_or_else(|| Problem::not_found("hold"))?;
    let version = hold.version;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(version)))
        .json(shown(hold, tenant.now())?))
}

/// Release a document that credit holds
///
/// Ends the hold with a reason; it reserves nothing. To let the document go beyond the rules,
/// authorise it with an override.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The hold", example = "hld_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "The hold as it is now", body = CreditHoldResponse)))]
#[post("/credit/holds/{id}/release")]
pub async fn release_credit_hold(
    tenant: Tenant<need::CreditOverride>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<ReleaseHoldRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let missing = || Problem::not_found("hold");
    let id: CreditHoldId = path.parse().map_err(|_| missing())?;
    let mut faults = Faults::default();
    let reason = faults.text("/reason", &body.value.reason, 500);
    let reason = faults.finish(reason)?;
    let action = "credit.hold.released";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let hold = store::hold(tx, id).await?.ok_or_else(missing)?;
        tx.touch(&BTreeSet::from([hold.customer])).await?;
        let hold = store::hold(tx, id).await?.ok_or_else(missing)?;
        let released = store::release_hold(tx, hold, tenant.principal(), &reason).await?;
        let released =
            released.ok_or_else(|| Problem::new(Kind::Conflict, "the hold was released before"))?;
        let (version, customer) = (released.version, released.customer);
        let reply = Reply::ok(&shown(released, tenant.now())?)?.version(version);
        Ok(reply.personal_to(customer))
    })
    .await
}
