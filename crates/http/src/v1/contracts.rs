//! Contracts: prices agreed with customers and groups, for a time, with every version.
//!
//! | which one counts | `crates/domain/src/contracts/mod.rs`   |
//! | asked and shown  | `contracts/wire.rs`                    |
//! | rows             | `crates/persistence/src/contracts.rs`  |

mod wire;

use crate::body::{Id, Json, Query};
use crate::etag::{Conditions, etag};
use crate::faults::Faults;
use crate::listing::{self, Listing, PageQuery};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::v1::asking;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::Deserialize;
use tiercel_domain::contracts::{Contract, Party};
use tiercel_domain::ids::ContractId;
use tiercel_persistence::Tx;
use tiercel_persistence::contracts::{self as store, ContractFilter, StoredContract};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use wire::{ContractResponse, CreateContractRequest, PatchContractRequest};

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_contract)
        .service(list_contracts)
        .service(find_contract)
        .service(update_contract)
        .service(list_contract_versions);
}

/// Which contracts to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListContracts {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
    /// Its own ones, not those of its groups: `cus_…`, or `system:id`.
    pub customer: Option<String>,
    /// Those of one group, `grp_…`.
    pub group_id: Option<String>,
    pub code: Option<String>,
}

/// Make a contract
///
/// With one customer, or with a group and everybody in it and below it. Quotes go by it from its
/// first day on: the price of a line under a contract takes the place of the list price, as the
/// discount policy says.
#[utoipa::path(tag = "contracts", request_body = CreateContractRequest, responses(
    (status = 201, description = "The contract; `Location` and `ETag` in the headers", body = ContractResponse),
    (status = 409, description = "Another contract has the code", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/contracts")]
pub async fn create_contract(
    tenant: Tenant<need::CustomersWrite>,
    retry: RetryKey,
    body: Json<CreateContractRequest>,
) -> Result<HttpResponse, Problem> {
    let new = body.value.read(&tenant).await?;
    reply::write(
        &tenant,
        "contract.created",
        &retry,
        &body.hash,
        async |tx| {
            held(tx, &new).await?;
            let made = store::create(tx, &new).await?;
            let (location, version) = (format!("/v1/contracts/{}", made.what.id), made.version);
            Ok(Reply::created(location, &ContractResponse::from(made))?.version(version))
        },
    )
    .await
}

/// List contracts
///
/// Oldest first.
#[utoipa::path(tag = "contracts", params(ListContracts), responses((status = 200, description = "A page of contracts", body = Page<ContractResponse>)))]
#[get("/contracts")]
pub async fn list_contracts(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Query(query): Query<ListContracts>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let code = query.code.as_deref();
    let code = code.and_then(|text| faults.text("code", text, 200));
    let group = query.group_id.as_deref();
    let group = group.and_then(|text| faults.parsed("group_id", text, "not_an_id"));
    faults.finish(Some(()))?;
    let customer = match &query.customer {
        Some(text) => Some(asking::named(&tenant, text).await?),
        None => None,
    };
    let filter = ContractFilter {
        customer,
        group,
        code,
    };
    let list = format!("contracts {filter:?}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), &filter, listing.after()?, listing.fetch()).await?;
    let key = |row: &StoredContract| row.what.id.to_string();
    let page = listing.page(rows, key, ContractResponse::from);
    Ok(listing::answer(&request, &page))
}

/// Find a contract
///
/// With its entity tag, for a change under `If-Match`.
#[utoipa::path(tag = "contracts",
    params(("id" = String, Path, description = "Id of the contract", example = "ctr_06dv7n5z4h9k3m2p8q1r5s7t0z")),
    responses((status = 200, description = "The contract", body = ContractResponse)))]
#[get("/contracts/{id}")]
pub async fn find_contract(
    tenant: Tenant<need::CustomersRead>,
    Id(id): Id<ContractId>,
) -> Result<HttpResponse, Problem> {
    let found = store::find(tenant.store(), id).await?;
    let found = found.ok_or_else(missing)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, etag(found.version)))
        .json(ContractResponse::from(found)))
}

/// Change a contract
///
/// A JSON merge patch: `terms` are replaced as a whole. What was agreed before stays known: decisions as
/// known earlier go by the version of then.
#[utoipa::path(tag = "contracts",
    params(
        ("id" = String, Path, description = "Id of the contract", example = "ctr_06dv7n5z4h9k3m2p8q1r5s7t0z"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is changed"),
    ),
    request_body = PatchContractRequest,
    responses((status = 200, description = "The contract as it is now", body = ContractResponse)))]
#[patch("/contracts/{id}")]
pub async fn update_contract(
    tenant: Tenant<need::CustomersWrite>,
    Id(id): Id<ContractId>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchContractRequest>,
) -> Result<HttpResponse, Problem> {
    conditions.require_present()?;
    reply::write(
        &tenant,
        "contract.updated",
        &retry,
        &body.hash,
        async |tx| {
            let known = store::find(tx, id).await?.ok_or_else(missing)?;
            conditions.require_match(known.version)?;
            held(tx, &known.what).await?;
            let what = body.value.apply(&known.what)?;
            let next = match what == known.what {
                true => known,
                false => store::replace(tx, &known, &what).await?,
            };
            let version = next.version;
            Ok(Reply::ok(&ContractResponse::from(next))?.version(version))
        },
    )
    .await
}

/// List the versions of a contract
///
/// Oldest first.
#[utoipa::path(tag = "contracts",
    params(("id" = String, Path, description = "Id of the contract", example = "ctr_06dv7n5z4h9k3m2p8q1r5s7t0z"), PageQuery),
    responses((status = 200, description = "A page of versions", body = Page<ContractResponse>)))]
#[get("/contracts/{id}/versions")]
pub async fn list_contract_versions(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Id(id): Id<ContractId>,
    Query(query): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let list = format!("versions of {id}");
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    store::find(tenant.store(), id).await?.ok_or_else(missing)?;
    let after = listing.after()?.unwrap_or(0);
    let rows = store::versions(tenant.store(), id, after, listing.fetch()).await?;
    let key = |row: &StoredContract| row.version.to_string();
    let page = listing.page(rows, key, ContractResponse::from);
    Ok(listing::answer(&request, &page))
}

/// A customer who is the party is held, so that nobody erases it meanwhile.
async fn held(tx: &Tx, contract: &Contract) -> Result<(), Problem> {
    match contract.party {
        Party::Customer(id) => asking::locked(tx, id).await,
        Party::Group(_) => Ok(()),
    }
}

fn missing() -> Problem {
    Problem::not_found("contract")
}
