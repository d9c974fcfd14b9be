//! A whole import: surveyed first, then written chunk by chunk; resumed where a job was stopped.

use super::chunk::{self, Committed};
use super::feed::Data;
use super::{ImportCounts, ImportError};
use crate::flows::lease::LEASE;
use crate::flows::model::{self, PublishedModel};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tiercel_documents::import::{RowRejection, SurveyReport};
use tiercel_persistence::jobs::{self, Job};
use tiercel_persistence::refresh::Basis;
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{DbError, Effects, Store, Tx, Writing};

/// Where and for whom a file is imported.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub store: &'a Store,
    pub settings: &'a Settings,
    /// The business date: customers are evaluated as of it.
    pub today: NaiveDate,
    pub principal: &'a str,
    /// The job that keeps account, so that another instance can resume; the command line has none.
    pub job: Option<&'a Job>,
}

/// How far a run has come.
pub(super) struct Standing {
    pub counts: ImportCounts,
    total: u64,
    surveyed: serde_json::Value,
    model: Option<PublishedModel>,
}

/// A job's account of itself.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Account {
    counts: ImportCounts,
    /// Where the rejected rows are.
    result: Option<String>,
    total: u64,
    /// What the first pass found; null before it.
    survey: serde_json::Value,
}

/// A chunk that was written just now.
pub struct Seen<'a> {
    pub counts: ImportCounts,
    /// Rows of the file.
    pub total: u64,
    /// The names of the file's columns.
    pub header: &'a [String],
    /// Of this chunk, with their places in the file.
    pub rejections: &'a [(u64, RowRejection)],
    pub effects: &'a Effects,
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// Every row is accounted for.
    Taken(ImportCounts),
    /// Too many rows broke a check: nothing was written.
    Refused(SurveyReport),
}

impl Standing {
    async fn read(run: &Run<'_>) -> Result<Self, DbError> {
        let account = run.job.map(|job| serde_json::from_str(&job.progress));
        let account: Account = account
            .transpose()
            .map_err(|error| DbError::Corrupt {
                table: "job",
                detail: error.to_string(),
            })?
            .unwrap_or_default();
        Ok(Self {
            counts: account.counts,
            total: account.total,
            surveyed: account.survey,
            model: model::on(run.store, run.today).await?,
        })
    }

    pub(super) fn basis<'a>(&'a self, run: &Run<'a>) -> Basis<'a> {
        Basis {
            settings: run.settings,
            today: run.today,
            model: self.model.as_ref().map(PublishedModel::in_force),
        }
    }

    /// Notes how far the job has come, in the transaction that brought it there.
    pub(super) async fn note(
        &self,
        tx: &Tx,
        job: &Job,
        counts: &ImportCounts,
    ) -> Result<(), DbError> {
        let account = serde_json::json!(Account {
            counts: *counts,
            result: Some(format!("/v1/imports/{}/errors", job.id)),
            total: self.total,
            survey: self.surveyed.clone(),
        });
        let progress = jobs::Progress {
            done: i64::try_from(counts.rows).unwrap_or(i64::MAX),
            total: i64::try_from(self.total).ok(),
            progress: &account.to_string(),
        };
        jobs::progress(tx, job, &progress, LEASE).await
    }
}

/// Imports a file, from where its job stopped. `seen` hears of every chunk after it is committed.
pub async fn run(
    run: &Run<'_>,
    data: &Data,
    mut seen: impl AsyncFnMut(&Seen<'_>) -> Result<(), ImportError>,
) -> Result<Ended, ImportError> {
    let mut standing = Standing::read(run).await?;
    if standing.surveyed.is_null()
        && let Some(report) = survey(run, data, &mut standing).await?
    {
        return Ok(Ended::Refused(report));
    }
    let mut chunks = data.chunks(standing.counts.rows);
    while let Some(chunk) = chunks.recv().await {
        let chunk = chunk?;
        let committed = chunk::commit(run, &standing, &chunk).await?;
        let Committed {
            counts,
            rejections,
            effects,
        } = committed;
        standing.counts = counts;
        seen(&Seen {
            counts,
            total: standing.total,
            header: &chunk.header,
            rejections: &rejections,
            effects: &effects,
        })
        .await?;
    }
    if standing.counts.rows < standing.total {
        return Err(ImportError::Interrupted);
    }
    Ok(Ended::Taken(standing.counts))
}

/// The first pass; returns the evidence where the file is refused.
async fn survey(
    run: &Run<'_>,
    data: &Data,
    standing: &mut Standing,
) -> Result<Option<SurveyReport>, ImportError> {
    let report = data.survey().await?;
    standing.total = report.rows;
    standing.surveyed = serde_json::json!(report);
    if let Some(job) = run.job {
        let writing = Writing {
            principal: run.principal,
            action: "import.surveyed",
            retry: None,
        };
        let note = async |tx: &Tx| {
            standing.note(tx, job, &standing.counts).await?;
            Ok::<_, DbError>(((), None))
        };
        run.store.write(&writing, note).await?;
    }
    Ok(report.is_refused().then_some(report))
}
