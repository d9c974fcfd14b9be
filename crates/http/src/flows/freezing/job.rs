//! Freezes drafts as jobs: nothing is locked while everyone is evaluated, and nothing is left where
//! a job is cut off.

use super::frozen;
use crate::flows::lease::{self, LEASE, Stop};
use crate::problem::{Kind, Problem};
use crate::tenant::Hosted;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tiercel_documents::canonical::canonical;
use tiercel_documents::evaluation_model::parse_model;
use tiercel_domain::ids::{DocumentId, JobId};
use tiercel_persistence::documents::{self, DocumentKind, DocumentStatus, StoredDocument};
use tiercel_persistence::jobs::{self, Ending, Job, Progress};
use tiercel_persistence::{DbError, Source, Tx};

const JOB_KIND: &str = "freeze";
const ACTION: &str = "document.frozen";
const KIND: DocumentKind = DocumentKind::EvaluationModel;

/// What a job is asked to freeze: exactly this revision of a draft.
#[derive(Debug, Serialize, Deserialize)]
struct Parameters {
    model: String,
    version: i64,
    revision: i64,
    as_of: NaiveDate,
}

/// Queues the freezing of a draft as it is now.
pub async fn queue(
    tx: &Tx,
    draft: &StoredDocument,
    as_of: NaiveDate,
    principal: &str,
) -> Result<JobId, DbError> {
    let parameters = Parameters {
        model: draft.id.to_string(),
        version: draft.version,
        revision: draft.revision,
        as_of,
    };
    let parameters = serde_json::to_string(&parameters).map_err(corrupt)?;
    jobs::create(tx, JOB_KIND, &parameters, principal).await
}

/// Takes and runs these jobs for ever.
pub async fn work(hosted: &Hosted) {
    loop {
        if let Some(job) = lease::next(&hosted.store, JOB_KIND, LEASE).await {
            let told = "the draft could not be frozen";
            let run = async {
                let done = run(hosted, &job).await;
                done.map_err(|problem| Stop::of_problem(&problem, told))
            };
            lease::carried_out(&hosted.store, &job, ACTION, run).await;
        }
    }
}

/// The draft that a job is about, while it is what it was.
async fn draft(source: &impl Source, asked: &Parameters) -> Result<StoredDocument, Problem> {
    let id = asked.model.parse::<DocumentId>();
    let id = id.map_err(|_| Problem::not_found("evaluation model"))?;
    let found = documents::find(source, KIND, id, asked.version).await?;
    let same = found
        .filter(|draft| draft.status == DocumentStatus::Draft && draft.revision == asked.revision);
    same.ok_or_else(|| Problem::new(Kind::Conflict, "the draft was changed before it was frozen"))
}

async fn run(hosted: &Hosted, job: &Job) -> Result<(), Problem> {
    let asked: Parameters = serde_json::from_str(&job.parameters).map_err(corrupt)?;
    let before = draft(&*hosted.store, &asked).await?;
    let unreadable = |_| Problem::new(Kind::Internal, "a stored document cannot be read");
    let document = parse_model(before.body.as_bytes()).map_err(unreadable)?;
    let frozen = frozen(&hosted.store, &before.code, document, asked.as_of).await?;
    let customers = frozen.frozen.as_ref().map_or(0, |it| it.customers);
    let done = i64::try_from(customers).unwrap_or(i64::MAX);
    let unspeakable = || Problem::new(Kind::Internal, "a document cannot be spelled");
    let spelled = canonical(&frozen).map_err(|_| unspeakable())?;
    let body = String::from_utf8(spelled.bytes).map_err(|_| unspeakable())?;
    let at = format!(
        "/v1/evaluation-models/{}/versions/{}",
        asked.model, asked.version
    );
    let standing = serde_json::json!({"counts": {"customers": done}, "result": at}).to_string();
    let written = async |tx: &Tx| {
        let now = draft(tx, &asked).await?;
        documents::replace_draft(tx, &now, &body, &job.principal).await?;
        let progress = Progress {
            done,
            total: Some(done),
            progress: &standing,
        };
        jobs::progress(tx, job, &progress, LEASE).await?;
        jobs::finish(tx, job, Ending::Done).await?;
        Ok::<_, Problem>(((), None))
    };
    hosted
        .store
        .write(&lease::writing(job, ACTION), written)
        .await?;
    Ok(())
}

fn corrupt(error: serde_json::Error) -> DbError {
    DbError::Corrupt {
        table: "job",
        detail: error.to_string(),
    }
}
