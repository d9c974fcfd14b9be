//! Mappings over HTTP: sent as JSON or TOML, answered as JSON.

use super::is_name;
use crate::body::{self, Query, Whole, media_type};
use crate::etag::etag;
use crate::faults::Faults;
use crate::page::{self, Page};
use crate::problem::{FieldError, Kind, Problem};
use crate::reply::{self, Reply};
use crate::retry::RetryKey;
use crate::scope::need;
use crate::tenant::Tenant;
use crate::wire::instant;
use actix_web::web::Path;
use actix_web::{HttpRequest, HttpResponse, get, put};
use serde::{Deserialize, Serialize};
use tiercel_documents::fault::DocumentFault;
use tiercel_documents::import::mapping::ImportMapping;
use tiercel_documents::import::{compile, read_json, read_toml};
use tiercel_persistence::crypto;
use tiercel_persistence::imports::{self, Mapping, Saved};
use utoipa::{IntoParams, ToSchema};

/// A mapping as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "customers", "version": 1, "recorded_at": "2026-03-01T09:00:00.000000Z", "mapping": {"source": {"system": "erp"}, "customer": [{"external_id": {"column": "id"}, "name": {"column": "name"}}]}}))]
pub struct ImportMappingResponse {
    pub name: String,
    pub version: i64,
    pub recorded_at: String,
    #[schema(value_type = ImportMapping)]
    pub mapping: serde_json::Value,
}

/// One mapping of a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"name": "customers", "version": 1, "recorded_at": "2026-03-01T09:00:00.000000Z"}))]
pub struct ImportMappingSummary {
    pub name: String,
    pub version: i64,
    pub recorded_at: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListMappingsQuery {
    /// Items of a page, at most 200.
    limit: Option<u32>,
    /// `next` of the page before.
    after: Option<String>,
}

/// Save a mapping
///
/// One that differs from what is known becomes the next version of its name.
#[utoipa::path(tag = "imports",
    params(("name" = String, Path, description = "1 to 64 letters, digits, `.`, `_`, `-`", example = "customers")),
    request_body(description = "The mapping, as JSON or as TOML", content(
        (ImportMapping = "application/json", example = json!({"source": {"system": "erp1"}, "customer": [{"external_id": {"column": "customer"}, "kind": {"constant": "organisation"}, "name": {"column": "name"}}]})),
        (String = "application/toml"),
    )),
    responses((status = 200, description = "Saved, or known already", body = ImportMappingResponse), (status = 201, description = "Saved under a new name", body = ImportMappingResponse)))]
#[put("/import-mappings/{name}")]
pub async fn put_import_mapping(
    tenant: Tenant<need::ImportsWrite>,
    name: Path<String>,
    retry: RetryKey,
    request: HttpRequest,
    Whole(body): Whole,
) -> Result<HttpResponse, Problem> {
    let name = checked_name(&name)?;
    let mapping = read(&media_type(&request), &body)?;
    compile(&mapping).map_err(|faults| Problem::invalid(field_errors(faults)))?;
    let body_text = serde_json::json!(mapping).to_string();
    let hash = crypto::sha256_hex(&body);
    reply::write(&tenant, "import_mapping.saved", &retry, &hash, async |tx| {
        let saved = imports::put(tx, &name, &body_text).await?;
        let kept = imports::find(tx, &name, None).await?.ok_or_else(unknown)?;
        let (version, answer) = (kept.version, to_response(kept)?);
        let reply = match saved {
            Saved::Created => Reply::created(format!("/v1/import-mappings/{name}"), &answer)?,
            Saved::Updated { .. } | Saved::Unchanged { .. } => Reply::ok(&answer)?,
        };
        Ok(reply.version(version))
    })
    .await
}

/// One mapping, as it is now
///
/// The document as JSON, whatever it was saved as.
#[utoipa::path(tag = "imports",
    params(("name" = String, Path, description = "Its name", example = "customers")),
    responses((status = 200, description = "The mapping", body = ImportMappingResponse)))]
#[get("/import-mappings/{name}")]
pub async fn find_import_mapping(
    tenant: Tenant<need::ImportsWrite>,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    let kept = imports::find(tenant.store(), &name, None).await?;
    let kept = kept.ok_or_else(unknown)?;
    let version = etag(kept.version);
    let answer = to_response(kept)?;
    Ok(HttpResponse::Ok()
        .insert_header(("etag", version))
        .json(answer))
}

/// All mappings in order of their names
///
/// With the current version of each.
#[utoipa::path(tag = "imports", params(ListMappingsQuery),
    responses((status = 200, description = "A page of mappings", body = Page<ImportMappingSummary>)))]
#[get("/import-mappings")]
pub async fn list_import_mappings(
    tenant: Tenant<need::ImportsWrite>,
    Query(query): Query<ListMappingsQuery>,
) -> Result<HttpResponse, Problem> {
    const LIST: &str = "/v1/import-mappings";
    let limit = page::limit(query.limit)?;
    let after = query.after.as_deref();
    let after = after
        .map(|cursor| page::open_cursor(&tenant, LIST, cursor))
        .transpose()?;
    let after = after.and_then(|key| key.into_iter().next());
    let mut found = imports::list(tenant.store(), after.as_deref(), limit + 1).await?;
    let more = found.len() as u64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let last = found.last().filter(|_| more);
    let next = last.map(|last| page::cursor(&tenant, LIST, std::slice::from_ref(&last.name)));
    let items: Vec<ImportMappingSummary> = found.into_iter().map(to_summary).collect();
    Ok(HttpResponse::Ok().json(Page {
        items,
        next,
        total: None,
    }))
}

fn checked_name(name: &str) -> Result<String, Problem> {
    let mut faults = Faults::default();
    if !is_name(name) {
        let detail = "1 to 64 letters, digits, `.`, `_` and `-`";
        faults.add("name", "name", detail);
    }
    faults.finish(Some(name.to_owned()))
}

fn read(media: &str, body: &[u8]) -> Result<ImportMapping, Problem> {
    let read = match media {
        "application/json" => {
            // What no body may hold, a mapping may not either.
            body::parse::<serde_json::Value>(body)?;
            read_json(body)
        }
        "application/toml" => match std::str::from_utf8(body) {
            Ok(text) => read_toml(text),
            Err(_) => return Err(Problem::new(Kind::Unreadable, "TOML is UTF-8")),
        },
        _ => {
            let detail = "send `Content-Type: application/json` or `application/toml`";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
    };
    read.map_err(|faults| {
        let errors = field_errors(faults);
        let detail = errors.first().map_or("", |error| &error.detail).to_owned();
        Problem::new(Kind::Unreadable, detail).with_errors(errors)
    })
}

fn field_errors(faults: Vec<DocumentFault>) -> Vec<FieldError> {
    let faults = faults.into_iter();
    faults
        .map(|fault| FieldError::new(fault.pointer, fault.code, fault.detail))
        .collect()
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "no import mapping has this name")
}

fn to_summary(mapping: Mapping) -> ImportMappingSummary {
    ImportMappingSummary {
        name: mapping.name,
        version: mapping.version,
        recorded_at: instant(mapping.recorded_at),
    }
}

fn to_response(mapping: Mapping) -> Result<ImportMappingResponse, Problem> {
    let content = serde_json::from_str(&mapping.body)
        .map_err(|_| Problem::new(Kind::Internal, "the mapping cannot be shown"))?;
    Ok(ImportMappingResponse {
        name: mapping.name,
        version: mapping.version,
        recorded_at: instant(mapping.recorded_at),
        mapping: content,
    })
}
