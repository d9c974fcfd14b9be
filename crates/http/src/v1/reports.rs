//! Reports: the portfolio as a whole, as of any day and over time.
//!
//! | as of a day | here                                                  |
//! | whale curve | `reports/whale.rs`                                    |
//! | over time   | `reports/timeline.rs`: history, transitions, stability |
//! | payback     | `reports/payback.rs`: with a benefit and without it    |
//! | challenger  | `reports/agreement.rs`                                 |
//! | forms       | `reports/format.rs`: JSON and CSV; `reports/svg.rs`    |

mod agreement;
mod format;
mod payback;
mod svg;
mod timeline;
mod whale;

use crate::body::Query;
use crate::flows::portfolio;
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::Tenant;
use crate::v1::asking;
use crate::wire::money;
use actix_web::{HttpResponse, get};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::ageing::Bucket;
use tiercel_domain::currency::Currency;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::portfolio::{Portfolio, Receivables, Sales, TierSums};
use tiercel_domain::scaled::Amount;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(report_portfolio)
        .service(whale::report_whale_curve)
        .service(timeline::report_portfolio_history)
        .service(timeline::report_transitions)
        .service(timeline::report_stability)
        .service(agreement::report_agreement)
        .service(payback::report_payback);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PortfolioQuery {
    /// Business date; today where absent.
    #[param(example = "2026-06-30")]
    pub as_of: Option<String>,
    /// Facts as known then: a position of the journal, or an instant.
    #[param(example = "1200")]
    pub known_at: Option<String>,
}

/// The company as of the end of a day. Amounts in base currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"as_of": "2026-06-30", "currency": "EUR", "customers": 2000, "with_orders": 1980, "active": 1410, "unprofitable": 96, "sales": {"revenue": "48210933.12", "profit": "9120443.87", "order_lines": 41200, "purchase_days": 12100, "lines_without_cost": 0}, "tiers": [{"code": "high", "customers": 420, "unprofitable": 0, "sales": {"revenue": "30000000.00", "profit": "8000000.00", "order_lines": 20000, "purchase_days": 6000, "lines_without_cost": 0}, "mean_profit": "19047.619"}], "receivables": {"invoices": 12000, "open_invoices": 300, "open": "812000.40", "ageing": [{"from_days": null, "to_days": null, "amount": "700000.00", "items": 250}], "settled": 11700, "on_time_pct_by_count": "81.2", "on_time_pct_by_amount": "84.9", "mean_days_late": "2.31", "disputed": 12, "unallocated": "0.00"}}))]
pub struct PortfolioResponse {
    pub as_of: String,
    pub currency: String,
    pub customers: u64,
    pub with_orders: u64,
    /// Customers with an order line in the last 90 days.
    pub active: u64,
    /// Customers with a known profit below zero; null without the scope `costs:read`.
    pub unprofitable: Option<u64>,
    pub sales: SalesResponse,
    /// By present tier; the code is empty for customers that are not evaluated.
    pub tiers: Vec<TierResponse>,
    pub receivables: ReceivablesResponse,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct SalesResponse {
    pub revenue: String,
    /// Null without the scope `costs:read`.
    pub profit: Option<String>,
    pub order_lines: u64,
    pub purchase_days: u64,
    pub lines_without_cost: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct TierResponse {
    /// Empty for those who were never evaluated.
    #[schema(min_length = 0)]
    pub code: String,
    pub customers: u64,
    /// Null without the scope `costs:read`.
    pub unprofitable: Option<u64>,
    pub sales: SalesResponse,
    /// Four decimals, half up; null without the scope `costs:read`.
    pub mean_profit: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct AgeingResponse {
    /// Days overdue; null in the bucket that is not due.
    pub from_days: Option<u32>,
    pub to_days: Option<u32>,
    pub amount: String,
    pub items: u64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ReceivablesResponse {
    pub invoices: u64,
    pub open_invoices: u64,
    pub open: String,
    #[schema(inline)]
    pub ageing: Vec<AgeingResponse>,
    pub settled: u64,
    /// Of the settled invoices, those settled by their due date; null where none is settled.
    pub on_time_pct_by_count: Option<String>,
    pub on_time_pct_by_amount: Option<String>,
    /// Over the settled invoices, early ones counting 0.
    pub mean_days_late: Option<String>,
    pub disputed: u64,
    pub unallocated: String,
}

/// Report the portfolio
///
/// Customers, sales, tiers and receivables as of a day, from facts. Reads every fact: for reports,
/// not for look-ups.
#[utoipa::path(
    tag = "reports",
    params(PortfolioQuery),
    responses((status = 200, description = "The company as of the day", body = PortfolioResponse))
)]
#[get("/reports/portfolio")]
pub async fn report_portfolio(
    tenant: Tenant<need::EvaluationsRead>,
    Query(query): Query<PortfolioQuery>,
) -> Result<HttpResponse, Problem> {
    let (as_of, known_at) = (query.as_of.as_deref(), query.known_at.as_deref());
    let moment = asking::moment(&tenant, as_of, known_at).await?;
    let total = portfolio::total(tenant.store(), moment.as_of, moment.known_at).await?;
    let currency = tenant.settings().base_currency;
    Ok(HttpResponse::Ok().json(shown(&total, currency, tenant.allows(Scope::CostsRead))))
}

fn shown(total: &Portfolio, currency: Currency, costs: bool) -> PortfolioResponse {
    let tiers = total
        .tiers
        .iter()
        .map(|(code, sums)| tier(code, sums, currency, costs))
        .collect();
    PortfolioResponse {
        as_of: total.as_of().to_string(),
        currency: currency.to_string(),
        customers: total.customers,
        with_orders: total.with_orders,
        active: total.active,
        unprofitable: costs.then_some(total.unprofitable),
        sales: sales(&total.sales, currency, costs),
        tiers,
        receivables: receivables(&total.receivables, currency),
    }
}

fn tier(code: &str, sums: &TierSums, currency: Currency, costs: bool) -> TierResponse {
    let mean = ratio(
        sums.sales.profit,
        i128::from(sums.customers),
        Amount::SCALE,
        1,
    );
    TierResponse {
        code: code.to_owned(),
        customers: sums.customers,
        unprofitable: costs.then_some(sums.unprofitable),
        sales: sales(&sums.sales, currency, costs),
        mean_profit: mean.filter(|_| costs).map(|mean| money(mean, currency)),
    }
}

fn sales(sales: &Sales, currency: Currency, costs: bool) -> SalesResponse {
    SalesResponse {
        revenue: amount(sales.revenue, currency),
        profit: costs.then(|| amount(sales.profit, currency)),
        order_lines: sales.order_lines,
        purchase_days: sales.purchase_days,
        lines_without_cost: sales.lines_without_cost,
    }
}

fn receivables(sums: &Receivables, currency: Currency) -> ReceivablesResponse {
    let settled = i128::from(sums.settled);
    let ageing = sums.ageing.iter();
    let plain = |ratio: Decimal| ratio.normalize().to_string();
    ReceivablesResponse {
        invoices: sums.invoices,
        open_invoices: sums.open_invoices,
        open: amount(sums.open, currency),
        ageing: ageing.map(|it| bucket(it, currency)).collect(),
        settled: sums.settled,
        on_time_pct_by_count: ratio(i128::from(sums.on_time), settled, 0, 100).map(plain),
        on_time_pct_by_amount: ratio(sums.on_time_amount, sums.settled_amount, 0, 100).map(plain),
        mean_days_late: ratio(sums.days_late, settled, 0, 1).map(plain),
        disputed: sums.disputed,
        unallocated: amount(sums.unallocated, currency),
    }
}

fn bucket(bucket: &Bucket, currency: Currency) -> AgeingResponse {
    AgeingResponse {
        from_days: bucket.from_days,
        to_days: bucket.to_days,
        amount: money(bucket.amount, currency),
        items: bucket.items,
    }
}

/// A sum of amounts, exact.
fn amount(units: i128, currency: Currency) -> String {
    let value = Decimal::try_from_i128_with_scale(units, Amount::SCALE);
    value.map_or_else(|_| units.to_string(), |value| money(value, currency))
}

/// `factor × part / whole`, four decimals half up; nothing where the whole is zero.
fn ratio(part: i128, whole: i128, scale: u32, factor: i64) -> Option<Decimal> {
    let part = Decimal::try_from_i128_with_scale(part, scale).ok()?;
    let whole = Decimal::try_from_i128_with_scale(whole, 0).ok()?;
    let value = part
        .checked_mul(Decimal::from(factor))?
        .checked_div(whole)?;
    Some(round(value, 4, Rounding::HalfUp))
}
