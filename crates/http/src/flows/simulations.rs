//! Simulations: what a draft would do to everyone, as jobs that write nothing but their report.
//!
//! | asked    | `simulations/question.rs`: which model, whom, by which policies      |
//! | told     | `simulations/report.rs`: transitions, scores, movers                 |
//! | effects  | `simulations/effects.rs`: discounts and credit limits of those moved |

pub mod effects;
pub mod question;
pub mod report;

use crate::flows::lease::{self, LEASE, Stop};
use crate::flows::model::{self, PublishedModel};
use crate::problem::Problem;
use crate::tenant::Hosted;
use chrono::{DateTime, Duration, NaiveDate, Utc};
use effects::{Catalogue, Rates};
use question::{Asked, Question};
use report::{Counted, MoverContent, Report};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, SimulationId};
use tiercel_persistence::documents::StoredDocument;
use tiercel_persistence::evaluations::{Compared, ModelInForce, compare};
use tiercel_persistence::jobs::{self, Ending, Job, Progress};
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::simulations::{self as store, JOB_KIND, Mover, Simulation};
use tiercel_persistence::{DbError, Source, Tx, customers, facts};

const ACTION: &str = "simulation.ended";
/// Customers read at a time: memory is bounded by these, however many there are.
const CHUNK: u64 = 500;

/// Why a simulation ends before its time.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    #[error(transparent)]
    Refresh(#[from] RefreshError),
    /// The draft or a policy is not what it was, or no longer there.
    #[error("{0}")]
    Gone(&'static str),
}

impl From<DbError> for SimulationError {
    fn from(error: DbError) -> Self {
        Self::Refresh(error.into())
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

/// Takes and runs simulations for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        if let Some(job) = lease::next(&hosted.store, JOB_KIND, LEASE).await {
            let run = async { run(hosted, &job).await.map_err(Stop::from) };
            lease::carried_out(&hosted.store, &job, ACTION, run).await;
        }
    }
}

impl From<SimulationError> for Stop {
    fn from(error: SimulationError) -> Self {
        match error {
            SimulationError::Gone(why) => Self::Failed(why.to_owned()),
            SimulationError::Refresh(RefreshError::TooLarge(_)) => {
                Self::Failed("the amounts of a customer are too large to add up".to_owned())
            }
            SimulationError::Refresh(RefreshError::Database(error)) => {
                Self::of_database(&error, "the simulation could not be carried out")
            }
        }
    }
}

/// What one simulation compares.
struct Sides {
    simulation: Simulation,
    question: Question,
    before: Option<PublishedModel>,
    after: PublishedModel,
    rates: Rates,
}

impl Sides {
    async fn load(hosted: &Hosted, job: &Job) -> Result<Self, SimulationError> {
        let store = &*hosted.store;
        let gone = || SimulationError::Gone("the simulation is not there any more");
        let parameters: Parameters = serde_json::from_str(&job.parameters).map_err(corrupt)?;
        let id = parameters.simulation.parse::<SimulationId>();
        let simulation = store::find(store, id.map_err(|_| gone())?).await?;
        let simulation = simulation.ok_or_else(gone)?;
        let asked: Asked = serde_json::from_str(&simulation.of.question).map_err(corrupt)?;
        let question = asked.question().map_err(SimulationError::Gone)?;
        let as_of = simulation.of.as_of;
        let draft = question::draft(store, &simulation.of).await?;
        let draft = draft.ok_or(SimulationError::Gone("the draft was changed meanwhile"))?;
        let after = model::with_draft(store, draft, as_of).await?;
        let nobody = "the draft is for some customers, and no model is in force for everyone";
        let rates = Rates::load(hosted, &asked, as_of).await?;
        Ok(Self {
            before: model::on(store, as_of).await?,
            after: after.ok_or(SimulationError::Gone(nobody))?,
            question,
            rates: rates.ok_or(SimulationError::Gone("a policy was changed meanwhile"))?,
            simulation,
        })
    }

    /// The models in force, if there are any, and those with the draft.
    fn both(&self) -> Vec<ModelInForce<'_>> {
        let before = self.before.iter().map(PublishedModel::in_force);
        before.chain([self.after.in_force()]).collect()
    }
}

async fn run(hosted: &Hosted, job: &Job) -> Result<(), SimulationError> {
    let sides = Sides::load(hosted, job).await?;
    let standing: Standing = serde_json::from_str(&job.progress).map_err(corrupt)?;
    let filter = &sides.question.filter;
    let total = customers::count(&*hosted.store, filter).await?;
    let total = i64::try_from(total).unwrap_or(i64::MAX);
    let mut after = standing.after.and_then(|id| id.parse::<CustomerId>().ok());
    let mut report = standing.report;
    loop {
        let ids = customers::ids_of(&*hosted.store, filter, after, CHUNK).await?;
        let Some(last) = ids.last().copied() else {
            break;
        };
        let movers = chunk(hosted, &sides, &ids, &mut report).await?;
        let id = sides.simulation.id;
        let text = progress(&report, Some(last), None)?;
        let done = i64::try_from(report.customers).unwrap_or(i64::MAX);
        let kept = async |tx: &Tx| {
            store::add_movers(tx, id, &movers).await?;
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
    finish(hosted, job, sides.simulation.id, &report).await
}

fn progress(
    report: &Report,
    after: Option<CustomerId>,
    result: Option<String>,
) -> Result<String, DbError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let counts = [
        ("simulated".to_owned(), count(report.customers)),
        ("movers".to_owned(), count(report.movers())),
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
    id: SimulationId,
    report: &Report,
) -> Result<(), SimulationError> {
    let text = serde_json::to_string(report).map_err(corrupt)?;
    let at = format!("/v1/simulations/{id}");
    let standing = progress(report, None, Some(at))?;
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

/// Compares some customers, adds them to the report, and returns those who move.
async fn chunk(
    hosted: &Hosted,
    sides: &Sides,
    ids: &BTreeSet<CustomerId>,
    report: &mut Report,
) -> Result<Vec<Mover>, SimulationError> {
    let as_of = sides.simulation.of.as_of;
    let compared = compare(&*hosted.store, ids, &sides.both(), as_of).await?;
    let mut movers = Vec::new();
    for one in &compared {
        let counted = counted(one);
        report.add(&counted);
        if counted.moves() {
            movers.push((one.customer, counted.mover()));
        }
    }
    let moved: BTreeSet<CustomerId> = movers.iter().map(|(id, _)| *id).collect();
    let told = effects_of(hosted, sides, &moved, &mut movers, as_of).await?;
    told.iter().for_each(|effect| report.effects.add(effect));
    movers
        .into_iter()
        .map(|(customer, content)| {
            let content = serde_json::to_string(&content).map_err(corrupt)?;
            Ok(Mover { customer, content })
        })
        .collect()
}

fn counted<'a>(one: &'a Compared<'_>) -> Counted<'a> {
    let mut sides = one.evaluations.iter().rev();
    let mut side = || sides.next().map(|(model, evaluation)| (*model, evaluation));
    let after = side();
    Counted {
        before: side(),
        after,
        year: one.year,
    }
}

/// What the move of each would do to its discounts and its credit limit.
async fn effects_of(
    hosted: &Hosted,
    sides: &Sides,
    moved: &BTreeSet<CustomerId>,
    movers: &mut [(CustomerId, MoverContent)],
    as_of: NaiveDate,
) -> Result<Vec<effects::Effect>, SimulationError> {
    let all = facts::of_customers(&*hosted.store, moved, None).await?;
    let book = hosted.book.snapshot();
    let known = Catalogue::of(&book);
    let mut told = Vec::new();
    for (id, content) in movers {
        let facts = all.get(&*id).map_or(&[][..], Vec::as_slice);
        let tiers = (content.tier_before.as_deref(), content.tier_after.as_str());
        let effect = sides.rates.effect(&known, *id, facts, tiers, as_of);
        content.effect = Some(effect.clone());
        told.push(effect);
    }
    Ok(told)
}

fn corrupt(error: serde_json::Error) -> DbError {
    DbError::Corrupt {
        table: "job",
        detail: error.to_string(),
    }
}

/// Whether exactly this draft was simulated over everyone lately enough to be published.
pub async fn is_fresh(
    source: &impl Source,
    draft: &StoredDocument,
    now: DateTime<Utc>,
) -> Result<bool, Problem> {
    let last = store::last_of(source, draft.id, draft.version, &draft.hash).await?;
    let Some(last) = last else { return Ok(false) };
    let asked: Asked = serde_json::from_str(&last.of.question).map_err(corrupt)?;
    let finished = last.finished_at.unwrap_or(last.created_at);
    let young = now.signed_duration_since(finished) <= Duration::hours(24);
    Ok(young && asked.is_of_everyone())
}
