//! What follows a corrected rate or cost, as a job: the facts it touches are valued again, chunk by
//! chunk of customers, each one write; resumed by another instance where one stops.

use crate::flows::lease::{LEASE, kept};
use crate::flows::model::{self, PublishedModel};
use crate::tenant::Hosted;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration as Pause;
use tiercel_domain::ids::{CustomerId, WriteId};
use tiercel_persistence::facts::{self, Revalued};
use tiercel_persistence::jobs::{self, Ending, Job, Progress};
use tiercel_persistence::refresh::{Basis, RefreshError};
use tiercel_persistence::revaluations::{self, JOB_KIND, News};
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{DbError, Effects, Store, Tx, Writing, Written};

/// How often an idle instance looks for work.
const EVERY: Pause = Pause::from_millis(500);
/// Customers per write: few enough to lock for a moment, whatever the number of their facts.
const CHUNK: usize = 100;

/// What a job is asked to do.
#[derive(Debug, Serialize, Deserialize)]
struct Parameters {
    /// The write that recorded the rates and costs.
    write: String,
}

/// How far a job has come: where to resume, and counts for its answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Standing {
    after: Option<String>,
    /// Customers that are done.
    done: usize,
    /// Customers whose facts are touched.
    total: usize,
    counts: Counts,
}

/// Facts, by what became of them.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(default)]
struct Counts {
    corrected: usize,
    unchanged: usize,
    refused: usize,
}

impl Counts {
    const fn add(&mut self, more: Revalued) {
        self.corrected = self.corrected.saturating_add(more.corrected);
        self.unchanged = self.unchanged.saturating_add(more.unchanged);
        self.refused = self.refused.saturating_add(more.refused);
    }
}

/// Where a job is carried out.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub store: &'a Store,
    pub settings: &'a Settings,
    /// The business date: customers are evaluated as of it.
    pub today: NaiveDate,
}

/// Takes and runs revaluations for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        let place = Place {
            store: &hosted.store,
            settings: &hosted.settings,
            today: hosted.date_of(hosted.now()),
        };
        let applied = async |effects: &Effects| hosted.apply(effects).await;
        match next(place, applied).await {
            Ok(true) => {}
            Ok(false) => tokio::time::sleep(EVERY).await,
            Err(error) => {
                tracing::warn!(error = %error, "no revaluation could be taken");
                tokio::time::sleep(Pause::from_secs(1)).await;
            }
        }
    }
}

/// Waits until the revaluations that are open now have ended, and runs those that nobody runs: a
/// command ends with its consequences, whether there is a server or not.
pub async fn settle(place: Place<'_>) -> Result<(), DbError> {
    let mut open = jobs::open(place.store, JOB_KIND).await?;
    while !open.is_empty() {
        let applied = async |_: &Effects| Ok(());
        if !next(place, applied).await? {
            tokio::time::sleep(EVERY).await;
        }
        let still = jobs::open(place.store, JOB_KIND).await?;
        open.retain(|job| still.contains(job));
    }
    Ok(())
}

/// Runs the next job that waits, if there is one; `applied` hears of every chunk after its commit.
async fn next(
    place: Place<'_>,
    applied: impl AsyncFnMut(&Effects) -> Result<(), DbError>,
) -> Result<bool, DbError> {
    let Some(job) = jobs::claim(place.store, JOB_KIND, LEASE).await? else {
        return Ok(false);
    };
    let ended = match kept(place.store, &job, run(place, &job, applied)).await {
        None => return Ok(true),
        Some(Ok(counts)) => finish(place.store, &job, refusal(&counts).as_deref()).await,
        Some(Err(error @ (DbError::Unavailable(_) | DbError::Conflict(_) | DbError::Taken(_)))) => {
            Err(error)
        }
        Some(Err(error)) => {
            tracing::warn!(error = %error, job.id = %job.id, "a revaluation failed");
            let told = "the revaluation stopped for a reason on our side";
            finish(place.store, &job, Some(told)).await
        }
    };
    if let Err(error) = ended {
        // The lease runs out, and somebody tries again from where the job stands.
        tracing::warn!(error = %error, job.id = %job.id, "a revaluation was interrupted");
    }
    Ok(true)
}

/// Why a job that has come to its end did not do all of its work.
fn refusal(counts: &Counts) -> Option<String> {
    let count = counts.refused;
    (count > 0).then(|| {
        format!(
            "{count} facts keep their value: no rate is known for the new one, or it is too large; \
             all others are done"
        )
    })
}

async fn run(
    place: Place<'_>,
    job: &Job,
    mut applied: impl AsyncFnMut(&Effects) -> Result<(), DbError>,
) -> Result<Counts, DbError> {
    let parameters: Parameters = serde_json::from_str(&job.parameters).map_err(corrupt)?;
    let mut standing: Standing = serde_json::from_str(&job.progress).map_err(corrupt)?;
    let write: WriteId = parameters.write.parse().map_err(corrupt)?;
    let news = News::of(place.store, write).await?;
    let after = standing.after.as_deref().map(str::parse::<CustomerId>);
    let after = after.transpose().map_err(corrupt)?;
    let touched = revaluations::customers(place.store, write).await?;
    let touched: Vec<CustomerId> = touched
        .into_iter()
        .filter(|id| after.is_none_or(|after| *id > after))
        .collect();
    standing.total = standing.done.saturating_add(touched.len());
    let model = model::on(place.store, place.today).await?;
    let basis = Basis {
        settings: place.settings,
        today: place.today,
        model: model.as_ref().map(PublishedModel::in_force),
    };
    for chunk in touched.chunks(CHUNK) {
        let (next, effects) = commit(place.store, job, &standing, chunk, &news, &basis).await?;
        applied(&effects).await?;
        standing = next;
    }
    Ok(standing.counts)
}

/// One chunk, one write. Customers whose sums could not be kept are left out as they are.
async fn commit(
    store: &Store,
    job: &Job,
    standing: &Standing,
    chunk: &[CustomerId],
    news: &News,
    basis: &Basis<'_>,
) -> Result<(Standing, Effects), DbError> {
    let customers: BTreeSet<CustomerId> = chunk.iter().copied().collect();
    let writing = Writing {
        principal: &job.principal,
        action: "facts.revalued",
        retry: None,
    };
    let mut left_out = BTreeSet::new();
    loop {
        let write = async |tx: &Tx| {
            let done = facts::revalue(tx, &customers, news, &left_out, basis).await?;
            let mut next = standing.clone();
            next.counts.add(done);
            next.done = next.done.saturating_add(customers.len());
            next.after = customers.last().map(ToString::to_string);
            note(tx, job, &next).await?;
            Ok::<_, RefreshError>((next, None))
        };
        match store.write(&writing, write).await {
            Ok(Written::Fresh { value, effects }) => return Ok((value, effects)),
            // Only writes with a retry key end otherwise.
            Ok(_) => return Err(DbError::Conflict("the chunk was not written".into())),
            Err(RefreshError::TooLarge(customer)) if left_out.insert(customer) => {}
            Err(RefreshError::TooLarge(customer)) => {
                let detail = format!("the amounts of {customer} are too large to add up");
                return Err(DbError::Query(detail));
            }
            Err(RefreshError::Database(error)) => return Err(error),
        }
    }
}

async fn note(tx: &Tx, job: &Job, standing: &Standing) -> Result<(), DbError> {
    let text = serde_json::to_string(standing).map_err(corrupt)?;
    let progress = Progress {
        done: i64::try_from(standing.done).unwrap_or(i64::MAX),
        total: i64::try_from(standing.total).ok(),
        progress: &text,
    };
    jobs::progress(tx, job, &progress, LEASE).await
}

async fn finish(store: &Store, job: &Job, failure: Option<&str>) -> Result<(), DbError> {
    let writing = Writing {
        principal: &job.principal,
        action: "revaluation.ended",
        retry: None,
    };
    let ending = failure.map_or(Ending::Done, Ending::Failed);
    let end = async |tx: &Tx| Ok::<_, DbError>((jobs::finish(tx, job, ending).await?, None));
    store.write(&writing, end).await?;
    Ok(())
}

fn corrupt(error: impl std::fmt::Display) -> DbError {
    DbError::Corrupt {
        table: "job",
        detail: error.to_string(),
    }
}
