//! Evaluates everyone at the times of a cron expression, once for all instances.

use crate::flows::{evaluations, outlook};
use crate::tenant::Hosted;
use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use std::time::Duration;
use tiercel_domain::schedule::Schedule;
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{DbError, Tx, Writing, Written, schedules};

/// The name of the mark.
const NAME: &str = "evaluation";
/// How often it is looked whether a time has come.
const EVERY: Duration = Duration::from_secs(15);

/// Queues an evaluation whenever a time has come, and looks ahead, for ever.
pub async fn work(hosted: &Hosted, schedule: &Schedule, warning_days: u32) {
    loop {
        match due(hosted, schedule).await {
            Ok(true) if warning_days > 0 => {
                let today = hosted.date_of(hosted.now());
                if let Err(error) = outlook::look_ahead(hosted, today, warning_days).await {
                    tracing::warn!(error = %error, "nobody could be warned of a tier that will drop");
                }
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %error, "the schedule could not be followed"),
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Queues the evaluation where its time has come and no other instance has; true where it did.
async fn due(hosted: &Hosted, schedule: &Schedule) -> Result<bool, RefreshError> {
    let now = hosted.now();
    let mark = schedules::done_until(&*hosted.store, NAME).await?;
    let next = mark.and_then(|mark| next(hosted, schedule, mark));
    if mark.is_some() && next.is_none_or(|next| next > now) {
        return Ok(false);
    }
    let writing = Writing {
        principal: "system",
        action: "evaluation.queued",
        retry: None,
    };
    let today = hosted.date_of(now);
    let taken = async |tx: &Tx| {
        let taken = schedules::take(tx, NAME, mark).await?;
        // The first look only remembers since when times count.
        let queue = taken && mark.is_some();
        if queue {
            evaluations::queue(tx, today, "system").await?;
        }
        Ok::<_, DbError>((queue, None))
    };
    let written = hosted.store.write(&writing, taken).await?;
    Ok(matches!(written, Written::Fresh { value: true, .. }))
}

/// The first time after an instant. A time that a clock change leaves out comes right after it; of
/// one that comes twice, the first counts.
fn next(hosted: &Hosted, schedule: &Schedule, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let local = after.with_timezone(&hosted.zone).naive_local();
    let next = schedule.next_after(local)?;
    instant(hosted, next)
}

fn instant(hosted: &Hosted, local: NaiveDateTime) -> Option<DateTime<Utc>> {
    // No zone leaves out more than some hours.
    (0..24 * 60).find_map(|minutes| {
        let local = local.checked_add_signed(chrono::TimeDelta::minutes(minutes))?;
        let found = hosted.zone.from_local_datetime(&local).earliest()?;
        Some(found.with_timezone(&Utc))
    })
}
