//! What no operation reads: each gets its problem, and nothing is written.

use crate::support::{Api, Server, both};
use reqwest::Method;
use serde_json::{Value, json};

/// Every versioned operation, with a word in place of each path parameter.
async fn operations(api: &Api) -> Vec<(Method, String)> {
    let contract: Value = api.get("/openapi/v1.json").await.expect(200).json;
    let mut found = Vec::new();
    for (path, item) in contract["paths"].as_object().unwrap() {
        let filled = path.split('/').map(|part| match part {
            "{version}" => "1",
            "{kind}" => "credit",
            part if part.starts_with('{') => "x",
            part => part,
        });
        let filled = filled.collect::<Vec<_>>().join("/");
        for method in item.as_object().unwrap().keys() {
            if path.starts_with("/v1/") {
                let method = Method::from_bytes(method.to_uppercase().as_bytes());
                found.push((method.unwrap(), filled.clone()));
            }
        }
    }
    assert!(found.len() > 60, "{}", found.len());
    found
}

/// Whether the caller wrote nothing so far: the journal has one last write of theirs only.
async fn assert_nothing_written(api: &Api) {
    let last = api.put("/v1/products/by-sku/last", json!({})).await;
    last.expect(201);
    for _ in 0..100 {
        let trail = api.get("/v1/audit?limit=200").await.expect(200).json;
        let mut entries = trail["items"].as_array().unwrap().iter();
        if let Some(first) = entries.find(|entry| entry["principal"] == "operator") {
            assert_eq!(first["changes"][0]["entity"], "product", "{first}");
            assert_eq!(first["changes"][0]["sku"], "last", "{first}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the last write does not appear in the journal");
}

both!(no_operation_ignores_a_parameter, async |server: &Server| {
    let api = server.admin();
    for (method, path) in operations(&api).await {
        let asked = format!("{path}?nobody_knows=1");
        let body = (method != Method::GET).then(|| json!({}));
        let tags = [("if-match", "*")];
        let answer = api.send(method.clone(), &asked, body, &tags).await;
        assert!((400..500).contains(&answer.status), "{method} {asked}");
        let slug = answer.json["type"].as_str().unwrap_or_default();
        let refused = ["/problems/unknown-parameter", "/problems/not-found"];
        let refused = refused.contains(&slug) || answer.status == 400;
        assert!(refused, "{method} {asked}: {}", answer.text);
    }
    assert_nothing_written(&api).await;
});

both!(
    a_body_that_cannot_be_read_is_a_problem_everywhere,
    async |server: &Server| {
        let api = server.admin();
        let huge = format!("{{\"name\":\"{}\"}}", "x".repeat(5_000_000));
        let json = ("content-type", "application/json");
        for (method, path) in operations(&api).await {
            let bodied = [Method::POST, Method::PUT, Method::PATCH];
            let unread = ["/v1/import-files/x", "/v1/imports"].contains(&path.as_str());
            let unread = unread || path.ends_with("/lint") || path.ends_with("/retire");
            // A telephone system gets a route whatever it sends.
            let unread = unread || path == "/v1/routing/lookup/freeswitch";
            if !bodied.contains(&method) || unread {
                continue;
            }
            let tag = ("if-match", "*");
            for (body, encoding) in [
                (huge.as_str(), "identity"),
                ("{}", "gzip"),
                ("{}", "br"),
                ("\u{feff}{", "identity"),
            ] {
                let headers = [json, tag, ("content-encoding", encoding)];
                let answer = api.raw(method.clone(), &path, body.to_owned(), &headers);
                let answer = answer.await;
                assert!((400..500).contains(&answer.status), "{method} {path}");
                let media = answer.header("content-type");
                assert_eq!(media, "application/problem+json", "{method} {path}");
            }
        }
        assert_nothing_written(&api).await;
    }
);

both!(
    what_cannot_be_cleared_or_counted_is_refused,
    async |server: &Server| {
        let api = server.admin();
        let made = api.post("/v1/customers", json!({"kind": "person"})).await;
        let path = made.expect(201).header("location").to_owned();
        let kind = api.patch(&path, "\"v1\"", json!({"kind": null})).await;
        kind.expect_problem(400, "unreadable", &["/kind"]);
        for list in ["/v1/events", "/v1/audit"] {
            let before = api.get(&format!("{list}?after=-1")).await;
            before.expect_problem(400, "bad-cursor", &[]);
        }
    }
);

both!(
    ids_that_are_not_text_are_not_taken_for_each_other,
    async |server: &Server| {
        let api = server.admin();
        for path in [
            "/v1/customers/by-external/erp/%FF",
            "/v1/customers/by-external/%ED%A0%80/1",
            "/v1/products/by-sku/%C3%28",
        ] {
            let answer = api.put(path, json!({})).await;
            answer.expect_problem(400, "unreadable", &[]);
        }
        let asked = api.get("/v1/customers?external=erp:%FE").await;
        asked.expect_problem(400, "unreadable", &[]);
        assert_nothing_written(&api).await;
        let path = "/v1/customers/by-external/erp/%C3%A9%2F%25";
        let made = api.put(path, json!({})).await.expect(201);
        assert_eq!(made.json["external_ids"][0]["id"], "é/%");
    }
);

both!(
    an_array_is_no_object_at_any_depth,
    async |server: &Server| {
        let api = server.admin();
        let before = api.get("/v1/exchange-rates").await.expect(200).text;
        for (path, body) in [
            ("/v1/exchange-rates", json!(["CHF", "2026-01-01", "1.05"])),
            ("/v1/customers", json!(["person", "Array Person"])),
            ("/v1/evaluations", json!(["2026-11-22"])),
            (
                "/v1/decisions/discount",
                json!({"customer": ["cus_x", null], "lines": []}),
            ),
        ] {
            let reply = api
                .post(path, body)
                .await
                .expect_problem(400, "unreadable", &[]);
            assert!(reply.text.contains("expected an object"), "{}", reply.text);
        }
        assert_eq!(api.get("/v1/exchange-rates").await.expect(200).text, before);
    }
);

both!(
    nobody_is_evaluated_as_of_a_day_to_come,
    async |server: &Server| {
        let reply = server
            .admin()
            .post("/v1/evaluations", json!({"as_of": "9999-12-31"}))
            .await;
        reply.expect_problem(422, "invalid-input", &["/as_of"]);
        let call = server.database.run(&["evaluate", "--as-of", "9999-12-31"]);
        assert_eq!(call.status.code(), Some(2));
    }
);
