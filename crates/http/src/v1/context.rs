//! What somebody who answers a customer's call wants to see, in one answer.
//!
//! | asked    | here: a bounded number of statements, whatever the customer's history |
//! | answered | `context/wire.rs`                                                     |
//! | orders   | `crates/domain/src/orders/open_orders.rs`                             |

mod wire;

use crate::body::Id;
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use crate::v1::deciding::TierStanding;
use actix_web::{get, web};
use std::collections::BTreeSet;
use std::sync::Arc;
use tiercel_domain::fact::{DocumentStatus, FactKind};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::CustomerRef;
use tiercel_domain::orders::open_orders;
use tiercel_persistence::book::BookCustomer;
use tiercel_persistence::customers::{self, CustomerState};
use tiercel_persistence::facts::{self, StoredFact};
use tiercel_persistence::{evaluations, products};
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{
    ContactGlance, ContextResponse, CriterionGlance, OpenCase, OpenOrderGlance, Overdue,
    PriceGlance,
};

/// Order lines that are looked at.
const LINES: u64 = 200;
/// Deliveries and bills of their orders that are looked at.
const FOLLOWERS: u64 = 1_000;
/// Entries of each list in the answer.
const SHOWN: usize = 20;
/// Of these, the last few say enough.
const LAST: u64 = 5;

pub fn routes(config: &mut ServiceConfig) {
    config.service(find_customer_context);
}

/// Show a customer to whoever answers its call
///
/// Open orders and how far they are delivered, open complaints, what is overdue, the last contacts
/// and prices, the tier and why. What the credential may not see is null: orders, complaints,
/// contacts and prices need `facts:read`, what is overdue `credit:read`, the reasons of the tier
/// `evaluations:read`. Looks at the last 200 order lines and shows at most 20 of everything.
#[utoipa::path(
    tag = "customers",
    params(("id" = String, Path, description = "The customer", example = "cus_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The customer at a glance", body = ContextResponse))
)]
#[get("/customers/{id}/context")]
pub async fn find_customer_context(
    tenant: Tenant<need::CustomersRead>,
    Id(id): Id<CustomerId>,
) -> Result<web::Json<ContextResponse>, Problem> {
    let state = asking::existing(tenant.store(), id).await?;
    let profile = customers::find(tenant.store(), &CustomerRef::Id(id)).await?;
    let profile = profile
        .ok_or_else(|| Problem::not_found("customer"))?
        .content;
    let book = tenant.book();
    let known = book.customer(id).map(Arc::as_ref);
    let today = tenant.today();
    let tier = known.and_then(|it| it.tier_on(today)).unwrap_or_default();
    let tier = TierStanding::new(tier, known, today);
    let why = match tenant.allows(Scope::EvaluationsRead) {
        true => Some(why(&tenant, &state).await?),
        false => None,
    };
    let happened = match tenant.allows(Scope::FactsRead) {
        true => Some(happened(&tenant, id).await?),
        false => None,
    };
    let overdue = known.filter(|_| tenant.allows(Scope::CreditRead));
    let overdue = overdue.map(|known| overdue_of(&tenant, known));
    let Happened {
        open_orders,
        open_cases,
        last_contacts,
        last_prices,
    } = happened.unwrap_or_default();
    Ok(web::Json(ContextResponse {
        id: id.to_string(),
        name: profile.name,
        owner: profile.owner,
        collaborators: profile.collaborators.into_iter().collect(),
        tier,
        why,
        open_orders,
        open_cases,
        overdue,
        last_contacts,
        last_prices,
    }))
}

/// The points of the last evaluation, by criterion.
async fn why(
    tenant: &TenantHandle,
    state: &CustomerState,
) -> Result<Vec<CriterionGlance>, Problem> {
    let Some(evaluation) = state.evaluation else {
        return Ok(Vec::new());
    };
    let found = evaluations::find(tenant.store(), state.id, evaluation).await?;
    let points = found.map(|found| found.points).unwrap_or_default();
    let told = points.into_iter().map(CriterionGlance::from);
    Ok(told.collect())
}

/// What facts tell; none without the scope.
#[derive(Default)]
struct Happened {
    open_orders: Option<Vec<OpenOrderGlance>>,
    open_cases: Option<Vec<OpenCase>>,
    last_contacts: Option<Vec<ContactGlance>>,
    last_prices: Option<Vec<PriceGlance>>,
}

async fn happened(tenant: &TenantHandle, id: CustomerId) -> Result<Happened, Problem> {
    let store = tenant.store();
    let base = tenant.settings().base_currency;
    let lines = facts::recent(store, id, FactKind::OrderLine, None, LINES).await?;
    let documents = lines.iter().filter_map(|line| line.fact.document.as_ref());
    let documents: BTreeSet<String> = documents.map(|it| it.id.clone()).collect();
    let followers = facts::following(store, id, &documents, FOLLOWERS).await?;
    let orders = open_orders(lines.iter().map(|line| &line.fact), &followers);
    let orders = orders.into_iter().take(SHOWN);
    let open = Some(DocumentStatus::Open);
    let most = u64::try_from(SHOWN).unwrap_or(u64::MAX);
    let cases = facts::recent(store, id, FactKind::Complaint, open, most).await?;
    let contacts = facts::recent(store, id, FactKind::Contact, None, LAST).await?;
    Ok(Happened {
        open_orders: Some(
            orders
                .map(|order| OpenOrderGlance::new(order, base))
                .collect(),
        ),
        open_cases: Some(cases.into_iter().map(OpenCase::from).collect()),
        last_contacts: Some(contacts.into_iter().map(ContactGlance::from).collect()),
        last_prices: Some(prices(tenant, &lines).await?),
    })
}

/// The last price of each article, the newest first.
async fn prices(tenant: &TenantHandle, lines: &[StoredFact]) -> Result<Vec<PriceGlance>, Problem> {
    let mut seen = BTreeSet::new();
    let newest = lines
        .iter()
        .filter(|line| line.fact.counts())
        .filter_map(|line| Some((line.fact.product?, line)))
        .filter(|(product, _)| seen.insert(*product));
    let newest: Vec<_> = newest.take(SHOWN).collect();
    let ids = newest.iter().map(|(product, _)| *product).collect();
    let skus = products::skus(tenant.store(), &ids).await?;
    let told = newest
        .into_iter()
        .filter_map(|(product, line)| PriceGlance::new(skus.get(&product)?, line));
    Ok(told.collect())
}

fn overdue_of(tenant: &TenantHandle, known: &BookCustomer) -> Overdue {
    Overdue::new(
        &known.open_items,
        known.invoices_known,
        tenant.today(),
        tenant.settings().base_currency,
    )
}
