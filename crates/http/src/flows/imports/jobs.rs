//! Imports as jobs: queued with their files, taken by whichever instance is free, resumed by
//! another where one stops.

use super::ImportError;
use super::feed::{Data, Opener};
use super::run::{Ended, Run, run};
use crate::flows::lease::{self, LEASE, kept};
use crate::tenant::Hosted;
use chrono::Duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tiercel_documents::import::{Plan, SurveyReport, compile, read_json};
use tiercel_domain::ids::JobId;
use tiercel_persistence::imports::{self, JOB_KIND, Mapping, SpoolReader, UploadId};
use tiercel_persistence::jobs::{self, Ending, Job};
use tiercel_persistence::{DbError, Tx, Writing};
use tokio::runtime::Handle;

/// How often files and rows that nobody needs any more are looked for.
const SWEEP: Duration = Duration::hours(1);
/// How long a file is kept that no job reads and no name keeps.
const UNUSED: Duration = Duration::hours(24);
/// How long rejected rows can be fetched after their job has ended.
const REJECTED: Duration = Duration::days(30);

/// Rows that a refusal names for each check.
const EXAMPLES: usize = 3;

/// What a job is asked to do.
#[derive(Debug, Serialize, Deserialize)]
struct Parameters {
    mapping: String,
    mapping_version: i64,
}

/// The plan of a mapping that was checked when it was saved.
pub fn plan(mapping: &Mapping) -> Result<Plan, DbError> {
    let read = read_json(mapping.body.as_bytes()).and_then(|document| compile(&document));
    read.map_err(|faults| corrupt(format!("{}: {faults:?}", mapping.name)))
}

/// Queues the import of a file that was received whole.
pub async fn queue(
    tx: &Tx,
    mapping: &Mapping,
    data: UploadId,
    second_files: &BTreeMap<String, UploadId>,
    principal: &str,
) -> Result<JobId, DbError> {
    let parameters = serde_json::json!(Parameters {
        mapping: mapping.name.clone(),
        mapping_version: mapping.version,
    });
    let id = jobs::create(tx, JOB_KIND, &parameters.to_string(), principal).await?;
    imports::attach(tx, id, "", data).await?;
    for (name, upload) in second_files {
        imports::attach(tx, id, name, *upload).await?;
    }
    Ok(id)
}

/// Takes and runs imports for ever.
pub async fn work(hosted: &Hosted) {
    let mut swept = None;
    loop {
        let now = hosted.now();
        if swept.is_none_or(|last| now.signed_duration_since(last) > SWEEP) {
            swept = Some(now);
            if let Err(error) = sweep(hosted).await {
                tracing::warn!(error = %error, "unused files of imports could not be deleted");
            }
        }
        if let Some(job) = lease::next(&hosted.store, JOB_KIND, LEASE).await {
            advance(hosted, &job).await;
        }
    }
}

async fn sweep(hosted: &Hosted) -> Result<(), DbError> {
    let now = hosted.now();
    imports::forget_unused(&hosted.store, now - UNUSED).await?;
    imports::forget_old_rejections(&hosted.store, now - REJECTED).await
}

/// Runs a job to its end, unless the database or another instance takes it away.
async fn advance(hosted: &Hosted, job: &Job) {
    let outcome = match kept(&hosted.store, job, run_job(hosted, job)).await {
        None => return,
        Some(Ok(Ended::Taken(_))) => finish(hosted, job, None).await,
        Some(Ok(Ended::Refused(report))) => {
            let why = refusal(&report);
            finish(hosted, job, Some(&why)).await
        }
        Some(Err(ImportError::Db(
            error @ (DbError::Unavailable(_) | DbError::Conflict(_) | DbError::Taken(_)),
        ))) => Err(error),
        Some(Err(error)) => {
            tracing::warn!(error = %error, job.id = %job.id, "an import failed");
            finish(hosted, job, Some(&told(&error))).await
        }
    };
    if let Err(error) = outcome {
        // The lease runs out, and somebody tries again from where the job stands.
        tracing::warn!(error = %error, job.id = %job.id, "an import was interrupted");
    }
}

async fn run_job(hosted: &Hosted, job: &Job) -> Result<Ended, ImportError> {
    let parameters: Parameters = serde_json::from_str(&job.parameters).map_err(corrupt)?;
    let version = Some(parameters.mapping_version);
    let mapping = imports::find(&*hosted.store, &parameters.mapping, version).await?;
    let mapping = mapping.ok_or_else(|| corrupt("the mapping is missing"))?;
    let data = Data::load(plan(&mapping)?, opener(hosted, job).await?).await?;
    let scene = Run {
        store: &hosted.store,
        settings: &hosted.settings,
        today: hosted.date_of(hosted.now()),
        principal: &job.principal,
        job: Some(job),
    };
    run(&scene, &data, async |seen| {
        Ok(hosted.apply(seen.effects).await?)
    })
    .await
}

async fn opener(hosted: &Hosted, job: &Job) -> Result<Opener, DbError> {
    let inputs = imports::inputs(&*hosted.store, job.id).await?;
    let inputs: BTreeMap<String, UploadId> = inputs
        .into_iter()
        .map(|input| (input.part, input.upload))
        .collect();
    let (store, runtime) = (Arc::clone(&hosted.store), Handle::current());
    Ok(Arc::new(move |part: Option<&str>| {
        let upload = inputs.get(part.unwrap_or_default());
        let upload = *upload.ok_or(io::ErrorKind::NotFound)?;
        let reader = SpoolReader::new(Arc::clone(&store), upload, runtime.clone());
        Ok(Box::new(reader) as Box<dyn io::Read + Send>)
    }))
}

async fn finish(hosted: &Hosted, job: &Job, failure: Option<&str>) -> Result<(), DbError> {
    let writing = Writing {
        principal: &job.principal,
        action: if failure.is_none() {
            "import.done"
        } else {
            "import.failed"
        },
        retry: None,
    };
    let ending = failure.map_or(Ending::Done, Ending::Failed);
    let end = async |tx: &Tx| {
        jobs::finish(tx, job, ending).await?;
        imports::release(tx, job.id).await?;
        Ok::<_, DbError>(((), None))
    };
    hosted.store.write(&writing, end).await?;
    Ok(())
}

/// What people are told; what went wrong inside stays inside.
fn told(error: &ImportError) -> String {
    match error {
        ImportError::File(fault) => fault.to_string(),
        ImportError::Db(_) | ImportError::Interrupted => {
            "the import stopped for a reason on our side".to_owned()
        }
    }
}

/// Why a file is refused, in one sentence for each check that refuses it.
pub fn refusal(report: &SurveyReport) -> String {
    let checks = report.checks.iter().filter(|check| check.refuses);
    let checks: Vec<String> = checks
        .map(|check| {
            let examples = check.examples.iter().take(EXAMPLES);
            let examples: Vec<String> = examples
                .map(|example| format!("row {}: {}", example.row, example.detail))
                .collect();
            format!(
                "check `{}` ({}): {} of {} rows break it, a share of {} where {} is allowed; {}",
                check.name,
                check.rule,
                check.broken,
                check.compared,
                check.share,
                check.max_share,
                examples.join("; ")
            )
        })
        .collect();
    format!(
        "the file is refused, nothing was imported: {}",
        checks.join(" | ")
    )
}

fn corrupt(detail: impl std::fmt::Display) -> DbError {
    DbError::Corrupt {
        table: "import_mapping",
        detail: detail.to_string(),
    }
}
