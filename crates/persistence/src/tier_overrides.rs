//! Tiers set by hand: versioned like facts, the reason in a table of its own.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{QueryResult, Value};
use tiercel_domain::ids::{CustomerId, TierOverrideId};
use tiercel_domain::tier_overrides::TierOverride;
use uuid::Uuid;

/// What [`read`] needs, of a table that may be called `t`.
pub(crate) const SELECT: &str =
    "SELECT customer_id, override_id, tier, valid_from, valid_until, ended_on FROM tier_override";

/// A tier to set by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTierOverride {
    pub customer: CustomerId,
    pub tier: String,
    pub reason: String,
    /// Who agreed to it: a code, not a name.
    pub approver: String,
    pub author: String,
    pub valid_from: NaiveDate,
    pub valid_until: NaiveDate,
}

/// A tier by hand as it is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTierOverride {
    pub what: TierOverride,
    pub customer: CustomerId,
    /// None once the customer was erased.
    pub reason: Option<String>,
    pub approver: String,
    pub author: String,
    pub ended_by: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// What decisions read of a row.
pub(crate) fn read(row: &QueryResult) -> Result<TierOverride, DbError> {
    let id: Uuid = row.try_get("", "override_id")?;
    Ok(TierOverride {
        id: TierOverrideId::from_bits(id.as_u128()),
        tier: row.try_get("", "tier")?,
        valid_from: row.try_get("", "valid_from")?,
        valid_until: row.try_get("", "valid_until")?,
        ended_on: row.try_get("", "ended_on")?,
    })
}

fn stored(row: &QueryResult) -> Result<StoredTierOverride, DbError> {
    let customer: Uuid = row.try_get("", "customer_id")?;
    Ok(StoredTierOverride {
        what: read(row)?,
        customer: CustomerId::from_bits(customer.as_u128()),
        reason: row.try_get("", "reason")?,
        approver: row.try_get("", "approver")?,
        author: row.try_get("", "author")?,
        ended_by: row.try_get("", "ended_by")?,
        created_at: from_micros(row.try_get("", "created_at")?),
    })
}

/// The tiers by hand of a customer, oldest first, as known at a position of the journal or now.
pub async fn of_customer(
    source: &impl Source,
    customer: CustomerId,
    known_at: Option<i64>,
) -> Result<Vec<StoredTierOverride>, DbError> {
    let known = sql::known("t", known_at);
    let place = known_at.map_or(1, |_| 2);
    let text = format!(
        "SELECT t.*, r.reason FROM tier_override t LEFT JOIN tier_override_reason r \
         ON r.customer_id = t.customer_id AND r.override_id = t.override_id \
         WHERE {known} AND t.customer_id = ${place} ORDER BY t.override_id"
    );
    let position = known_at.map(Value::from).into_iter();
    let customer = Value::from(Uuid::from_u128(customer.bits()));
    let rows = sql::rows(source, &text, position.chain([customer]).collect()).await?;
    rows.iter().map(stored).collect()
}

/// Sets a tier by hand. The customer must be locked by the write.
pub async fn set(tx: &Tx, new: &NewTierOverride) -> Result<StoredTierOverride, DbError> {
    let made = StoredTierOverride {
        what: TierOverride {
            id: TierOverrideId::from_bits(tx.mint()),
            tier: new.tier.clone(),
            valid_from: new.valid_from,
            valid_until: new.valid_until,
            ended_on: None,
        },
        customer: new.customer,
        reason: Some(new.reason.clone()),
        approver: new.approver.clone(),
        author: new.author.clone(),
        ended_by: None,
        created_at: tx.at(),
    };
    insert(tx, &made, 1).await?;
    let text = "INSERT INTO tier_override_reason (customer_id, override_id, reason) \
                VALUES ($1, $2, $3)";
    let [customer, id] = key(&made);
    sql::run(tx, text, vec![customer, id, new.reason.clone().into()]).await?;
    note(tx, &made, 1, "set");
    Ok(made)
}

/// Ends a tier by hand from a day on. The customer must be locked by the write.
///
/// # Errors
/// `Conflict` where it was ended before.
pub async fn end(
    tx: &Tx,
    known: &StoredTierOverride,
    on: NaiveDate,
) -> Result<StoredTierOverride, DbError> {
    let [customer, id] = key(known);
    let text = "UPDATE tier_override SET superseded_by = $1 WHERE customer_id = $2 \
                AND override_id = $3 AND superseded_by IS NULL AND ended_on IS NULL";
    let values = vec![tx.write_uuid().into(), customer, id];
    if sql::run(tx, text, values).await? != 1 {
        return Err(DbError::Conflict("the override was ended meanwhile".into()));
    }
    let ended = StoredTierOverride {
        what: TierOverride {
            ended_on: Some(on),
            ..known.what.clone()
        },
        ended_by: Some(tx.principal().to_owned()),
        ..known.clone()
    };
    insert(tx, &ended, 2).await?;
    note(tx, &ended, 2, "ended");
    Ok(ended)
}

fn key(of: &StoredTierOverride) -> [Value; 2] {
    [of.customer.bits(), of.what.id.bits()].map(|bits| Uuid::from_u128(bits).into())
}

async fn insert(tx: &Tx, of: &StoredTierOverride, version: i64) -> Result<(), DbError> {
    let text = "INSERT INTO tier_override (customer_id, override_id, version, tier, approver, \
                author, valid_from, valid_until, ended_on, ended_by, created_at, write_id, \
                recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let [customer, id] = key(of);
    let values = vec![
        customer,
        id,
        version.into(),
        of.what.tier.clone().into(),
        of.approver.clone().into(),
        of.author.clone().into(),
        of.what.valid_from.into(),
        of.what.valid_until.into(),
        of.what.ended_on.into(),
        of.ended_by.clone().into(),
        of.created_at.timestamp_micros().into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    Ok(())
}

fn note(tx: &Tx, of: &StoredTierOverride, version: i64, what: &'static str) {
    let ended = of.what.ended_on.map(|day| ("ended_on", day.to_string()));
    let detail = [
        ("tier", of.what.tier.clone()),
        ("valid_from", of.what.valid_from.to_string()),
        ("valid_until", of.what.valid_until.to_string()),
        ("approver", of.approver.clone()),
    ];
    tx.note(Change {
        entity: "tier_override",
        id: of.what.id.to_string(),
        version,
        what,
        customer: Some(of.customer),
        content: None,
        detail: detail.into_iter().chain(ended).collect(),
    });
}
