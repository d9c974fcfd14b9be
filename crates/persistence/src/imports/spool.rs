//! Files that were sent, in pieces: written while they arrive, read by whichever instance imports.

use crate::error::DbError;
use crate::mint;
use crate::sql;
use crate::store::{Source, Store};
use crate::write::{Change, Tx, Writing};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
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

/// Deletes files from before `cutoff` that no job under way reads and no name keeps: those that
/// did not arrive whole, and those that were replaced.
pub async fn forget_unused(store: &Store, cutoff: DateTime<Utc>) -> Result<u64, DbError> {
    let text = "SELECT u.upload_id FROM import_upload u WHERE u.created_at < $1 \
        AND NOT EXISTS (SELECT 1 FROM import_file f WHERE f.upload_id = u.upload_id) \
        AND NOT EXISTS (SELECT 1 FROM import_input i JOIN job j ON j.job_id = i.job_id \
                        WHERE i.upload_id = u.upload_id AND j.state IN ('queued', 'running'))";
    let rows = sql::rows(store, text, vec![cutoff.timestamp_micros().into()]).await?;
    for row in &rows {
        discard(store, UploadId(row.try_get("", "upload_id")?)).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// Gives a second file its name; the file that had it before is no longer found under it.
pub async fn put_file(tx: &Tx, name: &str, upload: UploadId, hash: &str) -> Result<(), DbError> {
    let text = "INSERT INTO import_file (name, upload_id, write_id, recorded_at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO UPDATE SET \
        upload_id = excluded.upload_id, write_id = excluded.write_id, \
        recorded_at = excluded.recorded_at";
    let values = vec![
        name.into(),
        upload.0.into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    tx.note(Change {
        entity: "import_file",
        id: name.to_owned(),
        version: 1,
        what: "supplied",
        customer: None,
        content: Some(hash.to_owned()),
        detail: Vec::new(),
    });
    Ok(())
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
