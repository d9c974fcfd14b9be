//! What finance told of open items, how ours differed, and until when they are confirmed.

use super::{amount, bits, limit, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{QueryResult, Value};
use tiercel_domain::ids::{CreditSnapshotId, CustomerId};
use tiercel_domain::scaled::Amount;

const COLUMNS: &str = "snapshot_id, customer_id, as_of, documents, ours, theirs, drift, drifted, \
    differences, principal, recorded_at";

/// A snapshot that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    pub id: CreditSnapshotId,
    pub customer: CustomerId,
    pub as_of: NaiveDate,
    /// That finance told, each once.
    pub documents: i64,
    pub ours: Amount,
    pub theirs: Amount,
    pub drift: Amount,
    pub drifted: bool,
    /// JSON, opaque here.
    pub differences: String,
    pub principal: String,
    pub recorded_at: DateTime<Utc>,
}

/// One to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSnapshot {
    pub customer: CustomerId,
    pub as_of: NaiveDate,
    pub documents: i64,
    pub ours: Amount,
    pub theirs: Amount,
    pub drift: Amount,
    pub drifted: bool,
    pub differences: String,
    /// The instant up to which it confirms what is known.
    pub confirms_until: DateTime<Utc>,
}

/// Which snapshots a page shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SnapshotFilter {
    pub customer: Option<CustomerId>,
    pub drifted: Option<bool>,
}

/// Keeps a snapshot. The caller holds the customer.
pub async fn keep_snapshot(tx: &Tx, new: NewSnapshot) -> Result<Snapshot, DbError> {
    let kept = Snapshot {
        id: CreditSnapshotId::from_bits(tx.mint()),
        customer: new.customer,
        as_of: new.as_of,
        documents: new.documents,
        ours: new.ours,
        theirs: new.theirs,
        drift: new.drift,
        drifted: new.drifted,
        differences: new.differences,
        principal: tx.principal().to_owned(),
        recorded_at: tx.at(),
    };
    let text = format!(
        "INSERT INTO credit_snapshot ({COLUMNS}, write_id) VALUES ({})",
        sql::places(1, 12)
    );
    let values = vec![
        value(kept.id.bits()),
        value(kept.customer.bits()),
        kept.as_of.into(),
        kept.documents.into(),
        kept.ours.units().into(),
        kept.theirs.units().into(),
        kept.drift.units().into(),
        kept.drifted.into(),
        kept.differences.clone().into(),
        kept.principal.clone().into(),
        tx.micros().into(),
        tx.write_uuid().into(),
    ];
    sql::run(tx, &text, values).await?;
    let text = "INSERT INTO credit_confirmed (customer_id, until) VALUES ($1, $2) \
                ON CONFLICT (customer_id) DO UPDATE SET until = excluded.until \
                WHERE credit_confirmed.until < excluded.until";
    let until = new.confirms_until.timestamp_micros();
    sql::run(tx, text, vec![value(kept.customer.bits()), until.into()]).await?;
    tx.note(Change {
        entity: "credit_snapshot",
        id: kept.id.to_string(),
        version: 1,
        what: if kept.drifted {
            "drift_detected"
        } else {
            "agreed"
        },
        customer: Some(kept.customer),
        content: None,
        detail: vec![
            ("as_of", kept.as_of.to_string()),
            ("drift", kept.drift.to_string()),
        ],
    });
    Ok(kept)
}

fn to_snapshot(row: &QueryResult) -> Result<Snapshot, DbError> {
    Ok(Snapshot {
        id: CreditSnapshotId::from_bits(bits(row, "snapshot_id")?),
        customer: CustomerId::from_bits(bits(row, "customer_id")?),
        as_of: row.try_get("", "as_of")?,
        documents: row.try_get("", "documents")?,
        ours: amount(row, "ours")?,
        theirs: amount(row, "theirs")?,
        drift: amount(row, "drift")?,
        drifted: row.try_get("", "drifted")?,
        differences: row.try_get("", "differences")?,
        principal: row.try_get("", "principal")?,
        recorded_at: from_micros(row.try_get("", "recorded_at")?),
    })
}

async fn select(
    source: &impl Source,
    columns: &str,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<Snapshot>, DbError> {
    let text = format!("SELECT {columns} FROM credit_snapshot WHERE {condition}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_snapshot).collect()
}

pub async fn snapshot(
    source: &impl Source,
    id: CreditSnapshotId,
) -> Result<Option<Snapshot>, DbError> {
    let found = select(source, COLUMNS, "snapshot_id = $1", vec![value(id.bits())]).await?;
    Ok(found.into_iter().next())
}

/// Snapshots before an id, the newest first, without their differences.
pub async fn snapshots(
    source: &impl Source,
    filter: &SnapshotFilter,
    before: Option<CreditSnapshotId>,
    count: u64,
) -> Result<Vec<Snapshot>, DbError> {
    let last = before.map_or(u128::MAX, CreditSnapshotId::bits);
    let mut values = vec![value(last), limit(count)];
    let mut condition = "snapshot_id < $1".to_owned();
    if let Some(customer) = filter.customer {
        values.push(value(customer.bits()));
        condition += &format!(" AND customer_id = ${}", values.len());
    }
    if let Some(drifted) = filter.drifted {
        values.push(drifted.into());
        condition += &format!(" AND drifted = ${}", values.len());
    }
    let condition = format!("{condition} ORDER BY snapshot_id DESC LIMIT $2");
    // A page of them would have hundreds of thousands of differences.
    let columns = COLUMNS.replace("differences", "'' AS differences");
    select(source, &columns, &condition, values).await
}
