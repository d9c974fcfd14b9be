//! A new version goes live: one instance after the other, while callers go on calling.

use super::balancer::Balancer;
use crate::support::{Api, Database, Watched, block_on};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How often every instance is replaced.
const ROUNDS: usize = 3;
const DRAIN: [(&str, &str); 1] = [("TIERCEL_DRAIN_SECONDS", "1")];

/// Asks and writes until told to stop; every answer must be a good one. Returns what was written.
async fn call(api: Api, caller: usize, stop: Arc<AtomicBool>) -> usize {
    let mut written = 0;
    while !stop.load(Ordering::Relaxed) {
        let path = format!("/v1/products/by-sku/{caller}-{written}");
        api.put(&path, json!({"name": "x"})).await.expect(201);
        written += 1;
        for _ in 0..3 {
            api.get("/v1/routing/lookup?caller=%2B4930901820")
                .await
                .expect(200);
        }
    }
    written
}

#[test]
fn nobody_notices_that_instances_are_replaced() {
    let Some(database) = Database::postgres() else {
        return;
    };
    block_on(async {
        let balancer = Balancer::start();
        let mut serving = Vec::new();
        for _ in 0..2 {
            serving.push(next(&database, &balancer).await);
        }
        let token = database.token("admin");
        let stop = Arc::new(AtomicBool::new(false));
        let callers: Vec<_> = (0..4)
            .map(|caller| {
                let api = Api::new(&balancer.base, Some(token.clone()));
                tokio::task::spawn(call(api, caller, stop.clone()))
            })
            .collect();
        for _ in 0..ROUNDS * serving.len() {
            serving.push(next(&database, &balancer).await);
            let mut former = serving.remove(0);
            let address = former.address().to_owned();
            former.signal("-TERM");
            assert!(former.ended(Duration::from_secs(40)).await.success());
            balancer.remove(&address);
        }
        stop.store(true, Ordering::Relaxed);
        let mut written = 0;
        for caller in callers {
            written += caller.await.unwrap();
        }
        assert!(written > 4 * ROUNDS, "{written}");
        let api = serving[0].bearing(&token);
        let page = api.get("/v1/products?count=true&limit=1").await.expect(200);
        assert_eq!(page.json["total"], written, "{}", page.text);
    });
}

/// Starts the next instance without keeping the callers from calling.
async fn next(database: &Database, balancer: &Balancer) -> Watched {
    let mut command = database.command(&["serve", "--bind", "127.0.0.1:0"]);
    command.envs(DRAIN);
    let next = tokio::task::spawn_blocking(|| Watched::of(command))
        .await
        .unwrap();
    let address = next.address().to_owned();
    balancer.announce(&address);
    while !balancer.is_in_turn(&address) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    next
}
