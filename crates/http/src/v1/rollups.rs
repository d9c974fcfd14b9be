//! Sums of a customer's facts by month and category.
//!
//! | sums | `crates/domain/src/rollups/mod.rs`    |
//! | rows | `crates/persistence/src/rollups.rs`   |

use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::Tenant;
use crate::v1::asking;
use crate::wire;
use actix_web::{HttpRequest, HttpResponse, get};
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::rollups::{Rollup, RollupKey};
use tiercel_domain::scaled::Amount;
use tiercel_persistence::rollups::{self as store, Months, Place};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_rollups);
}

/// Which months.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRollups {
    /// The first month, by its first day.
    #[param(example = "2026-01-01")]
    pub from: Option<String>,
    /// The last month, by any of its days.
    #[param(example = "2026-03-01")]
    pub to: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// Sums over the facts of a month and category that were not cancelled; amounts in base currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"month": "2026-03-01", "category": "drives/servo", "revenue": "379.00", "cost": "250.00", "revenue_without_cost": "0.00", "lines": 1, "lines_without_cost": 0, "returned": "0.00", "returned_cost": "0.00", "returns": 0, "expenses": "0.00", "complaints": 0, "contacts": 0, "minutes": 0, "invoiced": "0.00", "paid": "0.00", "credited": "0.00"}))]
pub struct RollupResponse {
    /// Its first day.
    pub month: String,
    /// Null for facts without one.
    pub category: Option<String>,
    pub revenue: String,
    /// Of the order lines whose cost is known; null where it is hidden.
    pub cost: Option<String>,
    pub revenue_without_cost: String,
    pub lines: i64,
    pub lines_without_cost: i64,
    pub returned: String,
    /// Value of what came back into stock; null where it is hidden.
    pub returned_cost: Option<String>,
    pub returns: i64,
    pub expenses: String,
    pub complaints: i64,
    pub contacts: i64,
    pub minutes: i64,
    pub invoiced: String,
    pub paid: String,
    pub credited: String,
}

/// Months asked for that have facts: one page of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "currency": "EUR", "hidden": false, "items": [], "next": null}))]
pub struct RollupsResponse {
    pub customer: String,
    /// The base currency: of all amounts here.
    pub currency: String,
    /// The caller may not see costs.
    pub hidden: bool,
    /// By month, then category.
    pub items: Vec<RollupResponse>,
    /// Send this as `after` for the next page; null on the last one.
    pub next: Option<String>,
}

fn shown(key: &RollupKey, sum: &Rollup, currency: Currency, with_costs: bool) -> RollupResponse {
    let amount = |amount: Amount| wire::money(amount.decimal(), currency);
    let cost = |sum: Amount| with_costs.then(|| amount(sum));
    RollupResponse {
        month: key.month.to_string(),
        category: key.category.as_ref().map(ToString::to_string),
        revenue: amount(sum.revenue),
        cost: cost(sum.cost),
        revenue_without_cost: amount(sum.revenue_without_cost),
        lines: sum.lines,
        lines_without_cost: sum.lines_without_cost,
        returned: amount(sum.returned),
        returned_cost: cost(sum.returned_cost),
        returns: sum.returns,
        expenses: amount(sum.expenses),
        complaints: sum.complaints,
        contacts: sum.contacts,
        minutes: sum.minutes,
        invoiced: amount(sum.invoiced),
        paid: amount(sum.paid),
        credited: amount(sum.credited),
    }
}

/// List the monthly sums of a customer
///
/// By month and category, as the facts are known now or were at `known_at`.
#[utoipa::path(tag = "rollups",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), ListRollups),
    responses((status = 200, description = "The sums", body = RollupsResponse)))]
#[get("/customers/{id}/rollups")]
pub async fn list_rollups(
    tenant: Tenant<need::FactsRead>,
    request: HttpRequest,
    Id(id): Id<CustomerId>,
    Query(query): Query<ListRollups>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let from = query.from.as_deref();
    let from = from.and_then(|text| wire::date(&mut faults, "from", text));
    let to = query.to.as_deref();
    let to = to.and_then(|text| wire::date(&mut faults, "to", text));
    faults.finish(Some(()))?;
    let known_at = query.known_at.as_deref();
    let known_at = asking::moment(&tenant, None, known_at).await?.known_at;
    let list = format!("rollups {id} {from:?} {to:?} {known_at:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    asking::existing(tenant.store(), id).await?;
    let months = Months {
        from,
        to,
        after: listing.after()?,
    };
    let rows = match known_at {
        None => store::page(tenant.store(), id, &months, listing.fetch()).await?,
        Some(position) => {
            let rows = store::known_at(tenant.store(), id, &months, position).await?;
            listing.rest(rows, |(key, _)| Place::of(key).to_string())
        }
    };
    let currency = tenant.settings().base_currency;
    let with_costs = tenant.allows(Scope::CostsRead);
    let key = |(key, _): &(RollupKey, Rollup)| Place::of(key).to_string();
    let page = listing.page(rows, key, |(key, sum)| {
        shown(&key, &sum, currency, with_costs)
    });
    let answer = RollupsResponse {
        customer: id.to_string(),
        currency: currency.to_string(),
        hidden: !with_costs,
        items: page.items,
        next: page.next,
    };
    Ok(listing::linked(&request, answer.next.as_deref(), &answer))
}
