//! Customers as callers get them.

use super::values::{AttributeInput, shown};
use super::wire::ExternalId;
use crate::wire::instant;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_persistence::customers::{Content, Customer, Version};
use tiercel_persistence::phones::Phone;
use utoipa::ToSchema;

/// A phone number as typed and as read.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"number": "030 1234567", "region": "DE", "e164": "+49301234567", "valid": true}))]
pub struct PhoneResponse {
    pub number: String,
    /// Where it was read as if it were dialled there.
    pub region: String,
    /// Null where the number is not valid.
    pub e164: Option<String>,
    pub valid: bool,
}

impl From<&Phone> for PhoneResponse {
    fn from(phone: &Phone) -> Self {
        Self {
            number: phone.raw.clone(),
            region: phone.region.clone(),
            e164: phone.e164.clone(),
            valid: phone.e164.is_some(),
        }
    }
}

/// What a profile holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"kind": "organisation", "name": "Muster Maschinenbau GmbH", "email": "einkauf@muster.example", "note": null, "owner": "j.weber", "collaborators": ["a.kern"], "group_id": null, "since": "2019-04-01", "attributes": {"size": "medium"}}))]
pub struct ProfileResponse {
    /// `organisation` or `person`.
    pub kind: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub note: Option<String>,
    pub owner: Option<String>,
    /// By name.
    pub collaborators: BTreeSet<String>,
    pub group_id: Option<String>,
    pub since: Option<String>,
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, AttributeInput>,
}

impl From<&Content> for ProfileResponse {
    fn from(content: &Content) -> Self {
        Self {
            kind: content.kind.word().to_owned(),
            name: content.name.clone(),
            email: content.email.clone(),
            note: content.note.clone(),
            owner: content.owner.clone(),
            collaborators: content.collaborators.clone(),
            group_id: content.group.map(|id| id.to_string()),
            since: content.since.map(|day| day.to_string()),
            attributes: shown(&content.attributes),
        }
    }
}

/// A customer. Its `ETag` covers profile, ids and phones, not the tier: facts do not change it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"id": "cus_06dv7n5z4h9k3m2p8q1r5s7t0w", "version": 1, "kind": "organisation", "name": "Muster Maschinenbau GmbH", "email": "einkauf@muster.example", "note": null, "owner": "j.weber", "collaborators": ["a.kern"], "group_id": null, "since": "2019-04-01", "attributes": {"size": "medium"}, "external_ids": [{"system": "erp", "id": "10042"}], "phones": [{"number": "030 1234567", "region": "DE", "e164": "+49301234567", "valid": true}], "tier": "general", "evaluated_as_of": "2026-03-01", "erased": false, "created_at": "2026-03-01T09:30:00.000000Z", "updated_at": "2026-03-01T09:30:00.000000Z"}))]
pub struct CustomerResponse {
    pub id: String,
    pub version: i64,
    #[serde(flatten)]
    pub profile: ProfileResponse,
    pub external_ids: Vec<ExternalId>,
    /// The customer's own numbers; those of contacts are with the contacts.
    pub phones: Vec<PhoneResponse>,
    /// Of the last evaluation; null before the first.
    pub tier: Option<String>,
    pub evaluated_as_of: Option<String>,
    /// Whether the personal data was erased; then none of it is here.
    pub erased: bool,
    pub created_at: String,
    pub updated_at: String,
}

impl From<Customer> for CustomerResponse {
    fn from(customer: Customer) -> Self {
        let Customer { state, content } = customer;
        let external_ids = content.external_ids.iter().map(|external| ExternalId {
            system: external.system.clone(),
            id: external.id.clone(),
        });
        Self {
            id: state.id.to_string(),
            version: state.profile_version,
            profile: ProfileResponse::from(&content),
            external_ids: external_ids.collect(),
            phones: content.phones.iter().map(PhoneResponse::from).collect(),
            tier: state.tier,
            evaluated_as_of: state.evaluated_as_of.map(|day| day.to_string()),
            erased: state.erased_at.is_some(),
            created_at: instant(state.created_at),
            updated_at: instant(state.updated_at),
        }
    }
}

/// One version of a profile.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"version": 1, "write_id": "wrt_06dv7n5z4h9k3m2p8q1r5s7t0x", "position": 42, "recorded_at": "2026-03-01T09:30:00.000000Z", "kind": "organisation", "name": "Muster Maschinenbau GmbH", "email": null, "note": null, "owner": "j.weber", "collaborators": ["a.kern"], "group_id": null, "since": null, "attributes": {"size": "medium"}}))]
pub struct CustomerVersionResponse {
    pub version: i64,
    pub write_id: String,
    /// Of the write in the journal; null while it is not numbered yet.
    pub position: Option<i64>,
    pub recorded_at: String,
    #[serde(flatten)]
    pub profile: ProfileResponse,
}

impl From<Version> for CustomerVersionResponse {
    fn from(version: Version) -> Self {
        Self {
            version: version.version,
            write_id: version.write.to_string(),
            position: version.position,
            recorded_at: instant(version.recorded_at),
            profile: ProfileResponse::from(&version.content),
        }
    }
}
