//! Leases move: when the instance that numbers the journal or runs a job is killed, another goes on.

use crate::support::{Api, Database, Watched, block_on};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};

fn each_database(test: impl Fn(Database)) {
    test(Database::sqlite());
    if let Some(database) = Database::postgres() {
        test(database);
    }
}

/// Waits until the feed tells of a product.
async fn is_told(api: &Api, sku: &str, within: Duration) {
    let began = Instant::now();
    let mut after = "0".to_owned();
    loop {
        let part = api
            .get(&format!("/v1/events?limit=200&after={after}"))
            .await;
        let part = part.expect(200);
        if part.text.contains(&format!("\"{sku}\"")) {
            return;
        }
        part.json["next"].as_str().unwrap().clone_into(&mut after);
        assert!(began.elapsed() < within, "{sku} has no number");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[test]
fn another_instance_numbers_the_journal() {
    each_database(|database| {
        block_on(async {
            let token = database.token("admin");
            let mut holder = Watched::start(&database, &[]);
            let mut next = Watched::start(&database, &[]);
            for round in 0..3 {
                // The one that is killed was writing and numbering a moment ago.
                let api = holder.bearing(&token);
                for number in 0..20 {
                    let sku = format!("{round}-{number}");
                    let path = format!("/v1/products/by-sku/{sku}");
                    api.put(&path, json!({})).await.expect(201);
                }
                holder.kill();
                let other = next.bearing(&token);
                let sku = format!("after-{round}");
                let path = format!("/v1/products/by-sku/{sku}");
                other.put(&path, json!({})).await.expect(201);
                // A lease is 3 s; what the other left behind is numbered too.
                is_told(&other, &sku, Duration::from_secs(8)).await;
                is_told(&other, &format!("{round}-19"), Duration::from_secs(1)).await;
                holder = std::mem::replace(&mut next, Watched::start(&database, &[]));
            }
            drop((holder, next));
            let verdict = database.tiercel(&["audit", "verify", "--json"]);
            let verdict: Value = serde_json::from_str(&verdict).unwrap();
            assert_eq!(verdict["unnumbered"], 0, "{verdict}");
        });
    });
}

const MAPPING: &str = r#"
[source]
system = "shop"

[defaults]
date = ["%Y-%m-%d"]

[[customer]]
external_id = { column = "customer" }
kind = { constant = "person" }

[[fact]]
kind = "order_line"
external_id = { row_number = true }
customer = { column = "customer" }
occurred_on = { column = "ordered" }
status = { constant = "closed" }
quantity = { constant = "1" }
amount = { column = "amount" }
"#;

const ROWS: usize = 12_000;

/// How many facts there are, counted page by page; none may stand there twice.
async fn facts(api: &Api) -> usize {
    let mut found = BTreeSet::new();
    let mut path = "/v1/facts?limit=200".to_owned();
    loop {
        let page = api.get(&path).await.expect(200).json;
        for fact in page["items"].as_array().unwrap() {
            assert!(found.insert(fact["external_id"].to_string()), "{fact}");
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/facts?limit=200&after={next}"),
            None => return found.len(),
        }
    }
}

#[test]
fn another_instance_finishes_the_job() {
    each_database(|database| {
        block_on(async {
            let token = database.token("admin");
            let mut first = Watched::start(&database, &[]);
            let api = first.bearing(&token);
            let toml = [("content-type", "application/toml")];
            let path = "/v1/import-mappings/orders";
            api.raw(Method::PUT, path, MAPPING, &toml).await.expect(201);
            let mut file = "customer,ordered,amount\n".to_owned();
            for row in 0..ROWS {
                writeln!(file, "C-{},2026-01-02,{}.00", row % 50, row % 90 + 1).unwrap();
            }
            let csv = [("content-type", "text/csv")];
            let start = "/v1/imports?mapping=orders";
            let queued = api.raw(Method::POST, start, file, &csv).await.expect(202);
            let location = queued.header("location").to_owned();
            loop {
                let job = api.get(&location).await.expect(200).json;
                assert_ne!(job["state"], "done", "it ended before it could be killed");
                if job["done"].as_u64().unwrap_or(0) > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            let second = Watched::start(&database, &[]);
            first.kill();
            let killed = Instant::now();
            let api = second.bearing(&token);
            let job = crate::support::job_ended(&api, &location).await;
            assert_eq!(
                (&job["state"], &job["done"]),
                (&json!("done"), &json!(ROWS)),
                "{job}"
            );
            assert!(
                killed.elapsed() < Duration::from_secs(120),
                "{:?}",
                killed.elapsed()
            );
            assert_eq!(facts(&api).await, ROWS, "no row twice, none left out");
        });
    });
}
