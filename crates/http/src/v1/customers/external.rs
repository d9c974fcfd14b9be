//! Customers by the ids of other systems.

use super::answer::CustomerResponse;
use super::wire::{ExternalId, PatchCustomerRequest};
use super::{changed, created, evaluated, existing, shown};
use crate::body::{Id, Json};
use crate::etag::Conditions;
use crate::problem::{Kind, Problem};
use crate::refused::field_errors;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use actix_web::{HttpResponse, delete, get, post, put, web};
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use tiercel_persistence::customers::{self as store, Customer, Edit, Outcome, Upserted};
use tiercel_persistence::{Fault, Refused, Tx, attributes};

/// Find a customer by another system's id
///
/// The same answer as by our own id.
#[utoipa::path(tag = "customers",
    params(
        ("system" = String, Path, description = "The other system", example = "erp"),
        ("id" = String, Path, description = "Its id of the customer", example = "10042"),
    ),
    responses((status = 200, description = "The customer", body = CustomerResponse)))]
#[get("/customers/by-external/{system}/{id}")]
pub async fn find_customer_by_external_id(
    tenant: Tenant<need::CustomersRead>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let external = named(path);
    // No database holds this character, and one of them cannot even be asked for it.
    if external.system.contains('\0') || external.id.contains('\0') {
        return Err(Problem::not_found("customer"));
    }
    Ok(shown(
        existing(tenant.store(), &CustomerRef::External(external)).await?,
    ))
}

/// Create or change a customer by another system's id
///
/// Absent fields stay, null clears; `If-None-Match: *` only creates. A new customer is an
/// organisation where its kind is not told.
#[utoipa::path(tag = "customers",
    params(
        ("system" = String, Path, description = "The other system", example = "erp"),
        ("id" = String, Path, description = "Its id of the customer", example = "10042"),
        ("If-None-Match" = Option<String>, Header, description = "`*`: create only"),
    ),
    responses(
        (status = 200, description = "The customer as it is now", body = CustomerResponse),
        (status = 201, description = "The new customer", body = CustomerResponse),
    ))]
#[put("/customers/by-external/{system}/{id}")]
pub async fn upsert_customer(
    tenant: Tenant<need::CustomersWrite>,
    path: web::Path<(String, String)>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchCustomerRequest>,
) -> Result<HttpResponse, Problem> {
    let definitions = attributes::definitions(tenant.store()).await?;
    let item = (named(path), body.value.into_edit(&definitions)?);
    reply::write(
        &tenant,
        "customer.upserted",
        &retry,
        &body.hash,
        async |tx| put_one(&tenant, tx, &item, &conditions).await,
    )
    .await
}

async fn put_one(
    tenant: &TenantHandle,
    tx: &Tx,
    item: &(ExternalRef, Edit),
    conditions: &Conditions,
) -> Result<Reply, Problem> {
    let reference = CustomerRef::External(item.0.clone());
    if item.0.system.contains('\0') || item.0.id.contains('\0') {
        return Err(Problem::new(Kind::NotFound, "U+0000 is in no id"));
    }
    if conditions.create_only() && store::find(tx, &reference).await?.is_some() {
        let detail = "a customer has this id already";
        return Err(Problem::new(Kind::Stale, detail));
    }
    let region = &tenant.settings().default_region;
    let done = store::put_all(tx, std::slice::from_ref(item), region).await?;
    let outcome = match done.into_iter().next() {
        Some(Upserted::Rejected(faults)) => return Err(rejected(&faults)),
        Some(Upserted::Done { outcome, .. }) => outcome,
        None => Outcome::Unchanged,
    };
    let customer = existing(tx, &reference).await?;
    match outcome {
        Outcome::Created => created(evaluated(tenant, tx, customer).await?),
        Outcome::Updated => changed(evaluated(tenant, tx, customer).await?),
        Outcome::Unchanged => changed(customer),
    }
}

fn rejected(faults: &[Fault]) -> Problem {
    if faults.iter().any(|fault| fault.code == "customer_erased") {
        return Refused::Erased.into();
    }
    Problem::invalid(field_errors(faults))
}

/// Give a customer another system's id
///
/// A customer has any number of ids in other systems; an id of a system belongs to one customer.
#[utoipa::path(tag = "customers",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses(
        (status = 201, description = "The customer with the id", body = CustomerResponse),
        (status = 409, description = "The id belongs to another customer", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    ))]
#[post("/customers/{id}/external-ids")]
pub async fn add_external_id(
    tenant: Tenant<need::CustomersWrite>,
    Id(id): Id<CustomerId>,
    retry: RetryKey,
    body: Json<ExternalId>,
) -> Result<HttpResponse, Problem> {
    let edit = Edit {
        add_external: BTreeSet::from([ExternalRef::from(&body.value)]),
        ..Edit::default()
    };
    let action = "customer.external_id_added";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        created(store::patch(tx, id, &edit, "", |_| Ok::<_, Problem>(())).await?)
    })
    .await
}

/// Take another system's id from a customer
///
/// Look-ups by this id no longer find the customer; what was decided before stays as it was.
#[utoipa::path(tag = "customers",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("system" = String, Path, description = "The other system", example = "erp"),
        ("external_id" = String, Path, description = "Its id of the customer", example = "10042"),
    ),
    responses((status = 204, description = "The id is nobody's now")))]
#[delete("/customers/{id}/external-ids/{system}/{external_id}")]
pub async fn remove_external_id(
    tenant: Tenant<need::CustomersWrite>,
    path: web::Path<(String, String, String)>,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let (id, system, value) = path.into_inner();
    let missing = |_| Problem::not_found("customer");
    let id: CustomerId = id.parse().map_err(missing)?;
    let external = ExternalRef { system, id: value };
    let edit = Edit {
        remove_external: BTreeSet::from([external.clone()]),
        ..Edit::default()
    };
    let action = "customer.external_id_removed";
    reply::write(&tenant, action, &retry, "", async |tx| {
        let has = |held: &Customer| match held.content.external_ids.contains(&external) {
            true => Ok(()),
            false => Err(Problem::not_found("external id of the customer")),
        };
        store::patch(tx, id, &edit, "", has).await?;
        Ok(Reply::no_content())
    })
    .await
}

fn named(path: web::Path<(String, String)>) -> ExternalRef {
    let (system, id) = path.into_inner();
    ExternalRef { system, id }
}
