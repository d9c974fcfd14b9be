//! Bodies that are too large, too deep, too many or said twice: refused, and memory stays flat.

use crate::support::raw::statuses;
use crate::support::{Database, Raw, Server, Watched, block_on, both};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use reqwest::Method;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::Write as _;
use std::time::Duration;

/// What a hostile caller may make a server hold, in KiB, whatever is sent.
const GROWTH: u64 = 96 * 1024;
const JSON: (&str, &str) = ("content-type", "application/json");

/// Zeros that are a thousand times as long as they look.
fn bomb(length: usize) -> (Vec<u8>, Vec<u8>) {
    let piece = vec![b'0'; 1024 * 1024];
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::best());
    for _ in 0..length / piece.len() {
        gzip.write_all(&piece).unwrap();
        deflate.write_all(&piece).unwrap();
    }
    (gzip.finish().unwrap(), deflate.finish().unwrap())
}

#[test]
fn no_body_makes_the_server_grow() {
    block_on(async {
        let database = Database::sqlite();
        let watched = Watched::start(&database, &[]);
        let token = database.token("admin");
        let api = watched.bearing(&token);
        let before = watched.resident();
        let (gzip, deflate) = bomb(512 * 1024 * 1024);
        assert!(gzip.len() < 1024 * 1024 && deflate.len() < 1024 * 1024);
        let mut keys = String::from("{");
        for number in 0..250_000 {
            write!(keys, "\"k{number}\":0,").unwrap();
        }
        keys.push_str("\"kind\":\"person\"}");
        let deep = |open: &str| format!("{{\"kind\":{}", open.repeat(100_000));
        let number = format!("{{\"kind\":{}}}", "9".repeat(1_000_000));
        for round in 0..3 {
            for (encoding, bytes) in [("gzip", &gzip), ("deflate", &deflate)] {
                let headers = [JSON, ("content-encoding", encoding)];
                for path in ["/v1/customers", "/v1/facts/batch", "/v1/decisions/discount"] {
                    let answer = api.raw(Method::POST, path, bytes.clone(), &headers).await;
                    answer.expect_problem(413, "too-large", &[]);
                }
                let form = [
                    ("content-type", "application/x-www-form-urlencoded"),
                    headers[1],
                ];
                let nobody = watched.without_token();
                let answer = nobody
                    .raw(Method::POST, "/oauth/token", bytes.clone(), &form)
                    .await;
                answer.expect(400);
            }
            for body in [keys.clone(), deep("["), deep("{\"kind\":"), number.clone()] {
                let answer = api.raw(Method::POST, "/v1/customers", body, &[JSON]).await;
                answer.expect_problem(400, "unreadable", &[]);
            }
            let grown = watched.resident().saturating_sub(before);
            assert!(grown < GROWTH, "round {round}: {grown} KiB more");
        }
        // What is honestly encoded is read, and what breaks off is not.
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"{\"kind\":\"person\"}").unwrap();
        let honest = encoder.finish().unwrap();
        let headers = [JSON, ("content-encoding", "gzip")];
        let made = api
            .raw(Method::POST, "/v1/customers", honest.clone(), &headers)
            .await;
        made.expect(201);
        let trailing = [honest.as_slice(), b"more"].concat();
        for bad in [
            honest[..honest.len() - 4].to_vec(),
            trailing,
            b"{}".to_vec(),
        ] {
            let answer = api.raw(Method::POST, "/v1/customers", bad, &headers).await;
            answer.expect_problem(400, "unreadable", &[]);
        }
    });
}

#[test]
fn what_is_too_long_is_refused_while_it_comes() {
    block_on(async {
        let database = Database::sqlite();
        let watched = Watched::start(&database, &[]);
        let token = database.token("admin");
        let before = watched.resident();
        let head = |framing: &str| {
            format!(
                "POST /v1/customers HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\
                 Content-Type: application/json\r\n{framing}\r\n\r\n"
            )
        };
        let mut declared = Raw::connect(watched.address());
        declared.say(head("Content-Length: 1000000000"));
        let heard = declared.hear_until("/problems/", Duration::from_secs(5));
        assert_eq!(statuses(&heard), [413], "{heard}");
        // In pieces without an end: refused as soon as it is too long, and read no further into memory.
        let mut endless = Raw::connect(watched.address());
        endless.say(head("Transfer-Encoding: chunked"));
        let chunk = format!("100000\r\n{}\r\n", "0".repeat(0x10_0000));
        (0..50).take_while(|_| endless.say(&chunk)).for_each(drop);
        let heard = endless.hear_until("/problems/", Duration::from_secs(5));
        assert_eq!(statuses(&heard), [413], "{heard}");
        drop(endless);
        // Heads have their bounds too.
        for (head, what) in [
            (
                format!(
                    "GET /livez HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                    "x".repeat(200_000)
                ),
                "a value",
            ),
            (
                format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(200_000)),
                "an address",
            ),
            (
                format!(
                    "GET /livez HTTP/1.1\r\nHost: a\r\n{}\r\n",
                    "X: y\r\n".repeat(200)
                ),
                "headers",
            ),
        ] {
            let mut raw = Raw::connect(watched.address());
            raw.say(head);
            let heard = raw.hear(Duration::from_secs(1));
            assert!(
                statuses(&heard).iter().all(|status| *status >= 400),
                "{what}: {heard}"
            );
            assert!(raw.hung_up(Duration::from_secs(6)).is_some(), "{what}");
        }
        let grown = watched.resident().saturating_sub(before);
        assert!(grown < GROWTH, "{grown} KiB more");
        watched.without_token().get("/livez").await.expect(200);
    });
}

/// Operations that read JSON, with the example of the contract as a text.
async fn examples(server: &Server) -> Vec<(Method, String, String)> {
    let contract: Value = server
        .admin()
        .get("/openapi/v1.json")
        .await
        .expect(200)
        .json;
    let mut found = Vec::new();
    for (path, item) in contract["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            let mut example = content["example"].clone();
            if example.is_null() {
                let reference = content["schema"]["$ref"].as_str().unwrap_or_default();
                let schema = contract.pointer(reference.trim_start_matches('#'));
                example = schema.map_or(Value::Null, |schema| schema["example"].clone());
            }
            if example.as_object().is_some_and(|it| !it.is_empty()) {
                let path = path.replace("{version}", "1").replace("{kind}", "credit");
                let path = path
                    .split('/')
                    .map(|part| if part.starts_with('{') { "x" } else { part });
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                found.push((
                    method,
                    path.collect::<Vec<_>>().join("/"),
                    example.to_string(),
                ));
            }
        }
    }
    found
}

both!(a_name_said_twice_is_refused, async |server: &Server| {
    let api = server.admin();
    let examples = examples(server).await;
    assert!(examples.len() > 25, "{}", examples.len());
    let head = server.database.tiercel(&["audit", "head"]);
    let headers = [JSON, ("if-match", "\"v1\""), ("idempotency-key", "twice")];
    let mut read = 0;
    for (method, path, example) in examples {
        let value: Value = serde_json::from_str(&example).unwrap();
        let (name, first) = value.as_object().unwrap().iter().next().unwrap();
        let twice = format!("{{{}:{first},{}", json!(name), &example[1..]);
        let secret = path.starts_with("/v1/clients") || path == "/v1/customer-tokens";
        let headers = if secret { &headers[..2] } else { &headers[..] };
        let answer = api.raw(method.clone(), &path, twice, headers).await;
        let known = [400, 404].contains(&answer.status);
        assert!(known, "{method} {path}: {} {}", answer.status, answer.text);
        read += usize::from(answer.text.contains("duplicate field"));
    }
    assert!(read > 15, "only {read} were read as far as that");
    for (path, body) in [
        (
            "/v1/customers",
            r#"{"kind":"person","attributes":{"size":1,"size":2}}"#,
        ),
        (
            "/v1/customers",
            r#"{"kind":"person","attributes":{"a":{"b":1,"b":1}}}"#,
        ),
        (
            "/v1/facts/batch",
            r#"{"facts":[{"source":"a","source":"b"}]}"#,
        ),
    ] {
        let answer = api.raw(Method::POST, path, body, &[JSON]).await;
        answer.expect_problem(400, "unreadable", &[]);
    }
    assert_eq!(
        server.database.tiercel(&["audit", "head"]),
        head,
        "nothing was written"
    );
});
