//! A job that is under way stays with the instance that runs it.

use chrono::Duration;
use std::time::Duration as Pause;
use tiercel_persistence::Store;
use tiercel_persistence::jobs::{self, Job};

/// How long an instance keeps a job without a sign of life.
pub const LEASE: Duration = Duration::seconds(15);
/// How often it gives one.
const HEARTBEAT: Pause = Pause::from_secs(5);

/// Runs the work of a claimed job and keeps the job meanwhile; none where another instance has it
/// by now.
pub async fn kept<T>(store: &Store, job: &Job, work: impl Future<Output = T>) -> Option<T> {
    let heartbeat = async {
        loop {
            tokio::time::sleep(HEARTBEAT).await;
            if matches!(jobs::keep(store, job, LEASE).await, Ok(false)) {
                return;
            }
        }
    };
    tokio::select! {
        done = work => Some(done),
        () = heartbeat => None,
    }
}
