//! Copies of an embedded database: made while it is written to, and proved before they are used.

use crate::error::DbError;
use crate::sql::{rows, run};
use crate::store::Store;
use std::path::Path;

/// Writes the state of this moment into a new file, which must not exist. Writers go on meanwhile.
///
/// # Errors
/// `Schema` on PostgreSQL, which has tools of its own for that.
pub async fn write(store: &Store, file: &Path) -> Result<(), DbError> {
    only_embedded(store)?;
    let name = file
        .to_str()
        .ok_or_else(|| DbError::Schema(format!("{}: not a name in UTF-8", file.display())))?;
    run(store, "VACUUM INTO $1", vec![name.into()]).await?;
    Ok(())
}

/// What is wrong with the file itself: pages, indexes, references; empty where nothing is.
pub async fn damage(store: &Store) -> Result<Vec<String>, DbError> {
    only_embedded(store)?;
    let mut found = Vec::new();
    for row in rows(store, "PRAGMA integrity_check(20)", Vec::new()).await? {
        let line: String = row.try_get("", "integrity_check")?;
        if line != "ok" {
            found.push(line);
        }
    }
    for row in rows(store, "PRAGMA foreign_key_check", Vec::new()).await? {
        let table: String = row.try_get("", "table")?;
        found.push(format!("a row of `{table}` refers to nothing"));
    }
    Ok(found)
}

/// Folds the log into the file and takes it away; false where another process has the database
/// open. Afterwards the file stands for itself.
pub async fn fold(store: &Store) -> Result<bool, DbError> {
    only_embedded(store)?;
    let answer = rows(store, "PRAGMA journal_mode = DELETE", Vec::new()).await;
    match answer {
        Ok(found) => {
            let mode: Option<String> = found
                .first()
                .map(|row| row.try_get("", "journal_mode"))
                .transpose()?;
            Ok(mode.as_deref() == Some("delete"))
        }
        Err(DbError::Conflict(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

fn only_embedded(store: &Store) -> Result<(), DbError> {
    if store.is_postgres() {
        let detail = "PostgreSQL is backed up and restored with its own tools: pg_dump, pg_restore";
        return Err(DbError::Schema(detail.to_owned()));
    }
    Ok(())
}
