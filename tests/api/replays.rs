//! What was found stays findable: old facts under a new version, new facts under an old one, and a
//! month of evaluations that are found again as they were.

use super::evaluations::{evaluate_everyone, evaluation};
use super::facts::fact;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

/// A position of the journal that includes everything acknowledged so far.
async fn head(api: &Api) -> i64 {
    let mut last = -1;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let head = api.get("/v1/audit/head").await.expect(200).json;
        let position = head["position"].as_i64().unwrap();
        if position == last {
            return position;
        }
        last = position;
    }
}

async fn buyers(api: &Api) {
    for number in 0..4 {
        let path = format!("/v1/customers/by-external/erp/C-{number}");
        api.put(
            &path,
            json!({"kind": "organisation", "since": "2020-01-01"}),
        )
        .await
        .expect(201);
    }
}

/// An order of one of the customers, with some day and amount.
fn order(number: u64, day: u64) -> Value {
    let id = format!("C-{}", number % 4);
    let customer = json!({"external": {"system": "erp", "id": id}});
    let more = json!({
        "customer": customer, "amount": format!("{}.50", 900 + number * 137 % 9_000),
        "cost": format!("{}.25", 400 + number * 61 % 4_000), "occurred_on": format!("2025-11-{day:02}"),
    });
    fact(&format!("o{number}"), more)
}

/// What an evaluation says, without when it was asked for.
fn essence(found: &Value) -> Value {
    let criteria = found["criteria"].as_array().unwrap().iter();
    let points: Vec<Value> = criteria
        .map(|it| json!([it["code"], it["value"], it["points"]]))
        .collect();
    json!([found["score"], found["tier"], found["model"], points])
}

both!(
    a_month_of_evaluations_replays_identically,
    async |server: &Server| {
        let api = server.admin();
        buyers(&api).await;
        let mut kept = Vec::new();
        for day in 1..=30_u64 {
            for number in [day * 2, day * 2 + 1] {
                api.post("/v1/facts", order(number, day)).await.expect(201);
            }
            if day % 7 == 0 {
                // Late news: an order of the first days is corrected.
                api.post("/v1/facts", order(day / 7 * 2, day / 7)).await;
                let late = fact(
                    "late",
                    json!({
                    "customer": {"external": {"system": "erp", "id": "C-1"}},
                    "amount": (day * 1_000).to_string(), "occurred_on": "2025-10-15"}),
                );
                api.post("/v1/facts", late).await;
            }
            let as_of = format!("2025-11-{day:02}");
            evaluate_everyone(&api, &as_of).await;
            let made = api
                .get(&format!("/v1/evaluations?as_of={as_of}&limit=200"))
                .await;
            let made = made.expect(200).json["items"].clone();
            kept.push((as_of, head(&api).await, made));
        }
        let mut replayed = 0;
        for (as_of, position, made) in &kept {
            let mut seen = std::collections::BTreeSet::new();
            for one in made
                .as_array()
                .unwrap()
                .iter()
                .filter(|it| it["cause"] == "run")
            {
                let customer = one["customer"].as_str().unwrap();
                if !seen.insert(customer.to_owned()) {
                    continue;
                }
                let query = format!("?as_of={as_of}&known_at={position}");
                let again = evaluation(&api, customer, &query).await;
                assert_eq!(
                    (&again["score"], &again["tier"]),
                    (&one["score"], &one["tier"])
                );
                let points: Vec<Value> = again["criteria"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|it| json!({"code": it["code"], "points": it["points"]}))
                    .collect();
                assert_eq!(json!(points), one["points"], "{customer} {as_of}");
                replayed += 1;
            }
            assert_eq!(seen.len(), 4, "{as_of}");
        }
        assert_eq!(replayed, 120);
    }
);

both!(
    facts_and_versions_are_chosen_apart,
    async |server: &Server| {
        let api = server.admin();
        buyers(&api).await;
        api.post("/v1/facts", order(1, 3)).await.expect(201);
        let customer = api
            .get("/v1/customers/by-external/erp/C-1")
            .await
            .expect(200)
            .json;
        let customer = customer["id"].as_str().unwrap().to_owned();
        let then = head(&api).await;
        let before = evaluation(&api, &customer, "?as_of=2025-11-30").await;

        // A second version from December on, which gives every customer 7 points more.
        let versions = "/v1/evaluation-models/default/versions";
        let mut document =
            api.get(&format!("{versions}/1")).await.expect(200).json["document"].clone();
        let initial: i64 = document["initial_points"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        document["initial_points"] = json!((initial + 7).to_string());
        let draft = api.post(versions, document).await.expect(201);
        let publish = format!("{}/publish", draft.header("location"));
        api.post(&publish, json!({"effective_from": "2025-12-01"}))
            .await
            .expect(200);
        api.post("/v1/facts", order(5, 4)).await.expect(201);

        let ask = async |as_of: &str, known_at: Option<i64>| {
            let known = known_at.map_or_else(String::new, |it| format!("&known_at={it}"));
            evaluation(&api, &customer, &format!("?as_of={as_of}{known}")).await
        };
        let version = |found: &Value| found["model"]["version"].as_i64().unwrap();
        // New facts under the old version.
        let new_facts = ask("2025-11-30", None).await;
        assert_eq!(version(&new_facts), 1);
        assert_ne!(essence(&new_facts), essence(&before));
        // Old facts under the old version: as it was.
        assert_eq!(
            essence(&ask("2025-11-30", Some(then)).await),
            essence(&before)
        );
        // Old facts under the new version.
        let old_facts = ask("2025-12-01", Some(then)).await;
        assert_eq!(version(&old_facts), 2);
        let revenue = |found: &Value| {
            let criteria = found["criteria"].as_array().unwrap();
            criteria.iter().find(|it| it["code"] == "revenue").unwrap()["value"].clone()
        };
        assert_eq!(revenue(&old_facts), revenue(&before));
        assert_ne!(revenue(&ask("2025-12-01", None).await), revenue(&before));
        let measures =
            format!("/v1/customers/{customer}/measures?as_of=2025-12-01&known_at={then}");
        let measures = api.get(&measures).await.expect(200).json;
        assert_eq!(measures["model"]["version"], 2);
        assert!(
            measures["items"]
                .as_array()
                .unwrap()
                .iter()
                .any(|it| it["value"] == revenue(&before))
        );
    }
);
