//! What a customer is entitled to, resolved on request, and where each of it comes from.
//!
//! | resolved | `entitlements/resolve.rs`: from one snapshot of the book              |
//! | answered | `entitlements/wire.rs`                                                |
//! | card     | `entitlements/card.rs`, `entitlements/words.rs`: for customers to read |
//! | rules    | `crates/domain/src/discounts/entitled.rs`                             |

mod card;
mod resolve;
mod wire;
mod words;

use crate::body::{Json, Query};
use crate::book::Book;
use crate::faults::Faults;
use crate::problem::Problem;
use crate::scope::{Scope, need};
use crate::tenant::{CustomerTenant, Tenant, TenantHandle};
use crate::v1::deciding::{CustomerReference, read_customer};
use actix_web::{get, post, web};
use resolve::Grounds;
use serde::Deserialize;
use tiercel_domain::incoming::CustomerRef;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{EntitlementsBatchResponse, EntitlementsResponse, Reader};

/// Customers of one batch.
const MOST: usize = 1_000;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(find_entitlements)
        .service(find_entitlements_of_many)
        .service(card::find_service_card)
        .service(card::find_service_card_by_external_id);
}

/// Whose entitlements.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EntitlementsQuery {
    /// `system:id` or an id such as `cus_…`.
    #[param(example = "erp1:C-1042")]
    pub customer: String,
}

/// Customers to resolve.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"customers": [{"external": {"system": "erp1", "id": "C-1042"}}]}))]
pub struct EntitlementsBatchRequest {
    /// 1 to 1,000.
    pub customers: Vec<CustomerReference>,
}

/// Resolve what a customer is entitled to
///
/// Discounts, credit and routing as the policies in force today grant them, each with the trace
/// override → contract → customer → group → tier → default: what was found at each level, and which
/// decides. Nothing is copied onto the customer, so the answer is always of now. An unknown customer
/// gets what everybody gets, with `customer_matched: false`. A section that the credential may not
/// see is null: they need `discounts:decide`, `credit:read` and `routing:read`. A token bound to a
/// customer reads its own.
#[utoipa::path(
    tag = "entitlements",
    params(EntitlementsQuery),
    responses((status = 200, description = "What the customer is entitled to", body = EntitlementsResponse)),
    security(("customer" = []))
)]
#[get("/entitlements")]
pub async fn find_entitlements(
    tenant: CustomerTenant<need::CustomersRead>,
    Query(query): Query<EntitlementsQuery>,
) -> Result<web::Json<EntitlementsResponse>, Problem> {
    let mut faults = Faults::default();
    let customer = read_customer("customer", &query.customer, &mut faults);
    let customer = faults.finish(customer)?;
    Ok(web::Json(entitlements(&tenant, &tenant.book(), &customer)?))
}

/// Resolve what many customers are entitled to
///
/// Up to 1,000, answered in the order asked, from one snapshot.
#[utoipa::path(
    tag = "entitlements",
    request_body = EntitlementsBatchRequest,
    responses((status = 200, description = "One entry a customer", body = EntitlementsBatchResponse))
)]
#[post("/entitlements/batch")]
pub async fn find_entitlements_of_many(
    tenant: Tenant<need::CustomersRead>,
    Json { value, .. }: Json<EntitlementsBatchRequest>,
) -> Result<web::Json<EntitlementsBatchResponse>, Problem> {
    let mut faults = Faults::default();
    if value.customers.is_empty() || value.customers.len() > MOST {
        faults.add("/customers", "range", "must be 1 to 1,000 customers");
        return faults.finish(None);
    }
    let customers = value.customers.into_iter().enumerate();
    let customers: Vec<CustomerRef> = customers
        .filter_map(|(place, it)| it.read(&format!("/customers/{place}"), &mut faults))
        .collect();
    let customers = faults.finish(Some(customers))?;
    let book = tenant.book();
    let items = customers
        .iter()
        .map(|customer| entitlements(&tenant, &book, customer));
    Ok(web::Json(EntitlementsBatchResponse {
        items: items.collect::<Result<_, _>>()?,
    }))
}

fn entitlements(
    tenant: &TenantHandle,
    book: &Book,
    customer: &CustomerRef,
) -> Result<EntitlementsResponse, Problem> {
    let grounds = Grounds::new(tenant, book, book.find(customer).map(AsRef::as_ref));
    let reader = match tenant.is_customer() {
        true => Reader::Customer,
        false => Reader::Company,
    };
    // A customer may see all that it has.
    let sees = |scope| tenant.is_customer() || tenant.allows(scope);
    let discount = match sees(Scope::DiscountsDecide) {
        true => Some(wire::discount(&grounds.discount()?, reader)),
        false => None,
    };
    let credit = match sees(Scope::CreditRead) {
        true => Some(wire::credit(
            &grounds.credit()?,
            tenant.settings().base_currency,
            reader,
        )),
        false => None,
    };
    let routing = match sees(Scope::RoutingRead) {
        true => Some(wire::routing(&grounds.routing()?)),
        false => None,
    };
    Ok(EntitlementsResponse {
        customer_id: grounds.customer.map(|it| it.id.to_string()),
        customer_matched: grounds.customer.is_some(),
        tier: grounds.standing(),
        as_of: grounds.today.to_string(),
        discount,
        credit,
        routing,
    })
}
