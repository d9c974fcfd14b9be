//! `/metrics`: who may read it, and whether what it says is so.

use crate::support::server::free_port;
use crate::support::{Server, Watched, both};
use serde_json::json;
use std::collections::BTreeMap;

/// Samples by name and labels. The text must be to the letter of the format.
fn read(text: &str) -> BTreeMap<String, f64> {
    let mut typed = BTreeMap::new();
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
            assert!(
                typed.insert(name.to_owned(), kind.to_owned()).is_none(),
                "{line}"
            );
            continue;
        }
        if line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line.rsplit_once(' ').unwrap();
        let name = series.split('{').next().unwrap();
        let family = ["_bucket", "_sum", "_count"]
            .iter()
            .find_map(|end| {
                name.strip_suffix(end)
                    .filter(|family| typed.contains_key(*family))
            })
            .unwrap_or(name);
        assert!(typed.contains_key(family), "{line} has no type");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        assert!(name.bytes().all(plain), "{line}");
        let twice = samples.insert(series.to_owned(), value.parse().unwrap());
        assert!(twice.is_none(), "{line} stands there twice");
    }
    samples
}

both!(
    administrators_read_what_an_instance_does,
    async |server: &Server| {
        let admin = server.admin();
        let body = json!({"kind": "organisation", "name": "Canary GmbH"});
        admin
            .put("/v1/customers/by-external/erp/C-1", body)
            .await
            .expect(201);
        for _ in 0..3 {
            let asked = "/v1/routing/lookup?caller=%2B4930901820";
            admin.get(asked).await.expect(200);
        }
        admin.get("/v1/customers/cus_x").await.expect(404);
        admin.get("/nowhere").await.expect(404);

        let answer = admin.get("/metrics").await.expect(200);
        let media = answer.header("content-type");
        assert!(media.starts_with("text/plain; version=0.0.4"), "{media}");
        for secret in ["Canary", "4930901820", "cus_"] {
            assert!(!answer.text.contains(secret), "{secret}: {}", answer.text);
        }
        let samples = read(&answer.text);
        let sample = |series: &str| {
            let found = samples.get(series);
            *found.unwrap_or_else(|| panic!("no {series}: {}", answer.text))
        };
        let count = |operation: &str, status: &str| {
            sample(&format!(
                "tiercel_requests_total{{operation=\"{operation}\",status=\"{status}\"}}"
            ))
        };
        assert_eq!(count("find_routing", "200"), 3.0);
        assert_eq!(count("find_customer", "404"), 1.0);
        assert_eq!(count("other", "404"), 1.0);
        let bucket = |end: &str| {
            sample(&format!(
                "tiercel_request_duration_seconds_bucket{{operation=\"find_routing\",le=\"{end}\"}}"
            ))
        };
        assert_eq!(bucket("+Inf"), 3.0);
        assert!(bucket("0.0001") <= bucket("0.01") && bucket("0.01") <= bucket("10"));
        let took = sample("tiercel_request_duration_seconds_sum{operation=\"find_routing\"}");
        assert!(took > 0.0 && took < 30.0, "{took}");
        assert_eq!(sample("tiercel_book_entries{kind=\"customers\"}"), 1.0);
        assert_eq!(sample("tiercel_database_up"), 1.0);
        assert_eq!(sample("tiercel_requests_active_limit"), 256.0);
        assert_eq!(
            sample("tiercel_requests_shed_total{reason=\"requests\"}"),
            0.0
        );
        let connections = "tiercel_database_connections";
        let used = sample(&format!("{connections}{{state=\"used\"}}"));
        let idle = sample(&format!("{connections}{{state=\"idle\"}}"));
        assert!(used + idle >= 1.0 && used + idle <= sample(&format!("{connections}_limit")));
        assert!(sample("process_resident_memory_bytes") > 1e6);
        assert!(sample("tiercel_journal_lag_seconds") < 10.0);
    }
);

both!(
    the_book_is_as_old_as_the_journal_says,
    async |server: &Server| {
        let admin = server.admin();
        admin
            .put("/v1/products/by-sku/A", json!({}))
            .await
            .expect(201);
        let started = admin
            .post("/v1/evaluations", json!({"as_of": "2025-12-31"}))
            .await
            .expect(202);
        crate::support::job_ended(&admin, started.header("location")).await;
        for _ in 0..100 {
            let samples = read(&admin.get("/metrics").await.expect(200).text);
            let known = |series: &str| samples.get(series).copied().unwrap_or(-1.0);
            let current = known("tiercel_book_position") == known("tiercel_journal_position")
                && known("tiercel_journal_position") > 0.0
                && known("tiercel_journal_unnumbered") == 0.0;
            if current && known("tiercel_book_age_seconds") < 2.0 {
                assert_eq!(known("tiercel_book_entries{kind=\"products\"}"), 1.0);
                let done = "tiercel_jobs{kind=\"evaluation\",state=\"done\"}";
                assert_eq!(known(done), 1.0);
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the book does not reach the end of the journal");
    }
);

both!(
    an_address_of_its_own_answers_without_a_credential,
    async |server: &Server| {
        let address = format!("127.0.0.1:{}", free_port());
        let watched = Watched::start(&server.database, &[("TIERCEL_METRICS_BIND", &address)]);
        let aside = crate::support::Api::new(&format!("http://{address}"), None);
        let samples = read(&aside.get("/metrics").await.expect(200).text);
        assert!(samples.contains_key("tiercel_book_age_seconds"));
        for path in ["/v1/customers", "/livez", "/docs/", "/metrics/"] {
            assert_eq!(aside.get(path).await.status, 404, "{path}");
        }
        let asked = watched.without_token().get("/metrics").await;
        asked.expect_problem(401, "unauthorized", &[]);
        let few = server.with("customers:read").get("/metrics").await;
        few.expect_problem(403, "forbidden", &[]);
    }
);
