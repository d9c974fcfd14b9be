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

const FORGET: &str = "DELETE FROM idempotency WHERE (principal, route, retry_key) IN \
    (SELECT principal, route, retry_key FROM idempotency WHERE created_at < $1 \
     ORDER BY created_at LIMIT $2)";

/// Deletes kept answers from before `cutoff`, the oldest first and at most so many; returns how
/// many there were.
pub async fn forget(store: &Store, cutoff: DateTime<Utc>, most: u32) -> Result<u64, DbError> {
    let writing = Writing {
        principal: "system",
        action: "retries.forgotten",
        retry: None,
    };
    let delete = async |tx: &Tx| {
        let values = vec![cutoff.timestamp_micros().into(), i64::from(most).into()];
        Ok::<_, DbError>((sql::run(tx, FORGET, values).await?, None))
    };
    match store.write(&writing, delete).await? {
        Written::Fresh { value, .. } => Ok(value),
        _ => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, test_store};

    async fn keep(store: &Store, key: &str) {
        let writing = Writing {
            retry: Some(Retry {
                route: "POST /x",
                key,
                request_hash: "h",
            }),
            ..test_store::writing()
        };
        let answer = Answer {
            status: 200,
            headers: Vec::new(),
            body: Vec::new(),
            personal_to: None,
        };
        let change = async |_: &Tx| Ok::<_, DbError>(((), Some(answer.clone())));
        let written = store.write(&writing, change).await.unwrap();
        assert!(matches!(written, Written::Fresh { .. }));
    }

    #[tokio::test]
    async fn old_answers_go_a_few_at_a_time_found_by_their_age() {
        let (_dir, store) = test_store::open().await;
        for key in ["a", "b", "c", "d", "e"] {
            keep(&store, key).await;
        }
        let cutoff = store.clock().now();
        keep(&store, "young").await;
        let mut gone = Vec::new();
        for _ in 0..4 {
            gone.push(forget(&store, cutoff, 2).await.unwrap());
        }
        assert_eq!(gone, [2, 2, 1, 0]);
        let left = sql::rows(&store, "SELECT retry_key FROM idempotency", Vec::new()).await;
        assert_eq!(left.unwrap().len(), 1);
        let explain = format!("EXPLAIN QUERY PLAN {FORGET}");
        let plan = sql::rows(&store, &explain, vec![1.into(), 1.into()]).await;
        let plan = plan.unwrap();
        let steps = plan.iter().map(|row| row.try_get("", "detail").unwrap());
        let steps = steps.collect::<Vec<String>>().join("; ");
        assert!(
            steps.contains("idempotency_age") && !steps.contains("SCAN"),
            "{steps}"
        );
    }

    #[tokio::test]
    async fn a_key_has_one_turn_at_a_time() {
        let under_way = UnderWay::default();
        let retry = Retry {
            route: "POST /x",
            key: "k",
            request_hash: "h",
        };
        let first = under_way.turn("a", &retry).await.unwrap();
        assert!(under_way.turn("b", &retry).await.is_some(), "of another");
        let next = async {
            let next = under_way.turn("a", &retry).await;
            next.is_some()
        };
        let end = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            drop(first);
        };
        assert!(tokio::join!(next, end).0);
    }
}
