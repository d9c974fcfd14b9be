//! Service policies: one per kind of decision, in versions.

use super::DEFAULT_CODE;
use super::flow::{self, Address};
use super::wire::{
    CompareVersions, ComparisonResponse, DocumentResponse, LintResponse, ListVersions,
    PublishRequest, ServicePolicyDocument, VersionPath, VersionResponse,
};
use crate::body::{Id, Json, Query, Whole};
use crate::etag::Conditions;
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use tiercel_persistence::Source;
use tiercel_persistence::documents::{self as store, DocumentKind};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_service_policy_versions)
        .service(draft_service_policy)
        .service(find_service_policy_version)
        .service(replace_service_policy_draft)
        .service(lint_service_policy_version)
        .service(publish_service_policy_version)
        .service(retire_service_policy_version)
        .service(roll_back_service_policy)
        .service(compare_service_policy_versions);
}

/// The policy of a kind, whether it has versions yet or not.
async fn policy(source: &impl Source, word: &str) -> Result<Address, Problem> {
    let kind = match word {
        "discount" => DocumentKind::DiscountPolicy,
        "credit" => DocumentKind::CreditPolicy,
        "routing" => DocumentKind::RoutingPolicy,
        _ => {
            return Err(Problem::new(
                Kind::NotFound,
                "no service policy has this kind",
            ));
        }
    };
    Ok(Address {
        kind,
        id: store::id_of(source, kind, DEFAULT_CODE).await?,
        code: DEFAULT_CODE.to_owned(),
        base: format!("/v1/service-policies/{word}"),
    })
}

/// List the versions of a service policy
///
/// Oldest first, drafts included.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ListVersions),
    responses((status = 200, description = "A page of versions", body = Page<VersionResponse>)))]
#[get("/service-policies/{kind}/versions")]
pub async fn list_service_policy_versions(
    tenant: Tenant<need::PoliciesRead>,
    request: HttpRequest,
    Id(name): Id<String>,
    Query(query): Query<ListVersions>,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &name).await?;
    flow::list(&tenant, &request, &query, &at).await
}

/// Draft the next version of a service policy
///
/// Its shape must fit; what else is wrong with it is told by lint and refused when published.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount")),
    request_body = ServicePolicyDocument,
    responses((status = 201, description = "The draft; `Location` and `ETag` in the headers", body = DocumentResponse)))]
#[post("/service-policies/{kind}/versions")]
pub async fn draft_service_policy(
    tenant: Tenant<need::PoliciesWrite>,
    Id(name): Id<String>,
    retry: RetryKey,
    body: Json<serde_json::Value>,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &name).await?;
    let body = flow::canonical(at.kind, &body.value, "")?;
    flow::draft(&tenant, &retry, &at, &body).await
}

/// Find a version of a service policy
///
/// The document as it was saved, its state and its entity tag.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    responses((status = 200, description = "The version with its document; `ETag` in the headers", body = DocumentResponse)))]
#[get("/service-policies/{kind}/versions/{version}")]
pub async fn find_service_policy_version(
    tenant: Tenant<need::PoliciesRead>,
    path: VersionPath,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    flow::show(&tenant, &at, path.version).await
}

/// Replace a draft of a service policy
///
/// A published version never changes: 409.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1), ("If-Match" = String, Header, description = "The `ETag` of the draft that is replaced")),
    request_body = ServicePolicyDocument,
    responses((status = 200, description = "The draft as it is now", body = DocumentResponse)))]
#[put("/service-policies/{kind}/versions/{version}")]
pub async fn replace_service_policy_draft(
    tenant: Tenant<need::PoliciesWrite>,
    path: VersionPath,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<serde_json::Value>,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    let body = flow::canonical(at.kind, &body.value, "")?;
    flow::replace(&tenant, &conditions, &retry, (&at, path.version), &body).await
}

/// Check a version of a service policy
///
/// Tells everything that would keep it from being published.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    responses((status = 200, description = "What was found", body = LintResponse)))]
#[post("/service-policies/{kind}/versions/{version}/lint")]
pub async fn lint_service_policy_version(
    tenant: Tenant<need::PoliciesRead>,
    path: VersionPath,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    flow::check(&tenant, &at, path.version).await
}

/// Publish a draft of a service policy
///
/// The body may be absent: then it is in force from today on. A draft with faults is refused: 422.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    request_body(content = Option<PublishRequest>, content_type = "application/json"),
    responses((status = 200, description = "The published version", body = DocumentResponse)))]
#[post("/service-policies/{kind}/versions/{version}/publish")]
pub async fn publish_service_policy_version(
    tenant: Tenant<need::PoliciesPublish>,
    path: VersionPath,
    retry: RetryKey,
    Whole(bytes): Whole,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    flow::publish(&tenant, &retry, (&at, path.version), &bytes).await
}

/// Retire a published version of a service policy
///
/// From now on the version before it decides again.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    responses((status = 200, description = "The retired version", body = DocumentResponse)))]
#[post("/service-policies/{kind}/versions/{version}/retire")]
pub async fn retire_service_policy_version(
    tenant: Tenant<need::PoliciesPublish>,
    path: VersionPath,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    flow::retire(&tenant, &retry, &at, path.version).await
}

/// Roll a service policy back to a former version
///
/// Publishes a copy of it as the next version, in force from the day named, else from today on. A
/// version that was never published cannot be rolled back to: 409.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    request_body(content = Option<PublishRequest>, content_type = "application/json"),
    responses((status = 201, description = "The copy; `Location` and `ETag` in the headers", body = DocumentResponse)))]
#[post("/service-policies/{kind}/versions/{version}/rollback")]
pub async fn roll_back_service_policy(
    tenant: Tenant<need::PoliciesPublish>,
    path: VersionPath,
    retry: RetryKey,
    Whole(bytes): Whole,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    flow::roll_back(&tenant, &retry, (&at, path.version), &bytes).await
}

/// Compare two versions of a service policy
///
/// Field by field; entries of lists that have a `code` are found by it wherever they stand.
#[utoipa::path(tag = "service-policies",
    params(("kind" = String, Path, description = "`discount`, `credit` or `routing`", example = "discount"), ("version" = i64, Path, description = "Number of the version", example = 1), CompareVersions),
    responses((status = 200, description = "What differs", body = ComparisonResponse)))]
#[get("/service-policies/{kind}/versions/{version}/compare")]
pub async fn compare_service_policy_versions(
    tenant: Tenant<need::PoliciesRead>,
    path: VersionPath,
    Query(query): Query<CompareVersions>,
) -> Result<HttpResponse, Problem> {
    let at = policy(tenant.store(), &path.name).await?;
    flow::compare(&tenant, &at, path.version, query.with).await
}
