//! Tiers by hand: set for a time and for a reason, listed, ended early.
//!
//! | when it holds | `crates/domain/src/tier_overrides/mod.rs`  |
//! | rows          | `crates/persistence/src/tier_overrides.rs` |

use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::flows::model;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking::{self, Moment};
use crate::wire::{date, instant};
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::ids::{CustomerId, TierOverrideId};
use tiercel_persistence::tier_overrides::{self as store, NewTierOverride, StoredTierOverride};
use tiercel_persistence::{DbError, Source, Tx, customers};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(set_tier_override)
        .service(list_tier_overrides)
        .service(end_tier_override);
}

/// A tier to set by hand.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"tier": "high", "reason": "framework contract signed, first orders in May", "approver": "sales-lead", "valid_from": "2026-03-01", "valid_until": "2026-08-31"}))]
pub struct SetTierOverrideRequest {
    /// The code of a tier of the model in force.
    pub tier: String,
    /// Free words; kept apart, and deleted with the customer.
    pub reason: String,
    /// Who agreed to it, not the caller itself: a code, not a name.
    pub approver: String,
    /// The first day, today or later; today where it is absent.
    #[schema(format = Date)]
    pub valid_from: Option<String>,
    /// The last day: it ends by itself.
    #[schema(format = Date)]
    pub valid_until: String,
}

/// A tier set by hand.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "tov_06dv7n5z4h9k3m2p8q1r5s7t0w", "customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "tier": "high", "status": "in_force", "reason": "framework contract signed", "author": "operator", "approver": "sales-lead", "valid_from": "2026-03-01", "valid_until": "2026-08-31", "ended_on": null, "ended_by": null, "created_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct TierOverrideResponse {
    pub id: String,
    pub customer: String,
    pub tier: String,
    /// On the day asked for: `to_come`, `in_force`, `over` or `ended` (by somebody, early).
    pub status: String,
    /// Null once the customer is erased.
    pub reason: Option<String>,
    /// Who set it.
    pub author: String,
    pub approver: String,
    #[schema(format = Date)]
    pub valid_from: String,
    /// The last day.
    #[schema(format = Date)]
    pub valid_until: String,
    /// The first day on which it no longer holds; null where nobody ended it early.
    #[schema(format = Date)]
    pub ended_on: Option<String>,
    pub ended_by: Option<String>,
    pub created_at: String,
}

impl TierOverrideResponse {
    fn new(stored: StoredTierOverride, on: NaiveDate) -> Self {
        let what = &stored.what;
        let status = match what.ended_on {
            Some(ended) if ended <= on => "ended",
            _ if what.holds_on(on) => "in_force",
            _ if on < what.valid_from => "to_come",
            _ => "over",
        };
        Self {
            id: what.id.to_string(),
            customer: stored.customer.to_string(),
            status: status.to_owned(),
            reason: stored.reason,
            author: stored.author,
            approver: stored.approver,
            valid_from: what.valid_from.to_string(),
            valid_until: what.valid_until.to_string(),
            ended_on: what.ended_on.map(|day| day.to_string()),
            ended_by: stored.ended_by,
            created_at: instant(stored.created_at),
            tier: stored.what.tier,
        }
    }
}

/// A tier by hand that holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "tov_06dv7n5z4h9k3m2p8q1r5s7t0w", "tier": "high", "valid_from": "2026-03-01", "valid_until": "2026-08-31", "reason": "framework contract signed", "author": "operator", "approver": "sales-lead"}))]
pub struct HeldTier {
    pub id: String,
    pub tier: String,
    #[schema(format = Date)]
    pub valid_from: String,
    /// The last day.
    #[schema(format = Date)]
    pub valid_until: String,
    /// Null once the customer is erased, and for a token bound to the customer.
    pub reason: Option<String>,
    /// Who set it; null for a token bound to the customer.
    pub author: Option<String>,
    /// Null for a token bound to the customer.
    pub approver: Option<String>,
}

impl HeldTier {
    /// What the customer need not know: who wanted it, and why.
    pub fn leave_out_people(&mut self) {
        self.reason = None;
        self.author = None;
        self.approver = None;
    }
}

/// The tier by hand that holds on a day, as known then.
pub async fn held(
    source: &impl Source,
    customer: CustomerId,
    moment: Moment,
) -> Result<Option<HeldTier>, DbError> {
    let all = store::of_customer(source, customer, moment.known_at).await?;
    let mut newest_first = all.into_iter().rev();
    let held = newest_first.find(|one| one.what.holds_on(moment.as_of));
    Ok(held.map(|held| HeldTier {
        id: held.what.id.to_string(),
        valid_from: held.what.valid_from.to_string(),
        valid_until: held.what.valid_until.to_string(),
        reason: held.reason,
        author: Some(held.author),
        approver: Some(held.approver),
        tier: held.what.tier,
    }))
}

/// Which tiers by hand to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListTierOverrides {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// The day that `status` is of; today where it is absent.
    #[param(example = "2026-03-01")]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
}

impl SetTierOverrideRequest {
    async fn read(
        self,
        tenant: &TenantHandle,
        customer: CustomerId,
    ) -> Result<NewTierOverride, Problem> {
        let mut faults = Faults::default();
        let today = tenant.today();
        let from = match &self.valid_from {
            Some(text) => date(&mut faults, "/valid_from", text),
            None => Some(today),
        };
        if from.is_some_and(|day| day < today) {
            let detail = "what was decided in the past stays as it was";
            faults.add("/valid_from", "in_the_past", detail);
        }
        let until = date(&mut faults, "/valid_until", &self.valid_until);
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            let detail = "lies before the first day";
            faults.add("/valid_until", "before_valid_from", detail);
        }
        faults.text("/reason", &self.reason, 500);
        faults.text("/approver", &self.approver, 120);
        if self.approver == tenant.principal() {
            let detail = "nobody approves what they set themselves";
            faults.add("/approver", "same_as_author", detail);
        }
        let model = model::on(tenant.store(), from.unwrap_or(today)).await?;
        let known = model.is_some_and(|model| model.tiers().any(|code| code == self.tier));
        if !known {
            let detail = "is no tier of the model in force on the first day";
            faults.add("/tier", "unknown_tier", detail);
        }
        let (valid_from, valid_until) = faults.finish(from.zip(until))?;
        Ok(NewTierOverride {
            customer,
            tier: self.tier,
            reason: self.reason,
            approver: self.approver,
            author: tenant.principal().to_owned(),
            valid_from,
            valid_until,
        })
    }
}

/// Locks the customer for this write; erased and unknown ones are not found.
async fn locked(tx: &Tx, customer: CustomerId) -> Result<(), Problem> {
    let only = BTreeSet::from([customer]);
    tx.touch(&only).await?;
    let state = customers::state(tx, &only).await?.remove(&customer);
    match state.filter(|state| state.erased_at.is_none()) {
        Some(_) => Ok(()),
        None => Err(Problem::not_found("customer")),
    }
}

/// Set the tier of a customer by hand
///
/// For a time: it counts in every decision of those days, whatever evaluations find meanwhile, and
/// ends by itself. A customer has at most one on any day; end the other first (409).
#[utoipa::path(tag = "tier-overrides",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x")),
    responses((status = 201, description = "The tier by hand", body = TierOverrideResponse)))]
#[post("/customers/{id}/overrides")]
pub async fn set_tier_override(
    tenant: Tenant<need::EvaluationsOverride>,
    Id(id): Id<CustomerId>,
    retry: RetryKey,
    body: Json<SetTierOverrideRequest>,
) -> Result<HttpResponse, Problem> {
    let new = body.value.read(&tenant, id).await?;
    let action = "tier_override.set";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        locked(tx, id).await?;
        let known = store::of_customer(tx, id, None).await?;
        let (from, until) = (new.valid_from, new.valid_until);
        if let Some(other) = known.iter().find(|one| one.what.meets(from, until)) {
            let detail = format!(
                "{} holds on some of these days; end it first",
                other.what.id
            );
            return Err(Problem::new(Kind::Conflict, detail));
        }
        let made = store::set(tx, &new).await?;
        let location = format!("/v1/customers/{id}/overrides");
        let answer = TierOverrideResponse::new(made, tenant.today());
        Ok(Reply::created(location, &answer)?.personal_to(id))
    })
    .await
}

/// List the tiers of a customer by hand, oldest first
#[utoipa::path(tag = "tier-overrides",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), ListTierOverrides),
    responses((status = 200, description = "A page of tiers by hand", body = Page<TierOverrideResponse>)))]
#[get("/customers/{id}/overrides")]
pub async fn list_tier_overrides(
    tenant: Tenant<need::EvaluationsRead>,
    request: HttpRequest,
    Id(id): Id<CustomerId>,
    Query(query): Query<ListTierOverrides>,
) -> Result<HttpResponse, Problem> {
    let (as_of, known_at) = (query.as_of.as_deref(), query.known_at.as_deref());
    let moment = asking::moment(&tenant, as_of, known_at).await?;
    asking::existing(tenant.store(), id).await?;
    let rows = store::of_customer(tenant.store(), id, moment.known_at).await?;
    let list = format!("tier overrides {id} {:?}", moment.known_at);
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let key = |row: &StoredTierOverride| row.what.id.to_string();
    let rows = listing.rest(rows, key);
    let show = |row| TierOverrideResponse::new(row, moment.as_of);
    Ok(listing::answer(&request, &listing.page(rows, key, show)))
}

/// End a tier by hand early
///
/// From today on the evaluated tier counts again; one that is yet to come never begins.
#[utoipa::path(tag = "tier-overrides",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"),
        ("override_id" = String, Path, description = "Id of the tier by hand", example = "tov_06dv7n5z4h9k3m2p8q1r5s7t0w"),
    ),
    responses((status = 200, description = "The tier by hand, ended", body = TierOverrideResponse)))]
#[post("/customers/{id}/overrides/{override_id}/end")]
pub async fn end_tier_override(
    tenant: Tenant<need::EvaluationsOverride>,
    path: web::Path<(String, String)>,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("tier override");
    let id: CustomerId = path.0.parse().map_err(|_| missing())?;
    let wanted: TierOverrideId = path.1.parse().map_err(|_| missing())?;
    reply::write(&tenant, "tier_override.ended", &retry, "", async |tx| {
        locked(tx, id).await?;
        let known = store::of_customer(tx, id, None).await?;
        let found = known.into_iter().find(|one| one.what.id == wanted);
        let found = found.ok_or_else(missing)?;
        if found.what.ended_on.is_some() || found.what.valid_until < tenant.today() {
            let detail = "it is over already";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        let ended = store::end(tx, &found, tenant.today()).await?;
        let answer = TierOverrideResponse::new(ended, tenant.today());
        Ok(Reply::ok(&answer)?.personal_to(id))
    })
    .await
}
