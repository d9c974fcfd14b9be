//! What a contact was before, and which write changed it.

use super::{Contact, read};
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use tiercel_domain::ids::{ContactId, CustomerId, WriteId};
use uuid::Uuid;

/// One version of a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactVersion {
    pub write: WriteId,
    /// Place of the write in the journal; absent until it is numbered.
    pub known_from: Option<i64>,
    /// Whether the contact was taken away with this version.
    pub removed: bool,
    /// Without numbers, which have a history of their own.
    pub contact: Contact,
}

/// Versions of a contact, newest first.
pub async fn history(
    source: &impl Source,
    customer: CustomerId,
    id: ContactId,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<ContactVersion>, DbError> {
    let text = format!(
        "SELECT c.contact_id, c.version, c.position AS held, c.country, c.is_primary, c.removed, \
         c.write_id, c.recorded_at, m.name, m.email, j.position AS place \
         FROM contact c LEFT JOIN contact_personal m ON m.customer_id = c.customer_id \
         AND m.contact_id = c.contact_id AND m.version = c.version \
         LEFT JOIN journal j ON j.write_id = c.write_id \
         WHERE c.customer_id = $1 AND c.contact_id = $2 AND c.version < $3 \
         ORDER BY c.version DESC LIMIT {limit}"
    );
    let values = vec![
        Uuid::from_u128(customer.bits()).into(),
        Uuid::from_u128(id.bits()).into(),
        before.unwrap_or(i64::MAX).into(),
    ];
    let rows = sql::rows(source, &text, values).await?;
    rows.iter()
        .map(|row| {
            let write: Uuid = row.try_get("", "write_id")?;
            Ok(ContactVersion {
                write: WriteId::from_bits(write.as_u128()),
                known_from: row.try_get("", "place")?,
                removed: row.try_get("", "removed")?,
                contact: read(row, customer)?,
            })
        })
        .collect()
}
