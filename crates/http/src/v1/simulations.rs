//! Simulations: what a draft would do to everyone before it does.
//!
//! | the job | `crates/http/src/flows/simulations.rs`  |
//! | answers | `simulations/wire.rs`                   |
//! | rows    | `crates/persistence/src/simulations.rs` |

mod wire;

use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::flows::simulations::question::Asked;
use crate::listing::{self, Listing, PageQuery};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::wire::date;
use actix_web::{HttpRequest, HttpResponse, get, post};
use tiercel_domain::ids::{DocumentId, JobId, SimulationId};
use tiercel_persistence::documents::{self, DocumentKind, StoredDocument};
use tiercel_persistence::jobs;
use tiercel_persistence::simulations::{self as store, Mover, NewSimulation, Simulation};
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{ListMovers, MoverResponse, SimulationResponse, StartSimulationRequest};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(start_simulation)
        .service(list_simulations)
        .service(find_simulation)
        .service(list_simulation_movers);
}

/// The version that is named, whatever its status.
async fn version(
    tenant: &TenantHandle,
    asked: &wire::SimulatedModel,
    faults: &mut Faults,
) -> Result<Option<StoredDocument>, Problem> {
    let kind = DocumentKind::EvaluationModel;
    let id = match asked.id.parse::<DocumentId>() {
        Ok(id) => Some(id),
        Err(_) => documents::id_of(tenant.store(), kind, &asked.id).await?,
    };
    let found = match id {
        Some(id) => documents::find(tenant.store(), kind, id, asked.version).await?,
        None => None,
    };
    if found.is_none() {
        faults.add("/model", "unknown", "there is no such version of a model");
    }
    Ok(found)
}

/// Simulate a model
///
/// A job: evaluates every customer, or those that a filter names, by a version of a model (a draft
/// as a rule) beside the model in force, as of a day. It tells who would change tier, why, and what
/// that would do to discounts and credit limits. It writes nothing but its report.
#[utoipa::path(tag = "simulations", responses((status = 202, description = "Queued; `Location` is the job", body = SimulationResponse)))]
#[post("/simulations")]
pub async fn start_simulation(
    tenant: Tenant<need::EvaluationsRun>,
    retry: RetryKey,
    body: Json<StartSimulationRequest>,
) -> Result<HttpResponse, Problem> {
    let request = body.value;
    let mut faults = Faults::default();
    let as_of = match request.as_of.as_deref() {
        Some(text) => date(&mut faults, "/as_of", text),
        None => Some(tenant.today()),
    };
    if as_of.is_some_and(|day| day > tenant.today()) {
        let detail = "nobody can be evaluated as of a day to come";
        faults.add("/as_of", "in_the_future", detail);
    }
    let found = version(&tenant, &request.model, &mut faults).await?;
    let asked = Asked {
        customers: request.customers.unwrap_or_default(),
        policies: request.policies.unwrap_or_default(),
    };
    if let Err(pointer) = asked.question() {
        faults.add(pointer, "unknown_value", "is not one of the known values");
    }
    let (as_of, found) = faults.finish(as_of.zip(found))?;
    let question = serde_json::to_string(&asked);
    let new = NewSimulation {
        model: found.id,
        model_version: found.version,
        model_hash: found.hash,
        as_of,
        question: question.map_err(|_| Problem::new(Kind::Internal, "cannot be kept"))?,
        principal: tenant.principal().to_owned(),
    };
    let action = "simulation.queued";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let made = store::create(tx, &new).await?;
        let location = format!("/v1/jobs/{}", made.job);
        let answer = wire::shown(&made, "queued", &tenant)?;
        Reply::accepted(location, &answer)
    })
    .await
}

/// The states of the jobs behind simulations; one that is no longer there has ended.
async fn states(
    tenant: &TenantHandle,
    rows: &[Simulation],
) -> Result<impl Fn(&Simulation) -> &'static str + use<>, Problem> {
    let ids: Vec<JobId> = rows.iter().map(|row| row.job).collect();
    let states = jobs::states(tenant.store(), &ids).await?;
    Ok(move |row: &Simulation| states.get(&row.job).map_or("done", |state| state.word()))
}

/// List simulations, newest first
///
/// With their reports, where they have ended.
#[utoipa::path(tag = "simulations", params(PageQuery), responses((status = 200, description = "A page of simulations", body = Page<SimulationResponse>)))]
#[get("/simulations")]
pub async fn list_simulations(
    tenant: Tenant<need::EvaluationsRead>,
    request: HttpRequest,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let list = "simulations";
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), listing.after()?, listing.fetch()).await?;
    let state = states(&tenant, &rows).await?;
    let told = rows.iter().map(|row| wire::shown(row, state(row), &tenant));
    let told = told.collect::<Result<Vec<_>, _>>()?;
    let page = listing.page(told, |row| row.id.clone(), |row| row);
    Ok(listing::answer(&request, &page))
}

async fn existing(tenant: &TenantHandle, id: SimulationId) -> Result<Simulation, Problem> {
    let found = store::find(tenant.store(), id).await?;
    found.ok_or_else(|| Problem::not_found("simulation"))
}

/// Find a simulation
///
/// Its report once it has ended. Amounts are of the twelve months that end with the day.
#[utoipa::path(tag = "simulations",
    params(("id" = String, Path, description = "Id of the simulation", example = "sim_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 200, description = "The simulation", body = SimulationResponse)))]
#[get("/simulations/{id}")]
pub async fn find_simulation(
    tenant: Tenant<need::EvaluationsRead>,
    Id(id): Id<SimulationId>,
) -> Result<HttpResponse, Problem> {
    let found = existing(&tenant, id).await?;
    let state = states(&tenant, std::slice::from_ref(&found)).await?;
    Ok(HttpResponse::Ok().json(wire::shown(&found, state(&found), &tenant)?))
}

/// List who would change tier, in order of ids
///
/// Each with the criteria that moved it, and with its revenue.
#[utoipa::path(tag = "simulations",
    params(("id" = String, Path, description = "Id of the simulation", example = "sim_06dv7n5z4h9k3m2p8q1r5s7t0w"), ListMovers),
    responses((status = 200, description = "A page of customers", body = Page<MoverResponse>)))]
#[get("/simulations/{id}/movers")]
pub async fn list_simulation_movers(
    tenant: Tenant<need::EvaluationsRead>,
    request: HttpRequest,
    Id(id): Id<SimulationId>,
    Query(query): Query<ListMovers>,
) -> Result<HttpResponse, Problem> {
    existing(&tenant, id).await?;
    let list = format!("movers {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::movers(tenant.store(), id, listing.after()?, listing.fetch()).await?;
    let costs = tenant.allows(Scope::CostsRead);
    let currency = tenant.settings().base_currency;
    let show = |mover: Mover| MoverResponse::new(&mover, currency, costs);
    let rows = rows.into_iter().map(show).collect::<Result<Vec<_>, _>>()?;
    let page = listing.page(rows, |row| row.customer.clone(), |row| row);
    Ok(listing::answer(&request, &page))
}
