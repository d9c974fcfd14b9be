//! Contacts of a customer.

use super::customers::PhoneResponse;
use super::customers::wire::{PhoneInput, change, incoming_phones};
use crate::body::{Id, Json, Query};
use crate::etag::{Conditions, etag};
use crate::listing::{self, CountedQuery, Listing, PageQuery};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::wire::{instant, present};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, patch, post, web};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::{ContactId, CustomerId};
use tiercel_persistence::contacts::{self as store, Contact, ContactEdit, ContactVersion};
use tiercel_persistence::customers;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_contact)
        .service(list_contacts)
        .service(find_contact)
        .service(list_contact_history)
        .service(update_contact)
        .service(remove_contact);
}

/// Fields of a contact: absent fields stay, null clears.
///
/// All of them, in the order they were added.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Erika Muster", "email": "e.muster@muster.example", "position": "executive", "country": "DE", "primary": true, "phones": [{"number": "0170 1234567"}]}))]
pub struct ContactRequest {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    /// `board`, `executive`, `manager`, `specialist` or `staff`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub position: Option<Option<String>>,
    /// ISO 3166-1 alpha-2: how numbers sent from now on are read.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub country: Option<Option<String>>,
    /// Whom to turn to first; the contact that was it before is it no more.
    pub primary: Option<bool>,
    /// The whole list; null empties it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<PhoneInput>>)]
    pub phones: Option<Option<Vec<PhoneInput>>>,
}

impl From<ContactRequest> for ContactEdit {
    fn from(request: ContactRequest) -> Self {
        Self {
            name: change(request.name),
            email: change(request.email),
            position: change(request.position),
            country: change(request.country),
            primary: request.primary,
            phones: request
                .phones
                .map(|phones| incoming_phones(&phones.unwrap_or_default())),
        }
    }
}

/// A person who acts for a customer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "con_06dv7n5z4h9k3m2p8q1r5s7t0y", "customer_id": "cus_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "name": "Erika Muster", "email": "e.muster@muster.example", "position": "executive", "country": "DE", "primary": true, "phones": [{"number": "0170 1234567", "region": "DE", "e164": "+491701234567", "valid": true}], "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct ContactResponse {
    pub id: String,
    pub customer_id: String,
    pub version: i64,
    pub name: Option<String>,
    pub email: Option<String>,
    pub position: Option<String>,
    pub country: Option<String>,
    pub primary: bool,
    pub phones: Vec<PhoneResponse>,
    pub recorded_at: String,
}

impl From<Contact> for ContactResponse {
    fn from(contact: Contact) -> Self {
        Self {
            id: contact.id.to_string(),
            customer_id: contact.customer.to_string(),
            version: contact.version,
            phones: contact.phones.iter().map(PhoneResponse::from).collect(),
            name: contact.name,
            email: contact.email,
            position: contact.position,
            country: contact.country,
            primary: contact.primary,
            recorded_at: instant(contact.recorded_at),
        }
    }
}

/// One version of a contact.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"version": 1, "write_id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "known_from": 42, "recorded_at": "2026-03-01T09:30:00.000000Z", "removed": false, "name": "Erika Muster", "email": null, "position": "manager", "country": "DE", "primary": true}))]
pub struct ContactVersionResponse {
    pub version: i64,
    pub write_id: String,
    /// Position of the write in the journal; null while it is not numbered yet.
    pub known_from: Option<i64>,
    pub recorded_at: String,
    /// Whether the contact was removed with this version.
    pub removed: bool,
    /// Null in all versions once the contact was removed or the customer erased; `email` too.
    pub name: Option<String>,
    pub email: Option<String>,
    pub position: Option<String>,
    pub country: Option<String>,
    pub primary: bool,
}

impl From<ContactVersion> for ContactVersionResponse {
    fn from(version: ContactVersion) -> Self {
        let contact = version.contact;
        Self {
            version: contact.version,
            write_id: version.write.to_string(),
            known_from: version.known_from,
            recorded_at: instant(contact.recorded_at),
            removed: version.removed,
            name: contact.name,
            email: contact.email,
            position: contact.position,
            country: contact.country,
            primary: contact.primary,
        }
    }
}

/// Add a contact to a customer
///
/// Numbers are kept as typed, and in E.164 where they are valid in the contact's country or the default
/// region.
#[utoipa::path(tag = "contacts",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 201, description = "The contact; `Location` and `ETag` in the headers", body = ContactResponse)))]
#[post("/customers/{id}/contacts")]
pub async fn create_contact(
    tenant: Tenant<need::CustomersWrite>,
    Id(id): Id<CustomerId>,
    retry: RetryKey,
    body: Json<ContactRequest>,
) -> Result<HttpResponse, Problem> {
    let edit = ContactEdit::from(body.value);
    let region = &tenant.settings().default_region;
    reply::write(&tenant, "contact.created", &retry, &body.hash, async |tx| {
        let contact = store::create(tx, id, &edit, region).await?;
        let (place, version) = (contact.id, contact.version);
        let location = format!("/v1/customers/{id}/contacts/{place}");
        let reply = Reply::created(location, &ContactResponse::from(contact))?;
        Ok(reply.version(version).personal_to(id))
    })
    .await
}

/// List the contacts of a customer
///
/// Oldest first.
#[utoipa::path(tag = "contacts",
    params(("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"), CountedQuery),
    responses((status = 200, description = "A page of contacts; none of an erased customer", body = Page<ContactResponse>)))]
#[get("/customers/{id}/contacts")]
pub async fn list_contacts(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Id(id): Id<CustomerId>,
    Query(query): Query<CountedQuery>,
) -> Result<HttpResponse, Problem> {
    let list = format!("contacts {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let state = customers::find_state(tenant.store(), id).await?;
    let state = state.ok_or_else(|| Problem::not_found("customer"))?;
    let all = match state.erased_at {
        Some(_) => Vec::new(),
        None => store::of(tenant.store(), id).await?,
    };
    let key = |contact: &Contact| contact.id.to_string();
    let page = listing.whole(all, query.count, key, ContactResponse::from);
    Ok(listing::answer(&request, &page))
}

/// Find a contact
///
/// With its entity tag, for a change under `If-Match`.
#[utoipa::path(tag = "contacts",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("contact_id" = String, Path, description = "Id of the contact", example = "con_06dv7n5z4h9k3m2p8q1r5s7t0y"),
    ),
    responses((status = 200, description = "The contact", body = ContactResponse)))]
#[get("/customers/{id}/contacts/{contact_id}")]
pub async fn find_contact(
    tenant: Tenant<need::CustomersRead>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (customer, id) = ids(&path)?;
    let contact = store::find(tenant.store(), customer, id).await?;
    let contact = contact.ok_or_else(|| Problem::not_found("contact"))?;
    let tag = etag(contact.version);
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .json(ContactResponse::from(contact)))
}

/// List the versions of a contact, newest first
///
/// Each with the write that made it. Numbers are not part of it.
#[utoipa::path(tag = "contacts",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("contact_id" = String, Path, description = "Id of the contact", example = "con_06dv7n5z4h9k3m2p8q1r5s7t0y"),
        PageQuery,
    ),
    responses((status = 200, description = "A page of versions", body = Page<ContactVersionResponse>)))]
#[get("/customers/{id}/contacts/{contact_id}/history")]
pub async fn list_contact_history(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    path: web::Path<(String, String)>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (customer, id) = ids(&path)?;
    let list = format!("contact history {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let before = listing.after()?;
    let rows = store::history(tenant.store(), customer, id, before, listing.fetch()).await?;
    if rows.is_empty() {
        return Err(Problem::not_found("contact"));
    }
    let key = |row: &ContactVersion| row.contact.version.to_string();
    let page = listing.page(rows, key, ContactVersionResponse::from);
    Ok(listing::answer(&request, &page))
}

/// Change a contact
///
/// A JSON merge patch: absent fields stay, null clears.
#[utoipa::path(tag = "contacts",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("contact_id" = String, Path, description = "Id of the contact", example = "con_06dv7n5z4h9k3m2p8q1r5s7t0y"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is changed"),
    ),
    responses((status = 200, description = "The contact as it is now", body = ContactResponse)))]
#[patch("/customers/{id}/contacts/{contact_id}")]
pub async fn update_contact(
    tenant: Tenant<need::CustomersWrite>,
    path: web::Path<(String, String)>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<ContactRequest>,
) -> Result<HttpResponse, Problem> {
    conditions.require_present()?;
    let (customer, id) = ids(&path)?;
    let edit = ContactEdit::from(body.value);
    let region = &tenant.settings().default_region;
    reply::write(&tenant, "contact.updated", &retry, &body.hash, async |tx| {
        let agree = |held: &Contact| conditions.require_match(held.version);
        let contact = store::patch(tx, customer, id, &edit, region, agree).await?;
        let version = contact.version;
        let reply = Reply::ok(&ContactResponse::from(contact))?;
        Ok(reply.version(version).personal_to(customer))
    })
    .await
}

/// Remove a contact
///
/// Its name, address and numbers are deleted in all versions.
#[utoipa::path(tag = "contacts",
    params(
        ("id" = String, Path, description = "Id of the customer", example = "cus_06dv7n5z4h9k3m2p8q1r5s7t0w"),
        ("contact_id" = String, Path, description = "Id of the contact", example = "con_06dv7n5z4h9k3m2p8q1r5s7t0y"),
    ),
    responses((status = 204, description = "Removed")))]
#[delete("/customers/{id}/contacts/{contact_id}")]
pub async fn remove_contact(
    tenant: Tenant<need::CustomersWrite>,
    path: web::Path<(String, String)>,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let (customer, id) = ids(&path)?;
    let answer = reply::write(&tenant, "contact.removed", &retry, "", async |tx| {
        store::remove(tx, customer, id).await?;
        Ok(Reply::no_content())
    })
    .await?;
    customers::scrub(tenant.store()).await?;
    Ok(answer)
}

fn ids(path: &(String, String)) -> Result<(CustomerId, ContactId), Problem> {
    let customer = path.0.parse().map_err(|_| Problem::not_found("customer"))?;
    let contact = path.1.parse().map_err(|_| Problem::not_found("contact"))?;
    Ok((customer, contact))
}
