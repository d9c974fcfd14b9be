//! Facts: recorded singly and in batches, read, with all their versions.
//!
//! | requests, answers | `facts/wire.rs`                          |
//! | batches           | `facts/batch.rs`                         |
//! | rules             | `crates/domain/src/facts/rules.rs`       |
//! | rows              | `crates/persistence/src/facts/record.rs` |

mod batch;
mod wire;

use crate::body::{Id, Json, Query};
use crate::flows::model;
use crate::listing::{self, Listing, PageQuery};
use crate::page::Page;
use crate::problem::{FieldError, Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::v1::asking;
use actix_web::{HttpRequest, HttpResponse, get, post};
use tiercel_domain::ids::FactId;
use tiercel_persistence::facts::{self as store, FactPlace, Recorded, StoredFact};
use tiercel_persistence::refresh::{Basis, RefreshError};
use tiercel_persistence::{DbError, Source, Tx, journal};
use utoipa_actix_web::service_config::ServiceConfig;
pub use wire::DocumentBody;
use wire::{FactResponse, FactVersionResponse, FindFact, ListFacts, RecordFactRequest, Told};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(batch::record_facts)
        .service(record_fact)
        .service(list_facts)
        .service(list_fact_versions)
        .service(find_fact);
}

/// Does something with the model that is in force today, all on the connection of the write: many
/// writes that each waited for a second one would use up the pool.
async fn on_basis<T, E: From<DbError>>(
    tenant: &TenantHandle,
    tx: &Tx,
    work: impl AsyncFnOnce(&Basis<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let today = tenant.today();
    let model = model::on(tx, today).await?;
    let basis = Basis {
        settings: tenant.settings(),
        today,
        model: model.as_ref().map(|model| model.in_force()),
    };
    work(&basis).await
}

async fn record_told(tenant: &TenantHandle, tx: &Tx, told: &Told) -> Result<Recorded, Problem> {
    let recorded = match told {
        Told::Sound(fact) => {
            let one = std::slice::from_ref(fact);
            let record = async |basis: &Basis<'_>| store::record(tx, one, basis).await;
            let recorded = on_basis(tenant, tx, record).await.map_err(too_large)?;
            recorded.into_iter().next()
        }
        Told::Faulty(faulty) => {
            let one = std::slice::from_ref(&faulty.fact);
            let examine = async |basis: &Basis<'_>| store::examine(tx, one, basis).await;
            let found = on_basis(tenant, tx, examine).await?.concat();
            return Err(Problem::invalid(faulty.every_error(&found)));
        }
    };
    recorded.ok_or_else(|| Problem::new(Kind::Internal, "the request was not carried out"))
}

/// Of one fact it is the amount that does not fit.
fn too_large(error: RefreshError) -> Problem {
    let problem = Problem::from(error);
    if problem.kind() != Kind::InvalidInput {
        return problem;
    }
    let error = FieldError::new("/amount", "too_large", problem.detail());
    Problem::invalid(vec![error])
}

/// Record a fact
///
/// A fact is known by its source and external id: the same content again changes nothing, other
/// content is a correction, kept as a new version. Open items, rollups and the evaluation of the
/// customer follow in the same moment.
#[utoipa::path(tag = "facts", responses(
    (status = 201, description = "The new fact; `Location` and `ETag` in the headers", body = FactResponse),
    (status = 200, description = "The fact was known: as it is now", body = FactResponse),
))]
#[post("/facts")]
pub async fn record_fact(
    tenant: Tenant<need::FactsWrite>,
    retry: RetryKey,
    body: Json<RecordFactRequest>,
) -> Result<HttpResponse, Problem> {
    let told = body.value.read();
    reply::write(&tenant, "fact.recorded", &retry, &body.hash, async |tx| {
        let recorded = record_told(&tenant, tx, &told).await?;
        answer(&tenant, tx, recorded).await
    })
    .await
}

async fn answer(tenant: &TenantHandle, tx: &Tx, recorded: Recorded) -> Result<Reply, Problem> {
    let (id, is_new) = match recorded {
        Recorded::Created { id, .. } => (id, true),
        Recorded::Updated { id, .. } | Recorded::Unchanged { id, .. } => (id, false),
        Recorded::Rejected(faults) => {
            return Err(Problem::invalid(wire::errors("", &faults)));
        }
    };
    let stored = existing(tx, id, None).await?;
    let (customer, version) = (stored.fact.customer, stored.version);
    let body = shown(tenant, stored);
    let reply = match is_new {
        true => Reply::created(format!("/v1/facts/{id}"), &body)?,
        false => Reply::ok(&body)?,
    };
    Ok(reply.version(version).personal_to(customer))
}

fn shown(tenant: &TenantHandle, stored: StoredFact) -> FactResponse {
    let base = tenant.settings().base_currency;
    FactResponse::new(stored, base, tenant.allows(Scope::CostsRead))
}

async fn existing(
    source: &impl Source,
    id: FactId,
    known_at: Option<i64>,
) -> Result<StoredFact, Problem> {
    let found = store::find(source, id, known_at).await?;
    found.ok_or_else(|| Problem::not_found("fact"))
}

/// List facts
///
/// The versions in force now, or at `known_at`, in order of day and id. `external_id` needs
/// `source` beside it, and the parts of a document need `document_id`.
#[utoipa::path(tag = "facts", params(ListFacts), responses((status = 200, description = "A page of facts", body = Page<FactResponse>)))]
#[get("/facts")]
pub async fn list_facts(
    tenant: Tenant<need::FactsRead>,
    request: HttpRequest,
    Query(query): Query<ListFacts>,
) -> Result<HttpResponse, Problem> {
    let filter = query.filter(&tenant).await?;
    let list = format!("facts {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let page = listing.page(
        rows,
        |row| FactPlace::from(&row.fact).to_string(),
        |row| shown(&tenant, row),
    );
    Ok(listing::answer(&request, &page))
}

/// Find a fact
///
/// Its current version.
#[utoipa::path(tag = "facts",
    params(("id" = String, Path, description = "Id of the fact", example = "fct_06dv7n5z4h9k3m2p8q1r5s7t0w"), FindFact),
    responses((status = 200, description = "The fact as known now, or at `known_at`", body = FactResponse)))]
#[get("/facts/{id}")]
pub async fn find_fact(
    tenant: Tenant<need::FactsRead>,
    Id(id): Id<FactId>,
    Query(query): Query<FindFact>,
) -> Result<HttpResponse, Problem> {
    let moment = asking::moment(&tenant, None, query.known_at.as_deref()).await?;
    let stored = existing(tenant.store(), id, moment.known_at).await?;
    let tag = crate::etag::etag(stored.version);
    Ok(HttpResponse::Ok()
        .insert_header(("etag", tag))
        .json(shown(&tenant, stored)))
}

/// List the versions of a fact
///
/// All of them, the first one first: what was known of it, and from which position of the journal on.
#[utoipa::path(tag = "facts",
    params(("id" = String, Path, description = "Id of the fact", example = "fct_06dv7n5z4h9k3m2p8q1r5s7t0w"), PageQuery),
    responses((status = 200, description = "All versions, oldest first", body = Page<FactVersionResponse>)))]
#[get("/facts/{id}/versions")]
pub async fn list_fact_versions(
    tenant: Tenant<need::FactsRead>,
    request: HttpRequest,
    Id(id): Id<FactId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    existing(tenant.store(), id, None).await?;
    let list = format!("fact versions {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let after = listing.after()?.unwrap_or(0);
    let rows = store::versions(tenant.store(), id, after, listing.fetch()).await?;
    let positions = journal::positions(tenant.store(), rows.iter().map(|row| row.write)).await?;
    let page = listing.page(
        rows,
        |row| row.version.to_string(),
        |row| FactVersionResponse {
            position: positions.get(&row.write).copied(),
            fact: shown(&tenant, row),
        },
    );
    Ok(listing::answer(&request, &page))
}

/// Errors of one item of a batch, below its place.
fn below(place: usize, errors: Vec<FieldError>) -> impl Iterator<Item = FieldError> {
    errors.into_iter().map(move |error| FieldError {
        pointer: format!("/facts/{place}{}", error.pointer),
        ..error
    })
}
