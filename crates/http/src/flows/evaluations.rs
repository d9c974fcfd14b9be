//! Evaluations that nobody waits for: runs over everyone as jobs, and customers whom time changes.

use crate::flows::lease;
use crate::flows::model::{self, PublishedModel};
use crate::tenant::Hosted;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tiercel_domain::ids::{CustomerId, JobId};
use tiercel_persistence::customers::{self, Filter};
use tiercel_persistence::jobs::{self, Ending, Job, Progress};
use tiercel_persistence::refresh::{Basis, RefreshError};
use tiercel_persistence::{DbError, Tx, Writing, evaluations};

const JOB_KIND: &str = "evaluation";
/// How long an instance may be silent before another takes its job.
const LEASE: Duration = Duration::seconds(60);
/// How often customers are looked for whom time has changed.
const TIME_PASSES: Duration = Duration::minutes(1);

/// What a job is asked to do.
#[derive(Debug, Serialize, Deserialize)]
struct Parameters {
    as_of: NaiveDate,
}

/// How far a job has come: where to resume, and counts for its answer.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Standing {
    after: Option<String>,
    counts: Counts,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Counts {
    evaluated: i64,
}

/// Queues an evaluation of everyone as of a date.
pub async fn queue(tx: &Tx, as_of: NaiveDate, principal: &str) -> Result<JobId, DbError> {
    let parameters = serde_json::json!({ "as_of": as_of.to_string() });
    jobs::create(tx, JOB_KIND, &parameters.to_string(), principal).await
}

/// Takes and runs evaluations for ever, and brings customers up to date whom time has changed.
pub async fn work(hosted: &Hosted) {
    let mut looked: Option<DateTime<Utc>> = None;
    loop {
        let now = hosted.now();
        if looked.is_none_or(|last| now.signed_duration_since(last) > TIME_PASSES) {
            looked = Some(now);
            if let Err(error) = pass_time(hosted).await {
                tracing::warn!(error = %error, "customers could not be brought up to date");
            }
        }
        if let Some(job) = lease::next(&hosted.store, JOB_KIND, LEASE).await {
            advance(hosted, &job).await;
        }
    }
}

/// Evaluates again whoever's facts have left a window or begun to count by today.
async fn pass_time(hosted: &Hosted) -> Result<(), RefreshError> {
    let today = hosted.date_of(hosted.now());
    let model = model::on(&*hosted.store, today).await?;
    let basis = basis(hosted, today, model.as_ref());
    let mut after = None;
    while let Some(chunk) = evaluations::advance(&hosted.store, &basis, after).await? {
        hosted.apply(&chunk.effects).await?;
        after = Some(chunk.last);
    }
    Ok(())
}

fn basis<'a>(hosted: &'a Hosted, today: NaiveDate, model: Option<&'a PublishedModel>) -> Basis<'a> {
    Basis {
        settings: &hosted.settings,
        today,
        model: model.map(PublishedModel::in_force),
    }
}

/// Runs a job to its end, unless the database or another instance takes it away.
async fn advance(hosted: &Hosted, job: &Job) {
    let ended = match run(hosted, job).await {
        Ok(()) => finish(hosted, job, Ending::Done).await,
        Err(RefreshError::Database(
            error @ (DbError::Unavailable(_) | DbError::Conflict(_) | DbError::Taken(_)),
        )) => Err(error),
        Err(error) => {
            tracing::warn!(error = %error, job.id = %job.id, "an evaluation failed");
            finish(hosted, job, Ending::Failed(told(&error))).await
        }
    };
    if let Err(error) = ended {
        // The lease runs out, and somebody tries again from where the job stands.
        tracing::warn!(error = %error, job.id = %job.id, "an evaluation was interrupted");
    }
}

/// What people may know of a failure.
const fn told(error: &RefreshError) -> &'static str {
    match error {
        RefreshError::TooLarge(_) => "the amounts of a customer are too large to add up",
        RefreshError::Database(_) => "the evaluation could not be carried out",
    }
}

async fn run(hosted: &Hosted, job: &Job) -> Result<(), RefreshError> {
    let store = &hosted.store;
    let parameters: Parameters = serde_json::from_str(&job.parameters).map_err(corrupt)?;
    let standing: Standing = serde_json::from_str(&job.progress).map_err(corrupt)?;
    let today = hosted.date_of(hosted.now());
    let model = model::on(&**store, parameters.as_of).await?;
    let basis = basis(hosted, today, model.as_ref());
    let everyone = customers::count(&**store, &Filter::default()).await?;
    let total = i64::try_from(everyone).unwrap_or(i64::MAX);
    let mut after = standing.after.and_then(|id| id.parse::<CustomerId>().ok());
    let mut done = standing.counts.evaluated;
    loop {
        let along = async |tx: &Tx, last: CustomerId, evaluated: usize| {
            let done = done.saturating_add(i64::try_from(evaluated).unwrap_or(0));
            let standing = Standing {
                after: Some(last.to_string()),
                counts: Counts { evaluated: done },
            };
            let text = serde_json::to_string(&standing).map_err(corrupt)?;
            let progress = Progress {
                done,
                total: Some(total.max(done)),
                progress: &text,
            };
            Ok(jobs::progress(tx, job, &progress, LEASE).await?)
        };
        let principal = &job.principal;
        let chunk =
            evaluations::run_chunk(store, principal, &basis, parameters.as_of, after, along);
        let Some(chunk) = chunk.await? else {
            return Ok(());
        };
        hosted.apply(&chunk.effects).await?;
        after = Some(chunk.last);
        done = done.saturating_add(i64::try_from(chunk.evaluated).unwrap_or(0));
    }
}

fn corrupt(error: serde_json::Error) -> DbError {
    DbError::Corrupt {
        table: "job",
        detail: error.to_string(),
    }
}

async fn finish(hosted: &Hosted, job: &Job, ending: Ending<'_>) -> Result<(), DbError> {
    let writing = Writing {
        principal: &job.principal,
        action: match ending {
            Ending::Done => "evaluation.completed",
            Ending::Failed(_) => "evaluation.failed",
        },
        retry: None,
    };
    let ended = async |tx: &Tx| Ok::<_, DbError>((jobs::finish(tx, job, ending).await?, None));
    hosted.store.write(&writing, ended).await?;
    Ok(())
}
