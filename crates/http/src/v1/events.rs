//! The numbered journal, as a feed of events and as an audit trail.

use crate::body::Query;
use crate::page;
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::Tenant;
use crate::wire::instant;
use actix_web::{HttpResponse, get};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tiercel_persistence::journal::{self, Entry, Head};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

pub fn routes(config: &mut ServiceConfig) {
    config
        .service(list_events)
        .service(list_audit)
        .service(find_audit_head);
}

/// One thing that a write changed; free of personal data. More names and values may stand beside
/// these, as its kind needs them.
///
/// Keep it outside: `tiercel audit verify --head` then also finds entries cut off at the end.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({"entity": "product", "id": "prd_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "what": "created", "sku": "SRV-200"}))]
pub struct EventChange {
    /// `customer`, `fact`, `product` …
    pub entity: String,
    /// As the kind of thing names itself.
    #[schema(min_length = 1)]
    pub id: String,
    pub version: i64,
    /// `created`, `updated` …
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// SHA-256 of the new content where it is free of personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    #[serde(flatten)]
    pub detail: BTreeMap<String, String>,
}

/// One write.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"position": 42, "id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "at": "2026-03-01T09:30:00.000000Z", "type": "product.created", "changes": [{"entity": "product", "id": "prd_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "what": "created", "sku": "SRV-200"}]}))]
pub struct EventResponse {
    /// Without gaps, in the order of the feed.
    pub position: i64,
    /// Of the write; the same however often the event is read.
    pub id: String,
    pub at: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub changes: Vec<EventChange>,
}

/// A part of the feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"position": 42, "id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "at": "2026-03-01T09:30:00.000000Z", "type": "product.created", "changes": []}], "next": "42"}))]
pub struct EventsResponse {
    pub items: Vec<EventResponse>,
    /// Send this as `after` to continue, also after an empty part: it is a plain position.
    pub next: String,
}

/// One write with who made it and its place in the hash chain.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"position": 42, "id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "at": "2026-03-01T09:30:00.000000Z", "type": "product.created", "changes": [], "principal": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "chain_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}))]
pub struct AuditResponse {
    #[serde(flatten)]
    pub event: EventResponse,
    /// Who wrote: a client's id, `operator` or `system`.
    pub principal: String,
    pub chain_hash: String,
}

/// A part of the audit trail.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"items": [], "next": "42"}))]
pub struct AuditTrailResponse {
    pub items: Vec<AuditResponse>,
    /// Send this as `after` to continue, also after an empty part: it is a plain position.
    pub next: String,
}

/// The sealed end of the hash chain. Keep it elsewhere: `tiercel audit verify --head` then finds
/// any truncation.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"position": 42, "chain_hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "key": "key_06dv7n5z4h9k3m2p8q1r5s7t12", "seal": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}))]
pub struct AuditHeadResponse {
    pub position: i64,
    /// Empty before the first entry.
    #[schema(min_length = 0)]
    pub chain_hash: String,
    /// The key under which it is sealed; null before the first entry.
    pub key: Option<String>,
    /// HMAC-SHA-256 in hexadecimal digits.
    pub seal: String,
}

/// Which part of the journal to read.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadJournal {
    /// Entries: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// The position to continue after; 0, the beginning, where it is absent.
    pub after: Option<i64>,
}

impl ReadJournal {
    async fn read(&self, tenant: &crate::tenant::TenantHandle) -> Result<Part, Problem> {
        let after = self.after.unwrap_or(0);
        if after < 0 {
            let detail = "`after` is a position of the journal, 0 or more";
            return Err(Problem::new(Kind::BadCursor, detail));
        }
        let limit = page::limit(self.limit)?;
        let entries = journal::after(tenant.store(), after, limit).await?;
        let next = entries.last().map_or(after, |entry| entry.position);
        Ok((entries, next.to_string()))
    }
}

/// Entries, and where to continue.
type Part = (Vec<Entry>, String);

#[derive(Deserialize)]
struct Body {
    changes: Vec<EventChange>,
}

fn event(entry: &Entry) -> Result<EventResponse, Problem> {
    let unreadable = |_| Problem::new(Kind::Internal, "an entry cannot be read");
    let body: Body = serde_json::from_str(&entry.entry).map_err(unreadable)?;
    Ok(EventResponse {
        position: entry.position,
        id: entry.write_id.to_string(),
        at: instant(entry.recorded_at),
        kind: entry.action.clone(),
        changes: body.changes,
    })
}

fn audited(entry: &Entry) -> Result<AuditResponse, Problem> {
    Ok(AuditResponse {
        event: event(entry)?,
        principal: entry.principal.clone(),
        chain_hash: entry.chain_hash.clone(),
    })
}

/// Read the feed of events
///
/// Every write is one event, numbered without gaps shortly after its commit. Poll with `after` set
/// to the last `next`; positions are plain numbers and stay valid for ever.
#[utoipa::path(tag = "events", params(ReadJournal), responses((status = 200, description = "Events after the position", body = EventsResponse)))]
#[get("/events")]
pub async fn list_events(
    tenant: Tenant<need::EventsRead>,
    Query(query): Query<ReadJournal>,
) -> Result<HttpResponse, Problem> {
    let (entries, next) = query.read(&tenant).await?;
    let items = entries.iter().map(event).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(EventsResponse { items, next }))
}

/// Read the audit trail
///
/// The same journal as `/v1/events`, with who wrote and the hash chain.
#[utoipa::path(tag = "events", params(ReadJournal), responses((status = 200, description = "Entries after the position", body = AuditTrailResponse)))]
#[get("/audit")]
pub async fn list_audit(
    tenant: Tenant<need::AuditRead>,
    Query(query): Query<ReadJournal>,
) -> Result<HttpResponse, Problem> {
    let (entries, next) = query.read(&tenant).await?;
    let items = entries.iter().map(audited).collect::<Result<_, _>>()?;
    Ok(HttpResponse::Ok().json(AuditTrailResponse { items, next }))
}

/// Read the sealed end of the audit trail
///
/// Keep it outside: `tiercel audit verify --head` then also finds entries cut off at the end.
#[utoipa::path(tag = "events", responses((status = 200, description = "The head", body = AuditHeadResponse)))]
#[get("/audit/head")]
pub async fn find_audit_head(tenant: Tenant<need::AuditRead>) -> Result<HttpResponse, Problem> {
    let Head {
        position,
        chain_hash,
        key,
        seal,
    } = journal::head(tenant.store()).await?;
    Ok(HttpResponse::Ok().json(AuditHeadResponse {
        position,
        chain_hash,
        key: key.map(|key| key.to_string()),
        seal,
    }))
}
