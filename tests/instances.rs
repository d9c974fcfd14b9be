//! Several instances on one database: what one writes is in the answers of the others, whatever
//! becomes of instances and connections.

mod balancer;
mod cut;
mod leases;
mod rolling;

use crate::support::server::spawn;
use crate::support::{Api, Database, Server, block_on, both};
use serde_json::json;
use std::process::Child;
use std::time::Duration;

both!(
    a_change_through_one_is_in_the_answers_of_another,
    async |server: &Server| {
        let token = server.database.token("admin");
        let (one, second) = (server.bearing(&token), server.another());
        let other = second.bearing(&token);
        let body =
            json!({"kind": "organisation", "name": "A", "phones": [{"number": "+49 30 901820"}]});
        one.put("/v1/customers/by-external/erp/C-1", body)
            .await
            .expect(201);
        let terms = "/v1/customers/by-external/erp/C-1/credit-terms";
        let own = one.get(terms).await.expect(200);
        assert_eq!(
            own.json["customer_matched"], true,
            "one's own writes are there at once"
        );

        let invoice = json!({
            "source": "fin", "external_id": "I-1", "kind": "invoice", "occurred_on": "2026-01-02",
            "customer": {"external": {"system": "erp", "id": "C-1"}}, "amount": "250.00", "currency": "EUR",
            "due_on": "2026-02-01", "document": {"system": "fin", "type": "invoice", "id": "I-1"},
        });
        one.post("/v1/facts", invoice).await.expect(201);
        let mut seen = other.get(terms).await.expect(200).json;
        for _ in 0..60 {
            if seen["exposure"]["posted"] == "250.00" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen = other.get(terms).await.expect(200).json;
        }
        assert_eq!(seen["exposure"]["posted"], "250.00", "{seen}");
        let call = other
            .get("/v1/routing/lookup?caller=004930901820")
            .await
            .expect(200)
            .json;
        assert_eq!(call["customer_ref"], own.json["customer_id"], "{call}");
    }
);

/// What every new database starts with, by where its versions are listed.
const DEFAULTS: [&str; 4] = [
    "/v1/evaluation-models/default/versions",
    "/v1/service-policies/discount/versions",
    "/v1/service-policies/credit/versions",
    "/v1/service-policies/routing/versions",
];

/// A server that ends with the test, however the test ends.
struct Started(Child, String);

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ten_at_once(database: &Database) {
    let start = || {
        let (process, base) = spawn(database);
        Started(process, base)
    };
    let servers: Vec<Started> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..10).map(|_| scope.spawn(start)).collect();
        let started = starting.into_iter().map(|one| one.join().unwrap());
        started.collect()
    });
    let token = database.token("admin");
    block_on(async {
        for Started(_, base) in &servers {
            let api = Api::new(base, Some(token.clone()));
            api.get("/readyz").await.expect(200);
            for path in DEFAULTS {
                let versions = api.get(path).await.expect(200).json;
                assert_eq!(versions["items"].as_array().unwrap().len(), 1, "{path}");
            }
        }
    });
    drop(servers);
    let clients = database.tiercel(&["client", "list", "--json"]);
    assert_eq!(
        clients.lines().count(),
        1,
        "one first credential: {clients}"
    );
    database.tiercel(&["audit", "verify"]);
}

#[test]
fn ten_servers_start_at_once_on_an_empty_database_sqlite() {
    ten_at_once(&Database::sqlite());
}

#[test]
fn ten_servers_start_at_once_on_an_empty_database_postgres() {
    if let Some(database) = Database::postgres() {
        ten_at_once(&database);
    }
}
