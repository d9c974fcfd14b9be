//! Follows the journal, so that what other instances wrote is in the answers of this one.

use crate::tenant::Hosted;
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::journal::{self, Entry};
use tiercel_persistence::{DbError, Effects};

/// How often the journal is looked at; others' writes are here within a second.
const EVERY: Duration = Duration::from_millis(250);
/// The same while the database does not answer.
const EVERY_WHILE_AWAY: Duration = Duration::from_secs(1);

/// How far the journal was followed, for the dashboard.
#[derive(Debug, Default)]
pub struct Followed {
    position: AtomicI64,
    /// When the whole journal was last known to be taken over, in microseconds since 1970.
    current_at: AtomicI64,
}

impl From<DateTime<Utc>> for Followed {
    /// What is in memory was read at that time.
    fn from(read_at: DateTime<Utc>) -> Self {
        let followed = Self::default();
        followed.current(read_at);
        followed
    }
}

impl Followed {
    /// The position, and when nothing came after it.
    pub fn told(&self) -> (i64, i64) {
        let position = self.position.load(Ordering::Relaxed);
        (position, self.current_at.load(Ordering::Relaxed))
    }

    fn reached(&self, position: i64) {
        self.position.store(position, Ordering::Relaxed);
    }

    fn current(&self, now: DateTime<Utc>) {
        let now = now.timestamp_micros();
        self.current_at.store(now, Ordering::Relaxed);
    }
}

/// Applies the journal to the projections in memory for ever, from where they were read on.
pub async fn run(hosted: &Hosted) {
    let mut position = hosted.opened_at;
    let mut failures = 0_u32;
    loop {
        let asked_at = hosted.now();
        match step(hosted, position).await {
            Ok(reached) if reached > position => {
                position = reached;
                hosted.followed.reached(position);
            }
            Ok(_) => {
                failures = 0;
                hosted.followed.reached(position);
                hosted.followed.current(asked_at);
                tokio::time::sleep(EVERY).await;
            }
            Err(error) => {
                tracing::warn!(error = %error, "the journal could not be followed");
                failures = failures.saturating_add(1);
                // A connection that was cut is replaced at once; a database that is away is not.
                let pause = if failures > 3 {
                    EVERY_WHILE_AWAY
                } else {
                    EVERY / 5
                };
                tokio::time::sleep(pause).await;
            }
        }
    }
}

async fn step(hosted: &Hosted, position: i64) -> Result<i64, DbError> {
    let entries = journal::after(&*hosted.store, position, 200).await?;
    let mut effects = Effects::default();
    for entry in &entries {
        collect(entry, &mut effects);
    }
    if !entries.is_empty() {
        hosted.apply(&effects).await?;
    }
    Ok(entries.last().map_or(position, |entry| entry.position))
}

fn collect(entry: &Entry, effects: &mut Effects) {
    let value: serde_json::Value = serde_json::from_str(&entry.entry).unwrap_or_default();
    for change in value["changes"].as_array().into_iter().flatten() {
        if let Some(entity) = change["entity"].as_str() {
            effects.entities.insert(entity.to_owned());
        }
        let customer = change["customer"]
            .as_str()
            .and_then(|id| id.parse::<CustomerId>().ok());
        effects.customers.extend(customer);
    }
}
