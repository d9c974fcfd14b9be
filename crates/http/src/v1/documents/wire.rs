//! Versions of documents on the wire.

use crate::problem::{FieldError, Kind, Problem};
use crate::wire::instant;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::{Ready, ready};
use tiercel_documents::credit_policy::CreditPolicyDocument;
use tiercel_documents::discount_policy::DiscountPolicyDocument;
use tiercel_documents::routing_policy::RoutingPolicyDocument;
use tiercel_persistence::documents::{DocumentSummary, StoredDocument};
use utoipa::{IntoParams, ToSchema};

/// A policy of the kind that the path names.
#[derive(ToSchema)]
#[schema(example = json!({"schema": 1, "name": "Standard routing", "tiers": [], "default_route": {"queue": "general", "routing_profile": "standard", "segment": "none", "priority": 3, "greeting": "standard", "language": "en"}}))]
#[serde(untagged)]
#[allow(dead_code)] // Read by kind; only its schema is used.
pub enum ServicePolicyDocument {
    Discount(Box<DiscountPolicyDocument>),
    Credit(CreditPolicyDocument),
    Routing(RoutingPolicyDocument),
}

/// A new evaluation model with its first draft.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"code": "spare-parts", "document": {"schema": 1, "name": "Spare parts", "initial_points": "0", "criteria": [], "tiers": [{"code": "high", "label": "High", "from": "50"}, {"code": "low", "label": "Low"}], "default_tier": "low"}}))]
pub struct CreateModelRequest {
    /// Names the model: 1 to 64 lower-case letters, digits, `_` or `-`.
    pub code: String,
    #[schema(value_type = tiercel_documents::evaluation_model::EvaluationModelDocument)]
    pub document: serde_json::Value,
}

/// When a version comes into force.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"effective_from": "2026-04-01"}))]
pub struct PublishRequest {
    /// The first day in force; today where it is absent.
    pub effective_from: Option<String>,
}

/// An evaluation model through all its versions.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "code": "default", "latest_version": 2, "version_in_force": 1}))]
pub struct ModelResponse {
    pub id: String,
    pub code: String,
    /// Drafts included.
    pub latest_version: i64,
    /// Null where it decides for nobody today.
    pub version_in_force: Option<i64>,
}

impl ModelResponse {
    pub fn of(model: DocumentSummary, version_in_force: Option<i64>) -> Self {
        Self {
            id: model.id.to_string(),
            code: model.code,
            latest_version: model.latest,
            version_in_force,
        }
    }
}

/// One version of a document, without the document.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "kind": "evaluation_model", "code": "default", "version": 1, "status": "published", "effective_from": "2026-04-01", "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "created_by": "system", "created_at": "2026-03-01T09:30:00.000000Z", "published_by": "system", "published_at": "2026-03-01T09:30:00.000000Z", "retired_at": null}))]
pub struct VersionResponse {
    pub id: String,
    /// `evaluation_model`, `discount_policy`, `credit_policy` or `routing_policy`.
    pub kind: String,
    pub code: String,
    pub version: i64,
    /// `draft`, `published` or `retired`.
    pub status: String,
    /// The first day in force; null for drafts.
    pub effective_from: Option<String>,
    /// SHA-256 of the canonical document.
    pub hash: String,
    pub created_by: String,
    pub created_at: String,
    pub published_by: Option<String>,
    pub published_at: Option<String>,
    pub retired_at: Option<String>,
}

impl From<&StoredDocument> for VersionResponse {
    fn from(stored: &StoredDocument) -> Self {
        Self {
            id: stored.id.to_string(),
            kind: stored.kind.word().to_owned(),
            code: stored.code.clone(),
            version: stored.version,
            status: stored.status.word().to_owned(),
            effective_from: stored.effective_from.map(|day| day.to_string()),
            hash: stored.hash.clone(),
            created_by: stored.created_by.clone(),
            created_at: instant(stored.created_at),
            published_by: stored.published_by.clone(),
            published_at: stored.published_at.map(instant),
            retired_at: stored.retired_at.map(instant),
        }
    }
}

/// One version with its document in canonical form.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "doc_06dv7n5z4h9k3m2p8q1r5s7t13", "kind": "evaluation_model", "code": "default", "version": 1, "status": "draft", "effective_from": null, "hash": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "created_by": "cli_06dv7n5z4h9k3m2p8q1r5s7t11", "created_at": "2026-03-01T09:30:00.000000Z", "published_by": null, "published_at": null, "retired_at": null, "document": {"schema": 1, "name": "Standard model"}}))]
pub struct DocumentResponse {
    #[serde(flatten)]
    pub version: VersionResponse,
    #[schema(value_type = Object)]
    pub document: serde_json::Value,
}

impl TryFrom<&StoredDocument> for DocumentResponse {
    type Error = Problem;

    fn try_from(stored: &StoredDocument) -> Result<Self, Problem> {
        let unreadable = |_| Problem::new(Kind::Internal, "a stored document cannot be read");
        Ok(Self {
            version: stored.into(),
            document: serde_json::from_str(&stored.body).map_err(unreadable)?,
        })
    }
}

/// One thing that lint found in an evaluation model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/criteria/0/bands/2/from", "severity": "error", "code": "gap", "detail": "values from 10 up to 20 fall into no band", "witness": {"value": "10"}}))]
pub struct FindingResponse {
    /// Where, as a JSON pointer into the document.
    pub pointer: String,
    /// `error` or `warning`.
    pub severity: String,
    pub code: String,
    pub detail: String,
    /// An input that shows it; empty where nothing needs to be shown.
    pub witness: BTreeMap<String, String>,
}

/// Two versions compared.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"from": 1, "to": 2, "changes": [{"pointer": "/tiers/0/from", "before": "56", "after": "60"}]}))]
pub struct ComparisonResponse {
    pub from: i64,
    pub to: i64,
    /// In the order of the first document; entries with a `code` are found by it.
    pub changes: Vec<FieldChange>,
}

/// A field that differs.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/tiers/0/from", "before": "56", "after": "60"}))]
pub struct FieldChange {
    /// Into the later document, or into the first where it is gone.
    pub pointer: String,
    /// Null where it was not there.
    #[schema(value_type = Value)]
    pub before: Option<serde_json::Value>,
    /// Null where it is gone.
    #[schema(value_type = Value)]
    pub after: Option<serde_json::Value>,
}

/// Which version to compare with.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CompareVersions {
    /// The number of the other version.
    #[param(example = 2)]
    pub with: i64,
}

/// As of when a portfolio is frozen.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"as_of": "2026-06-30"}))]
pub struct FreezeRequest {
    /// A business date up to today; today where it is absent.
    pub as_of: Option<String>,
}

/// A draft that waits to be frozen.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"job": "job_06dv7n5z4h9k3m2p8q1r5s7t10", "state": "queued", "version": 2, "as_of": "2026-06-30"}))]
pub struct FreezeQueuedResponse {
    /// Follow it at `/v1/jobs/{job}`; its result is the draft.
    pub job: String,
    pub state: String,
    pub version: i64,
    pub as_of: String,
}

/// What must hold when documents are published.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"four_eyes": true}))]
pub struct PublicationRules {
    /// Whoever drafted a version or changed it last may not publish it.
    pub four_eyes: bool,
}

/// What lint found.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"publishable": false, "faults": [{"pointer": "/tiers/0/tier", "code": "unknown_tier", "detail": "the evaluation model has no tier `gold`"}], "warnings": [], "findings": []}))]
pub struct LintResponse {
    pub publishable: bool,
    /// Pointers into the document. With any of these it cannot be published.
    pub faults: Vec<FieldError>,
    /// What its author should know and may mean.
    pub warnings: Vec<FieldError>,
    /// Of evaluation models: the same and more, with inputs that show it.
    pub findings: Vec<FindingResponse>,
}

/// Which versions to list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListVersions {
    /// Items on a page: 1 to 200, 50 where it is absent.
    pub limit: Option<u32>,
    /// `next` of the page before.
    pub after: Option<String>,
}

/// The version that a path names.
#[derive(Debug)]
pub struct VersionPath {
    /// Id or code of a model, or the kind of a policy.
    pub name: String,
    pub version: i64,
}

impl FromRequest for VersionPath {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let path = request.match_info();
        let name = path.get("id").or_else(|| path.get("kind"));
        let version = path.get("version").and_then(|text| text.parse().ok());
        let found = name.zip(version).map(|(name, version)| Self {
            name: name.to_owned(),
            version,
        });
        ready(found.ok_or_else(|| Problem::not_found("version")))
    }
}
