//! Follows the journal, so that what other instances wrote is in the answers of this one.

use crate::tenant::Hosted;
use std::time::Duration;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::journal::{self, Entry};
use tiercel_persistence::{DbError, Effects};

/// How often the journal is looked at; others' writes are here within a second.
const EVERY: Duration = Duration::from_millis(250);

/// Applies the journal to the projections in memory for ever, from where they were read on.
pub async fn run(hosted: &Hosted) {
    let mut position = hosted.opened_at;
    loop {
        match step(hosted, position).await {
            Ok(reached) if reached > position => position = reached,
            Ok(_) => {
                hosted.followed();
                tokio::time::sleep(EVERY).await;
            }
            Err(error) => {
                tracing::warn!(error = %error, "the journal could not be followed");
                tokio::time::sleep(Duration::from_secs(1)).await;
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
