//! Calls are routed with the database stopped: in time, from memory, and said to be so.

use super::{Centre, VIP, escaped};
use crate::support::proxy::Proxy;
use crate::support::{Database, Server, block_on};
use std::time::{Duration, Instant};

/// A server whose way to PostgreSQL can be cut; none where no PostgreSQL is installed.
fn behind_a_proxy() -> Option<(Proxy, Database)> {
    let mut database = Database::postgres()?;
    let url = database.url.take()?;
    let (before, rest) = url.split_once("127.0.0.1:").unwrap();
    let (port, name) = rest.split_once('/').unwrap();
    let proxy = Proxy::to(port.parse().unwrap());
    database.url = Some(format!("{before}127.0.0.1:{}/{name}", proxy.port()));
    Some((proxy, database))
}

#[test]
fn a_stopped_database_stops_no_call() {
    let Some((proxy, database)) = behind_a_proxy() else {
        return;
    };
    block_on(async {
        let server = Server::start(database).await;
        let centre = Centre::open(&server).await;
        let api = server.with("routing:read");
        let plain = format!("/v1/routing/lookup?budget_ms=300&caller={}", escaped(VIP));
        let sealed = format!("{plain}&receipt=full");
        let fresh = api.get(&sealed).await.expect(200).json;
        assert_eq!(fresh["stale_because"], "", "{fresh}");
        assert!(fresh["receipt"].is_object());

        proxy.hang();
        let (late, took) = timed(&api, &sealed).await;
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(late["stale_because"], "over_budget", "{late}");
        assert_eq!(
            (late["queue"].as_str(), late.get("receipt")),
            (Some("vip"), None)
        );

        proxy.cut();
        tokio::time::sleep(Duration::from_secs(6)).await;
        for path in [&plain, &sealed] {
            let (late, took) = timed(&api, path).await;
            assert!(took < Duration::from_secs(2), "{took:?}");
            assert_eq!(
                (late["stale"].as_bool(), late["queue"].as_str()),
                (Some(true), Some("vip"))
            );
            assert_eq!(late["customer_ref"], centre.customer.as_str());
        }
        let (late, _) = timed(&api, &plain).await;
        assert_eq!(late["stale_because"], "database_away");
        for dialect in super::DIALECTS {
            let path = format!("/v1/routing/lookup/{dialect}?caller={}", escaped(VIP));
            api.get(&path).await.expect(200);
        }
        api.get("/v1/routing/snapshot").await.expect(200);

        proxy.mend();
        let mended = async {
            loop {
                let (now, _) = timed(&api, &plain).await;
                if now["stale"] == false {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        let mended = tokio::time::timeout(Duration::from_secs(60), mended).await;
        assert!(mended.is_ok(), "it heals by itself");
    });
}

async fn timed(api: &crate::support::Api, path: &str) -> (serde_json::Value, Duration) {
    let begun = Instant::now();
    let answer = api.get(path).await.expect(200).json;
    (answer, begun.elapsed())
}
