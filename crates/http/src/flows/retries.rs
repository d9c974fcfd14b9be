//! Answers kept for retries go when their time is over, a few at a time.

use crate::tenant::Hosted;
use chrono::Duration;
use std::time::Duration as Pause;
use tiercel_persistence::{DbError, retries};

/// How long the answer of a request with an `Idempotency-Key` is kept.
pub const KEPT: Duration = Duration::days(7);
/// How often an instance looks for answers whose time is over.
const EVERY: Pause = Pause::from_hours(1);
/// How many one transaction deletes, so that writers never wait for long.
const MANY: u32 = 500;

/// Deletes what is kept too long, for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        match forget(hosted).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "kept answers were deleted: their time is over"),
            Err(error) => {
                tracing::warn!(error = %error, "kept answers could not be deleted");
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn forget(hosted: &Hosted) -> Result<u64, DbError> {
    let cutoff = hosted.now() - KEPT;
    let mut all: u64 = 0;
    loop {
        let some = retries::forget(&hosted.store, cutoff, MANY).await?;
        all = all.saturating_add(some);
        if some < u64::from(MANY) {
            return Ok(all);
        }
    }
}
