//! Evaluation models: listed, created, and their versions.

use super::flow::{self, Address};
use super::freeze;
use super::wire::{
    CompareVersions, ComparisonResponse, CreateModelRequest, DocumentResponse,
    FreezeQueuedResponse, FreezeRequest, LintResponse, ListVersions, ModelResponse, PublishRequest,
    VersionPath, VersionResponse,
};
use crate::body::{Id, Json, Query, Whole};
use crate::etag::Conditions;
use crate::faults::Faults;
use crate::flows::model;
use crate::listing::{self, Listing};
use crate::page::Page;
use crate::problem::{Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::{HttpRequest, HttpResponse, get, post, put};
use tiercel_documents::evaluation_model::EvaluationModelDocument;
use tiercel_domain::ids::DocumentId;
use tiercel_persistence::Source;
use tiercel_persistence::documents::{self as store, DocumentKind, DocumentSummary, NewDraft};
use utoipa_actix_web::service_config::ServiceConfig;

const KIND: DocumentKind = DocumentKind::EvaluationModel;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_evaluation_models)
        .service(create_evaluation_model)
        .service(list_evaluation_model_versions)
        .service(draft_evaluation_model)
        .service(find_evaluation_model_version)
        .service(replace_evaluation_model_draft)
        .service(lint_evaluation_model_version)
        .service(publish_evaluation_model_version)
        .service(retire_evaluation_model_version)
        .service(roll_back_evaluation_model)
        .service(compare_evaluation_model_versions)
        .service(freeze_evaluation_model_draft);
}

/// The model that has an id or a code.
async fn named(source: &impl Source, name: &str) -> Result<Address, Problem> {
    let missing = || Problem::not_found("evaluation model");
    let id = match name.parse::<DocumentId>() {
        Ok(id) => Some(id),
        Err(_) => store::id_of(source, KIND, name).await?,
    };
    let id = id.ok_or_else(missing)?;
    let first = store::find(source, KIND, id, 1).await?;
    Ok(Address {
        kind: KIND,
        id: Some(id),
        code: first.ok_or_else(missing)?.code,
        base: format!("/v1/evaluation-models/{id}"),
    })
}

/// List evaluation models
///
/// In order of their ids, a page at a time.
#[utoipa::path(tag = "evaluation-models", params(ListVersions), responses((status = 200, description = "A page of models", body = Page<ModelResponse>)))]
#[get("/evaluation-models")]
pub async fn list_evaluation_models(
    tenant: Tenant<need::ModelsRead>,
    request: HttpRequest,
    Query(query): Query<ListVersions>,
) -> Result<HttpResponse, Problem> {
    let listing = Listing::new(&tenant, "models", query.limit, query.after.as_deref())?;
    let rows = store::page(tenant.store(), KIND, listing.after()?, listing.fetch()).await?;
    let in_force = model::on(tenant.store(), tenant.today()).await?;
    let version = |id| in_force.as_ref().and_then(|models| models.version_of(id));
    let key = |row: &DocumentSummary| row.id.to_string();
    let page = listing.page(rows, key, |row| {
        let in_force = version(row.id);
        ModelResponse::of(row, in_force)
    });
    Ok(listing::answer(&request, &page))
}

/// Create an evaluation model
///
/// Begins with a draft of version 1. A model with `applies_to` decides for the customers that this
/// holds of; of the others the one with the latest first day decides for the rest.
#[utoipa::path(tag = "evaluation-models", responses(
    (status = 201, description = "The first draft; `Location` and `ETag` in the headers", body = DocumentResponse),
    (status = 409, description = "The code is taken", body = crate::problem::ProblemBody, content_type = "application/problem+json"),
))]
#[post("/evaluation-models")]
pub async fn create_evaluation_model(
    tenant: Tenant<need::ModelsWrite>,
    retry: RetryKey,
    body: Json<CreateModelRequest>,
) -> Result<HttpResponse, Problem> {
    let code = code(&body.value.code)?;
    let document = flow::canonical(KIND, &body.value.document, "/document")?;
    let taken = || Problem::new(Kind::Conflict, "a model has this code already");
    let draft = NewDraft {
        kind: KIND,
        code: &code,
        body: &document,
        author: tenant.principal(),
    };
    let (action, hash) = ("document.drafted", &body.hash);
    reply::write(&tenant, action, &retry, hash, async |tx| {
        if store::id_of(tx, KIND, &code).await?.is_some() {
            return Err(taken());
        }
        let stored = store::create_draft(tx, &draft).await?;
        let location = format!("/v1/evaluation-models/{}/versions/1", stored.id);
        let body = DocumentResponse::try_from(&stored)?;
        Ok(Reply::created(location, &body)?.version(stored.revision))
    })
    .await
}

/// A code that is no id and needs no escaping in a path.
fn code(text: &str) -> Result<String, Problem> {
    let mut faults = Faults::default();
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_' || letter == '-'
    };
    let fits = (1..=64).contains(&text.len()) && text.chars().all(plain);
    if !fits || text.starts_with("doc_") {
        let detail = "is not 1 to 64 lower-case letters, digits, `_` or `-`";
        faults.add("/code", "not_a_code", detail);
    }
    faults.finish(Some(text.to_owned()))
}

/// List the versions of an evaluation model
///
/// Oldest first, drafts included.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ListVersions),
    responses((status = 200, description = "A page of versions", body = Page<VersionResponse>)))]
#[get("/evaluation-models/{id}/versions")]
pub async fn list_evaluation_model_versions(
    tenant: Tenant<need::ModelsRead>,
    request: HttpRequest,
    Id(name): Id<String>,
    Query(query): Query<ListVersions>,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &name).await?;
    flow::list(&tenant, &request, &query, &at).await
}

/// Draft the next version of an evaluation model
///
/// Its shape must fit; what else is wrong with it is told by lint and refused when published.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default")),
    request_body = EvaluationModelDocument,
    responses((status = 201, description = "The draft; `Location` and `ETag` in the headers", body = DocumentResponse)))]
#[post("/evaluation-models/{id}/versions")]
pub async fn draft_evaluation_model(
    tenant: Tenant<need::ModelsWrite>,
    Id(name): Id<String>,
    retry: RetryKey,
    body: Json<serde_json::Value>,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &name).await?;
    let body = flow::canonical(at.kind, &body.value, "")?;
    flow::draft(&tenant, &retry, &at, &body).await
}

/// Find a version of an evaluation model
///
/// The document as it was saved, its state and its entity tag.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    responses((status = 200, description = "The version with its document; `ETag` in the headers", body = DocumentResponse)))]
#[get("/evaluation-models/{id}/versions/{version}")]
pub async fn find_evaluation_model_version(
    tenant: Tenant<need::ModelsRead>,
    path: VersionPath,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    flow::show(&tenant, &at, path.version).await
}

/// Replace a draft of an evaluation model
///
/// A published version never changes: 409.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1), ("If-Match" = String, Header, description = "The `ETag` of the draft that is replaced")),
    request_body = EvaluationModelDocument,
    responses((status = 200, description = "The draft as it is now", body = DocumentResponse)))]
#[put("/evaluation-models/{id}/versions/{version}")]
pub async fn replace_evaluation_model_draft(
    tenant: Tenant<need::ModelsWrite>,
    path: VersionPath,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<serde_json::Value>,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    let body = flow::canonical(at.kind, &body.value, "")?;
    flow::replace(&tenant, &conditions, &retry, (&at, path.version), &body).await
}

/// Check a version of an evaluation model
///
/// Tells everything that would keep it from being published.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    responses((status = 200, description = "What was found", body = LintResponse)))]
#[post("/evaluation-models/{id}/versions/{version}/lint")]
pub async fn lint_evaluation_model_version(
    tenant: Tenant<need::ModelsRead>,
    path: VersionPath,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    flow::check(&tenant, &at, path.version).await
}

/// Publish a draft of an evaluation model
///
/// The body may be absent: then it is in force from today on. A draft with faults is refused: 422.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    request_body(content = Option<PublishRequest>, content_type = "application/json"),
    responses((status = 200, description = "The published version", body = DocumentResponse)))]
#[post("/evaluation-models/{id}/versions/{version}/publish")]
pub async fn publish_evaluation_model_version(
    tenant: Tenant<need::ModelsPublish>,
    path: VersionPath,
    retry: RetryKey,
    Whole(bytes): Whole,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    flow::publish(&tenant, &retry, (&at, path.version), &bytes).await
}

/// Retire a published version of an evaluation model
///
/// From now on the version before it decides again.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    responses((status = 200, description = "The retired version", body = DocumentResponse)))]
#[post("/evaluation-models/{id}/versions/{version}/retire")]
pub async fn retire_evaluation_model_version(
    tenant: Tenant<need::ModelsPublish>,
    path: VersionPath,
    retry: RetryKey,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    flow::retire(&tenant, &retry, &at, path.version).await
}

/// Roll an evaluation model back to a former version
///
/// Publishes a copy of it as the next version, in force from the day named, else from today on. A
/// version that was never published cannot be rolled back to: 409.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1)),
    request_body(content = Option<PublishRequest>, content_type = "application/json"),
    responses((status = 201, description = "The copy; `Location` and `ETag` in the headers", body = DocumentResponse)))]
#[post("/evaluation-models/{id}/versions/{version}/rollback")]
pub async fn roll_back_evaluation_model(
    tenant: Tenant<need::ModelsPublish>,
    path: VersionPath,
    retry: RetryKey,
    Whole(bytes): Whole,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    flow::roll_back(&tenant, &retry, (&at, path.version), &bytes).await
}

/// Compare two versions of an evaluation model
///
/// Field by field; entries of lists that have a `code` are found by it wherever they stand.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1), CompareVersions),
    responses((status = 200, description = "What differs", body = ComparisonResponse)))]
#[get("/evaluation-models/{id}/versions/{version}/compare")]
pub async fn compare_evaluation_model_versions(
    tenant: Tenant<need::ModelsRead>,
    path: VersionPath,
    Query(query): Query<CompareVersions>,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    flow::compare(&tenant, &at, path.version, query.with).await
}

/// Freeze the references of a draft
///
/// Evaluates everyone to whom the model applies as of a date, and writes what thresholds by quantile,
/// ranks and shares need into the draft: a published version keeps them. A job,
/// which fails where the draft is changed before it ends.
#[utoipa::path(tag = "evaluation-models",
    params(("id" = String, Path, description = "Id or code of the model", example = "default"), ("version" = i64, Path, description = "Number of the version", example = 1), ("If-Match" = String, Header, description = "The `ETag` of the draft that is frozen")),
    responses((status = 202, description = "Queued; `Location` is the job", body = FreezeQueuedResponse)))]
#[post("/evaluation-models/{id}/versions/{version}/freeze")]
pub async fn freeze_evaluation_model_draft(
    tenant: Tenant<need::ModelsWrite>,
    path: VersionPath,
    conditions: Conditions,
    retry: RetryKey,
    body: Json<FreezeRequest>,
) -> Result<HttpResponse, Problem> {
    let at = named(tenant.store(), &path.name).await?;
    let (at, asked) = ((&at, path.version), (&body.value, body.hash.as_str()));
    freeze::freeze(&tenant, &conditions, &retry, at, asked).await
}
