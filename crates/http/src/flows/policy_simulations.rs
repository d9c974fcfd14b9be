//! Simulations of policies: what a draft would do to every customer, as jobs that write nothing but
//! their report.
//!
//! | asked    | `policy_simulations/question.rs`: which drafts, whom, over which business     |
//! | business | `policy_simulations/business.rs`: order lines and firm quotes, decided twice  |
//! | credit   | `policy_simulations/credit.rs`: limits and what is open, by both policies     |
//! | told     | `policy_simulations/report.rs`: who gains and who loses, and sums             |

pub mod business;
pub mod credit;
pub mod question;
pub mod report;

use crate::flows::lease::{self, LEASE, Stop};
use crate::flows::simulations::effects::Catalogue;
use crate::tenant::Hosted;
use business::Sides;
use question::Asked;
use report::{Delta, Outcome, Report};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, PolicySimulationId};
use tiercel_persistence::jobs::{self, Ending, Job, Progress};
use tiercel_persistence::policy_simulations::{self as store, JOB_KIND, Touched};
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{DbError, Tx, customers};

const ACTION: &str = "policy_simulation.ended";
/// Customers at a time: memory is bounded by the business of these.
const CHUNK: u64 = 200;

/// Why a simulation ends before its time.
#[derive(Debug, thiserror::Error)]
pub enum PolicySimulationError {
    #[error(transparent)]
    Database(#[from] DbError),
    /// What was asked is not there any more, or cannot be decided by.
    #[error("{0}")]
    Gone(&'static str),
}

impl From<RefreshError> for PolicySimulationError {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Database(error) => Self::Database(error),
            RefreshError::TooLarge(_) => {
                Self::Gone("the amounts of a customer are too large to add up")
            }
        }
    }
}

/// How far a job has come: where to resume, what was counted, and what its answer shows.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Standing {
    after: Option<String>,
    report: Report,
    counts: BTreeMap<String, i64>,
    result: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    simulation: String,
}

/// Takes and runs simulations of policies for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        if let Some(job) = lease::next(&hosted.store, JOB_KIND, LEASE).await {
            let run = async { run(hosted, &job).await.map_err(Stop::from) };
            lease::carried_out(&hosted.store, &job, ACTION, run).await;
        }
    }
}

impl From<PolicySimulationError> for Stop {
    fn from(error: PolicySimulationError) -> Self {
        match error {
            PolicySimulationError::Gone(why) => Self::Failed(why.to_owned()),
            PolicySimulationError::Database(error) => {
                Self::of_database(&error, "the simulation could not be carried out")
            }
        }
    }
}

async fn asked(
    hosted: &Hosted,
    job: &Job,
) -> Result<(PolicySimulationId, Asked), PolicySimulationError> {
    let gone = || PolicySimulationError::Gone("the simulation is not there any more");
    let parameters: Parameters = serde_json::from_str(&job.parameters).map_err(corrupt)?;
    let id = parameters.simulation.parse().map_err(|_| gone())?;
    let simulation = store::find(&*hosted.store, id).await?.ok_or_else(gone)?;
    let asked = serde_json::from_str(&simulation.question).map_err(corrupt)?;
    Ok((id, asked))
}

async fn run(hosted: &Hosted, job: &Job) -> Result<(), PolicySimulationError> {
    let (id, asked) = asked(hosted, job).await?;
    let filter = asked.filter().map_err(PolicySimulationError::Gone)?;
    let sides = Sides::load(hosted, asked).await?;
    // One state of the book for all of it: customers are compared under equal conditions.
    let book = hosted.book.snapshot();
    let known = Catalogue::of(&book);
    let standing: Standing = serde_json::from_str(&job.progress).map_err(corrupt)?;
    let total = customers::count(&*hosted.store, &filter).await?;
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    let mut after = standing.after.and_then(|id| id.parse::<CustomerId>().ok());
    let mut report = standing.report;
    loop {
        let ids = customers::ids_of(&*hosted.store, &filter, after, CHUNK).await?;
        let Some(last) = ids.last().copied() else {
            return finish(hosted, job, id, &report).await;
        };
        let touched = chunk(hosted, &sides, &known, &ids, &mut report).await?;
        let text = progress(&report, Some(last), None)?;
        let done = i64::try_from(report.customers).unwrap_or(i64::MAX);
        let kept = async |tx: &Tx| {
            store::add(tx, id, &touched).await?;
            let progress = Progress {
                done,
                total: Some(total.max(done)),
                progress: &text,
            };
            jobs::progress(tx, job, &progress, LEASE).await?;
            Ok::<_, DbError>(((), None))
        };
        hosted
            .store
            .write(&lease::writing(job, ACTION), kept)
            .await?;
        after = Some(last);
    }
}

/// Decides for some customers twice, adds them to the report, and returns those for whom anything
/// would change.
async fn chunk(
    hosted: &Hosted,
    sides: &Sides,
    known: &Catalogue<'_>,
    ids: &BTreeSet<CustomerId>,
    report: &mut Report,
) -> Result<Vec<Touched>, PolicySimulationError> {
    let mut business = sides.business(hosted, known, ids).await?;
    let mut touched = Vec::new();
    for id in ids {
        let customer = known.book.customer(*id).map(AsRef::as_ref);
        let delta = Delta {
            tier: customer.and_then(|it| it.tier_on(sides.on()).map(str::to_owned)),
            sums: business.remove(id).unwrap_or_default(),
            credit: customer.and_then(|it| sides.credit(hosted, known.book, it)),
        };
        report.add(&delta);
        if delta.outcome() != Outcome::Same || delta.limit_moves() {
            touched.push(Touched {
                customer: *id,
                outcome: delta.outcome().word(),
                content: serde_json::to_string(&delta).map_err(corrupt)?,
            });
        }
    }
    Ok(touched)
}

fn progress(
    report: &Report,
    after: Option<CustomerId>,
    result: Option<String>,
) -> Result<String, DbError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let counts = [
        ("simulated".to_owned(), count(report.customers)),
        ("gain".to_owned(), count(report.gain)),
        ("lose".to_owned(), count(report.lose)),
    ];
    let standing = Standing {
        after: after.map(|id| id.to_string()),
        report: report.clone(),
        counts: counts.into_iter().collect(),
        result,
    };
    serde_json::to_string(&standing).map_err(corrupt)
}

async fn finish(
    hosted: &Hosted,
    job: &Job,
    id: PolicySimulationId,
    report: &Report,
) -> Result<(), PolicySimulationError> {
    let text = serde_json::to_string(report).map_err(corrupt)?;
    let standing = progress(report, None, Some(format!("/v1/policy-simulations/{id}")))?;
    let done = i64::try_from(report.customers).unwrap_or(i64::MAX);
    let ended = async |tx: &Tx| {
        let progress = Progress {
            done,
            total: Some(done),
            progress: &standing,
        };
        jobs::progress(tx, job, &progress, LEASE).await?;
        store::finish(tx, id, &text).await?;
        jobs::finish(tx, job, Ending::Done).await?;
        Ok::<_, DbError>(((), None))
    };
    hosted
        .store
        .write(&lease::writing(job, ACTION), ended)
        .await?;
    Ok(())
}

fn corrupt(error: serde_json::Error) -> DbError {
    DbError::Corrupt {
        table: "job",
        detail: error.to_string(),
    }
}
