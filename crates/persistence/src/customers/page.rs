//! Lists of customers by what they have in common.

use super::customer::{Customer, load};
use super::lookup::CustomerState;
use crate::attributes;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use sea_orm::{DbBackend, Value};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, GroupId};
use tiercel_domain::incoming::{CustomerRef, ExternalRef};
use tiercel_domain::profile::{AttributeValue, CustomerKind};
use uuid::Uuid;

/// Which customers to list; what is absent does not matter. Erased customers are in no list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    pub owner: Option<String>,
    /// One of those who look after the customer beside the owner.
    pub collaborator: Option<String>,
    pub group: Option<GroupId>,
    pub tier: Option<String>,
    pub kind: Option<CustomerKind>,
    pub external: Option<ExternalRef>,
    /// Attributes with the value each must have.
    pub attributes: BTreeMap<String, AttributeValue>,
}

/// The ids of the next customers, in order.
pub async fn ids_of(
    source: &impl Source,
    filter: &Filter,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let mut query = Query::new(source.backend(), filter);
    if let Some(after) = after {
        query.add("s.customer_id > ?", Uuid::from_u128(after.bits()));
    }
    let text = format!(
        "SELECT s.customer_id {} ORDER BY s.customer_id LIMIT {limit}",
        query.text
    );
    let mut ids = BTreeSet::new();
    for row in sql::rows(source, &text, query.values).await? {
        let id: Uuid = row.try_get("", "customer_id")?;
        ids.insert(CustomerId::from_bits(id.as_u128()));
    }
    Ok(ids)
}

/// The next customers in id order.
pub async fn page(
    source: &impl Source,
    filter: &Filter,
    after: Option<CustomerId>,
    limit: u64,
) -> Result<Vec<Customer>, DbError> {
    let ids = ids_of(source, filter, after, limit).await?;
    Ok(load(source, &ids).await?.into_values().collect())
}

/// How many customers the filter lists.
pub async fn count(source: &impl Source, filter: &Filter) -> Result<u64, DbError> {
    let query = Query::new(source.backend(), filter);
    let text = format!("SELECT COUNT(*) AS found {}", query.text);
    let rows = sql::rows(source, &text, query.values).await?;
    let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get("", "found"))?;
    Ok(u64::try_from(found).unwrap_or(0))
}

/// One customer, erased or not.
pub async fn find(
    source: &impl Source,
    reference: &CustomerRef,
) -> Result<Option<Customer>, DbError> {
    let found = super::resolve(source, &BTreeSet::from([reference.clone()])).await?;
    let ids = found.into_values().collect();
    Ok(load(source, &ids).await?.into_values().next())
}

/// The state of one customer.
pub async fn find_state(
    source: &impl Source,
    id: CustomerId,
) -> Result<Option<CustomerState>, DbError> {
    Ok(super::state(source, &BTreeSet::from([id]))
        .await?
        .remove(&id))
}

/// The function that finds a text in a text.
const fn contains(backend: DbBackend) -> &'static str {
    match backend {
        DbBackend::Postgres => "strpos",
        _ => "instr",
    }
}

struct Query {
    text: String,
    values: Vec<Value>,
}

impl Query {
    fn new(backend: DbBackend, filter: &Filter) -> Self {
        let mut query = Self {
            text: "FROM customer_state s JOIN customer_profile p \
                   ON p.customer_id = s.customer_id AND p.superseded_by IS NULL"
                .to_owned(),
            values: Vec::new(),
        };
        if !filter.attributes.is_empty() {
            query.text.push_str(
                " LEFT JOIN customer_personal m \
                 ON m.customer_id = p.customer_id AND m.version = p.version",
            );
        }
        query.text.push_str(" WHERE s.erased_at IS NULL");
        query.filter(filter);
        if let Some(name) = &filter.collaborator {
            query.collaborator(backend, name);
        }
        for (code, value) in &filter.attributes {
            query.attribute(backend, code, value);
        }
        query
    }

    fn filter(&mut self, filter: &Filter) {
        if let Some(owner) = &filter.owner {
            self.add("p.owner = ?", owner.clone());
        }
        if let Some(group) = filter.group {
            self.add("p.group_id = ?", Uuid::from_u128(group.bits()));
        }
        if let Some(tier) = &filter.tier {
            self.add("s.tier = ?", tier.clone());
        }
        if let Some(kind) = filter.kind {
            self.add("p.kind = ?", kind.word());
        }
        if let Some(external) = &filter.external {
            self.add(
                "s.customer_id IN (SELECT e.customer_id FROM external_id e \
                 WHERE e.superseded_by IS NULL AND e.system = ?",
                external.system.clone(),
            );
            self.values.push(external.id.clone().into());
            let place = self.values.len();
            self.text.push_str(&format!(" AND e.value = ${place})"));
        }
    }

    fn collaborator(&mut self, backend: DbBackend, name: &str) {
        // Inside a JSON text a quote is escaped: `,"` stands between two entries only.
        let entry = format!(",{}", serde_json::Value::from(name));
        let list = "',' || substr(p.collaborators, 2)";
        self.add(&format!("{}({list}, ?) > 0", contains(backend)), entry);
    }

    fn attribute(&mut self, backend: DbBackend, code: &str, value: &AttributeValue) {
        let fragment = attributes::fragment(code, value);
        let contains = contains(backend);
        self.add(
            &format!("{contains}(p.attributes || COALESCE(m.attributes, ''), ?) > 0"),
            fragment,
        );
    }

    /// Adds a condition; its `?` stands for the value.
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let place = format!("${}", self.values.len());
        self.text.push_str(" AND ");
        self.text.push_str(&condition.replacen('?', &place, 1));
    }
}
