//! Files to import and second files, streamed to where any instance can read them.

use super::is_name;
use super::receive::{Received, receive};
use crate::body::{Query, media_type};
use crate::faults::Faults;
use crate::flows::imports::jobs;
use crate::problem::{FieldError, Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::{Tenant, TenantHandle};
use crate::wire::instant;
use actix_web::http::header;
use actix_web::web::{Path, Payload};
use actix_web::{HttpRequest, HttpResponse, post, put};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiercel_persistence::imports::{self, Mapping, SecondFile, UploadId};
use tiercel_persistence::{Source, crypto};
use utoipa::{IntoParams, ToSchema};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StartImportQuery {
    /// The name of the mapping that says what the columns mean.
    #[param(example = "customers")]
    mapping: String,
}

/// An import that waits for its turn.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"job": "job_01k8z6v3q2e4r5t6y7a8b9c0de", "state": "queued", "mapping": "customers", "mapping_version": 1, "bytes": 48213}))]
pub struct ImportQueuedResponse {
    /// Follow it at `/v1/jobs/{job}`.
    pub job: String,
    pub state: String,
    pub mapping: String,
    pub mapping_version: i64,
    /// Of the file that was received.
    pub bytes: u64,
}

/// A second file.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"name": "orders", "bytes": 20481, "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "recorded_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct ImportFileResponse {
    pub name: String,
    pub bytes: u64,
    /// Of the file as it was sent; null where an older version received it.
    pub sha256: Option<String>,
    pub recorded_at: String,
}

impl From<SecondFile> for ImportFileResponse {
    fn from(file: SecondFile) -> Self {
        Self {
            name: file.name,
            bytes: file.bytes,
            sha256: file.sha256,
            recorded_at: instant(file.recorded_at),
        }
    }
}

/// Supply a second file for look-ups
///
/// Under the name that mappings give to the look-up. It replaces the file that had the name before;
/// jobs that are queued keep the one they were queued with.
#[utoipa::path(tag = "imports",
    params(("name" = String, Path, description = "The name of the look-up", example = "orders")),
    request_body(description = "The file as it is", content(
        (String = "text/csv", example = json!("code,name\n10,drives\n")),
        (String = "application/x-ndjson"),
    )),
    responses((status = 200, description = "Received", body = ImportFileResponse)))]
#[put("/import-files/{name}")]
pub async fn put_import_file(
    tenant: Tenant<need::ImportsWrite>,
    name: Path<String>,
    retry: RetryKey,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    require_file(&request)?;
    let mut faults = Faults::default();
    if !is_name(&name) {
        faults.add("name", "name", "1 to 64 letters, digits, `.`, `_` and `-`");
    }
    faults.finish(Some(()))?;
    let received = receive(tenant.store(), &request, payload).await?;
    let hash = received.hash.as_str();
    let answered = reply::write(&tenant, "import_file.supplied", &retry, hash, async |tx| {
        imports::put_file(tx, &name, received.upload, hash).await?;
        Reply::ok(&ImportFileResponse {
            name: name.clone(),
            bytes: received.bytes,
            sha256: Some(received.hash.clone()),
            recorded_at: instant(tx.at()),
        })
    })
    .await;
    keep_if_new(&tenant, &received, answered).await
}

/// Import a file
///
/// It is received whole, and a job imports it row by row.
#[utoipa::path(tag = "imports", params(StartImportQuery),
    request_body(description = "The file as it is, up to 2 GiB, or a corrected error file", content(
        (String = "text/csv", example = json!("customer,name\nC-1042,Muster AG\n")),
        (String = "application/x-ndjson"),
    )),
    responses((status = 202, description = "Queued", body = ImportQueuedResponse,
        headers(("Location" = String, description = "The job")))))]
#[post("/imports")]
pub async fn start_import(
    tenant: Tenant<need::ImportsWrite>,
    Query(query): Query<StartImportQuery>,
    retry: RetryKey,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    require_file(&request)?;
    let mapping = find_mapping(&tenant, &query.mapping).await?;
    let names: Vec<String> = jobs::plan(&mapping)?
        .lookups()
        .map(|lookup| lookup.name)
        .collect();
    // Before a long file is received, and again in the write: a name may have been taken away.
    second_files(tenant.store(), &names).await?;
    let received = receive(tenant.store(), &request, payload).await?;
    let hash = crypto::sha256_hex(format!("{}\n{}", mapping.name, received.hash).as_bytes());
    let answered = reply::write(&tenant, "import.queued", &retry, &hash, async |tx| {
        let data = received.upload;
        let second_files = second_files(tx, &names).await?;
        let job = jobs::queue(tx, &mapping, data, &second_files, tenant.principal()).await?;
        let answer = ImportQueuedResponse {
            job: job.to_string(),
            state: "queued".to_owned(),
            mapping: mapping.name.clone(),
            mapping_version: mapping.version,
            bytes: received.bytes,
        };
        Reply::accepted(format!("/v1/jobs/{job}"), &answer)
    })
    .await;
    keep_if_new(&tenant, &received, answered).await
}

/// Files are stored as they come: what is encoded on its way is refused, not stored as it was sent.
fn require_file(request: &HttpRequest) -> Result<(), Problem> {
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let detail = "a file is sent as it is, without `Content-Encoding`";
        return Err(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    match media_type(request).as_str() {
        "text/csv" | "application/x-ndjson" => Ok(()),
        _ => Err(Problem::new(
            Kind::UnsupportedMediaType,
            "send `Content-Type: text/csv` or `application/x-ndjson`",
        )),
    }
}

async fn find_mapping(tenant: &TenantHandle, name: &str) -> Result<Mapping, Problem> {
    let mapping = imports::find(tenant.store(), name, None).await?;
    mapping.ok_or_else(|| {
        let detail = "no import mapping has this name";
        Problem::invalid(vec![FieldError::new("mapping", "unknown_mapping", detail)])
    })
}

/// The second files that a mapping looks up in.
async fn second_files(
    source: &impl Source,
    names: &[String],
) -> Result<BTreeMap<String, UploadId>, Problem> {
    let found = imports::files(source, names).await?;
    let mut faults = Faults::default();
    for name in names.iter().filter(|name| !found.contains_key(*name)) {
        let detail = format!("the mapping looks up in `{name}`: PUT /v1/import-files/{name} first");
        faults.add("mapping", "missing_file", detail);
    }
    faults.finish(Some(found))
}

/// A replayed or refused request leaves its file to nobody: it is deleted at once.
async fn keep_if_new(
    tenant: &TenantHandle,
    received: &Received,
    answered: Result<HttpResponse, Problem>,
) -> Result<HttpResponse, Problem> {
    let replayed =
        |response: &HttpResponse| response.headers().contains_key("idempotency-replayed");
    if answered.as_ref().is_ok_and(|response| !replayed(response)) {
        return answered;
    }
    imports::discard(tenant.store(), received.upload).await?;
    answered
}
