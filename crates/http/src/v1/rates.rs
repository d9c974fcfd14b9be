//! Dated exchange rates into the base currency.

use crate::body::{Json, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking;
use crate::wire::{date, instant};
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tiercel_domain::currency::Currency;
use tiercel_domain::scaled::Rate;
use tiercel_persistence::rates::{self as store, RateFilter, StoredRate};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(record_exchange_rate)
        .service(list_exchange_rates);
}

/// A rate from a day on; the same day again corrects it.
///
/// In the order they were recorded, a page at a time; a corrected rate shows its present value, or the
/// one it had at `known_at`.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"currency": "USD", "valid_from": "2026-03-01", "rate": "0.9215"}))]
pub struct RecordRateRequest {
    /// ISO 4217; not the base currency.
    pub currency: String,
    pub valid_from: String,
    /// Units of the base currency for one unit of `currency`; up to eight decimals.
    pub rate: String,
}

impl RecordRateRequest {
    fn read(&self, base: Currency) -> Result<(Currency, NaiveDate, Rate), Problem> {
        let mut faults = Faults::default();
        let currency = faults.currency("/currency", &self.currency);
        if currency == Some(base) {
            faults.add(
                "/currency",
                "base_currency",
                "the base currency has no rate",
            );
        }
        let day = date(&mut faults, "/valid_from", &self.valid_from);
        let rate: Option<Rate> = faults.number("/rate", &self.rate);
        if rate.is_some_and(|rate| rate <= Rate::ZERO) {
            faults.add("/rate", "not_positive", "must be above zero");
        }
        let read = currency.zip(day).zip(rate);
        faults.finish(read.map(|((currency, day), rate)| (currency, day, rate)))
    }
}

/// One rate in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "rat_06dv7n5z4h9k3m2p8q1r5s7t0z", "currency": "USD", "valid_from": "2026-03-01", "rate": "0.9215", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct RateResponse {
    pub id: String,
    pub currency: String,
    pub valid_from: String,
    /// Units of the base currency for one unit of `currency`.
    pub rate: String,
    pub recorded_at: String,
}

impl From<StoredRate> for RateResponse {
    fn from(rate: StoredRate) -> Self {
        Self {
            id: rate.id.to_string(),
            currency: rate.currency.to_string(),
            valid_from: rate.valid_from.to_string(),
            rate: rate.rate.to_string(),
            recorded_at: instant(rate.recorded_at),
        }
    }
}

/// Which rates to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListRates {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Adds the total.
    pub count: Option<bool>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
}

/// Record an exchange rate
///
/// It holds from its day until the day of the next one. The same day again is a correction. Where
/// facts are recorded already that it holds for, a job values them again.
#[utoipa::path(tag = "rates", responses((status = 201, description = "The rate in force on that day", body = RateResponse,
    headers(("Revaluation-Job" = String, description = "The job that values recorded facts again; absent where the rate touches none")))))]
#[post("/exchange-rates")]
pub async fn record_exchange_rate(
    tenant: Tenant<need::ProductsWrite>,
    retry: RetryKey,
    body: Json<RecordRateRequest>,
) -> Result<HttpResponse, Problem> {
    let (currency, day, rate) = body.value.read(tenant.settings().base_currency)?;
    let (action, hash) = ("exchange_rate.recorded", &body.hash);
    reply::write(&tenant, action, &retry, hash, async |tx| {
        let saved = store::save(tx, currency, day, rate).await?;
        let location = format!("/v1/exchange-rates?currency={currency}");
        Reply::created(location, &RateResponse::from(saved))
    })
    .await
}

/// List the exchange rates in force
///
/// In the order they were recorded, a page at a time; a corrected rate shows its present value.
#[utoipa::path(tag = "rates", params(ListRates), responses((status = 200, description = "A page of rates", body = Page<RateResponse>)))]
#[get("/exchange-rates")]
pub async fn list_exchange_rates(
    tenant: Tenant<need::ProductsRead>,
    request: HttpRequest,
    Query(query): Query<ListRates>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let currency = query.currency.as_deref();
    let currency = currency.and_then(|code| faults.currency("currency", code));
    let currency = faults.finish(Some(currency))?;
    let moment = asking::moment(&tenant, None, query.known_at.as_deref()).await?;
    let filter = RateFilter {
        currency,
        known_at: moment.known_at,
    };
    let list = format!("exchange rates {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let mut page = listing.page(rows, |row| row.id.to_string(), RateResponse::from);
    if query.count == Some(true) {
        page.total = Some(store::count(tenant.store(), &filter).await?);
    }
    Ok(listing::answer(&request, &page))
}
