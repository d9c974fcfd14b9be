//! Programs that may call the API: listed with their last use, made, given new secrets, ended.
//!
//! | rows     | `crates/persistence/src/clients.rs` |
//! | verified | `crates/http/src/verifier.rs`       |

use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::listing::{self, CountedQuery, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::wire::instant;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::ClientId;
use tiercel_persistence::clients::{self as store, Client, Rotated};
use tiercel_persistence::{Tx, Writing, Written};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// The longest time for which two secrets of a client may be valid, in days.
const LONGEST_OVERLAP: i64 = 90;
const LONGEST_NAME: usize = 200;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_clients)
        .service(create_client)
        .service(find_client)
        .service(rotate_client_secret)
        .service(revoke_client);
}

/// A client to make.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "erp", "scopes": ["discounts:decide", "routing:read"]}))]
pub struct CreateClientRequest {
    /// Unique among clients that were not revoked.
    pub name: String,
    /// Words of the closed list of scopes.
    pub scopes: Vec<String>,
}

/// How long the former secret lives on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"former_secret_until": "2026-03-02T09:30:00Z"}))]
pub struct RotateClientSecretRequest {
    /// Both secrets are valid until this instant, at most 90 days ahead; an instant that has passed
    /// ends the former one now.
    pub former_secret_until: String,
}

/// A program that may call the API.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "cli_06dv7n5z4h9k3m2p8q1r5s7t0z", "version": 1, "name": "erp", "scopes": ["discounts:decide", "routing:read"], "created_at": "2026-03-01T09:30:00.000000Z", "last_used_at": "2026-03-01T10:02:11.000000Z", "former_secret_until": null, "revoked_at": null}))]
pub struct ClientResponse {
    pub id: String,
    pub version: i64,
    pub name: String,
    pub scopes: Vec<String>,
    pub created_at: String,
    /// To a minute or so; null where it was never used.
    pub last_used_at: Option<String>,
    /// The secret before the last rotation is valid until then; null where only one is.
    pub former_secret_until: Option<String>,
    pub revoked_at: Option<String>,
}

/// A client and its secret, which is not shown again.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"client": {"id": "cli_06dv7n5z4h9k3m2p8q1r5s7t0z", "version": 1, "name": "erp", "scopes": ["routing:read"], "created_at": "2026-03-01T09:30:00.000000Z", "last_used_at": null, "former_secret_until": null, "revoked_at": null}, "client_secret": "tcl_…"}))]
pub struct ClientSecretResponse {
    pub client: ClientResponse,
    pub client_secret: String,
}

fn shown(tenant: &TenantHandle, client: Client) -> ClientResponse {
    let here = tenant.hosted().verifier.last_used(client.id);
    let here = here.and_then(|second| DateTime::from_timestamp(second, 0));
    let former = client.former_secret_until;
    ClientResponse {
        id: client.id.to_string(),
        version: client.version,
        name: client.name,
        scopes: client.scopes,
        created_at: instant(client.created_at),
        last_used_at: client.last_used_at.max(here).map(instant),
        former_secret_until: former.filter(|until| *until > tenant.now()).map(instant),
        revoked_at: client.revoked_at.map(instant),
    }
}

/// List the clients
///
/// All of them, revoked ones too, with when each was last used; never with a secret.
#[utoipa::path(tag = "access", params(CountedQuery), responses((status = 200, description = "A page of clients, oldest first", body = Page<ClientResponse>)))]
#[get("/clients")]
pub async fn list_clients(
    tenant: Tenant<need::Admin>,
    request: HttpRequest,
    Query(query): Query<CountedQuery>,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::new(&tenant, "clients", query.limit, query.after.as_deref())?;
    let key = |client: &Client| client.id.to_string();
    let all = store::all(tenant.store()).await?;
    let page = listing.whole(all, query.count, key, |client| shown(&tenant, client));
    Ok(listing::answer(&request, &page))
}

/// Find a client
///
/// Its scopes, when it was last used, and how long a former secret is still valid.
#[utoipa::path(tag = "access",
    params(("id" = String, Path, description = "Id of the client", example = "cli_06dv7n5z4h9k3m2p8q1r5s7t0z")),
    responses((status = 200, description = "The client", body = ClientResponse)))]
#[get("/clients/{id}")]
pub async fn find_client(
    tenant: Tenant<need::Admin>,
    Id(id): Id<ClientId>,
) -> Result<HttpResponse, Problem> {
    let found = store::find(tenant.store(), id).await?;
    let client = found.ok_or_else(|| Problem::not_found("client"))?;
    Ok(HttpResponse::Ok().json(shown(&tenant, client)))
}

/// Make a client
///
/// The secret is in this answer and nowhere else. `Idempotency-Key` is refused, because kept
/// answers must hold no secrets; a repetition is refused by the name.
#[utoipa::path(tag = "access", responses(
    (status = 201, description = "The client and its secret; `Location` in the headers", body = ClientSecretResponse),
    (status = 409, description = "Another client has the name", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/clients")]
pub async fn create_client(
    tenant: Tenant<need::Admin>,
    retry: RetryKey,
    body: Json<CreateClientRequest>,
) -> Result<HttpResponse, Problem> {
    retry.refuse()?;
    let (name, scopes) = read(body.value)?;
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let change = async |tx: &Tx| Ok(store::create(tx, &name, &words).await?);
    let (client, secret) = write(&tenant, "client.created", change).await?;
    let location = format!("/v1/clients/{}", client.id);
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, location))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(with_secret(&tenant, client, secret)))
}

fn read(request: CreateClientRequest) -> Result<(String, Vec<Scope>), Problem> {
    let mut faults = Faults::default();
    let name = request.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        let detail = format!("has 1 to {LONGEST_NAME} characters");
        faults.add("/name", "wrong_length", detail);
    }
    if request.scopes.is_empty() {
        faults.add(
            "/scopes",
            "empty",
            "a client without a scope can do nothing",
        );
    }
    let words = request.scopes.iter().enumerate();
    let scopes = words.filter_map(|(place, word)| {
        let scope = Scope::from_word(word);
        if scope.is_none() {
            let detail = "is not of the closed list of scopes";
            faults.add(format!("/scopes/{place}"), "unknown_scope", detail);
        }
        scope
    });
    let mut scopes: Vec<Scope> = scopes.collect();
    scopes.sort_unstable();
    scopes.dedup();
    faults.finish(Some((name, scopes)))
}

/// Give a client a new secret
///
/// The new secret is in this answer and nowhere else; the former one stays valid until the instant
/// given. While two are valid, the next rotation must end the former ones at once.
#[utoipa::path(tag = "access",
    params(("id" = String, Path, description = "Id of the client", example = "cli_06dv7n5z4h9k3m2p8q1r5s7t0z")),
    responses(
        (status = 200, description = "The client and its new secret", body = ClientSecretResponse),
        (status = 409, description = "Two secrets are valid already", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
    ))]
#[post("/clients/{id}/rotate")]
pub async fn rotate_client_secret(
    tenant: Tenant<need::Admin>,
    Id(id): Id<ClientId>,
    retry: RetryKey,
    body: Json<RotateClientSecretRequest>,
) -> Result<HttpResponse, Problem> {
    retry.refuse()?;
    let until = former_until(&body.value.former_secret_until, tenant.now())?;
    let change = async |tx: &Tx| match store::rotate(tx, id, until).await? {
        Rotated::Done(client, secret) => Ok((client, secret)),
        Rotated::Gone => Err(Problem::not_found("client")),
        Rotated::Overlapping => {
            let detail = "two secrets are valid already; an instant that has passed ends the former ones now";
            Err(Problem::new(Kind::Conflict, detail))
        }
    };
    let (client, secret) = write(&tenant, "client.secret_rotated", change).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(with_secret(&tenant, client, secret)))
}

fn former_until(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Problem> {
    let mut faults = Faults::default();
    let pointer = "/former_secret_until";
    let read = DateTime::parse_from_rfc3339(text).ok();
    let read = read.map(|at| at.with_timezone(&Utc));
    let latest = now.checked_add_signed(TimeDelta::days(LONGEST_OVERLAP));
    match read {
        None => faults.add(
            pointer,
            "not_an_instant",
            "is no instant such as `2026-03-01T09:30:00Z`",
        ),
        Some(at) if Some(at) > latest => {
            let detail = format!("is more than {LONGEST_OVERLAP} days ahead");
            faults.add(pointer, "too_late", detail);
        }
        Some(_) => {}
    }
    faults.finish(read)
}

/// End a client
///
/// Its secrets, its tokens and the customer-bound tokens it made are refused on every instance
/// within a second. Its name is free again.
#[utoipa::path(tag = "access",
    params(("id" = String, Path, description = "Id of the client", example = "cli_06dv7n5z4h9k3m2p8q1r5s7t0z")),
    responses((status = 204, description = "Ended, now or before")))]
#[delete("/clients/{id}")]
pub async fn revoke_client(
    tenant: Tenant<need::Admin>,
    Id(id): Id<ClientId>,
) -> Result<HttpResponse, Problem> {
    write(&tenant, "client.revoked", async |tx: &Tx| {
        if store::find(tx, id).await?.is_none() {
            return Err(Problem::not_found("client"));
        }
        store::revoke(tx, id).await?;
        Ok(())
    })
    .await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Writes without keeping the answer: it may hold a secret.
async fn write<T>(
    tenant: &TenantHandle,
    action: &str,
    change: impl AsyncFn(&Tx) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let writing = Writing {
        principal: tenant.principal(),
        action,
        retry: None,
    };
    let change = async |tx: &Tx| Ok::<_, Problem>((change(tx).await?, None));
    match tenant.store().write(&writing, change).await? {
        Written::Fresh { value, effects } => {
            tenant.apply(&effects).await?;
            Ok(value)
        }
        _ => Err(Problem::new(
            Kind::Internal,
            "the request was not carried out",
        )),
    }
}

fn with_secret(tenant: &TenantHandle, client: Client, secret: String) -> ClientSecretResponse {
    ClientSecretResponse {
        client: shown(tenant, client),
        client_secret: secret,
    }
}
