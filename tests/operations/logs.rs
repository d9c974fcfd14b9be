//! The log: one line an entry whatever callers send, sampled, with the marks of its request; and
//! the same as traces.

use crate::support::{Database, Watched, block_on};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

fn is_answer(entry: &Value) -> bool {
    entry["fields"]["message"] == "a request was answered"
}

#[test]
fn an_entry_tells_request_and_trace() {
    block_on(async {
        let database = Database::sqlite();
        let watched = Watched::start(&database, &[("TIERCEL_LOG_EVERY", "1")]);
        let api = watched.bearing(&database.token("routing:read"));
        let parent = format!("00-{TRACE}-{PARENT}-01");
        let headers = [
            ("traceparent", parent.as_str()),
            ("x-request-id", "call-17"),
        ];
        let asked = "/v1/routing/lookup?caller=%2B4930901820";
        let answer = api
            .send(reqwest::Method::GET, asked, None, &headers)
            .await
            .expect(200);
        assert_eq!(answer.header("x-request-id"), "call-17");
        let entry = watched
            .entry(|entry| entry["fields"]["request.id"] == "call-17")
            .await;
        let fields = &entry["fields"];
        assert_eq!(fields["trace.id"], TRACE, "{entry}");
        assert_eq!(fields["parent.id"], PARENT, "{entry}");
        assert_eq!(fields["operation"], "find_routing", "{entry}");
        assert_eq!(
            (&fields["status"], &fields["method"]),
            (&json!(200), &json!("GET"))
        );
        assert_eq!(fields["principal"], "operator", "{entry}");
        assert!(fields["duration_ms"].as_f64().unwrap() > 0.0, "{entry}");
        let all = watched.lines().join("\n");
        assert!(
            !all.contains("4930901820"),
            "numbers of callers are personal: {all}"
        );
    });
}

#[test]
fn one_of_many_is_told_and_what_fails_always() {
    block_on(async {
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_LOG_EVERY", "10"),
            ("TIERCEL_LOG_SLOW_MS", "60000"),
        ];
        let watched = Watched::start(&database, &environment);
        let api = watched.without_token();
        for _ in 0..40 {
            api.get("/livez").await.expect(200);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let told = watched
            .entries()
            .iter()
            .filter(|entry| is_answer(entry))
            .count();
        assert_eq!(told, 4);

        // The table is gone: what stands behind the failure is logged once, with the request.
        let file = format!("sqlite://{}", database.data().join("tiercel.db").display());
        let connection = sea_orm::Database::connect(file).await.unwrap();
        let dropped = sea_orm::ConnectionTrait::execute_unprepared(&connection, "DROP TABLE job");
        dropped.await.unwrap();
        let admin = watched.bearing(&database.token("admin"));
        let headers = [("x-request-id", "unlucky")];
        let failed = admin
            .send(reqwest::Method::GET, "/v1/jobs", None, &headers)
            .await;
        let failed = failed.expect_problem(500, "internal", &[]);
        assert!(!failed.text.contains("table"), "{}", failed.text);
        let of_it = |entry: &Value| entry["fields"]["request.id"] == "unlucky";
        let cause = watched
            .entry(|entry| of_it(entry) && entry["level"] == "ERROR")
            .await;
        assert!(
            cause["fields"]["error"].as_str().unwrap().contains("job"),
            "{cause}"
        );
        watched
            .entry(|entry| of_it(entry) && is_answer(entry))
            .await;
        let entries = watched.entries();
        let causes = entries
            .iter()
            .filter(|entry| of_it(entry) && !is_answer(entry));
        assert_eq!(causes.count(), 1);
    });
}

/// What callers might write to begin a line of their own.
const FORGED: &str = "{\"level\":\"INFO\",\"fields\":{\"message\":\"forged\"}}";

#[test]
fn no_caller_begins_a_line() {
    block_on(async {
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_LOG_EVERY", "1"),
            ("TIERCEL_LOG", "info,tiercel=trace"),
        ];
        let watched = Watched::start(&database, &environment);
        let token = database.token("admin");
        let escaped = "%0d%0a%7B%22level%22%3A%22INFO%22%2C%22fields%22%3A%7B%22message%22%3A%22forged%22%7D%7D";
        let api = watched.bearing(&token);
        for path in [
            format!("/v1/customers/{escaped}"),
            format!("/v1/customers/by-external/{escaped}/{escaped}"),
            format!("/v1/customers?{escaped}={escaped}"),
            format!("/v1/routing/lookup?caller={escaped}"),
            format!("/{escaped}"),
        ] {
            let answer = api.get(&path).await;
            assert!(answer.status < 500, "{path}: {}", answer.text);
            for name in ["location", "x-request-id", "link"] {
                assert!(!answer.header(name).contains("forged"), "{path}");
            }
        }
        let body = json!({"kind": "person", "name": format!("A\r\n{FORGED}\u{2028}\u{1b}[2J")});
        let made = api.post("/v1/customers", body).await;
        assert!(made.status < 500);
        // Bytes that no client library would send.
        for head in [
            format!("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\n{FORGED}"),
            format!("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\r{FORGED}"),
            format!("GET /livez HTTP/1.1\r\nHost: a\r\nX-Request-Id: a\u{85}{FORGED}"),
            format!("GET /livez HTTP/1.1\r\nHost: a\r\ntraceparent: 00-{TRACE}\r\n {FORGED}"),
            format!("GET /livez{FORGED} HTTP/1.1\r\nHost: a"),
            format!("{FORGED} / HTTP/1.1\r\nHost: a"),
            format!("GET /v1/jobs HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {FORGED}"),
        ] {
            let mut stream = TcpStream::connect(watched.address()).unwrap();
            write!(stream, "{head}\r\nConnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            assert!(!answer.contains("forged"), "{head}: {answer}");
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        // Every line is an entry of ours, and none says what a caller wanted it to say.
        let entries = watched.entries();
        assert!(entries.len() > 8, "{}", entries.len());
        for entry in &entries {
            assert!(
                entry["target"].is_string() && entry["timestamp"].is_string(),
                "{entry}"
            );
            assert_ne!(entry["fields"]["message"], "forged");
        }
        for line in watched.lines() {
            let raw = line.contains(['\u{1b}', '\r', '\u{7f}']);
            assert!(!raw && !line.contains(&token), "{line}");
        }
    });
}

/// Takes what is posted to it for as long as the test runs.
fn collector() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut text = Vec::new();
            let mut piece = [0; 4096];
            let body = loop {
                let read = stream.read(&mut piece).unwrap();
                text.extend_from_slice(&piece[..read]);
                let told = String::from_utf8_lossy(&text).into_owned();
                let Some((head, body)) = told.split_once("\r\n\r\n") else {
                    continue;
                };
                assert!(head.starts_with("POST /v1/traces "), "{head}");
                if read == 0 || serde_json::from_str::<Value>(body).is_ok() {
                    break body.to_owned();
                }
            };
            let _ = sender.send(serde_json::from_str(&body).unwrap());
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}"
            );
        }
    });
    (url, receiver)
}

#[test]
fn traces_leave_for_the_collector_before_the_end() {
    block_on(async {
        let (url, posted) = collector();
        let database = Database::sqlite();
        let environment = [
            ("TIERCEL_OTLP_ENDPOINT", url.as_str()),
            ("TIERCEL_LOG_EVERY", "0"),
        ];
        let mut watched = Watched::start(&database, &environment);
        let api = watched.without_token();
        let ask = async |flags: &str, id: &str| {
            let parent = format!("00-{TRACE}-{PARENT}-{flags}");
            let headers = [("traceparent", parent.as_str()), ("x-request-id", id)];
            api.send(reqwest::Method::GET, "/livez", None, &headers)
                .await
                .expect(200);
        };
        ask("00", "not-wanted").await;
        ask("01", "wanted").await;
        watched.signal("-TERM");
        assert!(watched.ended(Duration::from_secs(20)).await.success());
        let document = posted.recv_timeout(Duration::from_secs(10)).unwrap();
        let resource = &document["resourceSpans"][0];
        assert_eq!(
            resource["resource"]["attributes"][0]["value"]["stringValue"],
            "tiercel"
        );
        let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
        assert_eq!(spans.len(), 1, "{document:#}");
        let span = &spans[0];
        assert_eq!(
            (&span["traceId"], &span["parentSpanId"]),
            (&json!(TRACE), &json!(PARENT))
        );
        assert_eq!(
            (&span["name"], &span["kind"]),
            (&json!("check_liveness"), &json!(2))
        );
        let time = |name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"));
        assert!(span.to_string().contains("\"wanted\""), "{span}");
    });
}

#[test]
fn a_taken_name_is_a_refusal_and_no_failure() {
    crate::support::each_database(|database| {
        block_on(async {
            let watched = Watched::start(&database, &[("TIERCEL_LOG_EVERY", "1")]);
            let api = watched.bearing(&database.token("admin"));
            let body = json!({"name": "erp", "scopes": ["routing:read"]});
            api.post("/v1/clients", body.clone()).await.expect(201);
            let id = [("x-request-id", "second")];
            let path = "/v1/clients";
            let again = api.send(reqwest::Method::POST, path, Some(body), &id).await;
            again.expect_problem(409, "conflict", &[]);
            let of_it = |entry: &Value| entry["fields"]["request.id"] == "second";
            let cause = watched.entry(|it| of_it(it) && !is_answer(it)).await;
            assert_eq!(
                (&cause["level"], &cause["fields"]["problem"]),
                (&json!("INFO"), &json!("conflict")),
                "{cause}"
            );
            watched.entry(|it| of_it(it) && is_answer(it)).await;
            let entries = watched.entries();
            let errors = entries.iter().filter(|it| it["level"] == "ERROR");
            assert_eq!(errors.count(), 0, "{entries:#?}");
        });
    });
}
