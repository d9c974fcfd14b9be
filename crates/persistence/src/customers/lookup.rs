//! Ids, profiles and states of many customers, in a bounded number of statements.

use crate::attributes::{self, Definitions};
use crate::clock::from_micros;
use crate::contacts;
use crate::entity::customer_state;
use crate::error::DbError;
use crate::groups;
use crate::sql;
use crate::store::Source;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QueryResult, QuerySelect, Select, Value,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, EvaluationId};
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use tiercel_domain::profile::{AttributeValue, CustomerKind, Profile};
use tiercel_domain::scaled::Points;
use uuid::Uuid;

/// The one row that every write of a customer bumps first, with its last evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerState {
    pub id: CustomerId,
    /// Counts the writes that touched the customer, facts included.
    pub version: i64,
    /// The version of profile, ids and phones: the customer's entity tag.
    pub profile_version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub erased_at: Option<DateTime<Utc>>,
    pub evaluation: Option<EvaluationId>,
    pub evaluated_as_of: Option<NaiveDate>,
    pub tier: Option<String>,
    pub score: Option<Points>,
    pub model_version: Option<i64>,
    /// The next day on which time alone may change the evaluation.
    pub next_change_on: Option<NaiveDate>,
    /// Where the tier is the score's: the next day on which time alone may move it.
    pub steady_until: Option<NaiveDate>,
}

impl From<customer_state::Model> for CustomerState {
    fn from(row: customer_state::Model) -> Self {
        Self {
            id: CustomerId::from_bits(row.customer_id.as_u128()),
            version: row.version,
            profile_version: row.profile_version,
            created_at: from_micros(row.created_at),
            updated_at: from_micros(row.updated_at),
            erased_at: row.erased_at.map(from_micros),
            evaluation: row
                .evaluation_id
                .map(|id| EvaluationId::from_bits(id.as_u128())),
            evaluated_as_of: row.evaluated_as_of,
            tier: row.tier,
            score: row.score.map(Points::from_units),
            model_version: row.model_version,
            next_change_on: row.next_change_on,
            steady_until: row.steady_until,
        }
    }
}

/// The customers that the references name; unknown references are absent, erased customers are not.
pub async fn resolve(
    source: &impl Source,
    refs: &BTreeSet<CustomerRef>,
) -> Result<BTreeMap<CustomerRef, CustomerId>, DbError> {
    let mut ids = BTreeSet::new();
    let mut systems: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for reference in refs {
        match reference {
            CustomerRef::Id(id) => {
                ids.insert(*id);
            }
            CustomerRef::External(external) => {
                systems
                    .entry(&external.system)
                    .or_default()
                    .push(&external.id);
            }
        }
    }
    let known = state(source, &ids).await?;
    let mut found: BTreeMap<CustomerRef, CustomerId> =
        known.keys().map(|id| (CustomerRef::Id(*id), *id)).collect();
    for (system, values) in systems {
        for chunk in values.chunks(sql::MANY) {
            resolve_external(source, system, chunk, &mut found).await?;
        }
    }
    Ok(found)
}

async fn resolve_external(
    source: &impl Source,
    system: &str,
    values: &[&str],
    found: &mut BTreeMap<CustomerRef, CustomerId>,
) -> Result<(), DbError> {
    let text = format!(
        "SELECT customer_id, value FROM external_id \
         WHERE superseded_by IS NULL AND system = $1 AND value IN ({})",
        sql::places(2, values.len())
    );
    let all = std::iter::once(&system).chain(values);
    let all = all.map(|value| Value::from(*value)).collect();
    for row in sql::rows(source, &text, all).await? {
        let external = ExternalRef {
            system: system.to_owned(),
            id: row.try_get("", "value")?,
        };
        let customer: Uuid = row.try_get("", "customer_id")?;
        let id = CustomerId::from_bits(customer.as_u128());
        found.insert(CustomerRef::External(external), id);
    }
    Ok(())
}

/// The states of those of the customers that exist.
pub async fn state(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, CustomerState>, DbError> {
    let ids: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let mut states = BTreeMap::new();
    for chunk in ids.chunks(sql::MANY) {
        let rows = customer_state::Entity::find()
            .filter(customer_state::Column::CustomerId.is_in(chunk.iter().copied()))
            .all(source.connection())
            .await?;
        for row in rows {
            let state = CustomerState::from(row);
            states.insert(state.id, state);
        }
    }
    Ok(states)
}

/// The next customers in id order that are not erased.
pub async fn ids_after(
    source: &impl Source,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<Vec<CustomerId>, DbError> {
    let living = customer_state::Entity::find().filter(customer_state::Column::ErasedAt.is_null());
    next_ids(source, living, after, limit).await
}

/// The next customers in id order, erased ones too: the company's sums hold what they brought.
pub async fn all_ids_after(
    source: &impl Source,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<Vec<CustomerId>, DbError> {
    next_ids(source, customer_state::Entity::find(), after, limit).await
}

async fn next_ids(
    source: &impl Source,
    among: Select<customer_state::Entity>,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<Vec<CustomerId>, DbError> {
    let mut query = among
        .select_only()
        .column(customer_state::Column::CustomerId)
        .order_by_asc(customer_state::Column::CustomerId)
        .limit(limit);
    if let Some(after) = after {
        query = query.filter(customer_state::Column::CustomerId.gt(Uuid::from_u128(after.bits())));
    }
    let ids: Vec<Uuid> = query.into_tuple().all(source.connection()).await?;
    Ok(ids
        .into_iter()
        .map(|id| CustomerId::from_bits(id.as_u128()))
        .collect())
}

/// What evaluation knows of the customers, as known now or at a position of the journal; those
/// not known then are absent. Personal attributes are not part of it.
pub async fn profiles(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
    known_at: Option<i64>,
) -> Result<BTreeMap<CustomerId, Profile>, DbError> {
    let definitions = attributes::definitions(source).await?;
    let groups = groups::chains(source, known_at).await?;
    let mut profiles = BTreeMap::new();
    let all = sql::uuids(ids.iter().map(|id| id.bits()));
    for chunk in all.chunks(sql::MANY) {
        let first = known_at.map(Value::from);
        let text = format!(
            "SELECT p.customer_id, p.kind, p.since, p.attributes, p.group_id FROM customer_profile p \
             WHERE {} AND p.customer_id IN ({})",
            sql::known("p", known_at),
            sql::places(if first.is_some() { 2 } else { 1 }, chunk.len())
        );
        let values = first.into_iter().chain(chunk.iter().cloned()).collect();
        for row in sql::rows(source, &text, values).await? {
            let (id, profile) = to_profile(&row, &definitions, &groups)?;
            profiles.insert(id, profile);
        }
    }
    for (id, position) in contacts::highest_positions(source, ids, known_at).await? {
        if let Some(profile) = profiles.get_mut(&id) {
            let value = AttributeValue::Text(position.to_owned());
            profile
                .attributes
                .insert("contact_position".to_owned(), value);
        }
    }
    Ok(profiles)
}

fn to_profile(
    row: &QueryResult,
    definitions: &Definitions,
    groups: &BTreeMap<Uuid, Vec<String>>,
) -> Result<(CustomerId, Profile), DbError> {
    let id: Uuid = row.try_get("", "customer_id")?;
    let kind: String = row.try_get("", "kind")?;
    let held: String = row.try_get("", "attributes")?;
    let group: Option<Uuid> = row.try_get("", "group_id")?;
    let chain = group.and_then(|id| groups.get(&id));
    let profile = Profile {
        kind: kind_of(&kind)?,
        since: row.try_get("", "since")?,
        attributes: attributes::decode(&held, definitions, "customer_profile")?,
        groups: chain.cloned().unwrap_or_default(),
    };
    Ok((CustomerId::from_bits(id.as_u128()), profile))
}

pub(super) fn kind_of(word: &str) -> Result<CustomerKind, DbError> {
    CustomerKind::from_word(word)
        .ok_or_else(|| DbError::corrupt("customer_profile", format!("the kind `{word}`")))
}
