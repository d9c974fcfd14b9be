//! One key, one effect: duplicates at the same time, and what is kept for those that come late.

use super::credit::keyed;
use crate::dump::{connect, names};
use crate::support::{Api, Reply, Server, both};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

async fn post(api: &Api, key: &str) -> Reply {
    let body = json!({"kind": "person", "name": "Anna"});
    keyed(api, "/v1/customers", key, body).await
}

async fn total(api: &Api) -> Value {
    let page = api.get("/v1/customers?count=true&limit=1").await;
    page.expect(200).json["total"].clone()
}

both!(
    duplicates_at_the_same_time_are_done_once,
    async |server: &Server| {
        let api = server.admin();
        let other = server.another();
        let elsewhere = other.bearing(&server.database.token("admin"));
        let sent = (0..12).map(|at| {
            let api = if at % 2 == 0 { &api } else { &elsewhere }.clone();
            tokio::task::spawn(async move { post(&api, "k").await })
        });
        let sent: Vec<_> = sent.collect();
        let (mut answers, mut replayed) = (Vec::new(), 0);
        for one in sent {
            answers.push(one.await.unwrap());
        }
        for answer in &answers {
            assert_eq!(answer.status, 201, "{}", answer.text);
            assert_eq!(answer.text, answers[0].text);
            replayed += usize::from(answer.header("idempotency-replayed") == "true");
        }
        assert_eq!((replayed, total(&api).await), (11, json!(1)));
    }
);

/// Posts while the first request of the key does not end; answers how long it was kept waiting.
async fn late(api: &Api) -> (Reply, Duration) {
    let began = Instant::now();
    (post(api, "k").await, began.elapsed())
}

/// On SQLite the first request is one that cannot write.
async fn while_another_waits(api: &Api, held: DatabaseTransaction) -> (Reply, Duration) {
    let duplicate = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let late = late(api).await;
        held.rollback().await.unwrap();
        late
    };
    let (first, late) = tokio::join!(post(api, "k"), duplicate);
    first.expect(201);
    late
}

/// On PostgreSQL the first request is one of another instance.
async fn while_another_writes(api: &Api, held: DatabaseTransaction) -> (Reply, Duration) {
    let claim = "INSERT INTO idempotency (principal, route, retry_key, request_hash, status, \
                 headers, body, created_at) \
                 VALUES ('operator', 'POST /v1/customers', 'k', '', 0, '', '', 0)";
    held.execute_unprepared(claim).await.unwrap();
    let late = late(api).await;
    held.rollback().await.unwrap();
    late
}

both!(
    a_duplicate_waits_some_seconds_and_is_told_to_come_again,
    async |server: &Server| {
        let api = server.admin();
        let connection = connect(&server.database).await;
        let sqlite = connection.get_database_backend() == DbBackend::Sqlite;
        let options = TransactionOptions {
            sqlite_transaction_mode: sqlite.then_some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        let held = connection.begin_with_options(options).await.unwrap();
        let (duplicate, waited) = if sqlite {
            while_another_waits(&api, held).await
        } else {
            while_another_writes(&api, held).await
        };
        let duplicate = duplicate.expect_problem(409, "in-flight", &[]);
        assert_eq!(duplicate.header("retry-after"), "1");
        let about = Duration::from_millis(4_900)..Duration::from_secs(12);
        assert!(about.contains(&waited), "{waited:?}");

        let done = post(&api, "k").await.expect(201);
        let again = post(&api, "k").await.expect(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!((again.text, total(&api).await), (done.text, json!(1)));
    }
);

both!(
    what_was_kept_long_enough_is_forgotten,
    async |server: &Server| {
        let api = server.admin();
        let old = post(&api, "old").await.expect(201);
        post(&api, "new").await.expect(201);
        let connection = connect(&server.database).await;
        let week: i64 = 7 * 24 * 60 * 60 * 1_000_000;
        let age = format!("UPDATE idempotency SET created_at = created_at - {week}");
        let age = format!("{age} WHERE retry_key = 'old'");
        connection.execute_unprepared(&age).await.unwrap();
        // An instance looks when it starts, and then once an hour.
        let other = server.another();
        let mut kept = Vec::new();
        for _ in 0..100 {
            let sql = "SELECT retry_key AS name FROM idempotency ORDER BY retry_key";
            kept = names(&connection, sql.to_owned()).await;
            if kept.len() == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(kept, ["new"]);
        let late = post(&api, "old").await.expect(201);
        assert_ne!(late.json["id"], old.json["id"], "it is a new request");
        let known = post(&api, "new").await.expect(201);
        assert_eq!(known.header("idempotency-replayed"), "true");
        drop(other);
    }
);
