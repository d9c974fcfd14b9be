//! Limits: what is too much, too large or too slow is told so before anything of it is done.

use crate::support::raw::statuses;
use crate::support::{Api, Database, Raw, Watched, block_on};
use reqwest::Method;
use sea_orm::{ConnectionTrait, DatabaseConnection};
use serde_json::json;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// Holds the lock of writers, as a long write does.
async fn hold_writers(database: &Database) -> DatabaseConnection {
    let file = format!("sqlite://{}", database.data().join("tiercel.db").display());
    let mut options = sea_orm::ConnectOptions::new(file);
    options.max_connections(1);
    let connection = sea_orm::Database::connect(options).await.unwrap();
    connection
        .execute_unprepared("BEGIN IMMEDIATE")
        .await
        .unwrap();
    connection
}

async fn make(api: Api, name: &'static str) -> crate::support::Reply {
    let body = json!({"kind": "person", "name": name});
    api.post("/v1/customers", body).await
}

#[test]
fn too_much_at_once_is_refused_unread() {
    block_on(async {
        let database = Database::sqlite();
        let watched = Watched::start(&database, &[("TIERCEL_MAX_REQUESTS", "2")]);
        let api = watched.bearing(&database.token("admin"));
        let lock = hold_writers(&database).await;
        let waiting = [make(api.clone(), "one"), make(api.clone(), "two")];
        let waiting = waiting.map(tokio::task::spawn);
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..5 {
            let began = Instant::now();
            let refused = make(api.clone(), "three").await;
            let refused = refused.expect_problem(503, "overloaded", &[]);
            assert_eq!(refused.header("retry-after"), "1");
            assert!(
                began.elapsed() < Duration::from_secs(1),
                "nobody waits at the door"
            );
        }
        // Before anybody is asked who they are; what operators ask is always answered.
        let stranger = watched.without_token();
        stranger
            .get("/v1/customers")
            .await
            .expect_problem(503, "overloaded", &[]);
        stranger.get("/livez").await.expect(200);
        stranger.get("/readyz").await.expect(200);
        let metrics = api.get("/metrics").await.expect(200).text;
        assert!(
            metrics.contains("tiercel_requests_shed_total{reason=\"requests\"} 6\n"),
            "{metrics}"
        );
        assert!(metrics.contains("tiercel_requests_active 2\n"), "{metrics}");

        lock.execute_unprepared("ROLLBACK").await.unwrap();
        for request in waiting {
            request.await.unwrap().expect(201);
        }
        let page = api.get("/v1/customers?count=true").await.expect(200);
        assert_eq!(page.json["total"], 2, "{}", page.text);
    });
}

#[test]
fn an_answer_that_takes_too_long_is_given_up() {
    block_on(async {
        let database = Database::sqlite();
        let watched = Watched::start(&database, &[("TIERCEL_ANSWER_TIMEOUT_SECONDS", "1")]);
        let api = watched.bearing(&database.token("admin"));
        let lock = hold_writers(&database).await;
        let began = Instant::now();
        let body = json!({"kind": "person"});
        let key = [("idempotency-key", "k1")];
        let late = api
            .send(Method::POST, "/v1/customers", Some(body.clone()), &key)
            .await;
        late.expect_problem(504, "timed-out", &[]);
        assert!(began.elapsed() < Duration::from_secs(4));
        lock.execute_unprepared("ROLLBACK").await.unwrap();
        // Whatever became of it, the same key makes one customer.
        let again = api
            .send(Method::POST, "/v1/customers", Some(body), &key)
            .await;
        again.expect(201);
        let page = api.get("/v1/customers?count=true").await.expect(200);
        assert_eq!(page.json["total"], 1, "{}", page.text);
        let metrics = api.get("/metrics").await.expect(200).text;
        assert!(metrics.contains("tiercel_requests_active 0\n"), "{metrics}");
    });
}

/// The head of a write with a body of this length, and its beginning.
fn begun(token: &str, length: usize, begin: &str) -> String {
    format!(
        "POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{begin}"
    )
}

#[test]
fn bodies_on_their_way_take_no_place_and_have_their_time() {
    block_on(async {
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_MAX_REQUESTS", "2"),
            ("TIERCEL_BODY_TIMEOUT_SECONDS", "2"),
        ];
        let watched = Watched::start(&database, &environment);
        let token = database.token("admin");
        let api = watched.bearing(&token);
        let mut slow: Vec<Raw> = (0..20)
            .map(|_| {
                let mut raw = Raw::connect(watched.address());
                assert!(raw.say(begun(&token, 1_000, "{\"kind\":")));
                raw
            })
            .collect();
        let file = "POST /v1/imports?mapping=none HTTP/1.1";
        slow.push(Raw::connect(watched.address()));
        assert!(slow[20].say(format!("{file}\r\nHost: a\r\n\r\n")));
        for _ in 0..10 {
            api.get("/v1/customers").await.expect(200);
            make(api.clone(), "quick").await.expect(201);
        }
        let began = Instant::now();
        for raw in &mut slow[..20] {
            let heard = raw.hear_until("took too long", PATIENCE);
            assert_eq!(statuses(&heard), [400], "{heard}");
            // A trickle that comes afterwards is nobody's next request.
            raw.say("GET /v1/customers HTTP/1.1\r\n\r\n");
            assert!(statuses(&raw.hear(Duration::from_millis(300))).len() < 2);
        }
        assert!(began.elapsed() < Duration::from_secs(15));
        let page = api.get("/v1/customers?count=true").await.expect(200);
        assert_eq!(page.json["total"], 10, "{}", page.text);
    });
}

#[test]
fn bodies_are_bounded_one_by_one_and_together() {
    block_on(async {
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_MAX_BODY_BYTES", "80000"),
            ("TIERCEL_MAX_BODIES_BYTES", "100000"),
        ];
        let watched = Watched::start(&database, &environment);
        let token = database.token("admin");
        let api = watched.bearing(&token);
        let part = format!("{{\"name\":\"{}", "x".repeat(60_000));
        let mut held = Raw::connect(watched.address());
        assert!(held.say(begun(&token, 80_000, &part)));
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut second = Raw::connect(watched.address());
        assert!(second.say(begun(&token, 80_000, &part)));
        let heard = second.hear_until("/problems/", PATIENCE);
        assert!(
            heard.contains("503") && heard.contains("/problems/overloaded"),
            "{heard}"
        );
        assert!(heard.to_lowercase().contains("retry-after: 1"), "{heard}");
        make(api.clone(), "small").await.expect(201);
        drop(held);
        drop(second);
        for _ in 0..50 {
            let metrics = api.get("/metrics").await.expect(200).text;
            if metrics.contains("tiercel_bodies_bytes 0\n") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let fits = format!(
            "{{\"kind\":\"person\",\"name\":\"a\"{}}}",
            " ".repeat(70_000)
        );
        let headers = [("content-type", "application/json")];
        let made = api.raw(Method::POST, "/v1/customers", fits, &headers).await;
        made.expect(201);
        let long = " ".repeat(80_001);
        let long = api.raw(Method::POST, "/v1/customers", long, &headers).await;
        long.expect_problem(413, "too-large", &[]);
    });
}

#[test]
fn limits_that_let_nothing_in_are_refused_at_the_start() {
    let database = Database::sqlite();
    for (name, value) in [
        ("MAX_REQUESTS", "0"),
        ("MAX_CONNECTIONS", "0"),
        ("BODY_TIMEOUT_SECONDS", "0"),
        ("MAX_BODIES_BYTES", "1000"),
        ("MAX_BODY_BYTES", "-1"),
        ("METRICS_BIND", "localhost"),
        ("OTLP_ENDPOINT", "localhost:4318"),
    ] {
        let mut command = database.command(&["config", "print"]);
        let output = command
            .env(format!("TIERCEL_{name}"), value)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}: {output:?}");
    }
}
