//! Tells once of each customer whose tier will drop if nothing happens.

use crate::error::DbError;
use crate::sql::{self, MANY};
use crate::write::{Change, Tx};
use chrono::NaiveDate;
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// A tier that will be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TierDrop {
    pub tier: String,
    pub to: String,
}

/// Keeps which of the customers will drop by a day, and notes those of whom it was not told yet.
/// Returns how many these are.
pub async fn warn(
    tx: &Tx,
    ids: &BTreeSet<CustomerId>,
    drops: &BTreeMap<CustomerId, TierDrop>,
    by: NaiveDate,
) -> Result<usize, DbError> {
    let known = known(tx, ids).await?;
    let changed = |id: &&CustomerId| known.get(id) != drops.get(id);
    let changed: Vec<CustomerId> = ids.iter().filter(changed).copied().collect();
    for chunk in changed.chunks(MANY) {
        let places = sql::places(1, chunk.len());
        let text = format!("DELETE FROM tier_warning WHERE customer_id IN ({places})");
        let values = sql::uuids(chunk.iter().map(|id| id.bits()));
        sql::run(tx, &text, values).await?;
    }
    let mut told = 0;
    for (id, drop) in changed.iter().filter_map(|id| Some((*id, drops.get(id)?))) {
        let text = "INSERT INTO tier_warning (customer_id, tier, drops_to) VALUES ($1, $2, $3)";
        let customer = Value::from(Uuid::from_u128(id.bits()));
        let values = vec![customer, drop.tier.clone().into(), drop.to.clone().into()];
        sql::run(tx, text, values).await?;
        note(tx, id, drop, by);
        told += 1;
    }
    Ok(told)
}

async fn known(
    tx: &Tx,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, TierDrop>, DbError> {
    let ids: Vec<CustomerId> = ids.iter().copied().collect();
    let mut known = BTreeMap::new();
    for chunk in ids.chunks(MANY) {
        let places = sql::places(1, chunk.len());
        let text = format!(
            "SELECT customer_id, tier, drops_to FROM tier_warning WHERE customer_id IN ({places})"
        );
        let values = sql::uuids(chunk.iter().map(|id| id.bits()));
        for row in sql::rows(tx, &text, values).await? {
            let id: Uuid = row.try_get("", "customer_id")?;
            let drop = TierDrop {
                tier: row.try_get("", "tier")?,
                to: row.try_get("", "drops_to")?,
            };
            known.insert(CustomerId::from_bits(id.as_u128()), drop);
        }
    }
    Ok(known)
}

fn note(tx: &Tx, id: CustomerId, drop: &TierDrop, by: NaiveDate) {
    tx.note(Change {
        entity: "customer",
        id: id.to_string(),
        version: 1,
        what: "tier_will_drop",
        customer: Some(id),
        content: None,
        detail: vec![
            ("tier", drop.tier.clone()),
            ("drops_to", drop.to.clone()),
            ("by", by.to_string()),
        ],
    });
}
