//! Dunning: how far reminders of a customer's bills have come, what is asked for, and levels by hand.

use super::answer::CreditDocument;
use super::authorize::sitting;
use super::decide;
use super::wire::document;
use crate::body::{Id, Json};
use crate::faults::Faults;
use crate::flows::credit::desk::lock;
use crate::flows::credit::dunning::told;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::v1::deciding::without_policy;
use crate::wire::{date, instant, money};
use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::dunning::{DunningByHand, DunningSource, claim};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::scaled::Amount;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::credit::{self as store, StoredDunning};
use utoipa::ToSchema;

/// Levels by hand that are shown.
const SHOWN: u64 = 20;

/// How far reminders have come, and what is asked for, today. Amounts in base currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "as_of": "2026-03-16", "tier": "general", "level": 2, "source": "computed", "since": "2026-03-11", "action": "letter", "hold": true, "document": {"system": "fin", "type": "invoice", "id": "R-77"}, "next_level_on": "2026-03-21", "currency": "EUR", "overdue": "100.00", "interest": "0.41", "fee": "10.00", "total": "110.41", "by_hand": []}))]
pub struct DunningResponse {
    pub customer_id: String,
    #[schema(format = Date)]
    pub as_of: String,
    /// The tier whose reminders these are.
    pub tier: String,
    /// 0 = nothing is reminded of.
    pub level: u16,
    /// `computed` from open items and the policy, or `by_hand`.
    pub source: String,
    /// The day on which the level was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub since: Option<String>,
    /// What is done at the level, in the policy's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub action: Option<String>,
    /// Whether new orders are held at the level.
    pub hold: bool,
    /// The document that brought the customer there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub document: Option<CreditDocument>,
    /// When the next level is reached if nothing is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub next_level_on: Option<String>,
    pub currency: String,
    /// Overdue after grace.
    pub overdue: String,
    /// From each item's due day, by the late interest of the term.
    pub interest: String,
    /// The level's.
    pub fee: String,
    /// What is asked for in all.
    pub total: String,
    /// Levels that were set, the newest first; at most 20.
    pub by_hand: Vec<DunningByHandResponse>,
}

/// A level that somebody set.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"no": 1, "level": 0, "valid_from": "2026-03-01", "valid_until": "2026-03-31", "reason": "pays by instalments", "principal": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct DunningByHandResponse {
    pub no: i64,
    pub level: u16,
    #[schema(format = Date)]
    pub valid_from: String,
    /// The last day; before `valid_from` where the level was given back to the computation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date, nullable = false)]
    pub valid_until: Option<String>,
    pub reason: String,
    pub principal: String,
    pub recorded_at: String,
}

/// A level to set.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"level": 0, "reason": "pays by instalments"}))]
pub struct SetDunningRequest {
    /// 0 to 9; absent = the computed one counts again.
    pub level: Option<u16>,
    /// The last day; absent = until it is changed.
    #[schema(format = Date)]
    pub valid_until: Option<String>,
    pub reason: String,
}

/// Find how far reminders of a customer have come
///
/// The level follows from the open items, the date and the reminders of the customer's tier, unless
/// somebody set one. Tiercel sends nothing: `action` tells whoever does what is due, and what to ask
/// for. The journal says `credit.dunning_level_changed`.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The customer", example = "cus_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The level and the claim", body = DunningResponse)))]
#[get("/customers/{id}/dunning")]
pub async fn find_dunning(
    tenant: Tenant<need::CreditRead>,
    Id(id): Id<CustomerId>,
) -> Result<web::Json<DunningResponse>, Problem> {
    asking::existing(tenant.store(), id).await?;
    let by_hand = store::dunning_of(tenant.store(), id, SHOWN).await?;
    let book = tenant.book();
    let customer = book.customer(id).map(AsRef::as_ref);
    let customer = customer.ok_or_else(|| Problem::not_found("customer"))?;
    Ok(web::Json(shown(&tenant, customer, by_hand)?))
}

/// Set the level of a customer's reminders by hand
///
/// For a time or until it is changed; without `level` the computed one counts again.
#[utoipa::path(tag = "credit",
    params(("id" = String, Path, description = "The customer", example = "cus_01k8z6v3q2e4r5t6y7a8b9c0de"), ("Idempotency-Key" = String, Header, description = "Required")),
    responses((status = 200, description = "The level and the claim as they are now", body = DunningResponse)))]
#[post("/customers/{id}/dunning")]
pub async fn set_dunning(
    tenant: Tenant<need::CreditOverride>,
    Id(id): Id<CustomerId>,
    retry: RetryKey,
    body: Json<SetDunningRequest>,
) -> Result<HttpResponse, Problem> {
    retry.require()?;
    asking::existing(tenant.store(), id).await?;
    let (set, reason) = body.value.read(&tenant)?;
    let action = "credit.dunning_level_set";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let sitting = sitting(&tenant);
        let before = lock(tx, &sitting, id).await?;
        store::set_dunning(tx, id, set, &reason).await?;
        let mut customer = before;
        customer.finance.dunning.push(set);
        let book = tenant.book();
        let policy = book.policies().credit.on(sitting.today);
        let policy = policy.ok_or_else(|| without_policy("credit", sitting.today))?;
        told(tx, &customer, (&book, policy), sitting.today).await?;
        let by_hand = store::dunning_of(tx, id, SHOWN).await?;
        let reply = Reply::ok(&shown(&tenant, &customer, by_hand)?)?;
        Ok(reply.personal_to(id))
    })
    .await
}

impl SetDunningRequest {
    fn read(self, tenant: &TenantHandle) -> Result<(DunningByHand, String), Problem> {
        let mut faults = Faults::default();
        let today = tenant.today();
        if self.level.is_some_and(|level| level > 9) {
            faults.add("/level", "range", "must be 0 to 9");
        }
        let until = self.valid_until.as_deref();
        let until = until.and_then(|text| date(&mut faults, "/valid_until", text));
        if until.is_some_and(|day| day < today) {
            faults.add("/valid_until", "past", "lies before today");
        }
        if self.level.is_none() && self.valid_until.is_some() {
            let detail = "belongs to a level";
            faults.add("/valid_until", "not_allowed", detail);
        }
        let reason = faults.text("/reason", &self.reason, 500);
        let reason = faults.finish(reason)?;
        let set = DunningByHand {
            level: self.level.unwrap_or_default(),
            from: today,
            // A level that ended yesterday gives the word back to the computation.
            until: if self.level.is_some() {
                until
            } else {
                today.pred_opt()
            },
        };
        Ok((set, reason))
    }
}

fn shown(
    tenant: &TenantHandle,
    customer: &BookCustomer,
    by_hand: Vec<StoredDunning>,
) -> Result<DunningResponse, Problem> {
    let (book, today) = (tenant.book(), tenant.today());
    let decision = decide(&book, Some(customer), today, None)?;
    let policy = book.policies().credit.on(today);
    let policy = policy.ok_or_else(|| without_policy("credit", today))?;
    let dunning = decision.dunning;
    let own = policy.for_customer(customer.id, &book.groups_of(customer));
    let (_, terms) = own.credit_of(customer.tier_on(today));
    let level = terms.dunning.at(dunning.level);
    let base = tenant.settings().base_currency;
    let fee = level.map_or(Amount::ZERO, |level| level.fee);
    let items = &customer.open_items;
    let claim = claim(items, &decision.term, fee, today, base.exponent());
    let by_hand = by_hand.into_iter().map(|it| DunningByHandResponse {
        no: it.no,
        level: it.set.level,
        valid_from: it.set.from.to_string(),
        valid_until: it.set.until.map(|day| day.to_string()),
        reason: it.reason,
        principal: it.principal,
        recorded_at: instant(it.recorded_at),
    });
    Ok(DunningResponse {
        customer_id: customer.id.to_string(),
        as_of: today.to_string(),
        tier: decision.terms_of_tier,
        level: dunning.level,
        source: match dunning.source {
            DunningSource::Computed => "computed",
            DunningSource::ByHand => "by_hand",
        }
        .to_owned(),
        since: dunning.since.map(|day| day.to_string()),
        action: level.map(|level| level.action.clone()),
        hold: level.is_some_and(|level| level.hold),
        document: dunning.document.as_ref().map(document),
        next_level_on: dunning.next_on.map(|day| day.to_string()),
        currency: base.to_string(),
        overdue: money(claim.overdue, base),
        interest: money(claim.interest, base),
        fee: money(claim.fee, base),
        total: money(claim.total, base),
        by_hand: by_hand.collect(),
    })
}
