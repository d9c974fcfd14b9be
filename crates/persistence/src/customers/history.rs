//! What a customer's profile held before, and which write changed it.

use super::customer::{COLUMNS, Content, VERSIONS, read_content};
use crate::attributes;
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use chrono::{DateTime, Utc};
use sea_orm::Value;
use tiercel_domain::ids::{CustomerId, WriteId};
use uuid::Uuid;

/// One version of a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub version: i64,
    pub write: WriteId,
    pub recorded_at: DateTime<Utc>,
    /// Place of the write in the journal; absent until it is numbered.
    pub position: Option<i64>,
    /// Without ids and numbers, which have a history of their own.
    pub content: Content,
}

/// Versions of a customer's profile, newest first.
pub async fn history(
    source: &impl Source,
    customer: CustomerId,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Version>, DbError> {
    let definitions = attributes::definitions(source).await?;
    let text = format!(
        "SELECT {COLUMNS}, p.version, p.write_id, p.recorded_at, j.position AS place \
         FROM {VERSIONS} LEFT JOIN journal j ON j.write_id = p.write_id \
         WHERE p.customer_id = $1 AND p.version < $2 ORDER BY p.version DESC LIMIT {limit}"
    );
    let values: Vec<Value> = vec![
        Uuid::from_u128(customer.bits()).into(),
        before.unwrap_or(i64::MAX).into(),
    ];
    let rows = sql::rows(source, &text, values).await?;
    rows.iter()
        .map(|row| {
            let write: Uuid = row.try_get("", "write_id")?;
            Ok(Version {
                version: row.try_get("", "version")?,
                write: WriteId::from_bits(write.as_u128()),
                recorded_at: from_micros(row.try_get("", "recorded_at")?),
                position: row.try_get("", "place")?,
                content: read_content(row, &definitions)?,
            })
        })
        .collect()
}
