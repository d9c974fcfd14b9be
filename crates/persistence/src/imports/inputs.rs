//! What an import job reads, and the rows that it rejects.

use super::spool::{self, UploadId};
use crate::error::DbError;
use crate::sql;
use crate::store::{Source, Store};
use crate::write::{Tx, Writing};
use chrono::{DateTime, Utc};
use sea_orm::Value;
use tiercel_domain::ids::JobId;
use uuid::Uuid;

/// Rows of one statement: PostgreSQL takes 65,535 values, SQLite 32,766.
const ROWS: usize = 1_000;

/// A file that a job reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The name of a second file; empty for the data itself.
    pub part: String,
    pub upload: UploadId,
}

/// A row that was not imported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its place in the file that was sent, from 1.
    pub place: i64,
    /// Its number in the first file.
    pub row: i64,
    pub line: i64,
    /// JSON.
    pub reasons: String,
    /// The row as it was read, as JSON.
    pub cells: String,
}

fn uuid(job: JobId) -> Value {
    Uuid::from_u128(job.bits()).into()
}

/// Names a file that a job reads.
///
/// # Errors
/// `Conflict` where the file is deleted meanwhile: run the transaction again.
pub async fn attach(tx: &Tx, job: JobId, part: &str, upload: UploadId) -> Result<(), DbError> {
    if !spool::hold(tx, upload).await? {
        return Err(DbError::Conflict("a file of the import was deleted".into()));
    }
    let text = "INSERT INTO import_input (job_id, part, upload_id) VALUES ($1, $2, $3)";
    sql::run(tx, text, vec![uuid(job), part.into(), upload.0.into()]).await?;
    Ok(())
}

/// The files of a job, its data first.
pub async fn inputs(source: &impl Source, job: JobId) -> Result<Vec<Input>, DbError> {
    let text = "SELECT part, upload_id FROM import_input WHERE job_id = $1 ORDER BY part";
    let rows = sql::rows(source, text, vec![uuid(job)]).await?;
    rows.iter()
        .map(|row| {
            Ok(Input {
                part: row.try_get("", "part")?,
                upload: UploadId(row.try_get("", "upload_id")?),
            })
        })
        .collect()
}

/// Keeps the names of the columns of a job's data, as JSON, for its error file.
pub async fn keep_header(tx: &Tx, job: JobId, header: &str) -> Result<(), DbError> {
    let text = "UPDATE import_input SET header = $2 WHERE job_id = $1 AND part = ''";
    sql::run(tx, text, vec![uuid(job), header.into()]).await?;
    Ok(())
}

/// The names of the columns of a job's data, as JSON; none before its first row is read.
pub async fn result_header(source: &impl Source, job: JobId) -> Result<Option<String>, DbError> {
    let text = "SELECT header FROM import_input WHERE job_id = $1 AND part = ''";
    let rows = sql::rows(source, text, vec![uuid(job)]).await?;
    let header = rows.first().map(|row| row.try_get("", "header"));
    Ok(header.transpose()?.flatten())
}

/// Deletes the data of a job that has ended, and second files that have no name any more.
pub async fn release(tx: &Tx, job: JobId) -> Result<(), DbError> {
    for input in inputs(tx, job).await? {
        if input.part.is_empty() {
            spool::delete(tx, input.upload).await?;
        } else {
            spool::delete_unused(tx, input.upload).await?;
        }
    }
    Ok(())
}

/// Keeps rejected rows.
pub async fn reject(tx: &Tx, job: JobId, rejected: &[Rejection]) -> Result<(), DbError> {
    for chunk in rejected.chunks(ROWS) {
        let rows: Vec<String> = (0..chunk.len())
            .map(|row| {
                format!(
                    "({})",
                    sql::places(row.saturating_mul(6).saturating_add(1), 6)
                )
            })
            .collect();
        let text = format!(
            "INSERT INTO import_rejection (job_id, place, row_no, line_no, reasons, cells) VALUES {}",
            rows.join(", ")
        );
        let values = chunk.iter().flat_map(|row| {
            [
                uuid(job),
                row.place.into(),
                row.row.into(),
                row.line.into(),
                row.reasons.clone().into(),
                row.cells.clone().into(),
            ]
        });
        sql::run(tx, &text, values.collect()).await?;
    }
    Ok(())
}

/// Rejected rows in the order of the file; `after` is the place of the last one before.
pub async fn rejections(
    source: &impl Source,
    job: JobId,
    after: i64,
    limit: u64,
) -> Result<Vec<Rejection>, DbError> {
    let text = "SELECT place, row_no, line_no, reasons, cells FROM import_rejection \
        WHERE job_id = $1 AND place > $2 ORDER BY place LIMIT $3";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = sql::rows(source, text, vec![uuid(job), after.into(), limit.into()]).await?;
    rows.iter()
        .map(|row| {
            Ok(Rejection {
                place: row.try_get("", "place")?,
                row: row.try_get("", "row_no")?,
                line: row.try_get("", "line_no")?,
                reasons: row.try_get("", "reasons")?,
                cells: row.try_get("", "cells")?,
            })
        })
        .collect()
}

/// Deletes the rejected rows of jobs that ended before `cutoff`: they hold personal data.
pub async fn forget_old_rejections(store: &Store, cutoff: DateTime<Utc>) -> Result<(), DbError> {
    let writing = Writing {
        principal: "system",
        action: "import.forgotten",
        retry: None,
    };
    let delete = async |tx: &Tx| {
        let text = "DELETE FROM import_rejection WHERE job_id IN \
            (SELECT job_id FROM job WHERE kind = 'import' AND finished_at < $1)";
        sql::run(tx, text, vec![cutoff.timestamp_micros().into()]).await?;
        Ok::<_, DbError>(((), None))
    };
    store.write(&writing, delete).await?;
    Ok(())
}
