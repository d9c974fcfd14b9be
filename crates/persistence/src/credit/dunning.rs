//! Levels of reminders: those that somebody set, and the one that was last told.

use super::{limit, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::QueryResult;
use tiercel_domain::credit::dunning::DunningByHand;
use tiercel_domain::ids::CustomerId;

/// What decisions read of levels by hand.
pub(crate) const SELECT: &str =
    "SELECT t.customer_id, t.level, t.valid_from, t.valid_until FROM credit_dunning_set";

/// A level that somebody set, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDunning {
    pub no: i64,
    pub set: DunningByHand,
    pub reason: String,
    pub principal: String,
    pub recorded_at: DateTime<Utc>,
}

pub(crate) fn read(row: &QueryResult) -> Result<DunningByHand, DbError> {
    let level: i64 = row.try_get("", "level")?;
    Ok(DunningByHand {
        level: u16::try_from(level)
            .map_err(|_| DbError::corrupt("credit_dunning_set", "the level"))?,
        from: row.try_get("", "valid_from")?,
        until: row.try_get("", "valid_until")?,
    })
}

/// Sets a level. The caller holds the customer.
pub async fn set_dunning(
    tx: &Tx,
    customer: CustomerId,
    set: DunningByHand,
    reason: &str,
) -> Result<(), DbError> {
    let text = "INSERT INTO credit_dunning_set (customer_id, set_no, level, valid_from, \
                valid_until, reason, principal, write_id, recorded_at) \
                SELECT $1, COALESCE(MAX(set_no), 0) + 1, $2, $3, $4, $5, $6, $7, $8 \
                FROM credit_dunning_set WHERE customer_id = $9";
    let values = vec![
        value(customer.bits()),
        i64::from(set.level).into(),
        set.from.into(),
        set.until.into(),
        reason.into(),
        tx.principal().into(),
        tx.write_uuid().into(),
        tx.micros().into(),
        value(customer.bits()),
    ];
    sql::run(tx, text, values).await?;
    let until = set.until.map(|day| ("valid_until", day.to_string()));
    let detail = [
        ("level", set.level.to_string()),
        ("valid_from", set.from.to_string()),
    ];
    tx.note(Change {
        entity: "credit_dunning",
        id: customer.to_string(),
        version: tx.state_version(customer).unwrap_or_default(),
        what: "level_set",
        customer: Some(customer),
        content: None,
        detail: detail.into_iter().chain(until).collect(),
    });
    Ok(())
}

/// The levels that were set of a customer, the newest first.
pub async fn dunning_of(
    source: &impl Source,
    customer: CustomerId,
    count: u64,
) -> Result<Vec<StoredDunning>, DbError> {
    let text = "SELECT set_no, level, valid_from, valid_until, reason, principal, recorded_at \
                FROM credit_dunning_set WHERE customer_id = $1 ORDER BY set_no DESC LIMIT $2";
    let values = vec![value(customer.bits()), limit(count)];
    let rows = sql::rows(source, text, values).await?;
    let stored = rows.iter().map(|row| {
        Ok(StoredDunning {
            no: row.try_get("", "set_no")?,
            set: read(row)?,
            reason: row.try_get("", "reason")?,
            principal: row.try_get("", "principal")?,
            recorded_at: from_micros(row.try_get("", "recorded_at")?),
        })
    });
    stored.collect()
}

/// Notes that a customer has reached a level, once. The caller holds the customer.
pub async fn tell_dunning(
    tx: &Tx,
    customer: CustomerId,
    before: u16,
    level: u16,
    document: Option<&str>,
) -> Result<(), DbError> {
    let text = "INSERT INTO credit_dunning (customer_id, level, told_at) VALUES ($1, $2, $3) \
                ON CONFLICT (customer_id) DO UPDATE SET level = excluded.level, \
                told_at = excluded.told_at";
    let values = vec![
        value(customer.bits()),
        i64::from(level).into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    tx.note(Change {
        entity: "credit_dunning",
        id: customer.to_string(),
        version: tx.state_version(customer).unwrap_or_default(),
        what: "level_changed",
        customer: Some(customer),
        content: None,
        detail: vec![
            ("old", before.to_string()),
            ("new", level.to_string()),
            ("document", document.unwrap_or_default().to_owned()),
        ],
    });
    Ok(())
}
