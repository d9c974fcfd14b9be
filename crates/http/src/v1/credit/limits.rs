//! Limits of accounts through their journal, and budgets beyond the rules.

use super::accounts::{account_id, existing, locked};
use super::wire::{money, read_amount};
use crate::body::{Json, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::credit::accounts::ListEntries;
use crate::wire::{date, instant};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::limits::{LimitChange, LimitKind};
use tiercel_domain::currency::Currency;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::credit::{self as store, NewLimit, NewOverride, Override, StoredLimit};
use utoipa::ToSchema;

/// A limit to give.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "base", "amount": "50000.00", "valid_from": "2026-03-01", "valid_to": "2026-12-31", "reason": "annual review", "approver": "cfo"}))]
pub struct ChangeLimitRequest {
    /// `base`, `temporary` (in place of the base limit for a while) or `collateral` (added to it).
    pub kind: String,
    /// In the account's currency, not below zero.
    pub amount: String,
    /// The first day; absent = today.
    #[schema(format = Date)]
    pub valid_from: Option<String>,
    /// The last day; absent = until it is changed. A temporary limit needs one.
    #[schema(format = Date)]
    pub valid_to: Option<String>,
    pub reason: String,
    /// Who agreed to it: a code, not a name.
    pub approver: String,
}

/// A change of a limit, with what was there before.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"no": 2, "kind": "base", "old": "40000.00", "new": "50000.00", "delta": "10000.00", "valid_from": "2026-03-01", "valid_to": "2026-12-31", "reason": "annual review", "approver": "cfo", "principal": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct LimitChangeResponse {
    pub no: i64,
    pub kind: String,
    /// The latest of the same kind before; null for the first.
    pub old: Option<String>,
    pub new: String,
    /// `new − old`; the first counts from zero.
    pub delta: String,
    #[schema(format = Date)]
    pub valid_from: String,
    #[schema(format = Date)]
    pub valid_to: Option<String>,
    /// Empty once the customer was erased.
    pub reason: String,
    pub approver: String,
    /// Who entered it.
    pub principal: String,
    pub recorded_at: String,
}

/// A budget to give beyond the rules.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"amount": "5000.00", "reason": "trade fair order, agreed by phone", "expires_in_seconds": 86400}))]
pub struct GiveOverrideRequest {
    /// Above zero, in the account's currency.
    pub amount: String,
    pub reason: String,
    /// 1 second to 366 days.
    pub expires_in_seconds: u32,
}

/// A budget beyond the rules.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "ovr_01k8z6v3q2e4r5t6y7a8b9c0de", "account_id": "acc_01k8z6v3q2e4r5t6y7a8b9c0de", "amount": "5000.00", "used": "0.00", "reason": "trade fair order", "principal": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "expires_at": "2026-03-02T09:30:00.000000Z"}))]
pub struct OverrideResponse {
    pub id: String,
    pub account_id: String,
    pub amount: String,
    pub used: String,
    pub reason: String,
    /// Who gave it.
    pub principal: String,
    #[schema(format = DateTime)]
    pub expires_at: String,
}

fn shown(stored: StoredLimit, currency: Currency) -> LimitChangeResponse {
    let (old, new) = (stored.old, stored.change.amount);
    let delta = new.units().saturating_sub(old.map_or(0, Amount::units));
    LimitChangeResponse {
        no: stored.no,
        kind: stored.change.kind.word().to_owned(),
        old: old.map(|it| money(it, currency)),
        new: money(new, currency),
        delta: money(Amount::from_units(delta), currency),
        valid_from: stored.change.valid_from.to_string(),
        valid_to: stored.change.valid_to.map(|day| day.to_string()),
        reason: stored.reason,
        approver: stored.approver,
        principal: stored.principal,
        recorded_at: instant(stored.recorded_at),
    }
}

fn budget(given: Override, currency: Currency) -> OverrideResponse {
    OverrideResponse {
        id: given.id.to_string(),
        account_id: given.account.to_string(),
        amount: money(given.amount, currency),
        used: money(given.used, currency),
        reason: given.reason,
        principal: given.principal,
        expires_at: instant(given.expires_at),
    }
}

impl ChangeLimitRequest {
    fn read(
        &self,
        tenant: &Tenant<need::CreditOverride>,
        currency: Currency,
    ) -> Result<NewLimit, Problem> {
        let mut faults = Faults::default();
        let kind = faults.word("/kind", &self.kind, LimitKind::from_word);
        let amount = read_amount(&mut faults, "/amount", &self.amount, Some(currency));
        let from = match &self.valid_from {
            Some(text) => date(&mut faults, "/valid_from", text),
            None => Some(tenant.today()),
        };
        let to = self.valid_to.as_deref();
        let to = to.and_then(|text| date(&mut faults, "/valid_to", text));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            faults.add(
                "/valid_to",
                "before_valid_from",
                "lies before the first day",
            );
        }
        if kind == Some(LimitKind::Temporary) && self.valid_to.is_none() {
            faults.add("/valid_to", "missing", "a temporary limit has a last day");
        }
        faults.text("/reason", &self.reason, 500);
        faults.text("/approver", &self.approver, 120);
        let read = kind.zip(amount).zip(from);
        let ((kind, amount), valid_from) = faults.finish(read)?;
        Ok(NewLimit {
            change: LimitChange {
                kind,
                amount,
                valid_from,
                valid_to: to,
            },
            reason: self.reason.clone(),
            approver: self.approver.clone(),
            principal: tenant.principal().to_owned(),
        })
    }
}

/// Change a limit of a credit account
///
/// Every change stays in the journal. A limit below the exposure is allowed: what was authorised
/// stays so, and nothing more is.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The account", example = "acc_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 201, description = "The change", body = LimitChangeResponse)))]
#[post("/credit/accounts/{id}/limits")]
pub async fn change_credit_limit(
    tenant: Tenant<need::CreditOverride>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<ChangeLimitRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id = account_id(&path)?;
    let currency = existing(tenant.store(), id).await?.currency;
    let new = body.value.read(&tenant, currency)?;
    let action = "credit.limit.changed";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let account = locked(tx, id).await?;
        let (_, change) = store::change_limit(tx, &account, &new).await?;
        let location = format!("/v1/credit/accounts/{id}/limits");
        let reply = Reply::created(location, &shown(change, currency))?;
        Ok(reply.about(account.customer))
    })
    .await
}

/// List the changes of an account's limits, oldest first
///
/// Each with who approved it, why, and from when to when it counts.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The account", example = "acc_01k8z6v3q2e4r5t6y7a8b9c0de"), ListEntries),
    responses((status = 200, description = "A page of changes", body = Page<LimitChangeResponse>)))]
#[get("/credit/accounts/{id}/limits")]
pub async fn list_credit_limits(
    tenant: Tenant<need::CreditRead>,
    request: HttpRequest,
    path: web::Path<String>,
    Query(query): Query<ListEntries>,
) -> Result<HttpResponse, Problem> {
    let account = existing(tenant.store(), account_id(&path)?).await?;
    let list = format!("credit limits {}", account.id);
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let (after, fetch) = (listing.after()?, listing.fetch());
    let rows = store::limit_changes(tenant.store(), account.id, after, fetch).await?;
    let show = |row| shown(row, account.currency);
    let page = listing.page(rows, |row| row.no.to_string(), show);
    Ok(listing::answer(&request, &page))
}

/// Give a budget beyond the rules of credit
///
/// An authorization that names it may be approved although checks fail: it uses what the limits
/// lack, or its whole amount where another check failed, too.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The account", example = "acc_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 201, description = "The budget", body = OverrideResponse)))]
#[post("/credit/accounts/{id}/overrides")]
pub async fn give_credit_override(
    tenant: Tenant<need::CreditOverride>,
    path: web::Path<String>,
    retry: RetryKey,
    body: Json<GiveOverrideRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    let id = account_id(&path)?;
    let currency = existing(tenant.store(), id).await?.currency;
    let mut faults = Faults::default();
    let amount = read_amount(&mut faults, "/amount", &body.value.amount, Some(currency));
    if amount.is_some_and(Amount::is_zero) {
        faults.add("/amount", "not_positive", "must be above zero");
    }
    faults.text("/reason", &body.value.reason, 500);
    let seconds = body.value.expires_in_seconds;
    if !(1..=366 * 86_400).contains(&seconds) {
        faults.add(
            "/expires_in_seconds",
            "range",
            "must be 1 second to 366 days",
        );
    }
    let amount = faults.finish(amount)?;
    let ends = tenant
        .now()
        .checked_add_signed(TimeDelta::seconds(seconds.into()));
    let new = NewOverride {
        account: id,
        amount,
        reason: body.value.reason,
        principal: tenant.principal().to_owned(),
        expires_at: ends.unwrap_or_else(|| tenant.now()),
    };
    let action = "credit.override.given";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let account = locked(tx, id).await?;
        let given = store::give_override(tx, &new).await?;
        let location = format!("/v1/credit/accounts/{id}/overrides");
        let reply = Reply::created(location, &budget(given, currency))?;
        Ok(reply.about(account.customer))
    })
    .await
}
