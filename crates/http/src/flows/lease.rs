//! Jobs that wait are taken one by one; one that is under way stays with the instance that runs it.

use crate::problem::Problem;
use chrono::Duration;
use std::time::Duration as Pause;
use tiercel_persistence::jobs::{self, Ending, Job};
use tiercel_persistence::{DbError, Store, Tx, WriteError, Writing};

/// How long an instance keeps a job without a sign of life.
pub const LEASE: Duration = Duration::seconds(15);
/// How often it gives one.
const HEARTBEAT: Pause = Pause::from_secs(5);
/// How often an idle instance looks for work.
const EVERY: Pause = Pause::from_millis(500);
/// How long it waits where the database does not answer.
const AWAY: Pause = Pause::from_secs(1);

/// Why a job stops before its end.
#[derive(Debug)]
pub enum Stop {
    /// The database or another instance is in the way: somebody goes on from where the job stands
    /// once its lease has run out.
    Interrupted(String),
    /// It cannot be carried out; the words are for whoever asked for it.
    Failed(String),
}

impl Stop {
    /// What an error of the database means; `told` where it will not pass.
    pub fn of_database(error: &DbError, told: &str) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Conflict(_) | DbError::Taken(_) => {
                Self::Interrupted(error.to_string())
            }
            _ => {
                tracing::warn!(error = %error, "a job cannot be carried out");
                Self::Failed(told.to_owned())
            }
        }
    }

    /// The same of a problem, whose own words are told where the database is not its source.
    pub fn of_problem(problem: &Problem, told: &str) -> Self {
        match problem.database_error() {
            Some(error) => Self::of_database(error, told),
            None => Self::Failed(problem.detail().to_owned()),
        }
    }
}

/// The next job of a kind that waits. None after a while in which there was none.
pub async fn next(store: &Store, kind: &str, lease: Duration) -> Option<Job> {
    match jobs::claim(store, kind, lease).await {
        Ok(Some(job)) => return Some(job),
        Ok(None) => tokio::time::sleep(EVERY).await,
        Err(error) => {
            tracing::warn!(error = %error, job.kind = kind, "no job could be taken");
            tokio::time::sleep(AWAY).await;
        }
    }
    None
}

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

/// Runs work that ends its job itself when it is done, and ends the job where it fails.
pub async fn carried_out(
    store: &Store,
    job: &Job,
    action: &str,
    work: impl Future<Output = Result<(), Stop>>,
) {
    let Some(Err(stop)) = kept(store, job, work).await else {
        return;
    };
    let interrupted = match stop {
        Stop::Interrupted(why) => Some(why),
        Stop::Failed(why) => {
            tracing::warn!(error = %why, job.kind = %job.kind, job.id = %job.id, "a job failed");
            let ended = async |tx: &Tx| {
                jobs::finish(tx, job, Ending::Failed(&why)).await?;
                Ok::<_, DbError>(((), None))
            };
            let ended = store.write(&writing(job, action), ended).await;
            ended.err().map(|error| error.to_string())
        }
    };
    if let Some(why) = interrupted {
        // The lease runs out, and somebody tries again from where the job stands.
        tracing::warn!(error = %why, job.kind = %job.kind, job.id = %job.id, "a job was interrupted");
    }
}

/// A write on behalf of whoever asked for a job.
pub const fn writing<'a>(job: &'a Job, action: &'a str) -> Writing<'a> {
    Writing {
        principal: job.principal.as_str(),
        action,
        retry: None,
    }
}
