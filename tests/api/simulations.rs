//! Simulations: what they tell comes true when the draft is published, and they change nothing.

use super::evaluations::evaluate_everyone;
use crate::figures::run_import;
use crate::support::{Api, Server, both, job_ended};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DAY: &str = "2017-12-31";

/// Superstore, evaluated; false where the data set is not there.
async fn superstore(api: &Api) -> bool {
    let file = "superstore/Superstore_iso_dates.csv";
    if run_import(api, "superstore", file, &[]).await.is_none() {
        return false;
    }
    evaluate_everyone(api, DAY).await;
    true
}

/// A draft that weighs revenue more, and wants more for the best tier.
async fn draft(api: &Api) -> String {
    let versions = "/v1/evaluation-models/default/versions";
    let first = api.get(&format!("{versions}/1")).await.expect(200).json;
    let mut document = first["document"].clone();
    for criterion in document["criteria"].as_array_mut().unwrap() {
        if criterion["code"] == "revenue" {
            for band in criterion["bands"].as_array_mut().unwrap() {
                let points: f64 = band["points"].as_str().unwrap().parse().unwrap();
                band["points"] = json!((points * 2.0).to_string());
            }
        }
    }
    let made = api.post(versions, document).await.expect(201);
    made.header("location").to_owned()
}

async fn simulate(api: &Api, body: Value) -> Value {
    let queued = api.post("/v1/simulations", body).await.expect(202);
    let job = job_ended(api, queued.header("location")).await;
    assert_eq!(job["state"], "done", "{job}");
    let at = job["result"].as_str().unwrap();
    api.get(at).await.expect(200).json
}

/// The current tier and score of every customer as of the day.
async fn standing(api: &Api) -> BTreeMap<String, (Value, Value)> {
    let path = format!("/v1/evaluations?as_of={DAY}");
    let mut standing = BTreeMap::new();
    for made in api.all(&path).await {
        let customer = made["customer"].as_str().unwrap().to_owned();
        // Newest first: the first one counts.
        standing
            .entry(customer)
            .or_insert((made["tier"].clone(), made["score"].clone()));
    }
    standing
}

/// What a simulation must leave as it is.
async fn fingerprint(api: &Api) -> Vec<Value> {
    let mut seen = vec![
        api.get("/v1/reports/portfolio?as_of=2017-12-31")
            .await
            .expect(200)
            .json,
    ];
    seen.push(json!(api.all("/v1/customers").await));
    let evaluations = format!("/v1/evaluations?as_of={DAY}");
    seen.push(json!(api.all(&evaluations).await));
    let versions = "/v1/evaluation-models/default/versions";
    seen.push(json!(api.all(versions).await));
    seen
}

both!(
    what_is_simulated_comes_true_customer_by_customer,
    async |server: &Server| {
        let api = server.admin();
        if !superstore(&api).await {
            return;
        }
        let at = draft(&api).await;
        let version: i64 = at.rsplit('/').next().unwrap().parse().unwrap();
        let before = standing(&api).await;
        let untouched = fingerprint(&api).await;
        let asked = json!({"model": {"id": "default", "version": version}, "as_of": DAY});
        let told = simulate(&api, asked).await;
        assert_eq!(
            fingerprint(&api).await,
            untouched,
            "nothing but the report is written"
        );
        let report = &told["report"];
        assert_eq!(report["customers"], 793);
        let movers = format!("/v1/simulations/{}/movers", told["id"].as_str().unwrap());
        let movers = api.all(&movers).await;
        assert!(!movers.is_empty());
        let sum = ["up", "down", "sideways"].map(|it| report[it].as_u64().unwrap());
        assert_eq!(sum.iter().sum::<u64>(), movers.len() as u64);
        let cells = report["transitions"].as_array().unwrap();
        let count = |keep: &dyn Fn(&Value) -> bool| -> u64 {
            cells
                .iter()
                .filter(|it| keep(it))
                .map(|it| it["customers"].as_u64().unwrap())
                .sum()
        };
        assert_eq!(count(&|_| true), 793);
        assert_eq!(count(&|it| it["from"] != it["to"]), movers.len() as u64);
        let scores = report["scores"].as_array().unwrap();
        let scored: u64 = scores.iter().map(|it| it["after"].as_u64().unwrap()).sum();
        assert_eq!(scored, 793);

        let from = json!({"effective_from": DAY});
        api.post(&format!("{at}/publish"), from).await.expect(200);
        evaluate_everyone(&api, DAY).await;
        let after = standing(&api).await;
        assert_eq!(after.len(), 793);
        let moved: BTreeMap<&str, &Value> = movers
            .iter()
            .map(|mover| (mover["customer"].as_str().unwrap(), mover))
            .collect();
        for (customer, (tier, score)) in &after {
            let was = &before[customer];
            match moved.get(customer.as_str()) {
                None => assert_eq!(&was.0, tier, "{customer}"),
                Some(mover) => {
                    assert_eq!(
                        (&mover["tier_before"], &mover["tier_after"]),
                        (&was.0, tier)
                    );
                    assert_eq!(
                        (&mover["score_before"], &mover["score_after"]),
                        (&was.1, score)
                    );
                    assert_eq!(mover["criteria"][0]["code"], "revenue", "{mover}");
                }
            }
        }
    }
);

both!(
    a_simulation_is_of_whom_and_of_what_was_asked,
    async |server: &Server| {
        let api = server.admin();
        for (number, kind) in ["person", "organisation", "person"].iter().enumerate() {
            let path = format!("/v1/customers/by-external/erp/C-{number}");
            api.put(&path, json!({"kind": kind})).await.expect(201);
        }
        let model = json!({"id": "default", "version": 1});
        let asked = json!({"model": model, "customers": {"kind": "person"}});
        let told = simulate(&api, asked).await;
        assert_eq!(told["report"]["customers"], 2);
        assert_eq!(told["report"]["up"], 0);
        let listed = api.get("/v1/simulations").await.expect(200).json;
        assert_eq!(listed["items"][0]["id"], told["id"]);
        let blind = server.with("evaluations:read");
        let at = format!("/v1/simulations/{}", told["id"].as_str().unwrap());
        let seen = blind.get(&at).await.expect(200).json;
        let cells = seen["report"]["transitions"].as_array().unwrap();
        assert!(cells.iter().all(|cell| cell["profit"].is_null()), "{seen}");
        let wrong = json!({"model": {"id": "default", "version": 9}, "as_of": "2999-01-01",
                           "customers": {"kind": "robot"}});
        let pointers = ["/model", "/as_of", "/customers/kind"];
        let refused = api.post("/v1/simulations", wrong).await;
        refused.expect_problem(422, "invalid-input", &pointers);
        let typo = json!({"model": model, "customer": {}});
        api.post("/v1/simulations", typo).await.expect(400);
    }
);

both!(
    a_model_may_need_a_fresh_simulation,
    async |server: &Server| {
        let free = server.admin();
        let path = "/v1/customers/by-external/erp/C-1";
        free.put(path, json!({"kind": "person"})).await.expect(201);
        let strict = server.another_with(&[("TIERCEL_REQUIRE_SIMULATION", "true")]);
        let api = strict.bearing(&server.database.token("admin"));
        let at = draft(&api).await;
        let version: i64 = at.rsplit('/').next().unwrap().parse().unwrap();
        let publish = format!("{at}/publish");
        let model = json!({"id": "default", "version": version});
        let refused = api.post(&publish, json!({})).await;
        refused.expect_problem(409, "conflict", &[]);
        simulate(
            &api,
            json!({"model": model, "customers": {"kind": "person"}}),
        )
        .await;
        let some = api.post(&publish, json!({})).await;
        some.expect_problem(409, "conflict", &[]);
        simulate(&api, json!({"model": model})).await;
        // What was simulated is not what would be published.
        let found = api.get(&at).await.expect(200);
        let mut changed = found.json["document"].clone();
        changed["name"] = json!("another name");
        let tag = [("if-match", found.header("etag"))];
        let put = reqwest::Method::PUT;
        api.send(put, &at, Some(changed), &tag).await.expect(200);
        let other = api.post(&publish, json!({})).await;
        other.expect_problem(409, "conflict", &[]);
        simulate(&api, json!({"model": model})).await;
        api.post(&publish, json!({})).await.expect(200);
        strict.stop();
    }
);
