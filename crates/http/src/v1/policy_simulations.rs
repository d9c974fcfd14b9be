//! Simulations of policies: who gains and who loses by a draft, before it is published.
//!
//! | the job | `crates/http/src/flows/policy_simulations.rs`   |
//! | answers | `policy_simulations/wire.rs`                    |
//! | rows    | `crates/persistence/src/policy_simulations.rs`  |

mod wire;

use crate::body::{Id, Json, Query};
use crate::faults::Faults;
use crate::flows::policy_simulations::question::{Asked, Basis, Version, version};
use crate::flows::policy_simulations::report::Outcome;
use crate::listing::{self, Listing, PageQuery};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::{Scope, need};
use crate::tenant::{Tenant, TenantHandle};
use crate::wire::date;
use actix_web::{HttpRequest, HttpResponse, get, post};
use chrono::NaiveDate;
use tiercel_domain::ids::{JobId, PolicySimulationId};
use tiercel_domain::period::days_between;
use tiercel_persistence::documents::DocumentKind;
use tiercel_persistence::jobs;
use tiercel_persistence::policy_simulations::{self as store, PolicySimulation};
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{
    ListPolicySimulationCustomers, PolicySimulationCustomer, PolicySimulationResponse,
    StartPolicySimulationRequest,
};

/// How far ahead the day may lie whose tiers and policies count.
const MOST_DAYS: i64 = 366;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(start_policy_simulation)
        .service(list_policy_simulations)
        .service(find_policy_simulation)
        .service(list_policy_simulation_customers);
}

/// Simulate a discount policy, a credit policy, or both
///
/// A job: decides the business of a period by drafts beside the policies in force, and tells who
/// would pay less, who more, what that does to margins, which floors and approvals it meets, and
/// what becomes of credit limits. `order_lines` quotes what was ordered as if all of it came on one
/// day; `quotes` decides the firm quotes of the period again, as of their own day. It writes nothing
/// but its report.
#[utoipa::path(tag = "simulations", responses((status = 202, description = "Queued; `Location` is the job", body = PolicySimulationResponse)))]
#[post("/policy-simulations")]
pub async fn start_policy_simulation(
    tenant: Tenant<need::PoliciesWrite>,
    retry: RetryKey,
    body: Json<StartPolicySimulationRequest>,
) -> Result<HttpResponse, Problem> {
    let asked = asked(&tenant, body.value).await?;
    let question = serde_json::to_string(&asked);
    let question = question.map_err(|_| Problem::new(Kind::Internal, "cannot be kept"))?;
    let action = "policy_simulation.queued";
    reply::write(&tenant, action, &retry, &body.hash, async |tx| {
        let made = store::create(tx, &question, tenant.principal()).await?;
        let location = format!("/v1/jobs/{}", made.job);
        let answer = wire::shown(&made, "queued", &tenant)?;
        Reply::accepted(location, &answer)
    })
    .await
}

async fn asked(
    tenant: &TenantHandle,
    request: StartPolicySimulationRequest,
) -> Result<Asked, Problem> {
    let mut faults = Faults::default();
    let from = date(&mut faults, "/from", &request.from);
    let days = (from, day(tenant, &mut faults, "/to", request.to.as_deref()));
    let on = day(tenant, &mut faults, "/on", request.on.as_deref());
    check_days(tenant, &mut faults, days, on);
    let basis = request.basis.as_deref().unwrap_or("order_lines");
    let basis = faults.word("/basis", basis, Basis::from_word);
    let policies = request.policies;
    if policies.discount.is_none() && policies.credit.is_none() {
        let detail = "names no version of a discount or credit policy";
        faults.add("/policies", "missing", detail);
    }
    let kind = DocumentKind::DiscountPolicy;
    let discount = exact(tenant, &mut faults, kind, policies.discount).await?;
    let kind = DocumentKind::CreditPolicy;
    let credit = exact(tenant, &mut faults, kind, policies.credit).await?;
    let read = from.zip(days.1).zip(on).zip(basis);
    let asked = read.map(|(((from, to), on), basis)| Asked {
        customers: request.customers.unwrap_or_default(),
        discount,
        credit,
        basis,
        from,
        to,
        on,
    });
    if let Some(Err(pointer)) = asked.as_ref().map(Asked::filter) {
        faults.add(pointer, "unknown_value", "is not one of the known values");
    }
    faults.finish(asked)
}

/// A day; today where none is named.
fn day(
    tenant: &TenantHandle,
    faults: &mut Faults,
    pointer: &str,
    text: Option<&str>,
) -> Option<NaiveDate> {
    match text {
        Some(text) => date(faults, pointer, text),
        None => Some(tenant.today()),
    }
}

fn check_days(
    tenant: &TenantHandle,
    faults: &mut Faults,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    on: Option<NaiveDate>,
) {
    if to.is_some_and(|to| to > tenant.today()) {
        let detail = "there is no business of a day to come";
        faults.add("/to", "in_the_future", detail);
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        faults.add("/from", "not_before", "lies after the last day");
    }
    if on.is_some_and(|on| on < tenant.today()) {
        let detail = "tiers, groups and open items are those of now";
        faults.add("/on", "in_the_past", detail);
    }
    let ahead = on.map(|on| days_between(tenant.today(), on));
    if ahead.is_some_and(|days| days > MOST_DAYS) {
        let detail = "must be at most 366 days ahead";
        faults.add("/on", "range", detail);
    }
}

/// Exactly the text of the version that is named, as it is now.
async fn exact(
    tenant: &TenantHandle,
    faults: &mut Faults,
    kind: DocumentKind,
    number: Option<i64>,
) -> Result<Option<Version>, Problem> {
    let Some(number) = number else {
        return Ok(None);
    };
    let found = version(tenant.store(), kind, number).await?;
    if found.is_none() {
        let pointer = match kind {
            DocumentKind::CreditPolicy => "/policies/credit",
            _ => "/policies/discount",
        };
        faults.add(pointer, "unknown", "there is no such version");
    }
    Ok(found.map(|found| Version {
        version: found.version,
        hash: found.hash,
    }))
}

/// The states of the jobs behind simulations; one that is no longer there has ended.
async fn states(
    tenant: &TenantHandle,
    rows: &[PolicySimulation],
) -> Result<impl Fn(&PolicySimulation) -> &'static str + use<>, Problem> {
    let ids: Vec<JobId> = rows.iter().map(|row| row.job).collect();
    let states = jobs::states(tenant.store(), &ids).await?;
    Ok(move |row: &PolicySimulation| states.get(&row.job).map_or("done", |state| state.word()))
}

/// List simulations of policies, newest first
///
/// With their reports, where they have ended.
#[utoipa::path(tag = "simulations", params(PageQuery), responses((status = 200, description = "A page of simulations", body = Page<PolicySimulationResponse>)))]
#[get("/policy-simulations")]
pub async fn list_policy_simulations(
    tenant: Tenant<need::PoliciesRead>,
    request: HttpRequest,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let list = "policy simulations";
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), listing.after()?, listing.fetch()).await?;
    let state = states(&tenant, &rows).await?;
    let told = rows.iter().map(|row| wire::shown(row, state(row), &tenant));
    let told = told.collect::<Result<Vec<_>, _>>()?;
    let page = listing.page(told, |row| row.id.clone(), |row| row);
    Ok(listing::answer(&request, &page))
}

async fn existing(
    tenant: &TenantHandle,
    id: PolicySimulationId,
) -> Result<PolicySimulation, Problem> {
    let found = store::find(tenant.store(), id).await?;
    found.ok_or_else(|| Problem::not_found("simulation"))
}

/// Find a simulation of policies
///
/// Its report once it has ended. Costs, margins and floors only with `costs:read`.
#[utoipa::path(tag = "simulations",
    params(("id" = String, Path, description = "Id of the simulation", example = "psm_06dv7n5z4h9k3m2p8q1r5s7t0w")),
    responses((status = 200, description = "The simulation", body = PolicySimulationResponse)))]
#[get("/policy-simulations/{id}")]
pub async fn find_policy_simulation(
    tenant: Tenant<need::PoliciesRead>,
    Id(id): Id<PolicySimulationId>,
) -> Result<HttpResponse, Problem> {
    let found = existing(&tenant, id).await?;
    let state = states(&tenant, std::slice::from_ref(&found)).await?;
    Ok(HttpResponse::Ok().json(wire::shown(&found, state(&found), &tenant)?))
}

/// List the customers for whom something would change, in order of ids
///
/// Those whose prices, credit limit or hold would differ; costs, margins and floors only with
/// `costs:read`.
#[utoipa::path(tag = "simulations",
    params(("id" = String, Path, description = "Id of the simulation", example = "psm_06dv7n5z4h9k3m2p8q1r5s7t0w"), ListPolicySimulationCustomers),
    responses((status = 200, description = "A page of customers", body = Page<PolicySimulationCustomer>)))]
#[get("/policy-simulations/{id}/customers")]
pub async fn list_policy_simulation_customers(
    tenant: Tenant<need::PoliciesRead>,
    request: HttpRequest,
    Id(id): Id<PolicySimulationId>,
    Query(query): Query<ListPolicySimulationCustomers>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let outcome = query.outcome.as_deref();
    let outcome = outcome.and_then(|it| faults.word("outcome", it, Outcome::from_word));
    faults.finish(Some(()))?;
    existing(&tenant, id).await?;
    let list = format!("policy simulation {id} {outcome:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let (after, fetch) = (listing.after()?, listing.fetch());
    let outcome = outcome.map(Outcome::word);
    let rows = store::customers(tenant.store(), id, outcome, after, fetch).await?;
    let costs = tenant.allows(Scope::CostsRead);
    let currency = tenant.settings().base_currency;
    let rows = rows
        .into_iter()
        .map(|(customer, content)| {
            PolicySimulationCustomer::new(customer, &content, currency, costs)
        })
        .collect::<Result<Vec<_>, _>>()?;
    let page = listing.page(rows, |row| row.customer.clone(), |row| row);
    Ok(listing::answer(&request, &page))
}
