//! The journal as a feed and as an audit trail; exchange rates, which are quick to write.

use crate::support::{Api, Server, both};
use serde_json::{Value, json};
use std::time::Duration;

/// The feed after a position, once `count` writes are numbered.
async fn feed(api: &Api, path: &str, after: &str, count: usize) -> Value {
    for _ in 0..50 {
        let part = api.get(&format!("{path}?after={after}")).await.expect(200);
        if part.json["items"].as_array().unwrap().len() >= count {
            return part.json;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not numbered within five seconds");
}

both!(
    every_write_is_one_event_in_order_and_without_gaps,
    async |server: &Server| {
        let api = server.admin();
        let start = feed(&api, "/v1/events", "0", 4).await["next"]
            .as_str()
            .unwrap()
            .to_owned();
        for rate in ["0.9", "0.91", "0.91"] {
            let rate = json!({"currency": "USD", "valid_from": "2026-01-01", "rate": rate});
            api.post("/v1/exchange-rates", rate).await.expect(201);
        }
        let part = feed(&api, "/v1/events", &start, 2).await;
        let events = part["items"].as_array().unwrap();
        assert_eq!(events.len(), 2, "the same rate again is no write");
        let position = |event: &Value| event["position"].as_i64().unwrap();
        assert_eq!(position(&events[0]), start.parse::<i64>().unwrap() + 1);
        assert_eq!(position(&events[1]), position(&events[0]) + 1);
        assert_eq!(events[1]["type"], "exchange_rate.recorded");
        assert_eq!(events[1]["changes"][0]["rate"], "0.91");
        let end = part["next"].as_str().unwrap();
        let rest = api
            .get(&format!("/v1/events?after={end}"))
            .await
            .expect(200);
        assert_eq!(rest.json, json!({"items": [], "next": end}));

        let rates = api.get("/v1/exchange-rates?currency=USD").await.expect(200);
        assert_eq!(rates.json["items"].as_array().unwrap().len(), 1);
        assert_eq!(rates.json["items"][0]["rate"], "0.91");
        let bad = json!({"currency": "EUR", "valid_from": "2026-1-1", "rate": "0"});
        let refused = api.post("/v1/exchange-rates", bad).await;
        refused.expect_problem(422, "invalid-input", &["/currency", "/valid_from", "/rate"]);
    }
);

both!(
    the_audit_trail_names_who_wrote_and_needs_its_own_scope,
    async |server: &Server| {
        let trail = feed(&server.with("audit:read"), "/v1/audit", "0", 4).await;
        assert!(trail["items"][0]["principal"].is_string());
        let last = trail["items"].as_array().unwrap().last().unwrap();
        let head = server
            .with("audit:read")
            .get("/v1/audit/head")
            .await
            .expect(200);
        assert_eq!(head.json["position"], last["position"]);
        assert_eq!(head.json["chain_hash"], last["chain_hash"]);
        let reader = server.with("events:read");
        reader
            .get("/v1/audit")
            .await
            .expect_problem(403, "forbidden", &[]);
        let events = reader.get("/v1/events").await.expect(200);
        assert!(!events.text.contains("principal"));
        reader
            .get("/v1/jobs")
            .await
            .expect_problem(403, "forbidden", &[]);
        let jobs = server
            .with("evaluations:run")
            .get("/v1/jobs")
            .await
            .expect(200);
        assert_eq!(jobs.json["items"], json!([]));
        server
            .admin()
            .get("/v1/jobs/job_00000000000000000000000000")
            .await
            .expect(404);
    }
);
