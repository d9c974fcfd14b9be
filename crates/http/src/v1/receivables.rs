//! What a customer owes: open items, ageing and credit that waits for an invoice.
//!
//! | allocation | `crates/domain/src/receivables/mod.rs`      |
//! | ageing     | `crates/domain/src/credit/ageing.rs`        |
//! | rows       | `crates/persistence/src/receivables.rs`     |

use crate::body::{Id, Query};
use crate::faults::Faults;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking::{self, Moment, Subject};
use crate::v1::facts::DocumentBody;
use crate::wire::money;
use actix_web::{HttpRequest, HttpResponse, get};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::ageing::{Bucket, USUAL_BOUNDS, ageing};
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::receivables::OpenItem;
use tiercel_persistence::receivables::Receivables;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config.service(list_open_items);
    config.service(find_ageing);
}

/// As of when, as known when, and which page of the items.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListOpenItems {
    /// A business date; today where it is absent.
    #[param(example = "2026-03-01")]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// As of when, as known when, and by which days.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AgeingQuery {
    /// A business date; today where it is absent.
    #[param(example = "2026-03-01")]
    pub as_of: Option<String>,
    /// As known then: a position of the journal, or an instant.
    pub known_at: Option<String>,
    /// The last day of each bucket, rising, at most 20; `30,60,90,180` where it is absent.
    #[param(example = "30,60,90")]
    pub buckets: Option<String>,
}

/// What a customer owes by how long it is overdue, in base currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "as_of": "2026-03-01", "currency": "EUR", "open": "700.00", "overdue": "700.00", "unallocated": "0.00", "buckets": [{"from_days": null, "to_days": null, "amount": "0.00", "items": 0}, {"from_days": 1, "to_days": 30, "amount": "700.00", "items": 1}]}))]
pub struct CustomerAgeingResponse {
    pub customer: String,
    #[schema(format = Date)]
    pub as_of: String,
    pub currency: String,
    pub open: String,
    pub overdue: String,
    /// Credit that no invoice used yet; negative where more was paid back than ever came in.
    pub unallocated: String,
    /// Not due first; every item is in exactly one, so they sum to `open`.
    pub buckets: Vec<AgeingBucketResponse>,
}

/// An invoice of which something is still to be paid, in base currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"fact": "fct_06dv7n5z4h9k3m2p8q1r5s7t0w", "document": {"system": "erp1", "type": "invoice", "id": "R-77", "line": null}, "invoiced_on": "2026-01-10", "due_on": "2026-02-09", "amount": "1200.00", "open": "700.00", "days_overdue": 20, "disputed": false}))]
pub struct OpenItemResponse {
    /// The first fact of the invoice.
    pub fact: String,
    pub document: Option<DocumentBody>,
    pub invoiced_on: String,
    /// Null where the source told none.
    pub due_on: Option<String>,
    pub amount: String,
    pub open: String,
    pub days_overdue: i64,
    pub disputed: bool,
}

/// Open amounts of a stretch of days overdue.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"from_days": 1, "to_days": 30, "amount": "700.00", "items": 1}))]
pub struct AgeingBucketResponse {
    /// Null = not due yet, or without a due date.
    pub from_days: Option<u32>,
    /// Null = without end, or not due.
    pub to_days: Option<u32>,
    pub amount: String,
    pub items: u64,
}

/// What a customer owes as of the end of a day: sums over all items, and a page of the items.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"customer": "cus_06dv7n5z4h9k3m2p8q1r5s7t0x", "as_of": "2026-03-01", "known_at": null, "currency": "EUR", "open": "700.00", "overdue": "700.00", "unallocated": "0.00", "invoices": 14, "ageing": [{"from_days": 1, "to_days": 30, "amount": "700.00", "items": 1}], "items": [], "next": null}))]
pub struct OpenItemsResponse {
    pub customer: String,
    pub as_of: String,
    /// The position of the journal that was asked for.
    pub known_at: Option<i64>,
    /// The base currency: of all amounts here.
    pub currency: String,
    pub open: String,
    pub overdue: String,
    /// Credit that no invoice used yet; negative where more was paid back than ever came in.
    pub unallocated: String,
    /// All invoices up to the day, settled ones included.
    pub invoices: i64,
    pub ageing: Vec<AgeingBucketResponse>,
    /// Oldest first: by due date (none last), invoice date, document.
    pub items: Vec<OpenItemResponse>,
    /// Send this as `after` for the next page; null on the last one.
    pub next: Option<String>,
}

impl AgeingBucketResponse {
    fn new(bucket: &Bucket, currency: Currency) -> Self {
        Self {
            from_days: bucket.from_days,
            to_days: bucket.to_days,
            amount: money(bucket.amount, currency),
            items: bucket.items,
        }
    }
}

fn shown(item: &OpenItem, moment: &Moment, currency: Currency) -> OpenItemResponse {
    OpenItemResponse {
        fact: item.invoice.to_string(),
        document: item.document.clone().map(DocumentBody::from),
        invoiced_on: item.invoiced_on.to_string(),
        due_on: item.due_on.map(|day| day.to_string()),
        amount: money(item.amount.decimal(), currency),
        open: money(item.open.decimal(), currency),
        days_overdue: item.days_overdue(moment.as_of),
        disputed: item.disputed,
    }
}

/// List the open items of a customer
///
/// Payments and credit notes are allocated by reference, else oldest first, as of the end of the
/// day; what is left open is aged by days overdue. The sums and the ageing are over all items and
/// the same on every page.
#[utoipa::path(tag = "receivables",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), ListOpenItems),
    responses((status = 200, description = "What the customer owes", body = OpenItemsResponse)))]
#[get("/customers/{id}/open-items")]
pub async fn list_open_items(
    tenant: Tenant<need::FactsRead>,
    request: HttpRequest,
    Id(id): Id<CustomerId>,
    Query(query): Query<ListOpenItems>,
) -> Result<HttpResponse, Problem> {
    let (as_of, known_at) = (query.as_of.as_deref(), query.known_at.as_deref());
    let moment = asking::moment(&tenant, as_of, known_at).await?;
    let subject = Subject::load(tenant.store(), id, moment.known_at).await?;
    let owed = Receivables::of(id, &subject.facts, moment.as_of)?;
    let currency = tenant.settings().base_currency;
    let list = format!("open items {id} {moment:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = listing.rest(&owed.open_items, |item| place(item));
    let page = listing.page(
        rows,
        |item| place(item),
        |item| shown(item, &moment, currency),
    );
    let answer = answer(id, &moment, &owed, page, currency);
    Ok(listing::linked(&request, answer.next.as_deref(), &answer))
}

/// Find what a customer owes by how long it is overdue
///
/// In any buckets: not due, then up to each of `buckets`, then the rest.
#[utoipa::path(tag = "receivables",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0x"), AgeingQuery),
    responses((status = 200, description = "The ageing", body = CustomerAgeingResponse)))]
#[get("/customers/{id}/ageing")]
pub async fn find_ageing(
    tenant: Tenant<need::FactsRead>,
    Id(id): Id<CustomerId>,
    Query(query): Query<AgeingQuery>,
) -> Result<HttpResponse, Problem> {
    let bounds = match &query.buckets {
        Some(text) => bounds(text)?,
        None => USUAL_BOUNDS.to_vec(),
    };
    let (as_of, known_at) = (query.as_of.as_deref(), query.known_at.as_deref());
    let moment = asking::moment(&tenant, as_of, known_at).await?;
    let subject = Subject::load(tenant.store(), id, moment.known_at).await?;
    let owed = Receivables::of(id, &subject.facts, moment.as_of)?;
    let currency = tenant.settings().base_currency;
    let due = owed.open_items.iter().map(|item| (item.due_on, item.open));
    let buckets = ageing(due, moment.as_of, &bounds);
    let shown = buckets.iter();
    Ok(HttpResponse::Ok().json(CustomerAgeingResponse {
        customer: id.to_string(),
        as_of: moment.as_of.to_string(),
        currency: currency.to_string(),
        open: sum(&buckets, false, currency),
        overdue: sum(&buckets, true, currency),
        unallocated: money(owed.unallocated.decimal(), currency),
        buckets: shown
            .map(|bucket| AgeingBucketResponse::new(bucket, currency))
            .collect(),
    }))
}

/// `30,60,90`: whole days from 1 to 36,500, rising.
fn bounds(text: &str) -> Result<Vec<u32>, Problem> {
    let read: Option<Vec<u32>> = text.split(',').map(|days| days.parse().ok()).collect();
    let rising = |days: &Vec<u32>| {
        let first = days.first().is_some_and(|days| *days > 0);
        let last = days.last().is_some_and(|days| *days <= 36_500);
        first && last && days.len() <= 20 && days.is_sorted_by(|one, other| one < other)
    };
    let mut faults = Faults::default();
    let read = read.filter(rising);
    if read.is_none() {
        let detail = "is no list of rising days such as `30,60,90`, 1 to 36,500 and at most 20";
        faults.add("buckets", "not_buckets", detail);
    }
    faults.finish(read)
}

fn sum(buckets: &[Bucket], overdue_only: bool, currency: Currency) -> String {
    let counted = buckets
        .iter()
        .filter(|it| !overdue_only || it.from_days.is_some());
    let sum = counted.fold(Decimal::ZERO, |sum, it| sum.saturating_add(it.amount));
    money(sum, currency)
}

/// Where an item stands in the order of the list, as a text that sorts alike.
fn place(item: &OpenItem) -> String {
    let due_on = item.due_on.map_or("none".to_owned(), |day| day.to_string());
    let document = item.document.as_ref().map(|document| {
        let line = document.line.as_ref().map(|line| format!("\u{1}{line}"));
        [
            document.system.clone(),
            document.kind.clone(),
            document.id.clone(),
            line.unwrap_or_default(),
        ]
        .join("\0")
    });
    let document = document.map_or_else(String::new, |it| format!("\u{1}{it}"));
    format!("{due_on} {} {document}\0{}", item.invoiced_on, item.invoice)
}

fn answer(
    id: CustomerId,
    moment: &Moment,
    owed: &Receivables,
    page: Page<OpenItemResponse>,
    currency: Currency,
) -> OpenItemsResponse {
    let due = owed.open_items.iter().map(|item| (item.due_on, item.open));
    let buckets = ageing(due, moment.as_of, &USUAL_BOUNDS);
    let ageing = buckets.iter();
    let ageing = ageing
        .map(|bucket| AgeingBucketResponse::new(bucket, currency))
        .collect();
    OpenItemsResponse {
        customer: id.to_string(),
        as_of: moment.as_of.to_string(),
        known_at: moment.known_at,
        currency: currency.to_string(),
        open: sum(&buckets, false, currency),
        overdue: sum(&buckets, true, currency),
        unallocated: money(owed.unallocated.decimal(), currency),
        invoices: owed.invoice_count,
        ageing,
        items: page.items,
        next: page.next,
    }
}
