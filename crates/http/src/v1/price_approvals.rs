//! Prices that the policy does not give: asked for, decided level by level, granted or refused.
//!
//! | when one is needed | `crates/domain/src/discounts/approval.rs`      |
//! | what it is bound to | `discounts/binding.rs`                        |
//! | asked and shown    | `price_approvals/wire.rs`                      |
//! | which lines need one | `price_approvals/exceptions.rs`              |
//! | rows               | `crates/persistence/src/price_approvals.rs`    |

mod exceptions;
mod wire;

use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{FieldError, Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::v1::deciding::without_policy;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use std::sync::Arc;
use tiercel_domain::discounts::Policy;
use tiercel_domain::ids::PriceApprovalId;
use tiercel_persistence::price_approvals::{
    self as store, ApprovalFilter, ApprovalStatus, PriceApproval, Step,
};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{
    DecidePriceApprovalRequest, PriceApprovalFacts, PriceApprovalResponse, PriceApprovalsResponse,
    RequestPriceApprovalsRequest,
};

/// Who may look at requests.
const SEEN_BY: [Scope; 2] = [Scope::DiscountsDecide, Scope::DiscountsApprove];

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(request_price_approvals)
        .service(list_price_approvals)
        .service(find_price_approval)
        .service(approve_price)
        .service(reject_price)
        .service(withdraw_price_approval);
}

/// Which requests to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListPriceApprovals {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…`, or `system:id`.
    pub customer: Option<String>,
    /// `pending`, `granted`, `rejected`, `withdrawn` or `expired`.
    pub status: Option<String>,
    /// The level whose turn it is.
    pub level: Option<String>,
}

/// Ask for prices that the policy does not give
///
/// The lines are decided as in a quote. Every line whose price takes an approval becomes a request
/// of its own, and so does the document where it takes one; lines that need none, or that an
/// approval covers already, are left out. A request is bound to its inputs: customer, goods, quantity, list
/// price, cost, contract and policy version. What is pending for the same inputs at an equal or lower
/// price is answered as it is.
#[utoipa::path(tag = "price-approvals",
    request_body = RequestPriceApprovalsRequest,
    responses(
        (status = 201, description = "The requests, one a line; `Location` lists those of the customer", body = PriceApprovalsResponse),
    ))]
#[post("/price-approvals")]
pub async fn request_price_approvals(
    tenant: Tenant<need::DiscountsDecide>,
    retry: RetryKey,
    body: Json<RequestPriceApprovalsRequest>,
) -> Result<HttpResponse, Problem> {
    let (today, shows_costs) = (tenant.today(), tenant.allows(Scope::CostsRead));
    let action = "price_approval.requested";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        // Here, because a retry is answered as before, whatever was decided since.
        let policy = policy(&tenant)?;
        let wanted = body.value.clone().read(&tenant, &policy)?;
        let asked = exceptions::of(&tenant, &policy, &wanted)?;
        let Some(customer) = asked.first().map(|one| one.customer) else {
            let detail = "no line takes an approval that it does not have";
            let fault = FieldError::new("/lines", "nothing_to_approve", detail);
            return Err(Problem::invalid(vec![fault]));
        };
        asking::locked(tx, customer).await?;
        let mut known = store::pending(tx, customer, today).await?;
        let mut items = Vec::new();
        for new in &asked {
            let same = |one: &PriceApproval| {
                one.fingerprint == new.fingerprint && one.lowest <= new.lowest
            };
            let found = match known.iter().find(|one| same(one)) {
                Some(found) => found.clone(),
                None => store::request(tx, new).await?,
            };
            items.push(PriceApprovalResponse::new(&found, today, shows_costs)?);
            known.push(found);
        }
        let location = format!("/v1/price-approvals?customer={customer}");
        let reply = Reply::created(location, &PriceApprovalsResponse { items })?;
        Ok(reply.personal_to(customer))
    })
    .await
}

/// List requests for prices
///
/// The newest first. Needs `discounts:decide` or `discounts:approve`.
#[utoipa::path(tag = "price-approvals", params(ListPriceApprovals),
    responses((status = 200, description = "A page of requests", body = Page<PriceApprovalResponse>)))]
#[get("/price-approvals")]
pub async fn list_price_approvals(
    tenant: TenantHandle,
    request: HttpRequest,
    query: Result<Query<ListPriceApprovals>, Problem>,
) -> Result<HttpResponse, Problem> {
    tenant.require_any(&SEEN_BY)?;
    let Query(query) = query?;
    let filter = query.filter(&tenant).await?;
    let (of, status, level) = (filter.customer, &query.status, &query.level);
    let list = format!("price approvals {of:?} {status:?} {level:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let shows_costs = tenant.allows(Scope::CostsRead);
    let page = listing.page(
        rows,
        |row| row.id.to_string(),
        |row| PriceApprovalResponse::new(&row, filter.today, shows_costs),
    );
    let items = page.items.into_iter().collect::<Result<Vec<_>, _>>()?;
    let page = Page {
        items,
        next: page.next,
        total: page.total,
    };
    Ok(listing::answer(&request, &page))
}

/// Find a request for a price
///
/// Needs `discounts:decide` or `discounts:approve`.
#[utoipa::path(tag = "price-approvals",
    params(("id" = String, Path, description = "The request", example = "apr_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The request", body = PriceApprovalResponse)))]
#[get("/price-approvals/{id}")]
pub async fn find_price_approval(
    tenant: TenantHandle,
    id: Result<Id<PriceApprovalId>, Problem>,
) -> Result<web::Json<PriceApprovalResponse>, Problem> {
    tenant.require_any(&SEEN_BY)?;
    let Id(id) = id?;
    let found = store::find(tenant.store(), id).await?;
    let found = found.ok_or_else(missing)?;
    let shows_costs = tenant.allows(Scope::CostsRead);
    let answer = PriceApprovalResponse::new(&found, tenant.today(), shows_costs)?;
    Ok(web::Json(answer))
}

/// Approve a price
///
/// At the level whose turn it is; with the last level of its chain it is granted. From then on, until the day
/// that was asked for, quotes with the same inputs are given this price or a better one. The
/// policy says who may approve at a level; nobody approves what they asked for, or twice.
#[utoipa::path(tag = "price-approvals",
    params(("id" = String, Path, description = "The request", example = "apr_01k8z6v3q2e4r5t6y7a8b9c0de")),
    request_body = DecidePriceApprovalRequest,
    responses((status = 200, description = "The request after the step", body = PriceApprovalResponse)))]
#[post("/price-approvals/{id}/approve")]
pub async fn approve_price(
    tenant: Tenant<need::DiscountsApprove>,
    Id(id): Id<PriceApprovalId>,
    retry: RetryKey,
    body: Json<DecidePriceApprovalRequest>,
) -> Result<HttpResponse, Problem> {
    let policy = policy(&tenant)?;
    let known = store::find(tenant.store(), id).await?;
    let known = known.ok_or_else(missing)?;
    let last = known.chain.last() == known.level.as_ref();
    let action = if last {
        "price_approval.granted"
    } else {
        "price_approval.approved"
    };
    let allowed = |found: &PriceApproval| {
        // What the event is called was settled by this version.
        if found.version != known.version {
            return Err(conflict("another step came between"));
        }
        let facts = PriceApprovalFacts::read(found)?;
        if !facts.is_of(&policy) {
            return Err(conflict(
                "the policy has changed since; ask for the price again",
            ));
        }
        may_decide(&tenant, found, &policy)
    };
    let step = Step::Approve(tenant.today());
    decided(&tenant, action, &retry, &body, id, step, allowed).await
}

/// Reject a price
///
/// For good: the same price can be asked for again, as another request.
#[utoipa::path(tag = "price-approvals",
    params(("id" = String, Path, description = "The request", example = "apr_01k8z6v3q2e4r5t6y7a8b9c0de")),
    request_body = DecidePriceApprovalRequest,
    responses((status = 200, description = "The request, rejected", body = PriceApprovalResponse)))]
#[post("/price-approvals/{id}/reject")]
pub async fn reject_price(
    tenant: Tenant<need::DiscountsApprove>,
    Id(id): Id<PriceApprovalId>,
    retry: RetryKey,
    body: Json<DecidePriceApprovalRequest>,
) -> Result<HttpResponse, Problem> {
    let policy = policy(&tenant)?;
    let action = "price_approval.rejected";
    let allowed = |found: &PriceApproval| may_decide(&tenant, found, &policy);
    decided(&tenant, action, &retry, &body, id, Step::Reject, allowed).await
}

/// Withdraw a request for a price
///
/// By whoever asked for it, while it is pending.
#[utoipa::path(tag = "price-approvals",
    params(("id" = String, Path, description = "The request", example = "apr_01k8z6v3q2e4r5t6y7a8b9c0de")),
    request_body = DecidePriceApprovalRequest,
    responses((status = 200, description = "The request, withdrawn", body = PriceApprovalResponse)))]
#[post("/price-approvals/{id}/withdraw")]
pub async fn withdraw_price_approval(
    tenant: Tenant<need::DiscountsDecide>,
    Id(id): Id<PriceApprovalId>,
    retry: RetryKey,
    body: Json<DecidePriceApprovalRequest>,
) -> Result<HttpResponse, Problem> {
    let action = "price_approval.withdrawn";
    let allowed = |found: &PriceApproval| match found.requester == tenant.principal() {
        true => Ok(()),
        false => Err(forbidden("only whoever asked for it may withdraw it")),
    };
    decided(&tenant, action, &retry, &body, id, Step::Withdraw, allowed).await
}

/// Takes a step where the request is pending and `allowed` says so.
async fn decided(
    tenant: &TenantHandle,
    action: &str,
    retry: &RetryKey,
    body: &Json<DecidePriceApprovalRequest>,
    id: PriceApprovalId,
    step: Step,
    allowed: impl Fn(&PriceApproval) -> Result<(), Problem>,
) -> Result<HttpResponse, Problem> {
    let reason = body.value.read()?;
    let today = tenant.today();
    let shows_costs = tenant.allows(Scope::CostsRead);
    reply::write(tenant, action, retry, &body.hash, async |tx| {
        let found = store::find(tx, id).await?.ok_or_else(missing)?;
        asking::locked(tx, found.customer).await?;
        let found = store::find(tx, id).await?.ok_or_else(missing)?;
        if found.status != ApprovalStatus::Pending {
            return Err(conflict("the request is decided already"));
        }
        if found.valid_until < today {
            return Err(conflict("the request has expired"));
        }
        allowed(&found)?;
        let next = store::step(tx, &found, step, reason).await?;
        let answer = PriceApprovalResponse::new(&next, today, shows_costs)?;
        Ok(Reply::ok(&answer)?.personal_to(found.customer))
    })
    .await
}

/// Whoever decides did not ask for it, has not decided before, and is of the level whose turn it is.
fn may_decide(
    tenant: &TenantHandle,
    found: &PriceApproval,
    policy: &Policy,
) -> Result<(), Problem> {
    let principal = tenant.principal();
    if found.requester == principal {
        return Err(forbidden("nobody decides what they asked for themselves"));
    }
    if found.steps.iter().any(|step| step.by == principal) {
        return Err(forbidden("nobody decides at two levels"));
    }
    let code = found.level.as_deref().unwrap_or_default();
    let level = policy.approvals.level(code);
    match level.is_none_or(|level| level.admits(principal)) {
        true => Ok(()),
        false => Err(forbidden(&format!(
            "it is the turn of `{code}`, whose approvers the policy names"
        ))),
    }
}

/// The policy in force today.
fn policy(tenant: &TenantHandle) -> Result<Arc<Policy>, Problem> {
    let (book, today) = (tenant.book(), tenant.today());
    let policy = book.policies().discount.on(today).cloned();
    policy.ok_or_else(|| without_policy("discount", today))
}

/// Locks the customer for this write; erased and unknown ones are not found.
impl ListPriceApprovals {
    async fn filter(&self, tenant: &TenantHandle) -> Result<ApprovalFilter, Problem> {
        let mut faults = Faults::default();
        let status = self.status.as_deref();
        let status = status.and_then(|text| {
            faults.word("status", text, |word| match word {
                "pending" => Some((Some(ApprovalStatus::Pending), Some(true))),
                "granted" => Some((Some(ApprovalStatus::Granted), Some(true))),
                "rejected" => Some((Some(ApprovalStatus::Rejected), None)),
                "withdrawn" => Some((Some(ApprovalStatus::Withdrawn), None)),
                "expired" => Some((None, Some(false))),
                _ => None,
            })
        });
        let level = self.level.as_deref();
        let level = level.and_then(|text| faults.text("level", text, 64));
        faults.finish(Some(()))?;
        let (status, holds) = status.unwrap_or_default();
        Ok(ApprovalFilter {
            customer: match &self.customer {
                Some(text) => Some(asking::named(tenant, text).await?),
                None => None,
            },
            status,
            level,
            holds,
            today: tenant.today(),
        })
    }
}

fn missing() -> Problem {
    Problem::not_found("request for a price")
}

fn conflict(detail: &str) -> Problem {
    Problem::new(Kind::Conflict, detail)
}

fn forbidden(detail: &str) -> Problem {
    Problem::new(Kind::Forbidden, detail)
}
