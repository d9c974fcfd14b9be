//! A customer as a whole: state, profile, personal data, ids and numbers.

use super::lookup::{CustomerState, kind_of, state};
use crate::attributes::{self, Definitions};
use crate::entity::external_id;
use crate::error::DbError;
use crate::phones::{self, Phone};
use crate::sql;
use crate::store::Source;
use chrono::NaiveDate;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryResult};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::incoming::ExternalRef;
use tiercel_domain::profile::{Attributes, CustomerKind};
use uuid::Uuid;

/// A customer as known now. Of an erased one only what is not personal is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    pub state: CustomerState,
    pub content: Content,
}

/// What a version of a customer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub kind: CustomerKind,
    pub name: Option<String>,
    pub email: Option<String>,
    pub note: Option<String>,
    /// Who looks after the customer: an id or a name of the tenant's own.
    pub owner: Option<String>,
    /// Who else does, named like the owner.
    pub collaborators: BTreeSet<String>,
    pub group: Option<GroupId>,
    /// First day of the relationship as told.
    pub since: Option<NaiveDate>,
    /// Personal ones included.
    pub attributes: Attributes,
    pub external_ids: BTreeSet<ExternalRef>,
    /// The customer's own numbers, not those of contacts.
    pub phones: Vec<Phone>,
}

impl Content {
    pub(super) const fn new(kind: CustomerKind) -> Self {
        Self {
            kind,
            name: None,
            email: None,
            note: None,
            owner: None,
            collaborators: BTreeSet::new(),
            group: None,
            since: None,
            attributes: Attributes::new(),
            external_ids: BTreeSet::new(),
            phones: Vec::new(),
        }
    }
}

/// Those of the customers that exist, in a bounded number of statements for 500 of them.
pub async fn load(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, Customer>, DbError> {
    let definitions = attributes::definitions(source).await?;
    load_with(source, ids, &definitions).await
}

pub(super) async fn load_with(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
    definitions: &Definitions,
) -> Result<BTreeMap<CustomerId, Customer>, DbError> {
    let states = state(source, ids).await?;
    let all: Vec<Uuid> = states.keys().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut contents = BTreeMap::new();
    for chunk in all.chunks(sql::MANY) {
        load_contents(source, chunk, definitions, &mut contents).await?;
    }
    states
        .into_iter()
        .map(|(id, state)| {
            let content = contents.remove(&id).ok_or_else(|| {
                DbError::corrupt("customer_profile", format!("{id} has no current version"))
            })?;
            Ok((id, Customer { state, content }))
        })
        .collect()
}

async fn load_contents(
    source: &impl Source,
    ids: &[Uuid],
    definitions: &Definitions,
    contents: &mut BTreeMap<CustomerId, Content>,
) -> Result<(), DbError> {
    let text = format!(
        "SELECT {COLUMNS} FROM {VERSIONS} WHERE p.superseded_by IS NULL AND p.customer_id IN ({})",
        sql::places(1, ids.len())
    );
    let values = ids.iter().map(|id| (*id).into()).collect();
    for row in sql::rows(source, &text, values).await? {
        let id: Uuid = row.try_get("", "customer_id")?;
        let content = read_content(&row, definitions)?;
        contents.insert(CustomerId::from_bits(id.as_u128()), content);
    }
    let rows = external_id::Entity::find()
        .filter(external_id::Column::CustomerId.is_in(ids.iter().copied()))
        .filter(external_id::Column::SupersededBy.is_null())
        .all(source.connection())
        .await?;
    for row in rows {
        let id = CustomerId::from_bits(row.customer_id.as_u128());
        if let Some(content) = contents.get_mut(&id) {
            content.external_ids.insert(ExternalRef {
                system: row.system,
                id: row.value,
            });
        }
    }
    let own = phones::of_chunk(source, ids).await?.into_iter();
    for phone in own.filter(|phone| phone.contact.is_none()) {
        if let Some(content) = contents.get_mut(&phone.customer) {
            content.phones.push(phone.phone);
        }
    }
    Ok(())
}

/// What [`read_content`] reads, from [`VERSIONS`].
pub(super) const COLUMNS: &str = "p.customer_id, p.kind, p.owner, p.collaborators, p.group_id, p.since, p.attributes, \
     m.name, m.email, m.note, m.attributes AS personal_attributes";

/// Versions of profiles beside their personal halves, which an erased customer has no more.
pub(super) const VERSIONS: &str = "customer_profile p LEFT JOIN customer_personal m \
     ON m.customer_id = p.customer_id AND m.version = p.version";

/// One version of a profile, without ids and numbers.
pub(super) fn read_content(
    row: &QueryResult,
    definitions: &Definitions,
) -> Result<Content, DbError> {
    let kind: String = row.try_get("", "kind")?;
    let group: Option<Uuid> = row.try_get("", "group_id")?;
    let collaborators: String = row.try_get("", "collaborators")?;
    let plain: String = row.try_get("", "attributes")?;
    let personal: Option<String> = row.try_get("", "personal_attributes")?;
    let mut held = attributes::decode(&plain, definitions, "customer_profile")?;
    if let Some(personal) = personal {
        held.extend(attributes::decode(
            &personal,
            definitions,
            "customer_personal",
        )?);
    }
    Ok(Content {
        name: row.try_get("", "name")?,
        email: row.try_get("", "email")?,
        note: row.try_get("", "note")?,
        owner: row.try_get("", "owner")?,
        collaborators: serde_json::from_str(&collaborators)
            .map_err(|error| DbError::corrupt("customer_profile", error))?,
        group: group.map(|id| GroupId::from_bits(id.as_u128())),
        since: row.try_get("", "since")?,
        attributes: held,
        ..Content::new(kind_of(&kind)?)
    })
}
