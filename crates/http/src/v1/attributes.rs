//! Definitions of attributes: the built-in ones and the tenant's own.

use crate::body::{Json, Query};
use crate::faults::Faults;
use crate::listing::{self, CountedQuery, Listing};
use crate::page::Page;
use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::wire::instant;
use actix_web::{HttpRequest, HttpResponse, get, post};
use serde::{Deserialize, Serialize};
use tiercel_domain::profile::AttributeType;
use tiercel_persistence::attributes::{self as store, Definition, NewDefinition};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(create_attribute_definition)
        .service(list_attribute_definitions);
}

/// An attribute to define, for good: values refer to it.
///
/// The built-in ones (`size`, `industry` …) and your own, in order of their codes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "channel", "type": "text", "label": "Sales channel", "allowed": ["direct", "partner"], "personal": false}))]
pub struct CreateAttributeDefinitionRequest {
    /// A lower-case letter, then lower-case letters, digits and `_`.
    pub code: String,
    /// `text`, `number`, `flag` or `date`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it means, for people.
    pub label: String,
    /// Values that a text may have; any where it is empty.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// Whether values are personal data, which erasing a customer deletes.
    #[serde(default)]
    pub personal: bool,
}

/// An attribute that customers may have.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"code": "size", "type": "text", "label": "Size of the company", "allowed": ["large", "medium", "small"], "personal": false, "built_in": true, "created_at": "1970-01-01T00:00:00.000000Z"}))]
pub struct AttributeDefinitionResponse {
    pub code: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub label: String,
    pub allowed: Vec<String>,
    pub personal: bool,
    pub built_in: bool,
    pub created_at: String,
}

impl From<Definition> for AttributeDefinitionResponse {
    fn from(definition: Definition) -> Self {
        Self {
            code: definition.code,
            kind: definition.kind.word().to_owned(),
            label: definition.label,
            allowed: definition.allowed,
            personal: definition.personal,
            built_in: definition.built_in,
            created_at: instant(definition.created_at),
        }
    }
}

/// Define an attribute
///
/// Its type and its allowed values are checked from then on. A definition does not change: evaluation
/// models rely on it.
#[utoipa::path(tag = "attributes", responses(
    (status = 201, description = "The definition", body = AttributeDefinitionResponse),
    (status = 409, description = "The code is defined already", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/attribute-definitions")]
pub async fn create_attribute_definition(
    tenant: Tenant<need::CustomersWrite>,
    retry: RetryKey,
    body: Json<CreateAttributeDefinitionRequest>,
) -> Result<HttpResponse, Problem> {
    let request = body.value;
    let mut faults = Faults::default();
    let kind = faults.word("/type", &request.kind, AttributeType::from_word);
    let wanted = faults.finish(kind.map(|kind| NewDefinition {
        code: request.code,
        kind,
        label: request.label,
        allowed: request.allowed,
        personal: request.personal,
    }))?;
    reply::write(
        &tenant,
        "attribute.defined",
        &retry,
        &body.hash,
        async |tx| {
            let definition = store::define(tx, &wanted).await?;
            let body = AttributeDefinitionResponse::from(definition);
            Reply::created("/v1/attribute-definitions", &body)
        },
    )
    .await
}

/// List the definitions of attributes
///
/// The built-in ones (`size`, `industry` …) and your own, in order of their codes.
#[utoipa::path(tag = "attributes", params(CountedQuery), responses((status = 200, description = "A page of definitions", body = Page<AttributeDefinitionResponse>)))]
#[get("/attribute-definitions")]
pub async fn list_attribute_definitions(
    tenant: Tenant<need::CustomersRead>,
    request: HttpRequest,
    Query(query): Query<CountedQuery>,
) -> Result<HttpResponse, Problem> {
    let list = "attribute definitions";
    let listing = Listing::new(&tenant, list, query.limit, query.after.as_deref())?;
    let all = store::definitions(tenant.store()).await?;
    let key = |definition: &Definition| definition.code.clone();
    let rows = all.into_values().collect();
    let page = listing.whole(rows, query.count, key, AttributeDefinitionResponse::from);
    Ok(listing::answer(&request, &page))
}
