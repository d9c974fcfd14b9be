//! Customers: created, changed, listed, found by any system's id, their past, and their erasure.
//!
//! | requests, answers | `customers/wire.rs`, `customers/values.rs`, `customers/answer.rs` |
//! | lists             | `customers/list.rs`                                      |
//! | other systems' ids| `customers/external.rs`                                  |
//! | rows              | `crates/persistence/src/customers/mod.rs`                |

mod answer;
mod external;
mod list;
mod values;
pub mod wire;

pub use answer::PhoneResponse;
use answer::{CustomerResponse, CustomerVersionResponse};

use crate::body::{Id, Json, Query};
use crate::etag::{Conditions, etag};
use crate::flows::model;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post};
use list::ListCustomers;
use serde::Deserialize;
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::CustomerRef;
use tiercel_persistence::customers::{self as store, Customer};
use tiercel_persistence::refresh::{Basis, Cause};
use tiercel_persistence::{Source, Tx, attributes, evaluations};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{CreateCustomerRequest, PatchCustomerRequest};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_customer)
        .service(list_customers)
        .service(external::find_customer_by_external_id)
        .service(external::upsert_customer)
        .service(external::add_external_id)
        .service(external::remove_external_id)
        .service(list_customer_history)
        .service(find_customer)
        .service(update_customer)
        .service(erase_customer);
}

/// Create a customer
///
/// In order of their ids, a page at a time. Filters that are not known are refused, never ignored.
#[utoipa::path(tag = "customers", responses(
    (status = 201, description = "The customer; `Location` and `ETag` in the headers", body = CustomerResponse),
    (status = 409, description = "An external id belongs to another customer", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/customers")]
pub async fn create_customer(
    tenant: Tenant<need::CustomersWrite>,
    retry: RetryKey,
    body: Json<CreateCustomerRequest>,
) -> Result<HttpResponse, Problem> {
    let definitions = attributes::definitions(tenant.store()).await?;
    let edit = body.value.into_edit(&definitions)?;
    let region = &tenant.settings().default_region;
    reply::write(
        &tenant,
        "customer.created",
        &retry,
        &body.hash,
        async |tx| {
            let made = store::create(tx, &edit, region).await?;
            created(evaluated(&tenant, tx, made).await?)
        },
    )
    .await
}

/// List customers
///
/// In order of their ids, a page at a time. Filters that are not known are refused, never ignored.
#[utoipa::path(tag = "customers", params(ListCustomers), responses((status = 200, description = "A page of customers", body = Page<CustomerResponse>)))]
#[get("/customers")]
pub async fn list_customers(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Query(query): Query<ListCustomers>,
) -> Result<HttpResponse, Problem> {
    let filter = query.filter(&attributes::definitions(tenant.store()).await?)?;
    let list = format!("customers {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let mut page = listing.page(rows, |row| row.state.id.to_string(), CustomerResponse::from);
    if query.count == Some(true) {
        page.total = Some(store::count(tenant.store(), &filter).await?);
    }
    Ok(listing::answer(&request, &page))
}

/// Find a customer
///
/// An erased customer is shown without personal data and with `"erased": true`.
#[utoipa::path(tag = "customers",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 200, description = "The customer", body = CustomerResponse)))]
#[get("/customers/{id}")]
pub async fn find_customer(
    tenant: Tenant<need::CustomersRead>,
    Id(id): Id<CustomerId>,
) -> Result<HttpResponse, Problem> {
    Ok(shown(existing(tenant.store(), &CustomerRef::Id(id)).await?))
}

/// Change a customer
///
/// A JSON merge patch: absent fields stay, null clears.
#[utoipa::path(tag = "customers",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is changed"),
    ),
    responses((status = 200, description = "The customer as it is now", body = CustomerResponse)))]
#[patch("/customers/{id}")]
pub async fn update_customer(
    tenant: Tenant<need::CustomersWrite>,
    Id(id): Id<CustomerId>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchCustomerRequest>,
) -> Result<HttpResponse, Problem> {
    conditions.require_present()?;
    let definitions = attributes::definitions(tenant.store()).await?;
    let edit = body.value.into_edit(&definitions)?;
    let region = &tenant.settings().default_region;
    reply::write(
        &tenant,
        "customer.updated",
        &retry,
        &body.hash,
        async |tx| {
            let agree = |held: &Customer| conditions.require_match(held.state.profile_version);
            let patched = store::patch(tx, id, &edit, region, agree).await?;
            changed(evaluated(&tenant, tx, patched).await?)
        },
    )
    .await
}

/// Erase a customer's personal data
///
/// Names, addresses, numbers and notes are deleted for good, in all versions and in kept answers.
/// Facts and evaluations stay under the bare id. Nothing brings the data back.
#[utoipa::path(tag = "customers",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 204, description = "Erased, now or before")))]
#[delete("/customers/{id}")]
pub async fn erase_customer(
    tenant: Tenant<need::CustomersWrite>,
    Id(id): Id<CustomerId>,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let answer = reply::write(&tenant, "customer.erased", &retry, "", async |tx| {
        store::erase(tx, id).await?;
        Ok(Reply::no_content())
    })
    .await?;
    store::scrub(tenant.store()).await?;
    Ok(answer)
}

#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListCustomerHistory {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// List the versions of a customer
///
/// Every version of the profile with when it was recorded, the newest first.
#[utoipa::path(tag = "customers",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"), ListCustomerHistory),
    responses((status = 200, description = "Versions of the profile, newest first", body = Page<CustomerVersionResponse>)))]
#[get("/customers/{id}/history")]
pub async fn list_customer_history(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Id(id): Id<CustomerId>,
    Query(query): Query<ListCustomerHistory>,
) -> Result<HttpResponse, Problem> {
    existing(tenant.store(), &CustomerRef::Id(id)).await?;
    let list = format!("customer history {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::history(tenant.store(), id, listing.after()?, listing.fetch()).await?;
    let key = |row: &store::Version| row.version.to_string();
    let page = listing.page(rows, key, CustomerVersionResponse::from);
    Ok(listing::answer(&request, &page))
}

/// A customer that must exist.
async fn existing(source: &impl Source, reference: &CustomerRef) -> Result<Customer, Problem> {
    let found = store::find(source, reference).await?;
    found.ok_or_else(|| Problem::not_found("customer"))
}

/// The customer with the tier that follows from its profile, which size and the like count for:
/// evaluated in the write that changed it.
async fn evaluated(
    tenant: &TenantHandle,
    tx: &Tx,
    customer: Customer,
) -> Result<Customer, Problem> {
    let (id, today) = (customer.state.id, tenant.today());
    let model = model::on(tx, today).await?;
    let basis = Basis {
        settings: tenant.settings(),
        today,
        model: model.as_ref().map(|model| model.in_force()),
    };
    evaluations::refresh(tx, &BTreeSet::from([id]), &basis, Cause::Profile).await?;
    existing(tx, &CustomerRef::Id(id)).await
}

fn shown(customer: Customer) -> HttpResponse {
    let tag = etag(customer.state.profile_version);
    HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .json(CustomerResponse::from(customer))
}

fn created(customer: Customer) -> Result<Reply, Problem> {
    let (id, version) = (customer.state.id, customer.state.profile_version);
    let body = CustomerResponse::from(customer);
    let reply = Reply::created(format!("/v1/customers/{id}"), &body)?;
    Ok(reply.version(version).personal_to(id))
}

fn changed(customer: Customer) -> Result<Reply, Problem> {
    let (id, version) = (customer.state.id, customer.state.profile_version);
    let reply = Reply::ok(&CustomerResponse::from(customer))?;
    Ok(reply.version(version).personal_to(id))
}
