//! What one unit of a product costs from a day on; shown to callers with `costs:read` only.

use super::{existing, wire::price};
use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::listing::{self, CountedQuery, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::Tenant;
use crate::wire::{date, instant, money};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::ProductId;
use tiercel_domain::scaled::UnitPrice;
use tiercel_persistence::products::{self as store, CostVersion};
use utoipa::ToSchema;

/// A cost from a day on; the same day again corrects it.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"valid_from": "2026-01-01", "unit_cost": "121.40", "currency": "EUR"}))]
pub struct RecordCostRequest {
    pub valid_from: String,
    /// Up to six decimals.
    pub unit_cost: String,
    /// ISO 4217; the currency of the product where it is absent.
    pub currency: Option<String>,
}

impl RecordCostRequest {
    fn read(&self, of_product: Currency) -> Result<(NaiveDate, UnitPrice, Currency), Problem> {
        let mut faults = Faults::default();
        let day = date(&mut faults, "/valid_from", &self.valid_from);
        let cost = price(&mut faults, "/unit_cost", &self.unit_cost);
        let currency = match &self.currency {
            Some(code) => faults.currency("/currency", code),
            None => Some(of_product),
        };
        let read = day.zip(cost).zip(currency);
        faults.finish(read.map(|((day, cost), currency)| (day, cost, currency)))
    }
}

/// One cost, in force or corrected.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "cst_06dv7n5z4h9k3m2p8q1r5s7t0y", "valid_from": "2026-01-01", "unit_cost": "121.40", "currency": "EUR", "recorded_at": "2026-03-01T09:30:00.000000Z", "write_id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "position": 43, "superseded_by": null}))]
pub struct CostResponse {
    pub id: String,
    pub valid_from: String,
    /// Null for callers without the scope `costs:read`.
    pub unit_cost: Option<String>,
    pub currency: String,
    pub recorded_at: String,
    pub write_id: String,
    /// Of the write in the journal; null while it is not numbered yet.
    pub position: Option<i64>,
    /// The write that corrected it; null while it is in force.
    pub superseded_by: Option<String>,
}

impl CostResponse {
    fn of(cost: &CostVersion, shown: bool) -> Self {
        Self {
            id: cost.id.to_string(),
            valid_from: cost.valid_from.to_string(),
            unit_cost: shown.then(|| money(cost.unit_cost.decimal(), cost.currency)),
            currency: cost.currency.to_string(),
            recorded_at: instant(cost.recorded_at),
            write_id: cost.write_id.to_string(),
            position: cost.position,
            superseded_by: cost.superseded_by.map(|write| write.to_string()),
        }
    }
}

/// Record what one unit costs from a day on
///
/// The same day again is a correction. The cost that is told back needs `costs:read`. Where facts
/// are recorded already that it holds for, a job values them again.
#[utoipa::path(tag = "products",
    params(("id" = String, Path, description = "Id of the product", example = "prd_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 201, description = "The cost in force on that day", body = CostResponse,
        headers(("Revaluation-Job" = String, description = "The job that values recorded facts again; absent where the cost touches none")))))]
#[post("/products/{id}/costs")]
pub async fn record_product_cost(
    tenant: Tenant<need::ProductsWrite>,
    Id(id): Id<ProductId>,
    retry: RetryKey,
    body: Json<RecordCostRequest>,
) -> Result<HttpResponse, Problem> {
    let shown = tenant.allows(Scope::CostsRead);
    let (action, hash) = ("product.cost_recorded", &body.hash);
    reply::write(&tenant, action, &retry, hash, async |tx| {
        let (day, cost, currency) = body.value.read(existing(tx, id).await?.currency)?;
        store::save_cost(tx, id, day, cost, currency).await?;
        let costs = store::cost_history(tx, id).await?;
        let in_force = |cost: &&CostVersion| cost.valid_from == day && cost.superseded_by.is_none();
        let cost = costs.iter().find(in_force);
        let cost = cost.ok_or_else(|| Problem::not_found("cost"))?;
        let location = format!("/v1/products/{id}/costs");
        Reply::created(location, &CostResponse::of(cost, shown))
    })
    .await
}

/// List the costs of a product
///
/// By day, then in the order of recording, corrected ones included. Without the scope `costs:read`
/// the costs themselves are null.
#[utoipa::path(tag = "products",
    params(("id" = String, Path, description = "Id of the product", example = "prd_06dv7n5z4h9k3m2p8q1r5s7t0w"), CountedQuery),
    responses((status = 200, description = "A page of costs", body = Page<CostResponse>)))]
#[get("/products/{id}/costs")]
pub async fn list_product_costs(
    tenant: Tenant<need::ProductsRead>,
    request: HttpRequest,
    Id(id): Id<ProductId>,
    Query(query): Query<CountedQuery>,
) -> Result<HttpResponse, Problem> {
    let list = format!("costs {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    existing(tenant.store(), id).await?;
    let shown = tenant.allows(Scope::CostsRead);
    let all = store::cost_history(tenant.store(), id).await?;
    let key = |cost: &CostVersion| {
        let recorded_at = instant(cost.recorded_at);
        format!("{} {recorded_at} {}", cost.valid_from, cost.id)
    };
    let show = |cost| CostResponse::of(&cost, shown);
    let page = listing.whole(all, query.count, key, show);
    Ok(listing::answer(&request, &page))
}
