//! Authorisations: read, committed, adjusted, released.

use super::authorize::{answer, sitting};
use super::wire::{CreditAuthorizationResponse, CreditDocumentReference, kept, read_amount};
use crate::body::{Json, Query};
use crate::etag::etag;
use crate::faults::Faults;
use crate::flows::credit::authorize::adjust;
use crate::flows::credit::desk::{Desk, Sitting, lock};
use crate::flows::credit::refused;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use serde::Deserialize;
use tiercel_domain::credit::{Stage, State};
use tiercel_domain::currency::Currency;
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::AuthorizationId;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::Tx;
use tiercel_persistence::credit::{self as store, AuthorizationFilter, StoredAuthorization};
use utoipa::{IntoParams, ToSchema};

/// An amount of an authorisation that goes on to a later stage.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "6000.00", "stage": "ordered", "final": true}))]
pub struct CommitCreditRequest {
    /// Above zero, in the currency of the authorization.
    pub amount: String,
    /// `ordered`, `delivered` or `invoiced`.
    pub stage: String,
    /// The stage it comes from: `reserved` where it is absent, else `ordered` or `delivered`.
    pub from: Option<String>,
    /// The document of the later stage, so that its facts are recognised.
    pub document: Option<CreditDocumentReference>,
    /// Frees what remains reserved.
    #[serde(rename = "final", default)]
    pub last: bool,
    /// Where less is reserved: check the difference and reserve it first.
    #[serde(default)]
    pub allow_increment: bool,
}

/// The new amount of a document.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "7500.00"}))]
pub struct AdjustCreditRequest {
    /// Of the whole document; an increase is checked, a decrease is always accepted.
    pub amount: String,
}

/// A reservation that is not needed any more.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct ReleaseCreditRequest {}

/// Which authorizations to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListAuthorizations {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…` or `system:id`.
    pub customer: Option<String>,
    /// `acc_…`.
    pub account: Option<String>,
    /// `open`, `committed`, `released` or `expired`.
    pub state: Option<String>,
    /// The id of the document.
    pub document_id: Option<String>,
}

/// What a commit asks for.
struct Commit {
    amount: String,
    from: Stage,
    to: Stage,
    document: Option<DocumentRef>,
    last: bool,
    allow_increment: bool,
}

impl CommitCreditRequest {
    fn read(self) -> Result<Commit, Problem> {
        let mut faults = Faults::default();
        let to = faults.word("/stage", &self.stage, Stage::from_word);
        let from = match self.from.as_deref() {
            Some(word) => faults.word("/from", word, Stage::from_word),
            None => Some(Stage::Reserved),
        };
        let stages = to.zip(from);
        if stages.is_some_and(|(to, from)| from >= to) {
            faults.add("/stage", "not_later", "is not later than `from`");
        }
        let amount = read_amount(&mut faults, "/amount", &self.amount, None);
        if amount.is_some_and(Amount::is_zero) {
            faults.add("/amount", "not_positive", "must be above zero");
        }
        let document = self.document.map(|it| it.read("/document", &mut faults));
        let (to, from) = faults.finish(stages)?;
        Ok(Commit {
            amount: self.amount,
            from,
            to,
            document,
            last: self.last,
            allow_increment: self.allow_increment,
        })
    }
}

fn id_of(segment: &str) -> Result<AuthorizationId, Problem> {
    segment
        .parse()
        .map_err(|_| Problem::not_found("authorization"))
}

/// An authorisation whose customer is locked, with its desk.
async fn held(
    tx: &Tx,
    sitting: &Sitting<'_>,
    id: AuthorizationId,
) -> Result<(StoredAuthorization, Desk), Problem> {
    let missing = || Problem::not_found("authorization");
    let found = store::authorization(tx, id).await?.ok_or_else(missing)?;
    let customer = lock(tx, sitting, found.customer).await?;
    let found = store::authorization(tx, id).await?.ok_or_else(missing)?;
    let account = store::account(tx, found.account)
        .await?
        .ok_or_else(missing)?;
    let desk = Desk::at(tx, sitting, customer, account).await?;
    Ok((found, desk))
}

fn amount_in(currency: Currency, text: &str) -> Result<Amount, Problem> {
    let mut faults = Faults::default();
    let amount = read_amount(&mut faults, "/amount", text, Some(currency));
    faults.finish(amount)
}

async fn show(stored: &StoredAuthorization, sitting: &Sitting<'_>) -> Result<Reply, Problem> {
    let body = CreditAuthorizationResponse::of(stored, sitting.now)?;
    Ok(Reply::ok(&body)?.version(stored.version))
}

/// Commit a part of an authorization
///
/// Moves an amount from `reserved` (or from `from`) to a later stage; what is held in all stays the
/// same. More than is there is a 409 `exceeds-authorization`, unless `allow_increment` finds room
/// for the difference. After a release or the end of its time: 409.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The authorization", example = "aut_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "The authorization as it is now", body = CreditAuthorizationResponse)))]
#[post("/credit/authorizations/{id}/commit")]
pub async fn commit_credit(
    tenant: Tenant<need::CreditAuthorize>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<CommitCreditRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id = id_of(&path)?;
    let commit = body.value.read()?;
    reply::write(
        &tenant,
        "credit.committed",
        &retry,
        &body.hash,
        async |tx| {
            let sitting = sitting(&tenant);
            let saved = run_commit(tx, &sitting, id, &commit).await?;
            show(&saved, &sitting).await
        },
    )
    .await
}

async fn run_commit(
    tx: &Tx,
    sitting: &Sitting<'_>,
    id: AuthorizationId,
    commit: &Commit,
) -> Result<StoredAuthorization, Problem> {
    let (mut before, desk) = held(tx, sitting, id).await?;
    let currency = desk.account.currency;
    let amount = amount_in(currency, &commit.amount)?;
    let missing = amount
        .units()
        .saturating_sub(before.amounts.remaining().units());
    let grows = commit.allow_increment && commit.from == Stage::Reserved && missing > 0;
    if grows && before.amounts.state == State::Open {
        let more = before.amounts.authorized.units().saturating_add(missing);
        let more = Amount::from_units(more);
        let settled = adjust(tx, sitting, before, desk, more, &kept).await?;
        before = settled.authorization.ok_or_else(|| {
            Problem::new(
                Kind::ExceedsAuthorization,
                "there is no room for the difference",
            )
        })?;
        tx.call_it("credit.committed");
    }
    let moved = before
        .amounts
        .commit(amount, commit.from, commit.to, commit.last);
    let after = StoredAuthorization {
        amounts: moved.map_err(refused)?,
        ..before.clone()
    };
    let mut saved = store::save(tx, &before, after, "committed", &[]).await?;
    if let Some(document) = &commit.document {
        saved = store::add_document(tx, &saved, document, currency, sitting.today).await?;
    }
    Ok(saved)
}

/// Adjust an authorization to a new amount of its document
///
/// Only an increase is checked and may be held or declined; the authorization stays as it was then.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The authorization", example = "aut_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "What was decided, and the authorization where it was adjusted", body = CreditAuthorizationResponse)))]
#[post("/credit/authorizations/{id}/adjust")]
pub async fn adjust_credit(
    tenant: Tenant<need::CreditAuthorize>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<AdjustCreditRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id = id_of(&path)?;
    let mut faults = Faults::default();
    read_amount(&mut faults, "/amount", &body.value.amount, None);
    faults.finish(Some(()))?;
    reply::write(&tenant, "credit.adjusted", &retry, &body.hash, async |tx| {
        let sitting = sitting(&tenant);
        let (before, desk) = held(tx, &sitting, id).await?;
        let amount = amount_in(desk.account.currency, &body.value.amount)?;
        let document = before.document.clone();
        let settled = adjust(tx, &sitting, before, desk, amount, &kept).await?;
        answer(tx, &sitting, &settled, &document).await
    })
    .await
}

/// Release what an authorization still reserves
///
/// What was committed stays held until it is billed. Once released, nothing more can be committed.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The authorization", example = "aut_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "The authorization as it is now", body = CreditAuthorizationResponse)))]
#[post("/credit/authorizations/{id}/release")]
pub async fn release_credit(
    tenant: Tenant<need::CreditAuthorize>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<ReleaseCreditRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id = id_of(&path)?;
    reply::write(&tenant, "credit.released", &retry, &body.hash, async |tx| {
        let sitting = sitting(&tenant);
        let (before, _) = held(tx, &sitting, id).await?;
        let after = StoredAuthorization {
            amounts: before.amounts.release().map_err(refused)?,
            ..before.clone()
        };
        let saved = store::save(tx, &before, after, "released", &[]).await?;
        show(&saved, &sitting).await
    })
    .await
}

/// Find an authorization
///
/// As it stands: how much of it is left, in which stage, and every check with what it found.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The authorization", example = "aut_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The authorization", body = CreditAuthorizationResponse)))]
#[get("/credit/authorizations/{id}")]
pub async fn find_credit_authorization(
    tenant: Tenant<need::CreditRead>,
    path: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = stored(&tenant, &path).await?;
    let body = CreditAuthorizationResponse::of(&found, tenant.now())?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(found.version)))
        .json(body))
}

/// The authorisation of an id.
pub async fn stored(tenant: &TenantHandle, id: &str) -> Result<StoredAuthorization, Problem> {
    let found = store::authorization(tenant.store(), id_of(id)?).await?;
    found.ok_or_else(|| Problem::not_found("authorization"))
}

/// List authorizations, oldest first
///
/// Held, declined and ended ones too; filter by account, customer, document or state.
#[utoipa::path(tag = "credit", params(ListAuthorizations), responses((status = 200, description = "A page of authorizations", body = Page<CreditAuthorizationResponse>)))]
#[get("/credit/authorizations")]
pub async fn list_credit_authorizations(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    Query(query): Query<ListAuthorizations>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let state = query.state.as_deref();
    let state = state.and_then(|word| faults.word("state", word, State::from_word));
    let account = query.account.as_deref();
    let account = account.and_then(|id| faults.parsed("account", id, "not_an_id"));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = AuthorizationFilter {
        customer,
        account,
        state,
        document_id: query.document_id,
    };
    let list = format!("authorizations {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let (after, fetch, now) = (listing.after()?, listing.fetch(), tenant.now());
    let rows = store::authorizations(tenant.store(), &filter, now, after, fetch).await?;
    let mut shown = Vec::new();
    for row in rows {
        shown.push((row.id, CreditAuthorizationResponse::of(&row, now)?));
    }
    let page = listing.page(shown, |(id, _)| id.to_string(), |(_, body)| body);
    Ok(listing::answer(&request, &page))
}
