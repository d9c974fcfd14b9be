//! What stands behind a retry key beside its kept answer: whose turn it is in this process, and
//! until when answers are kept.

use crate::error::DbError;
use crate::sql;
use crate::store::Store;
use crate::write::{Retry, Tx, Writing, Written};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a duplicate waits for the request that came first.
const PATIENCE: Duration = Duration::from_secs(5);

type Key = [String; 3];

/// Requests with a retry key that this process is working on.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    keys: Mutex<BTreeSet<Key>>,
    ended: Notify,
}

/// The one request of its key that is worked on; the next one's turn comes when it ends.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    of: &'a UnderWay,
    key: Key,
}

impl UnderWay {
    /// Waits for earlier requests of the same key; none where they take too long.
    pub(crate) async fn turn(&self, principal: &str, retry: &Retry<'_>) -> Option<Turn<'_>> {
        let key = [principal, retry.route, retry.key].map(str::to_owned);
        let wait = async {
            loop {
                let ended = self.ended.notified();
                let mut ended = std::pin::pin!(ended);
                // From here on no end is missed.
                ended.as_mut().enable();
                if self.take(&key) {
                    return;
                }
                ended.await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.ok()?;
        Some(Turn { of: self, key })
    }

    fn take(&self, key: &Key) -> bool {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        !keys.contains(key) && keys.insert(key.clone())
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut keys = self.of.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.remove(&self.key);
        drop(keys);
        self.of.ended.notify_waiters();
    }
}

/// Deletes kept answers from before `cutoff`, the oldest first and at most so many; returns how
/// many there were.
pub async fn forget(store: &Store, cutoff: DateTime<Utc>, most: u32) -> Result<u64, DbError> {
    let writing = Writing {
        principal: "system",
        action: "retries.forgotten",
        retry: None,
    };
    let delete = async |tx: &Tx| {
        let text = "DELETE FROM idempotency WHERE (principal, route, retry_key) IN \
            (SELECT principal, route, retry_key FROM idempotency WHERE created_at < $1 \
             ORDER BY created_at LIMIT $2)";
        let values = vec![cutoff.timestamp_micros().into(), i64::from(most).into()];
        Ok::<_, DbError>((sql::run(tx, text, values).await?, None))
    };
    match store.write(&writing, delete).await? {
        Written::Fresh { value, .. } => Ok(value),
        _ => Ok(0),
    }
}
