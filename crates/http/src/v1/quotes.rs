//! Quotes that hold: found again as they were given, and decided again from their receipt.
//!
//! | made | `crates/http/src/v1/discounts/firm.rs` |
//! | rows | `crates/persistence/src/quotes.rs`     |

use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::v1::discounts::{DecisionDocument, DiscountResponse};
use crate::v1::receipts::{self, Receipt, ReplayResponse};
use crate::wire::instant;
use actix_web::{HttpRequest, HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::DecisionId;
use tiercel_persistence::quotes::{self as store, Quote, QuoteFilter, QuoteSummary};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_quotes)
        .service(find_quote)
        .service(replay_quote);
}

/// Which quotes to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuotes {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// `cus_…`, or `system:id`.
    pub customer: Option<String>,
    /// The id of the document that the quote is for, in the system that keeps it.
    pub document_id: Option<String>,
}

/// A quote without its lines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "status": "open", "customer_id": "cus_01k8z6v3q2e4r5t6y7a8b9c0de", "document": {"system": "erp1", "type": "quote", "id": "Q-778", "revision": 3}, "given_at": "2026-03-01T09:00:00.000000Z", "valid_until": "2026-03-08T23:59:59.000000Z"}))]
pub struct QuoteSummaryResponse {
    /// That of its decision.
    pub id: String,
    /// `open`, `needs_approval` (while it is open) or `expired`.
    pub status: String,
    pub customer_id: Option<String>,
    pub document: Option<DecisionDocument>,
    #[schema(format = DateTime)]
    pub given_at: String,
    #[schema(format = DateTime)]
    pub valid_until: String,
}

/// A quote as it was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"quote": {"id": "dec_01k8z6v3q2e4r5t6y7a8b9c0de", "status": "open", "customer_id": null, "document": null, "given_at": "2026-03-01T09:00:00.000000Z", "valid_until": "2026-03-08T23:59:59.000000Z"}, "decision": {}, "receipt": null}))]
pub struct QuoteResponse {
    pub quote: QuoteSummaryResponse,
    /// The answer as it was given; costs and floors only with `costs:read`.
    #[schema(value_type = DiscountResponse)]
    pub decision: serde_json::Value,
    pub receipt: Receipt,
}

impl QuoteSummaryResponse {
    fn new(summary: QuoteSummary, now: DateTime<Utc>) -> Self {
        let status = match (summary.valid_until < now, summary.needs_approval) {
            (true, _) => "expired",
            (false, true) => "needs_approval",
            (false, false) => "open",
        };
        Self {
            id: summary.id.to_string(),
            status: status.to_owned(),
            customer_id: summary.customer.map(|id| id.to_string()),
            document: summary.document.map(|it| DecisionDocument {
                system: it.system,
                kind: it.kind,
                id: it.id,
                revision: it.revision,
            }),
            given_at: instant(summary.recorded_at),
            valid_until: instant(summary.valid_until),
        }
    }
}

/// List firm quotes
///
/// The newest first.
#[utoipa::path(tag = "discounts", params(ListQuotes), responses((status = 200, description = "A page of quotes", body = Page<QuoteSummaryResponse>)))]
#[get("/quotes")]
pub async fn list_quotes(
    tenant: Tenant<need::DiscountsDecide>,
    request: HttpRequest,
    Query(query): Query<ListQuotes>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let document_id = query.document_id.as_deref();
    let document_id = document_id.and_then(|text| faults.text("document_id", text, 200));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = QuoteFilter {
        customer,
        document_id,
    };
    let list = format!("quotes {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let now = tenant.now();
    let page = listing.page(
        rows,
        |row| row.id.to_string(),
        |row| QuoteSummaryResponse::new(row, now),
    );
    Ok(listing::answer(&request, &page))
}

/// Find a firm quote
///
/// The answer as it was given, with its receipt, whatever has changed since.
#[utoipa::path(tag = "discounts",
    params(("id" = String, Path, description = "The quote: the id of its decision", example = "dec_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The quote", body = QuoteResponse)))]
#[get("/quotes/{id}")]
pub async fn find_quote(
    tenant: Tenant<need::DiscountsDecide>,
    Id(id): Id<DecisionId>,
) -> Result<web::Json<QuoteResponse>, Problem> {
    let quote = existing(&tenant, id).await?;
    let answer = match tenant.allows(Scope::CostsRead) {
        true => &quote.answer_with_costs,
        false => &quote.answer,
    };
    Ok(web::Json(QuoteResponse {
        decision: serde_json::from_str(answer).map_err(unreadable)?,
        receipt: serde_json::from_str(&quote.receipt).map_err(unreadable)?,
        quote: QuoteSummaryResponse::new(quote.summary, tenant.now()),
    }))
}

/// Decide a firm quote again
///
/// From its receipt, as `POST /v1/receipts/replay` does.
#[utoipa::path(tag = "discounts",
    params(("id" = String, Path, description = "The quote: the id of its decision", example = "dec_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The decision as it comes out now", body = ReplayResponse)))]
#[post("/quotes/{id}/replay")]
pub async fn replay_quote(
    tenant: Tenant<need::DiscountsDecide>,
    Id(id): Id<DecisionId>,
) -> Result<web::Json<ReplayResponse>, Problem> {
    let quote = existing(&tenant, id).await?;
    let receipt: Receipt = serde_json::from_str(&quote.receipt).map_err(unreadable)?;
    Ok(web::Json(receipts::replayed(&tenant, &receipt).await?))
}

async fn existing(tenant: &TenantHandle, id: DecisionId) -> Result<Quote, Problem> {
    let found = store::find(tenant.store(), id).await?;
    found.ok_or_else(|| Problem::not_found("quote"))
}

fn unreadable(_: serde_json::Error) -> Problem {
    Problem::new(Kind::Internal, "the quote cannot be read")
}
