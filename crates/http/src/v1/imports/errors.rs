//! The rejected rows of an import as a file to correct and send again.

use crate::body::Id;
use crate::problem::{Kind, Problem};
use crate::scope::need;
use crate::tenant::Tenant;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get};
use futures_util::stream;
use std::sync::Arc;
use tiercel_documents::import::{ErrorFile, RowRejection};
use tiercel_domain::ids::JobId;
use tiercel_persistence::imports::{self, JOB_KIND, Rejection};
use tiercel_persistence::{DbError, Store, jobs};

/// Rows of one piece of the answer.
const ROWS: u64 = 500;

/// The rest of an error file.
struct Rest {
    store: Arc<Store>,
    job: JobId,
    header: Vec<String>,
    /// The place of the last row that was sent; none before the header.
    after: Option<i64>,
}

/// Read the rejected rows so far, as CSV
///
/// `_row` and `_line` of the file, `_errors`, and the columns as they
/// were. Corrected and sent to `/v1/imports` again, the rows keep their numbers. Cells that a
/// spreadsheet would run as formulas begin with `'`. Kept for 30 days after the job has ended.
#[utoipa::path(tag = "imports",
    params(("id" = String, Path, description = "The job", example = "job_01k8z6v3q2e4r5t6y7a8b9c0de")),
    responses((status = 200, description = "The rejected rows", body = String, content_type = "text/csv",
        example = json!("_row,_line,_errors,customer,amount\n17,18,amount: `12,5` is not a number (not_a_number),C1,\"12,5\"\n"))))]
#[get("/imports/{id}/errors")]
pub async fn list_import_errors(
    tenant: Tenant<need::ImportsWrite>,
    Id(job): Id<JobId>,
) -> Result<HttpResponse, Problem> {
    let found = jobs::find(tenant.store(), job).await?;
    if found.is_none_or(|job| job.kind != JOB_KIND) {
        return Err(Problem::not_found("import"));
    }
    let header = imports::result_header(tenant.store(), job).await?;
    let header: Option<Vec<String>> = header
        .map(|text| serde_json::from_str(&text))
        .transpose()
        .map_err(|_| Problem::new(Kind::Internal, "the rejected rows cannot be shown"))?;
    let rest = Rest {
        store: Arc::clone(&tenant.hosted().store),
        job,
        header: header.unwrap_or_default(),
        after: None,
    };
    let file = format!("attachment; filename=\"{job}-errors.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", file))
        .streaming(stream::try_unfold(rest, next)))
}

async fn next(mut rest: Rest) -> Result<Option<(Bytes, Rest)>, std::io::Error> {
    let after = rest.after.unwrap_or(0);
    let page = imports::rejections(&*rest.store, rest.job, after, ROWS).await;
    let page = page.map_err(std::io::Error::other)?;
    let mut file = match rest.after {
        None => ErrorFile::new(Vec::new(), &rest.header)?,
        Some(_) if page.is_empty() => return Ok(None),
        Some(_) => ErrorFile::continued(Vec::new(), &rest.header),
    };
    for row in &page {
        file.write(&to_rejection(row).map_err(std::io::Error::other)?)?;
    }
    rest.after = Some(page.last().map_or(after, |row| row.place));
    Ok(Some((Bytes::from(file.finish()?), rest)))
}

fn to_rejection(row: &Rejection) -> Result<RowRejection, DbError> {
    let corrupt = |error: serde_json::Error| DbError::Corrupt {
        table: "import_rejection",
        detail: error.to_string(),
    };
    Ok(RowRejection {
        row: u64::try_from(row.row).unwrap_or(0),
        line: u64::try_from(row.line).unwrap_or(0),
        reasons: serde_json::from_str(&row.reasons).map_err(corrupt)?,
        cells: serde_json::from_str(&row.cells).map_err(corrupt)?,
    })
}
