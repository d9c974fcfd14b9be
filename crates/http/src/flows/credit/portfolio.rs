//! Proposed limits for everyone, as a job: chunk by chunk of customers, each one write; resumed by
//! another instance where one stops.

use super::desk::Sitting;
use super::proposals::{Proposed, consider, policy, propose};
use crate::flows::lease::{self, LEASE, Stop, writing};
use crate::problem::{Kind, Problem};
use crate::tenant::Hosted;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use tiercel_domain::ids::{CustomerId, JobId};
use tiercel_persistence::credit as store;
use tiercel_persistence::jobs::{self, Ending, Job, Progress};
use tiercel_persistence::{DbError, Tx, WriteError, Written, facts};

const JOB_KIND: &str = "limit_proposals";
const ENDED: &str = "credit.limit_proposals_ended";
/// Customers per write.
const CHUNK: usize = 100;

/// How far a job has come: where to resume, and counts for its answer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Standing {
    after: Option<String>,
    done: usize,
    counts: Counts,
    /// Where the proposals are.
    result: String,
}

/// Customers, by what became of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Counts {
    proposed: usize,
    waiting: usize,
    unchanged: usize,
    /// The formula or the account could not be reckoned with.
    skipped: usize,
}

/// Queues proposals for everyone.
pub async fn queue(tx: &Tx, principal: &str) -> Result<JobId, DbError> {
    jobs::create(tx, JOB_KIND, "{}", principal).await
}

/// Takes and runs such jobs for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        if let Some(job) = lease::next(&hosted.store, JOB_KIND, LEASE).await {
            let told = "the proposals could not be made";
            let run = async {
                let done = run(hosted, &job).await;
                done.map_err(|problem| Stop::of_problem(&problem, told))
            };
            lease::carried_out(&hosted.store, &job, ENDED, run).await;
        }
    }
}

async fn run(hosted: &Hosted, job: &Job) -> Result<(), Problem> {
    let mut standing: Standing = serde_json::from_str(&job.progress).map_err(corrupt)?;
    "/v1/credit/limit-proposals?status=proposed".clone_into(&mut standing.result);
    let after = standing.after.as_deref().map(str::parse::<CustomerId>);
    let after = after.transpose().map_err(corrupt)?;
    let book = hosted.book.snapshot();
    let everyone = book.customers().map(|customer| customer.id);
    let mut everyone: Vec<CustomerId> = everyone
        .filter(|id| after.is_none_or(|after| *id > after))
        .collect();
    everyone.sort_unstable();
    let total = standing.done.saturating_add(everyone.len());
    for chunk in everyone.chunks(CHUNK) {
        standing = commit(hosted, job, &standing, chunk, total).await?;
    }
    let end = async |tx: &Tx| Ok::<_, DbError>((jobs::finish(tx, job, Ending::Done).await?, None));
    hosted.store.write(&writing(job, ENDED), end).await?;
    Ok(())
}

/// One chunk, one write. Who stays as it is, is found before, so that nobody waits for it.
async fn commit(
    hosted: &Hosted,
    job: &Job,
    standing: &Standing,
    chunk: &[CustomerId],
    total: usize,
) -> Result<Standing, Problem> {
    let mut next = standing.clone();
    let changing = changing(hosted, chunk, &mut next.counts).await?;
    next.done = next.done.saturating_add(chunk.len());
    next.after = chunk.last().map(ToString::to_string);
    let write = async |tx: &Tx| {
        let sitting = Sitting::now(hosted);
        let mut next = next.clone();
        // All at once and in order, so that two chunks cannot wait for each other.
        tx.touch(&changing).await?;
        for customer in &changing {
            let count = match propose(tx, &sitting, *customer).await {
                Ok(Proposed::New(_)) => &mut next.counts.proposed,
                Ok(Proposed::Waiting(_)) => &mut next.counts.waiting,
                Ok(Proposed::Unchanged(_)) => &mut next.counts.unchanged,
                Err(problem) if unfit(&problem) => &mut next.counts.skipped,
                Err(problem) => return Err(problem),
            };
            *count = count.saturating_add(1);
        }
        let text = serde_json::to_string(&next).map_err(corrupt)?;
        let progress = Progress {
            done: i64::try_from(next.done).unwrap_or(i64::MAX),
            total: i64::try_from(total).ok(),
            progress: &text,
        };
        jobs::progress(tx, job, &progress, LEASE).await?;
        Ok::<_, Problem>((next, None))
    };
    match hosted
        .store
        .write(&writing(job, "credit.limits_proposed"), write)
        .await?
    {
        Written::Fresh { value, effects } => {
            hosted.apply(&effects).await?;
            Ok(value)
        }
        // Only writes with a retry key end otherwise.
        _ => Err(DbError::Conflict("the chunk was not written".into()).into()),
    }
}

/// Whether it is the customer that cannot be proposed for, and not the database that failed.
fn unfit(problem: &Problem) -> bool {
    let of_customer = matches!(problem.kind(), Kind::Conflict | Kind::InvalidInput);
    of_customer && problem.database_error().is_none()
}

/// The customers of a chunk for whom the formula comes to another limit.
async fn changing(
    hosted: &Hosted,
    chunk: &[CustomerId],
    counts: &mut Counts,
) -> Result<BTreeSet<CustomerId>, Problem> {
    let sitting = Sitting::now(hosted);
    let book = policy(&sitting)?;
    let policy = book.policies().credit.on(sitting.today);
    let ids: BTreeSet<CustomerId> = chunk.iter().copied().collect();
    let told = facts::of_customers(&*hosted.store, &ids, None).await?;
    // What waits is looked at again, though the limit stays: it may be out of date.
    let mut changing = store::with_waiting_proposals(&*hosted.store, &ids).await?;
    for id in chunk {
        let formula = policy.and_then(|policy| Some((policy, policy.formula.as_ref()?)));
        let Some((customer, (policy, formula))) = book.customer(*id).zip(formula) else {
            continue;
        };
        let facts = told.get(id).map_or(&[][..], Vec::as_slice);
        if changing.contains(id) {
            continue;
        }
        let own = policy.for_customer(customer.id, &book.groups_of(customer));
        let count = match consider(customer, facts, (&own, formula), &sitting) {
            Ok(considered) if considered.changes => {
                changing.insert(*id);
                continue;
            }
            Ok(_) => &mut counts.unchanged,
            Err(_) => &mut counts.skipped,
        };
        *count = count.saturating_add(1);
    }
    Ok(changing)
}

fn corrupt(error: impl std::fmt::Display) -> DbError {
    DbError::Corrupt {
        table: "job",
        detail: error.to_string(),
    }
}
