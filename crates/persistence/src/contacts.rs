//! People who act for a customer.

use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// Positions of a contact, highest first.
pub const POSITIONS: [&str; 5] = ["board", "executive", "manager", "specialist", "staff"];

/// The highest position among each customer's contacts, as known now or at a position of the
/// journal; customers whose contacts have none are absent.
pub(crate) async fn highest_positions(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
    known_at: Option<i64>,
) -> Result<BTreeMap<CustomerId, &'static str>, DbError> {
    let mut highest: BTreeMap<CustomerId, usize> = BTreeMap::new();
    let ids = sql::uuids(customers.iter().map(|id| id.bits()));
    for chunk in ids.chunks(sql::MANY) {
        let first = known_at.map(sea_orm::Value::from);
        let from = if first.is_some() { 2 } else { 1 };
        let text = format!(
            "SELECT DISTINCT c.customer_id, c.position AS held FROM contact c \
             WHERE {} AND c.position IS NOT NULL AND NOT c.removed AND c.customer_id IN ({})",
            sql::known("c", known_at),
            sql::places(from, chunk.len())
        );
        let values = first.into_iter().chain(chunk.iter().cloned()).collect();
        for row in sql::rows(source, &text, values).await? {
            let customer: Uuid = row.try_get("", "customer_id")?;
            let held: String = row.try_get("", "held")?;
            let rank = POSITIONS
                .iter()
                .position(|position| *position == held)
                .ok_or_else(|| DbError::corrupt("contact", format!("the position `{held}`")))?;
            let known = highest
                .entry(CustomerId::from_bits(customer.as_u128()))
                .or_insert(rank);
            *known = rank.min(*known);
        }
    }
    Ok(highest
        .into_iter()
        .filter_map(|(customer, rank)| Some((customer, *POSITIONS.get(rank)?)))
        .collect())
}
