//! Customers as callers send them.

use super::values::{AttributeInput, read_attribute};
use crate::faults::Faults;
use crate::problem::Problem;
use crate::wire::{date, given, present};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use tiercel_domain::incoming::{Change, ExternalRef, IncomingPhone};
use tiercel_domain::profile::CustomerKind;
use tiercel_persistence::attributes::Definitions;
use tiercel_persistence::customers::Edit;
use utoipa::ToSchema;

/// An id that another system gave the customer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"system": "erp", "id": "10042"}))]
pub struct ExternalId {
    /// Your name for the system, without a colon.
    pub system: String,
    pub id: String,
}

impl From<&ExternalId> for ExternalRef {
    fn from(id: &ExternalId) -> Self {
        Self {
            system: id.system.clone(),
            id: id.id.clone(),
        }
    }
}

/// A phone number as typed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"number": "030 1234567", "region": "DE"}))]
pub struct PhoneInput {
    pub number: String,
    /// ISO 3166-1 alpha-2: how a number without country code is read. Where it is absent, the
    /// country of the customer or contact, else the default region.
    pub region: Option<String>,
}

/// The numbers of a list.
pub fn incoming_phones(phones: &[PhoneInput]) -> Vec<IncomingPhone> {
    phones
        .iter()
        .map(|phone| IncomingPhone {
            raw: phone.number.clone(),
            region: phone.region.clone(),
        })
        .collect()
}

/// A customer to create.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "organisation", "name": "Muster Maschinenbau GmbH", "email": "einkauf@muster.example", "owner": "j.weber", "collaborators": ["a.kern"], "since": "2019-04-01", "attributes": {"size": "medium", "country": "DE", "annual_profit": "1250000"}, "phones": [{"number": "030 1234567"}], "external_ids": [{"system": "erp", "id": "10042"}]}))]
pub struct CreateCustomerRequest {
    /// `organisation` or `person`.
    pub kind: String,
    pub name: Option<String>,
    pub email: Option<String>,
    pub note: Option<String>,
    /// Who looks after the customer.
    pub owner: Option<String>,
    /// Who else does.
    #[serde(default)]
    pub collaborators: Vec<String>,
    pub group_id: Option<String>,
    /// First day of the relationship.
    pub since: Option<String>,
    /// By code, as defined under `/v1/attribute-definitions`; numbers as strings.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Option<AttributeInput>>,
    #[serde(default)]
    pub phones: Vec<PhoneInput>,
    #[serde(default)]
    pub external_ids: Vec<ExternalId>,
}

impl CreateCustomerRequest {
    pub fn into_edit(self, definitions: &Definitions) -> Result<Edit, Problem> {
        let external: BTreeSet<ExternalRef> =
            self.external_ids.iter().map(ExternalRef::from).collect();
        let fields = PatchCustomerRequest {
            kind: Some(self.kind),
            name: self.name.map(Some),
            email: self.email.map(Some),
            note: self.note.map(Some),
            owner: self.owner.map(Some),
            collaborators: Some(Some(self.collaborators)),
            group_id: self.group_id.map(Some),
            since: self.since.map(Some),
            attributes: self.attributes,
            phones: Some(Some(self.phones)),
        };
        let edit = fields.into_edit(definitions)?;
        Ok(Edit {
            add_external: external,
            ..edit
        })
    }
}

/// Fields of a customer to change: absent fields stay, null clears.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"owner": "a.kern", "attributes": {"size": "large", "region": null}}))]
pub struct PatchCustomerRequest {
    /// `organisation` or `person`; it cannot be cleared.
    #[serde(default, deserialize_with = "given")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub email: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub owner: Option<Option<String>>,
    /// The whole list; null empties it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub collaborators: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub group_id: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub since: Option<Option<String>>,
    /// By code; those not named stay, null clears one.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub attributes: BTreeMap<String, Option<AttributeInput>>,
    /// The whole list; null empties it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<PhoneInput>>)]
    pub phones: Option<Option<Vec<PhoneInput>>>,
}

impl PatchCustomerRequest {
    pub fn into_edit(self, definitions: &Definitions) -> Result<Edit, Problem> {
        let mut faults = Faults::default();
        let kind = self.kind.as_deref();
        let kind = kind.and_then(|word| faults.word("/kind", word, CustomerKind::from_word));
        let since = read(self.since, |text| date(&mut faults, "/since", &text));
        let group = read(self.group_id, |text| {
            group_id(&mut faults, "/group_id", &text)
        });
        let mut attributes = BTreeMap::new();
        for (code, value) in self.attributes {
            let read = value.map(|value| read_attribute(&mut faults, definitions, &code, value));
            attributes.insert(code, read.flatten());
        }
        faults.finish(Some(Edit {
            kind,
            name: change(self.name),
            email: change(self.email),
            note: change(self.note),
            owner: change(self.owner),
            collaborators: self.collaborators.map(Option::unwrap_or_default),
            group,
            since,
            attributes,
            phones: self
                .phones
                .map(|phones| incoming_phones(&phones.unwrap_or_default())),
            ..Edit::default()
        }))
    }
}

/// A group's id; a fault is noted and nothing returned.
pub fn group_id<T: FromStr<Err: std::fmt::Display>>(
    faults: &mut Faults,
    pointer: &str,
    text: &str,
) -> Option<T> {
    faults.parsed(pointer, text, "not_an_id")
}

/// Absent stays, null clears.
pub fn change<T>(field: Option<Option<T>>) -> Change<T> {
    read(field, Some)
}

/// The same for a field that must be read; one that cannot be has left a fault.
pub fn read<T, R>(field: Option<Option<T>>, read: impl FnOnce(T) -> Option<R>) -> Change<R> {
    match field {
        None => Change::Keep,
        Some(None) => Change::Clear,
        Some(Some(value)) => read(value).map_or(Change::Keep, Change::Set),
    }
}
