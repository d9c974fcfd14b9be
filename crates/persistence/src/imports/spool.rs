//! Files that were sent, in pieces: written while they arrive, read by whichever instance imports.

use crate::error::DbError;
use crate::mint;
use crate::sql;
use crate::store::Store;
use crate::write::{Tx, Writing};
use chrono::{DateTime, Utc};
use std::io::{self, Read};
use std::sync::Arc;
use tokio::runtime::Handle;
use uuid::Uuid;

/// One file that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UploadId(pub(super) Uuid);

/// Uploads are no business data: they leave no journal entry.
const fn bookkeeping() -> Writing<'static> {
    Writing {
        principal: "system",
        action: "import.received",
        retry: None,
    }
}

/// Begins a file.
pub async fn begin(store: &Store) -> Result<UploadId, DbError> {
    let id = Uuid::from_u128(mint::bits(store.clock.now()));
    let insert = async |tx: &Tx| {
        let text = "INSERT INTO import_upload (upload_id, bytes, created_at) VALUES ($1, 0, $2)";
        sql::run(tx, text, vec![id.into(), tx.micros().into()]).await?;
        Ok::<_, DbError>(((), None))
    };
    store.write(&bookkeeping(), insert).await?;
    Ok(UploadId(id))
}

/// Adds the next piece, counted from zero.
pub async fn append(
    store: &Store,
    upload: UploadId,
    piece: i64,
    bytes: &[u8],
) -> Result<(), DbError> {
    let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    let insert = async |tx: &Tx| {
        let text = "INSERT INTO import_spool (upload_id, piece, bytes) VALUES ($1, $2, $3)";
        let values = vec![upload.0.into(), piece.into(), bytes.to_vec().into()];
        sql::run(tx, text, values).await?;
        let text = "UPDATE import_upload SET bytes = bytes + $2 WHERE upload_id = $1";
        sql::run(tx, text, vec![upload.0.into(), length.into()]).await?;
        Ok::<_, DbError>(((), None))
    };
    store.write(&bookkeeping(), insert).await?;
    Ok(())
}

/// Deletes a file that nothing will read.
pub async fn discard(store: &Store, upload: UploadId) -> Result<(), DbError> {
    let delete = async |tx: &Tx| Ok::<_, DbError>((delete(tx, upload).await?, None));
    store.write(&bookkeeping(), delete).await?;
    Ok(())
}

pub(super) async fn delete(tx: &Tx, upload: UploadId) -> Result<(), DbError> {
    for table in ["import_spool", "import_upload"] {
        let text = format!("DELETE FROM {table} WHERE upload_id = $1");
        sql::run(tx, &text, vec![upload.0.into()]).await?;
    }
    Ok(())
}

/// Keeps a file from being deleted by another write until this one ends; false where it is gone.
pub(super) async fn hold(tx: &Tx, upload: UploadId) -> Result<bool, DbError> {
    let text = "UPDATE import_upload SET bytes = bytes WHERE upload_id = $1";
    Ok(sql::run(tx, text, vec![upload.0.into()]).await? == 1)
}

/// Deletes a file unless a name keeps it or a job under way reads it.
pub(super) async fn delete_unused(tx: &Tx, upload: UploadId) -> Result<(), DbError> {
    // Held first, so that a job that is being queued with the file is seen by the next statement.
    hold(tx, upload).await?;
    let text =
        format!("SELECT u.upload_id FROM import_upload u WHERE u.upload_id = $1 AND {UNUSED}");
    if sql::rows(tx, &text, vec![upload.0.into()])
        .await?
        .is_empty()
    {
        return Ok(());
    }
    delete(tx, upload).await
}

/// The condition on an upload `u` that no name keeps it and no job under way reads it.
const UNUSED: &str = "NOT EXISTS (SELECT 1 FROM import_file f WHERE f.upload_id = u.upload_id) \
    AND NOT EXISTS (SELECT 1 FROM import_input i JOIN job j ON j.job_id = i.job_id \
                    WHERE i.upload_id = u.upload_id AND j.state IN ('queued', 'running'))";

/// Deletes files from before `cutoff` that no job under way reads and no name keeps: those that
/// did not arrive whole, and those that were replaced.
pub async fn forget_unused(store: &Store, cutoff: DateTime<Utc>) -> Result<u64, DbError> {
    let text =
        format!("SELECT u.upload_id FROM import_upload u WHERE u.created_at < $1 AND {UNUSED}");
    let rows = sql::rows(store, &text, vec![cutoff.timestamp_micros().into()]).await?;
    for row in &rows {
        discard(store, UploadId(row.try_get("", "upload_id")?)).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// Reads a file piece by piece; for threads that may block.
pub struct SpoolReader {
    store: Arc<Store>,
    upload: UploadId,
    runtime: Handle,
    next: i64,
    piece: Vec<u8>,
    at: usize,
}

impl SpoolReader {
    pub const fn new(store: Arc<Store>, upload: UploadId, runtime: Handle) -> Self {
        Self {
            store,
            upload,
            runtime,
            next: 0,
            piece: Vec::new(),
            at: 0,
        }
    }

    fn fetch(&mut self) -> io::Result<bool> {
        let found = self
            .runtime
            .block_on(piece(&self.store, self.upload, self.next))
            .map_err(io::Error::other)?;
        let Some(bytes) = found else {
            return Ok(false);
        };
        self.piece = bytes;
        self.at = 0;
        self.next = self.next.saturating_add(1);
        Ok(true)
    }
}

impl Read for SpoolReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() {
            if !self.fetch()? {
                return Ok(0);
            }
        }
        let read = (&self.piece[self.at..]).read(buffer)?;
        self.at = self.at.saturating_add(read);
        Ok(read)
    }
}

async fn piece(store: &Store, upload: UploadId, piece: i64) -> Result<Option<Vec<u8>>, DbError> {
    let text = "SELECT bytes FROM import_spool WHERE upload_id = $1 AND piece = $2";
    let rows = sql::rows(store, text, vec![upload.0.into(), piece.into()]).await?;
    let bytes = rows.first().map(|row| row.try_get("", "bytes"));
    Ok(bytes.transpose()?)
}
