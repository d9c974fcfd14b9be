//! New identifiers: UUIDv7, so that ids sort by time and indexes grow at their end.

use chrono::{DateTime, Utc};
use uuid::{NoContext, Timestamp, Uuid};

/// A fresh 128-bit id for the instant; random in its lower 74 bits.
pub fn bits(at: DateTime<Utc>) -> u128 {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    Uuid::new_v7(Timestamp::from_unix(
        NoContext,
        seconds,
        at.timestamp_subsec_nanos(),
    ))
    .as_u128()
}

/// Random bytes from the operating system.
pub fn secret<const N: usize>() -> Result<[u8; N], crate::DbError> {
    let mut bytes = [0_u8; N];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|_| crate::DbError::Key("the operating system gave no random bytes".into()))?;
    Ok(bytes)
}
