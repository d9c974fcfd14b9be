//! What follows a corrected rate or cost: recorded facts get new versions, the past stays known.

use crate::support::{Api, Database, Server, block_on, both, job_ended};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

const FACTS: &str = "/v1/facts/batch";

pub async fn customer(api: &Api, id: &str) -> String {
    let path = format!("/v1/customers/by-external/erp/{id}");
    let body = json!({"kind": "organisation", "name": id});
    let made = api.put(&path, body).await.expect(201);
    made.json["id"].as_str().unwrap().to_owned()
}

pub async fn product(api: &Api, sku: &str) -> String {
    let made = api
        .put(&format!("/v1/products/by-sku/{sku}"), json!({}))
        .await
        .expect(201);
    format!("/v1/products/{}/costs", made.json["id"].as_str().unwrap())
}

pub fn fact(id: &str, customer: &str, more: Value) -> Value {
    let mut fact = json!({
        "source": "erp", "external_id": id, "kind": "order_line", "occurred_on": "2026-02-10",
        "customer": {"external": {"system": "erp", "id": customer}}, "amount": "100",
    });
    fact.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    fact
}

pub async fn record(api: &Api, facts: Vec<Value>) {
    for chunk in facts.chunks(500) {
        let done = api.post(FACTS, json!({"facts": chunk})).await.expect(200);
        let items = done.json["items"].as_array().unwrap();
        let rejected = items.iter().find(|item| item["status"] == "rejected");
        assert_eq!(rejected, None);
    }
}

pub async fn rate(api: &Api, from: &str, rate: &str) -> String {
    let body = json!({"currency": "USD", "valid_from": from, "rate": rate});
    let done = api.post("/v1/exchange-rates", body).await.expect(201);
    done.header("revaluation-job").to_owned()
}

pub async fn cost(api: &Api, costs: &str, from: &str, cost: &str, currency: &str) -> String {
    let body = json!({"valid_from": from, "unit_cost": cost, "currency": currency});
    let done = api.post(costs, body).await.expect(201);
    done.header("revaluation-job").to_owned()
}

/// Waits for a job and returns what became of the facts: corrected, unchanged, refused.
async fn counted(api: &Api, job: &str) -> (Value, [i64; 3]) {
    assert!(job.starts_with("/v1/jobs/job_"), "no job: `{job}`");
    let job = job_ended(api, job).await;
    assert_eq!(job["kind"], "revaluation");
    let count = |name: &str| job["counts"][name].as_i64().unwrap_or(0);
    let counts = ["corrected", "unchanged", "refused"].map(count);
    (job, counts)
}

/// Waits until no revaluation is open.
pub async fn quiet(api: &Api) {
    for state in ["queued", "running"] {
        let path = format!("/v1/jobs?kind=revaluation&state={state}");
        while api.get(&path).await.expect(200).json["items"] != json!([]) {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// All facts in force by external id.
pub async fn all(api: &Api) -> BTreeMap<String, Value> {
    let all = api.all("/v1/facts").await.into_iter();
    all.map(|fact| (fact["external_id"].as_str().unwrap().to_owned(), fact))
        .collect()
}

/// Amount, cost and where it came from, in base currency.
pub fn value(fact: &Value) -> [String; 3] {
    ["base_amount", "cost", "cost_source"].map(|name| fact[name].as_str().unwrap_or("-").to_owned())
}

async fn versions(api: &Api, fact: &Value) -> Vec<Value> {
    let path = format!("/v1/facts/{}/versions", fact["id"].as_str().unwrap());
    let page = api.get(&path).await.expect(200).json;
    page["items"].as_array().unwrap().clone()
}

/// The last position of the journal once everything written so far is numbered.
async fn position(api: &Api, fact: &Value) -> i64 {
    for _ in 0..200 {
        if let Some(position) = versions(api, fact).await.pop().unwrap()["position"].as_i64() {
            return position;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the journal does not move on");
}

both!(
    a_corrected_rate_gives_its_facts_a_new_version,
    async |server: &Server| {
        let api = server.admin();
        let id = customer(&api, "C-1").await;
        assert_eq!(rate(&api, "2026-01-01", "0.9").await, "", "nothing to do");
        let costs = product(&api, "S").await;
        assert_eq!(cost(&api, &costs, "2026-01-01", "10", "USD").await, "");
        let usd = |id: &str, more: Value| {
            let mut fact = fact(id, "C-1", json!({"currency": "USD"}));
            let more = more.as_object().unwrap().clone();
            fact.as_object_mut().unwrap().extend(more);
            fact
        };
        let told = usd("usd", json!({"sku": "S", "quantity": "3", "note": "call"}));
        let facts = vec![
            told.clone(),
            usd("given", json!({"cost": "50"})),
            usd("early", json!({"occurred_on": "2026-01-31"})),
            fact("eur", "C-1", json!({"sku": "S", "quantity": "2"})),
            fact("base", "C-1", json!({"currency": "EUR", "cost": "1"})),
        ];
        record(&api, facts).await;
        let before = all(&api).await;
        let then = position(&api, &before["usd"]).await;
        let measures = format!("/v1/customers/{id}/measures?as_of=2026-03-01&known_at=");
        let as_then = format!("{measures}{then}");
        let measured = api.get(&as_then).await.expect(200).json;

        // From a day on that no rate was known for: what came before it keeps the rate of before.
        let (job, counts) = counted(&api, &rate(&api, "2026-02-01", "0.8").await).await;
        assert_eq!(
            (&job["state"], counts),
            (&json!("done"), [3, 0, 0]),
            "{job}"
        );
        assert_eq!((&job["percent"], &job["total"]), (&json!("100"), &json!(1)));
        let (_, counts) = counted(&api, &rate(&api, "2026-02-01", "0.85").await).await;
        assert_eq!(counts, [3, 0, 0]);
        let after = all(&api).await;
        let values: Vec<[String; 3]> = after.values().map(value).collect();
        let expected = [
            ["100.00", "1.00", "given"],
            ["90.00", "-", "missing"],
            ["100.00", "17.00", "product"],
            ["85.00", "42.50", "given"],
            ["85.00", "25.50", "product"],
        ];
        assert_eq!(values, expected, "base, early, eur, given, usd");
        assert_eq!(after["early"], before["early"]);
        assert_eq!(after["given"]["given_cost"], "50");

        let history = versions(&api, &after["usd"]).await;
        let amounts: Vec<&Value> = history.iter().map(|it| &it["base_amount"]).collect();
        assert_eq!(amounts, ["90.00", "80.00", "85.00"]);
        assert!(history.iter().all(|it| it["note"] == "call"), "{history:?}");
        let now = position(&api, &after["usd"]).await;
        let history = versions(&api, &after["usd"]).await;
        let positions: Vec<i64> = history
            .iter()
            .map(|it| it["position"].as_i64().unwrap())
            .collect();
        assert!(positions.is_sorted() && positions[0] == then && positions[2] == now);

        let known = format!(
            "/v1/facts/{}?known_at={then}",
            after["usd"]["id"].as_str().unwrap()
        );
        assert_eq!(
            value(&api.get(&known).await.expect(200).json),
            ["90.00", "27.00", "product"]
        );
        assert_eq!(
            api.get(&as_then).await.expect(200).json["items"],
            measured["items"]
        );
        let measured_now = api.get(&format!("{measures}{now}")).await.expect(200).json;
        assert_ne!(measured_now["items"], measured["items"]);

        // The same fact again says nothing new, and neither does the same rate.
        let again = api.post(FACTS, json!({"facts": [told]})).await.expect(200);
        assert_eq!(again.json["items"][0]["status"], "unchanged");
        assert_eq!(again.json["items"][0]["version"], 3);
        assert_eq!(rate(&api, "2026-02-01", "0.85").await, "");
        assert_eq!(
            rate(&api, "2026-02-11", "0.7").await,
            "",
            "nothing is that late"
        );
    }
);

both!(
    a_cost_recorded_later_reaches_the_facts_of_its_days,
    async |server: &Server| {
        let api = server.admin();
        let id = customer(&api, "C-1").await;
        let costs = product(&api, "S").await;
        let line = |id: &str, more: Value| {
            let mut fact = fact(id, "C-1", json!({"sku": "S", "quantity": "2"}));
            let more = more.as_object().unwrap().clone();
            fact.as_object_mut().unwrap().extend(more);
            fact
        };
        let facts = vec![
            line("1", json!({})),
            line("2", json!({"cost": "7"})),
            line("3", json!({"kind": "return"})),
            line("4", json!({"occurred_on": "2026-03-01"})),
        ];
        record(&api, facts).await;
        let (_, counts) = counted(&api, &cost(&api, &costs, "2026-01-01", "10", "EUR").await).await;
        assert_eq!(counts, [2, 0, 0]);
        let (_, counts) = counted(&api, &cost(&api, &costs, "2026-03-01", "12", "EUR").await).await;
        assert_eq!(counts, [1, 0, 0]);
        let (_, counts) = counted(&api, &cost(&api, &costs, "2026-01-01", "11", "EUR").await).await;
        assert_eq!(counts, [1, 0, 0]);
        assert_eq!(
            cost(&api, &costs, "2026-04-01", "13", "EUR").await,
            "",
            "next month's"
        );
        let found = all(&api).await;
        let values: Vec<[String; 3]> = found.values().map(value).collect();
        let expected = [
            ["100.00", "22.00", "product"],
            ["100.00", "7.00", "given"],
            ["100.00", "-", "missing"],
            ["100.00", "24.00", "product"],
        ];
        assert_eq!(values, expected);

        // Sums follow in the same write as the versions.
        let rollups = api
            .get(&format!("/v1/customers/{id}/rollups"))
            .await
            .expect(200)
            .json;
        assert!(
            rollups.to_string().contains("\"29.00\""),
            "22 + 7 in February: {rollups}"
        );

        // A cost in a currency without a rate has no value: the fact keeps the one it has.
        let (job, counts) =
            counted(&api, &cost(&api, &costs, "2026-02-01", "9", "USD").await).await;
        assert_eq!(
            (&job["state"], counts),
            (&json!("failed"), [0, 0, 1]),
            "{job}"
        );
        assert_eq!(value(&all(&api).await["1"]), ["100.00", "22.00", "product"]);
        let (job, counts) = counted(&api, &rate(&api, "2026-01-01", "0.5").await).await;
        assert_eq!(
            (&job["state"], counts),
            (&json!("done"), [1, 0, 0]),
            "{job}"
        );
        assert_eq!(value(&all(&api).await["1"]), ["100.00", "9.00", "product"]);

        let reader = server.with("products:write");
        let jobs = reader
            .get("/v1/jobs?kind=revaluation")
            .await
            .expect(200)
            .json;
        assert_eq!(jobs["items"].as_array().unwrap().len(), 5);
    }
);

async fn killed_in_the_middle(database: Database) {
    let mut server = Server::start(database).await;
    let api = server.admin();
    rate(&api, "2026-01-01", "0.5").await;
    let mut facts = Vec::new();
    for number in 0..700 {
        let id = format!("C-{number}");
        customer(&api, &id).await;
        for line in 0..2 {
            facts.push(fact(
                &format!("{number}-{line}"),
                &id,
                json!({"currency": "USD"}),
            ));
        }
    }
    record(&api, facts).await;
    let job = rate(&api, "2026-01-01", "0.75").await;
    let begun = async {
        loop {
            let seen = api.get(&job).await.expect(200).json;
            if seen["done"].as_i64().unwrap() > 0 {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let seen = begun.await;
    server.crash_and_restart();
    let api = server.admin();
    assert_eq!(seen["state"], "running", "killed too late to tell: {seen}");
    let (ended, counts) = counted(&api, &job).await;
    assert_eq!(
        (&ended["state"], counts),
        (&json!("done"), [1_400, 0, 0]),
        "{ended}"
    );
    let found = all(&api).await;
    assert_eq!(found.len(), 1_400);
    for fact in found.values() {
        assert_eq!(
            (&fact["version"], &fact["base_amount"]),
            (&json!(2), &json!("75.00"))
        );
    }
    server.database.tiercel(&["audit", "verify"]);
}

#[test]
fn a_killed_revaluation_resumes_without_double_versions_sqlite() {
    block_on(killed_in_the_middle(Database::sqlite()));
}

#[test]
fn a_killed_revaluation_resumes_without_double_versions_postgres() {
    if let Some(database) = Database::postgres() {
        block_on(killed_in_the_middle(database));
    }
}
