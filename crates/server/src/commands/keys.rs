//! `keys …`: the keys that sign tokens, and how a new one takes over.

use crate::failure::Failure;
use crate::opening::Opened;
use crate::output;
use chrono::{DateTime, TimeDelta, Utc};
use std::time::Duration;
use tiercel_http::tenant::Hosted;
use tiercel_http::token::LONGEST_LIFETIME;
use tiercel_persistence::keys::{self, Rotation};

/// How long a new key is published before it signs, in seconds: longer than anybody may keep our
/// key set, which is five minutes.
const AHEAD: i64 = 600;
/// How often the age of the newest key is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// When the new key signs, and what becomes of the tokens of those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// Published first; tokens of the former keys are good until they end.
    Planned,
    /// Signs at once; tokens of the former keys are good until they end.
    Now,
    /// Signs at once; tokens of the former keys are refused from now on.
    Compromised,
}

fn rotation(now: DateTime<Utc>, urgency: Urgency) -> Rotation<'static> {
    let later = |seconds| {
        now.checked_add_signed(TimeDelta::seconds(seconds))
            .unwrap_or(now)
    };
    let (ahead, former_until) = match urgency {
        Urgency::Planned => (AHEAD, later(AHEAD + LONGEST_LIFETIME)),
        Urgency::Now => (0, later(LONGEST_LIFETIME)),
        Urgency::Compromised => (0, now),
    };
    Rotation {
        principal: "cli",
        active_from: later(ahead),
        former_until,
        made_before: now,
    }
}

pub async fn rotate(opened: &Opened, urgency: Urgency) -> Result<(), Failure> {
    let now = opened.store.clock().now();
    let plan = rotation(now, urgency);
    let made = keys::rotate(&opened.store, &opened.keys.master, &plan).await?;
    let id = made.ok_or_else(|| Failure::new("another rotation came first"))?;
    output::line(id.to_string());
    output::note(format!(
        "signs from {}; tokens of the keys before are accepted until {}",
        plan.active_from.to_rfc3339(),
        plan.former_until.to_rfc3339()
    ));
    Ok(())
}

pub async fn list(opened: &Opened, json: bool) -> Result<(), Failure> {
    for key in keys::public_signing_keys(&opened.store).await? {
        let (from, until) = (
            key.active_from.to_rfc3339(),
            key.until.map(|at| at.to_rfc3339()),
        );
        if json {
            let line = serde_json::json!({
                "kid": key.id.to_string(),
                "created_at": key.created_at.to_rfc3339(),
                "signs_from": from,
                "accepted_until": until,
            });
            output::line(line.to_string());
        } else {
            let until = until.map_or_else(String::new, |until| format!(", accepted until {until}"));
            output::line(format!("{} signs from {from}{until}", key.id));
        }
    }
    Ok(())
}

/// Rotates by age for ever; of several instances one does it.
pub async fn rotate_by_age(hosted: &Hosted, days: u32) {
    if days == 0 {
        return;
    }
    loop {
        let now = hosted.now();
        let mut plan = rotation(now, Urgency::Planned);
        plan.principal = "server";
        let oldest = now.checked_sub_signed(TimeDelta::days(days.into()));
        plan.made_before = oldest.unwrap_or(now);
        match keys::rotate(&hosted.store, &hosted.keys.master, &plan).await {
            Ok(Some(id)) => tracing::info!(kid = %id, "a new signing key was made"),
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %error, "the signing key could not be rotated"),
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
