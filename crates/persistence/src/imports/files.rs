//! Second files, by the name that mappings use for them.

use super::spool::{self, UploadId};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// A file under its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondFile {
    pub name: String,
    pub bytes: u64,
    /// Hex digits; not known of files from before it was kept.
    pub sha256: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

/// Gives a second file its name; the file that had it before is deleted once no job reads it.
pub async fn put_file(tx: &Tx, name: &str, upload: UploadId, hash: &str) -> Result<(), DbError> {
    let replaced = file(tx, name).await?;
    let text = "INSERT INTO import_file (name, upload_id, sha256, write_id, recorded_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET \
        upload_id = excluded.upload_id, sha256 = excluded.sha256, \
        write_id = excluded.write_id, recorded_at = excluded.recorded_at";
    let values = vec![
        name.into(),
        upload.0.into(),
        hash.into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    if let Some(replaced) = replaced {
        spool::delete_unused(tx, replaced).await?;
    }
    note(tx, name, "supplied", Some(hash.to_owned()));
    Ok(())
}

/// Takes the file of a name away; false where there is none. Its content goes with it, or with
/// the last job under way that reads it.
///
/// # Errors
/// `Conflict` where another file got the name meanwhile: run the transaction again.
pub async fn remove_file(tx: &Tx, name: &str) -> Result<bool, DbError> {
    let Some(upload) = file(tx, name).await? else {
        return Ok(false);
    };
    let text = "DELETE FROM import_file WHERE name = $1 AND upload_id = $2";
    if sql::run(tx, text, vec![name.into(), upload.0.into()]).await? != 1 {
        return Err(DbError::Conflict("another file got the name".into()));
    }
    spool::delete_unused(tx, upload).await?;
    note(tx, name, "removed", None);
    Ok(true)
}

fn note(tx: &Tx, name: &str, what: &'static str, content: Option<String>) {
    tx.note(Change {
        entity: "import_file",
        id: name.to_owned(),
        version: 1,
        what,
        customer: None,
        content,
        detail: Vec::new(),
    });
}

/// Second files in order of their names; `after` is the last name of the page before.
pub async fn list_files(
    source: &impl Source,
    after: Option<&str>,
    limit: u64,
) -> Result<Vec<SecondFile>, DbError> {
    let text = "SELECT f.name, f.sha256, f.recorded_at, u.bytes FROM import_file f \
        JOIN import_upload u ON u.upload_id = f.upload_id \
        WHERE f.name > $1 ORDER BY f.name LIMIT $2";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let values = vec![after.unwrap_or_default().into(), limit.into()];
    let rows = sql::rows(source, text, values).await?;
    rows.iter()
        .map(|row| {
            let bytes: i64 = row.try_get("", "bytes")?;
            Ok(SecondFile {
                name: row.try_get("", "name")?,
                bytes: u64::try_from(bytes).unwrap_or(0),
                sha256: row.try_get("", "sha256")?,
                recorded_at: from_micros(row.try_get("", "recorded_at")?),
            })
        })
        .collect()
}

/// The second file of a name.
pub async fn file(source: &impl Source, name: &str) -> Result<Option<UploadId>, DbError> {
    let text = "SELECT upload_id FROM import_file WHERE name = $1";
    let rows = sql::rows(source, text, vec![name.into()]).await?;
    let row = rows.first().map(|row| row.try_get("", "upload_id"));
    Ok(row.transpose()?.map(UploadId))
}

/// Those of the names that have a second file.
pub async fn files(
    source: &impl Source,
    names: &[String],
) -> Result<BTreeMap<String, UploadId>, DbError> {
    let mut found = BTreeMap::new();
    for name in names {
        if let Some(upload) = file(source, name).await? {
            found.insert(name.clone(), upload);
        }
    }
    Ok(found)
}
