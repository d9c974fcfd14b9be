//! Leases move: when the instance that numbers the journal or runs a job is killed, another goes on.

use crate::support::{Api, Watched, block_on, each_database, importing, job_ended};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::time::{Duration, Instant};

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

const ROWS: usize = 12_000;

/// How many facts there are, counted page by page; none may stand there twice.
async fn facts(api: &Api) -> usize {
    let all = api.all("/v1/facts").await;
    let ids: BTreeSet<_> = all.iter().map(|it| it["external_id"].to_string()).collect();
    assert_eq!(ids.len(), all.len());
    all.len()
}

#[test]
fn another_instance_finishes_the_job() {
    each_database(|database| {
        block_on(async {
            let token = database.token("admin");
            let mut first = Watched::start(&database, &[]);
            let api = first.bearing(&token);
            importing::put_mapping(&api, "orders", importing::SHOP_ORDERS).await;
            let mut file = "customer,ordered,amount\n".to_owned();
            for row in 0..ROWS {
                writeln!(file, "C-{},2026-01-02,{}.00", row % 50, row % 90 + 1).unwrap();
            }
            let location = importing::start(&api, "orders", file).await;
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
            let job = job_ended(&api, &location).await;
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
