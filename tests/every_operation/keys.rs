//! Retry keys and entity tags on every operation that takes them.

use super::{Ground, Operation};
use crate::support::{Reply, Server, both};
use serde_json::{Value, json};

impl Ground {
    /// Sends an operation under a retry key, where it takes one.
    pub async fn send_keyed(&self, operation: &Operation, body: Value, key: &str) -> Reply {
        let body = (!body.is_null()).then(|| body.to_string());
        self.raw_keyed(operation, body.unwrap_or_default(), key)
            .await
    }

    async fn raw_keyed(&self, operation: &Operation, body: String, key: &str) -> Reply {
        let key = match operation.takes("Idempotency-Key") {
            true => ("idempotency-key", key),
            false => ("x-nothing", "x"),
        };
        let media = ("content-type", "application/json");
        let headers = [("if-match", "*"), key, media];
        let headers = match body.is_empty() {
            true => &headers[..2],
            false => &headers[..],
        };
        let method = operation.method.clone();
        self.api.raw(method, &operation.path, body, headers).await
    }
}

both!(a_key_stands_for_one_request, async |server: &Server| {
    let ground = Ground::prepare(server).await;
    let rate = json!({"currency": "USD", "valid_from": "2020-01-01", "rate": "0.9"});
    ground
        .api
        .post("/v1/exchange-rates", rate)
        .await
        .expect(201);
    let mut done = Vec::new();
    let keyed = ground
        .operations
        .iter()
        .filter(|it| it.takes("Idempotency-Key"));
    for (place, operation) in keyed.enumerate() {
        let key = format!("key-{place}");
        let first = ground
            .send_keyed(operation, operation.body.clone(), &key)
            .await;
        if first.status >= 300 {
            continue;
        }
        let again = ground
            .send_keyed(operation, operation.body.clone(), &key)
            .await;
        assert_eq!(again.status, first.status, "{operation}: {}", again.text);
        // What writes nothing answers anew.
        if again.header("idempotency-replayed").is_empty() || operation.body.is_null() {
            continue;
        }
        assert_eq!(again.text, first.text, "{operation}");
        for header in ["location", "etag", "content-type"] {
            assert_eq!(again.header(header), first.header(header), "{operation}");
        }
        done.push(operation.template.as_str());
        // A key is bound to the bytes of its request; documents are known by what they say.
        if operation.template.ends_with("/versions") {
            continue;
        }
        let other = format!(" {}", operation.body);
        let other = ground.raw_keyed(operation, other, &key).await;
        let slug = "idempotency-key-reused";
        let wrong = format!("{operation}: {}", other.text);
        assert_eq!(other.status, 422, "{wrong}");
        other.expect_problem(422, slug, &[]);
    }
    assert!(done.len() >= 12, "{done:?}");
    // A key belongs to one path and one caller: another of each takes it anew.
    let group = json!({"code": "other", "name": "Other"});
    let path = "/v1/customer-groups";
    let key = [("idempotency-key", "key-0")];
    let post = reqwest::Method::POST;
    let here = ground.api.send(post.clone(), path, Some(group), &key).await;
    assert!(here.header("idempotency-replayed").is_empty());
});

both!(
    a_change_needs_the_tag_of_what_it_changes,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        let mut tried = 0;
        for operation in ground.operations.iter().filter(|it| it.takes("If-Match")) {
            let send = async |headers: &[(&str, &str)]| {
                let body = Some(operation.body.clone());
                let method = operation.method.clone();
                ground
                    .api
                    .send(method, &operation.path, body, headers)
                    .await
            };
            let blind = send(&[]).await;
            assert_eq!(blind.status, 428, "{operation}: {}", blind.text);
            blind.expect_problem(428, "precondition-required", &[]);
            for tag in ["\"v99\"", "W/\"v1\"", "v1", "", "\"\""] {
                let stale = send(&[("if-match", tag)]).await;
                assert_eq!(stale.status, 412, "{operation} {tag}: {}", stale.text);
                stale.expect_problem(412, "stale", &[]);
            }
            tried += 1;
        }
        assert!(tried >= 7, "{tried}");
        ground.assert_nothing_written_since(before).await;
    }
);
