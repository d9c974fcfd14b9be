//! Proposed limits: made by the formula of the policy, approved or rejected by people.

use super::authorize::{known, sitting};
use super::wire::money;
use crate::body::{Id, Json, Query};
use crate::etag::etag;
use crate::faults::Faults;
use crate::flows::credit::portfolio;
use crate::flows::credit::proposals::{KeptGrounds, Proposed, approve, propose, reject};
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking;
use crate::v1::deciding::{CustomerReference, PolicyVersion};
use crate::wire::instant;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::{CustomerId, LimitProposalId};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::credit::{self as store, ProposalFilter, StoredProposal};
use utoipa::{IntoParams, ToSchema};

/// Whose limit to look at.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customer": {"external": {"system": "erp1", "id": "C-1042"}}}))]
pub struct ProposeLimitRequest {
    pub customer: CustomerReference,
}

/// Why a proposal is decided so.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "annual review"}))]
pub struct DecideLimitProposalRequest {
    pub reason: String,
}

/// A proposed limit, and how it came about.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "lpr_01k8z6v3q2e4r5t6y7a8b9c0de", "version": 1, "status": "proposed", "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "account_id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de", "currency": "EUR", "old": "50000.00", "new": "60000.00", "delta": "10000.00", "valid_to": "2027-02-28", "grounds": {"policy": {"id": "default", "version": 2}, "tier": "high", "tier_limit": "50000.00", "score": "84", "score_factor": "120", "bills": 14, "late_days": "2.5", "payment_factor": "100"}, "author": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "created_at": "2026-03-01T09:30:00.000000Z", "updated_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct LimitProposalResponse {
    /// Absent where nothing is proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub version: Option<i64>,
    /// `proposed`, `approved`, `rejected`, `superseded` by another proposal, or `unchanged`: the
    /// formula comes to the limit there is, or too near to it.
    pub status: String,
    pub customer_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub account_id: Option<String>,
    /// The base currency.
    pub currency: String,
    /// The limit in force when it was proposed.
    pub old: String,
    pub new: String,
    pub delta: String,
    /// The last day of the new limit, were it approved on the day of the proposal; absent = until it is
    /// changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub valid_to: Option<String>,
    pub grounds: LimitGrounds,
    /// Who had it proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub author: Option<String>,
    /// Who decided it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decided_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub updated_at: Option<String>,
}

/// `new` is the tier's limit × both factors, rounded and within the bounds of the formula.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"policy": {"id": "default", "version": 2}, "tier": "high", "tier_limit": "50000.00", "score": "84", "score_factor": "120", "bills": 14, "late_days": "2.5", "payment_factor": "100"}))]
pub struct LimitGrounds {
    /// The version of the policy, and of its formula.
    pub policy: PolicyVersion,
    pub tier: String,
    pub tier_limit: String,
    /// Absent where the customer was never evaluated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub score: Option<String>,
    /// Per cent.
    pub score_factor: String,
    /// Due within the year.
    pub bills: u32,
    /// Their mean, each by its amount.
    pub late_days: String,
    /// Per cent.
    pub payment_factor: String,
}

/// Proposals for everyone that wait for their turn.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"job": "job_06dv7n5z4h9k3m2p8q1r5s7t10", "state": "queued"}))]
pub struct LimitProposalsQueuedResponse {
    /// Follow it at `/v1/jobs/{job}`.
    pub job: String,
    pub state: String,
}

/// Which proposals to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListLimitProposals {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…` or `system:id`.
    pub customer: Option<String>,
    /// `proposed`, `approved`, `rejected` or `superseded`.
    pub status: Option<String>,
}

fn grounds(kept: KeptGrounds, currency: Currency) -> LimitGrounds {
    let amount = kept.tier_limit.parse();
    LimitGrounds {
        policy: PolicyVersion {
            id: kept.policy_id,
            version: kept.policy_version,
        },
        tier: kept.tier,
        tier_limit: amount.map_or(kept.tier_limit, |amount| money(amount, currency)),
        score: kept.score,
        score_factor: kept.score_factor,
        bills: kept.bills,
        late_days: kept.late_days,
        payment_factor: kept.payment_factor,
    }
}

/// What the formula says, where there is nothing but that.
fn outcome(
    customer: CustomerId,
    (old, new): (Amount, Amount),
    kept: KeptGrounds,
    currency: Currency,
) -> LimitProposalResponse {
    let delta = new.units().saturating_sub(old.units());
    LimitProposalResponse {
        id: None,
        version: None,
        status: "unchanged".to_owned(),
        customer_id: customer.to_string(),
        account_id: None,
        currency: currency.to_string(),
        old: money(old, currency),
        new: money(new, currency),
        delta: money(Amount::from_units(delta), currency),
        valid_to: None,
        grounds: grounds(kept, currency),
        author: None,
        decided_by: None,
        reason: None,
        created_at: None,
        updated_at: None,
    }
}

fn shown(stored: StoredProposal, currency: Currency) -> Result<LimitProposalResponse, Problem> {
    let kept = serde_json::from_str(&stored.grounds)
        .map_err(|_| Problem::new(Kind::Internal, "the proposal cannot be read"))?;
    let amounts = (stored.old, stored.new);
    Ok(LimitProposalResponse {
        id: Some(stored.id.to_string()),
        version: Some(stored.version),
        status: stored.status,
        account_id: Some(stored.account.to_string()),
        valid_to: stored.valid_to.map(|day| day.to_string()),
        author: Some(stored.author),
        decided_by: stored.decided_by,
        reason: stored.reason.filter(|reason| !reason.is_empty()),
        created_at: Some(instant(stored.created_at)),
        updated_at: Some(instant(stored.updated_at)),
        ..outcome(stored.customer, amounts, kept, currency)
    })
}

/// Propose a limit for a customer
///
/// By the `limit_formula` of the credit policy in force, from tier, score and payment behaviour.
/// Nothing changes before somebody approves. A proposal that waits is superseded by another one; the
/// same again is the one that waits (200), and so is none (`unchanged`).
#[utoipa::path(tag = "credit", params(("Idempotency-Key" = String, Header, description = "Required")), responses(
    (status = 201, description = "Proposed", body = LimitProposalResponse),
    (status = 200, description = "The same waits already, or nothing changes", body = LimitProposalResponse)))]
#[post("/credit/limit-proposals")]
pub async fn propose_credit_limit(
    tenant: Tenant<need::CreditOverride>,
    retry: RetryKey,
    body: Json<ProposeLimitRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let mut faults = Faults::default();
    let customer = body.value.customer.read("/customer", &mut faults);
    let customer = known(&tenant, &faults.finish(customer)?).await?;
    let base = tenant.settings().base_currency;
    let action = "credit.limit_proposed";
    reply::write(
        &tenant,
        action,
        &retry,
        &body.hash,
        async |tx| match propose(tx, &sitting(&tenant), customer).await? {
            Proposed::New(proposal) => {
                let location = format!("/v1/credit/limit-proposals/{}", proposal.id);
                Reply::created(location, &shown(proposal, base)?)
            }
            Proposed::Waiting(proposal) => Reply::ok(&shown(proposal, base)?),
            Proposed::Unchanged(found) => {
                let amounts = (found.proposal.old, found.proposal.new);
                Reply::ok(&outcome(found.customer, amounts, found.grounds, base))
            }
        },
    )
    .await
}

/// Propose limits for all customers
///
/// As a job: its counts tell how many were proposed, wait, stay unchanged or were skipped.
#[utoipa::path(tag = "credit", params(("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 202, description = "Queued", body = LimitProposalsQueuedResponse)))]
#[post("/credit/limit-proposals/run")]
pub async fn propose_credit_limits(
    tenant: Tenant<need::CreditOverride>,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    crate::flows::credit::proposals::policy(&sitting(&tenant))?;
    let action = "credit.limit_proposals_queued";
    reply::write(&tenant, action, &retry, "", async |tx| {
        let job = portfolio::queue(tx, tenant.principal()).await?;
        let body = LimitProposalsQueuedResponse {
            job: job.to_string(),
            state: "queued".to_owned(),
        };
        Reply::accepted(format!("/v1/jobs/{job}"), &body)
    })
    .await
}

/// List proposed limits
///
/// The newest first, decided ones too, unless `status` says otherwise.
#[utoipa::path(tag = "credit", params(ListLimitProposals), responses((status = 200, description = "A page of proposals", body = Page<LimitProposalResponse>)))]
#[get("/credit/limit-proposals")]
pub async fn list_limit_proposals(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    Query(query): Query<ListLimitProposals>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let known = |word: &str| {
        let words = ["proposed", "approved", "rejected", "superseded"];
        words.contains(&word).then(|| word.to_owned())
    };
    let status = query.status.as_deref();
    let status = status.and_then(|word| faults.word("status", word, known));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = ProposalFilter { customer, status };
    let list = format!("limit proposals {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let (after, fetch) = (listing.after()?, listing.fetch());
    let rows = store::limit_proposals(tenant.store(), &filter, after, fetch).await?;
    let base = tenant.settings().base_currency;
    let rows = rows.into_iter().map(|row| Ok((row.id, shown(row, base)?)));
    let rows = rows.collect::<Result<Vec<_>, Problem>>()?;
    let page = listing.page(rows, |(id, _)| id.to_string(), |(_, body)| body);
    Ok(listing::answer(&request, &page))
}

/// Find a proposed limit
///
/// With how it came about, and what somebody decided.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The proposal", example = "lpr_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The proposal", body = LimitProposalResponse)))]
#[get("/credit/limit-proposals/{id}")]
pub async fn find_limit_proposal(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<LimitProposalId>,
) -> Result<HttpResponse, Problem> {
    let found = store::limit_proposal(tenant.store(), id).await?;
    let found = found.ok_or_else(missing)?;
    let version = found.version;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(version)))
        .json(shown(found, tenant.settings().base_currency)?))
}

fn missing() -> Problem {
    Problem::not_found("limit proposal")
}

/// Approve a proposed limit
///
/// The limit takes effect today, through the journal of limits, with the author as principal and you
/// as approver. 409 where it was decided before, where the limit has changed since, or where the
/// policy asks for two people and you are its author.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The proposal", example = "lpr_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "The proposal as it is now", body = LimitProposalResponse)))]
#[post("/credit/limit-proposals/{id}/approve")]
pub async fn approve_limit_proposal(
    tenant: Tenant<need::CreditOverride>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<DecideLimitProposalRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id: LimitProposalId = path.parse().map_err(|_| missing())?;
    let reason = body.value.read()?;
    let action = "credit.limit.changed";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let (sitting, by) = (sitting(&tenant), tenant.principal());
        let decided = approve(tx, &sitting, id, by, &reason).await?;
        answer(decided, tenant.settings().base_currency)
    })
    .await
}

/// Reject a proposed limit
///
/// The limit stays as it is.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The proposal", example = "lpr_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "The proposal as it is now", body = LimitProposalResponse)))]
#[post("/credit/limit-proposals/{id}/reject")]
pub async fn reject_limit_proposal(
    tenant: Tenant<need::CreditOverride>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<DecideLimitProposalRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id: LimitProposalId = path.parse().map_err(|_| missing())?;
    let reason = body.value.read()?;
    let action = "credit.limit_proposal_rejected";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let decided = reject(tx, &sitting(&tenant), id, &reason).await?;
        answer(decided, tenant.settings().base_currency)
    })
    .await
}

impl DecideLimitProposalRequest {
    fn read(&self) -> Result<String, Problem> {
        let mut faults = Faults::default();
        let reason = faults.text("/reason", &self.reason, 500);
        faults.finish(reason)
    }
}

fn answer(decided: StoredProposal, currency: Currency) -> Result<Reply, Problem> {
    let (version, customer) = (decided.version, decided.customer);
    let reply = Reply::ok(&shown(decided, currency)?)?.version(version);
    Ok(reply.personal_to(customer))
}
