//! The one clock: read here, injected everywhere else, in whole microseconds.

use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Where instants come from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    #[default]
    System,
    /// Stands still until it is moved; microseconds since 1970.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Now, in UTC, without the nanoseconds that PostgreSQL would drop.
    pub fn now(&self) -> DateTime<Utc> {
        match self {
            Self::System => from_micros(system_micros()),
            Self::Manual(micros) => from_micros(micros.load(Ordering::SeqCst)),
        }
    }
}

#[allow(clippy::disallowed_methods)] // This is the clock the lint guards.
fn system_micros() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_micros()).ok())
        .unwrap_or(0)
}

/// An instant from the integer that the database holds.
pub fn from_micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::UNIX_EPOCH)
}
