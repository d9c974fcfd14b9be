//! Groups of customers.

use super::customers::wire::{group_id, read};
use crate::body::{Id, Json, Query};
use crate::etag::{Conditions, etag};
use crate::faults::Faults;
use crate::listing::{self, CountedQuery, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::wire::{instant, present};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, patch, post};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::GroupId;
use tiercel_persistence::groups::{self as store, Group, GroupEdit};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_customer_group)
        .service(list_customer_groups)
        .service(find_customer_group)
        .service(update_customer_group);
}

/// A group to make.
///
/// The whole tree at once; `parent_id` is null at the top.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "automotive", "name": "Automotive", "parent_id": null}))]
pub struct CreateCustomerGroupRequest {
    /// Unique among all groups.
    pub code: String,
    pub name: String,
    /// The group it stands below; none for a root.
    pub parent_id: Option<String>,
}

/// Fields of a group to change: absent fields stay, a null parent makes it a root.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "Automotive and mobility"}))]
pub struct PatchCustomerGroupRequest {
    pub code: Option<String>,
    pub name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub parent_id: Option<Option<String>>,
}

/// A node of the tree of groups.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "grp_06dv7n5z4h9k3m2p8q1r5s7t0z", "version": 1, "code": "automotive", "name": "Automotive", "parent_id": null, "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct CustomerGroupResponse {
    pub id: String,
    pub version: i64,
    pub code: String,
    pub name: String,
    pub parent_id: Option<String>,
    pub recorded_at: String,
}

impl From<Group> for CustomerGroupResponse {
    fn from(group: Group) -> Self {
        Self {
            id: group.id.to_string(),
            version: group.version,
            code: group.code,
            name: group.name,
            parent_id: group.parent.map(|id| id.to_string()),
            recorded_at: instant(group.recorded_at),
        }
    }
}

/// Make a group of customers
///
/// Groups make a tree; what a policy grants a group, its descendants have too.
#[utoipa::path(tag = "groups", responses(
    (status = 201, description = "The group; `Location` and `ETag` in the headers", body = CustomerGroupResponse),
    (status = 409, description = "Another group has the code", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/customer-groups")]
pub async fn create_customer_group(
    tenant: Tenant<need::CustomersWrite>,
    retry: RetryKey,
    body: Json<CreateCustomerGroupRequest>,
) -> Result<HttpResponse, Problem> {
    let mut faults = Faults::default();
    let parent = body.value.parent_id.as_deref();
    let parent = parent.and_then(|text| group_id(&mut faults, "/parent_id", text));
    faults.finish(Some(()))?;
    reply::write(&tenant, "group.created", &retry, &body.hash, async |tx| {
        let group = store::create(tx, &body.value.code, &body.value.name, parent).await?;
        let (location, version) = (format!("/v1/customer-groups/{}", group.id), group.version);
        Ok(Reply::created(location, &CustomerGroupResponse::from(group))?.version(version))
    })
    .await
}

/// List the groups of customers
///
/// Oldest first; `parent_id` is null at the top of the tree.
#[utoipa::path(tag = "groups", params(CountedQuery), responses((status = 200, description = "A page of the tree", body = Page<CustomerGroupResponse>)))]
#[get("/customer-groups")]
pub async fn list_customer_groups(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Query(query): Query<CountedQuery>,
) -> Result<HttpResponse, Problem> {
    let list = "customer groups";
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let all = store::all(tenant.store()).await?;
    let key = |group: &Group| group.id.to_string();
    let rows = all.into_values().collect();
    let page = listing.whole(rows, query.count, key, CustomerGroupResponse::from);
    Ok(listing::answer(&request, &page))
}

/// Find a group of customers
///
/// With its entity tag, for a change under `If-Match`.
#[utoipa::path(tag = "groups",
    params(("id" = String, Path, description = "Id of the group", example = "grp_06dv7n5z4h9k3m2p8q1r5s7t0z")),
    responses((status = 200, description = "The group", body = CustomerGroupResponse)))]
#[get("/customer-groups/{id}")]
pub async fn find_customer_group(
    tenant: Tenant<need::CustomersRead>,
    Id(id): Id<GroupId>,
) -> Result<HttpResponse, Problem> {
    let group = store::all(tenant.store()).await?.remove(&id);
    let group = group.ok_or_else(|| Problem::not_found("group"))?;
    let tag = etag(group.version);
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .json(CustomerGroupResponse::from(group)))
}

/// Change a group of customers
///
/// A JSON merge patch. A parent that stands below the group is refused.
#[utoipa::path(tag = "groups",
    params(
        ("id" = String, Path, description = "Id of the group", example = "grp_06dv7n5z4h9k3m2p8q1r5s7t0z"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that is changed"),
    ),
    responses((status = 200, description = "The group as it is now", body = CustomerGroupResponse)))]
#[patch("/customer-groups/{id}")]
pub async fn update_customer_group(
    tenant: Tenant<need::CustomersWrite>,
    Id(id): Id<GroupId>,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<PatchCustomerGroupRequest>,
) -> Result<HttpResponse, Problem> {
    conditions.require_present()?;
    let mut faults = Faults::default();
    let edit = GroupEdit {
        parent: read(body.value.parent_id, |text| {
            group_id(&mut faults, "/parent_id", &text)
        }),
        code: body.value.code,
        name: body.value.name,
    };
    let edit = faults.finish(Some(edit))?;
    reply::write(&tenant, "group.updated", &retry, &body.hash, async |tx| {
        let agree = |held: &Group| conditions.require_match(held.version);
        let group = store::patch(tx, id, &edit, agree).await?;
        let version = group.version;
        Ok(Reply::ok(&CustomerGroupResponse::from(group))?.version(version))
    })
    .await
}
