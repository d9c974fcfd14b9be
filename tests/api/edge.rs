//! Methods beside those of the contract, encoded files, days nobody means, and texts that cannot be.

use crate::support::{Server, both};
use reqwest::Method;
use serde_json::json;

both!(
    a_path_tells_the_methods_that_it_takes,
    async |server: &Server| {
        let api = server.admin();
        let full = api.get("/v1/jobs").await.expect(200);
        let head = api.raw(Method::HEAD, "/v1/jobs", "", &[]).await.expect(200);
        assert_eq!(head.text, "");
        for name in ["content-type", "content-length"] {
            assert_eq!(head.header(name), full.header(name), "{name}");
        }
        let stranger = server.without_token();
        stranger
            .raw(Method::HEAD, "/v1/jobs", "", &[])
            .await
            .expect(401);
        stranger
            .raw(Method::HEAD, "/livez", "", &[])
            .await
            .expect(200);
        api.raw(Method::HEAD, "/v1/nothing", "", &[])
            .await
            .expect(404);

        for (path, allow) in [
            ("/v1/jobs/job_x", "GET, HEAD, OPTIONS"),
            ("/v1/imports", "OPTIONS, POST"),
            ("/v1/customers/by-external/erp/1", "GET, HEAD, OPTIONS, PUT"),
        ] {
            let asked = api.raw(Method::OPTIONS, path, "", &[]).await.expect(204);
            assert_eq!(asked.header("allow"), allow, "{path}");
            let refused = api.raw(Method::TRACE, path, "", &[]).await;
            let refused = refused.expect_problem(405, "method-not-allowed", &[]);
            assert_eq!(refused.header("allow"), allow, "{path}");
        }
        for method in [Method::OPTIONS, Method::GET, Method::DELETE] {
            let answer = api.raw(method, "/v1/nothing", "", &[]).await;
            let answer = answer.expect_problem(404, "not-found", &[]);
            assert_eq!(answer.header("allow"), "");
        }
    }
);

both!(an_encoded_file_is_refused, async |server: &Server| {
    let api = server.admin();
    for encoding in ["gzip", "deflate"] {
        let headers = [("content-type", "text/csv"), ("content-encoding", encoding)];
        for (method, path) in [
            (Method::POST, "/v1/imports?mapping=m"),
            (Method::PUT, "/v1/import-files/names"),
        ] {
            let sent = api.raw(method, path, "\u{1f}\u{8b}", &headers).await;
            sent.expect_problem(415, "unsupported-media-type", &[]);
        }
    }
    let headers = [
        ("content-type", "text/csv"),
        ("content-encoding", "identity"),
    ];
    let sent = api.raw(Method::PUT, "/v1/import-files/names", "id\n", &headers);
    sent.await.expect(200);
});

both!(
    days_that_nobody_means_are_refused_everywhere,
    async |server: &Server| {
        let api = server.admin();
        let made = api
            .put("/v1/products/by-sku/S", json!({}))
            .await
            .expect(201);
        let costs = format!("/v1/products/{}/costs", made.json["id"].as_str().unwrap());
        for day in ["1899-12-31", "3000-01-01"] {
            let rate = json!({"currency": "USD", "valid_from": day, "rate": "0.9"});
            let cost = json!({"valid_from": day, "unit_cost": "1"});
            let customer = json!({"kind": "person", "since": day});
            for (path, body, pointer) in [
                ("/v1/exchange-rates", rate, "/valid_from"),
                (costs.as_str(), cost, "/valid_from"),
                ("/v1/customers", customer, "/since"),
                ("/v1/evaluations", json!({"as_of": day}), "/as_of"),
            ] {
                let answer = api.post(path, body).await;
                answer.expect_problem(422, "invalid-input", &[pointer]);
            }
            let asked = api.get(&format!("/v1/reports/portfolio?as_of={day}")).await;
            asked.expect_problem(422, "invalid-input", &["as_of"]);
        }
    }
);

both!(
    the_portfolio_is_known_at_instants_too,
    async |server: &Server| {
        let api = server.admin();
        let before = api
            .get("/v1/reports/portfolio?known_at=2020-01-01T00:00:00Z")
            .await;
        let first = api
            .get("/v1/reports/portfolio?known_at=0")
            .await
            .expect(200);
        assert_eq!(before.expect(200).json, first.json);
        for wrong in ["yesterday", "-1"] {
            let asked = api
                .get(&format!("/v1/reports/portfolio?known_at={wrong}"))
                .await;
            asked.expect_problem(422, "invalid-input", &["known_at"]);
        }
    }
);

both!(a_nul_is_named_by_its_pointer, async |server: &Server| {
    let api = server.admin();
    let body = json!({"kind": "person", "name": "a\0b",
        "phones": [{"number": "1"}, {"number": "2\0"}], "a/\0": 1});
    let answer = api.post("/v1/customers", body).await;
    let pointers = ["/name", "/phones/1/number", "/a~1\u{fffd}"];
    answer.expect_problem(400, "unreadable", &pointers);
    let json = [("content-type", "application/json")];
    let raw = api.raw(Method::POST, "/v1/customers", "{\"name\": \"a\0\"}", &json);
    raw.await.expect_problem(400, "unreadable", &[]);
});
