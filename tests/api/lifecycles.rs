//! The lifecycle wherever tiers are told: simulations, reports, agreement, the path.

use super::evaluation_models::{by_revenue, decide_by, publish};
use super::evaluations::{evaluate_everyone, evaluation};
use super::facts::fact;
use crate::support::{Api, Reply, Server, both, job_ended};
use serde_json::{Value, json};

const DEFAULT: &str = "/v1/evaluation-models/default/versions";

/// The model by revenue, with a tier that falls with the second miss.
fn with_misses() -> Value {
    let mut model = by_revenue();
    model["lifecycle"] = json!({"every_months": 3, "rise": "at_once", "misses": 2});
    model
}

/// A customer who bought once, on 15 January 2025.
async fn bought_once(api: &Api, number: u32, kind: &str) -> String {
    let at = format!("/v1/customers/by-external/erp/C-{number}");
    let made = api.put(&at, json!({"kind": kind})).await.expect(201).json;
    let id = made["id"].as_str().unwrap().to_owned();
    let of = json!({"external": {"system": "erp", "id": format!("C-{number}")}});
    let order = json!({"customer": of, "occurred_on": "2025-01-15", "amount": "5000"});
    let order = fact(&format!("order {number}"), order);
    api.post("/v1/facts", order).await.expect(201);
    id
}

/// The first draft of a model beside the default one.
async fn draft_persons(api: &Api, model: Value) -> Reply {
    let new = json!({"code": "persons", "document": model});
    api.post("/v1/evaluation-models", new).await.expect(201)
}

async fn simulate(api: &Api, model: &Value, as_of: &str) -> Value {
    let asked =
        json!({"model": {"id": model["code"], "version": model["version"]}, "as_of": as_of});
    let queued = api.post("/v1/simulations", asked).await.expect(202);
    let job = job_ended(api, queued.header("location")).await;
    assert_eq!(job["state"], "done", "{job}");
    let at = job["result"].as_str().unwrap();
    api.get(at).await.expect(200).json["report"].clone()
}

/// Customers by tier before and after.
fn transitions(cells: &Value) -> Vec<(String, String, u64)> {
    let cells = cells.as_array().unwrap().iter();
    let word = |cell: &Value, end: &str| cell[end].as_str().unwrap().to_owned();
    cells
        .map(|cell| {
            let customers = cell["customers"].as_u64().unwrap();
            (word(cell, "from"), word(cell, "to"), customers)
        })
        .collect()
}

both!(
    a_simulation_keeps_who_the_lifecycle_keeps_and_comes_true,
    async |server: &Server| {
        let api = server.admin();
        decide_by(&api, with_misses()).await;
        let company = bought_once(&api, 1, "organisation").await;
        let person = bought_once(&api, 2, "person").await;
        evaluate_everyone(&api, "2025-02-01").await;
        evaluate_everyone(&api, "2025-05-01").await;

        // For persons alone, and at once.
        let mut strict = by_revenue();
        strict["applies_to"] = json!({"kind": "person"});
        let made = draft_persons(&api, strict).await;
        let draft = json!({"code": "persons", "version": made.json["version"]});
        let report = simulate(&api, &draft, "2025-05-01").await;
        let moved = |from: &str, to: &str| (from.to_owned(), to.to_owned(), 1);
        let mut found = transitions(&report["transitions"]);
        found.sort();
        assert_eq!(found, [moved("high", "high"), moved("high", "low")]);
        assert_eq!((&report["down"], &report["up"]), (&json!(1), &json!(0)));

        publish(&api, made.header("location")).await;
        evaluate_everyone(&api, "2025-05-01").await;
        for (id, tier) in [(&company, "high"), (&person, "low")] {
            let found = api.get(&format!("/v1/customers/{id}")).await.expect(200);
            assert_eq!(found.json["tier"], tier, "{}", found.json);
        }

        // A draft for everyone, too late for the company: its second miss has passed.
        let made = api.post(DEFAULT, with_misses()).await.expect(201);
        let draft = json!({"code": "default", "version": made.json["version"]});
        let report = simulate(&api, &draft, "2025-07-01").await;
        assert_eq!(report["customers"], 2);
        let later = simulate(&api, &draft, "2025-10-01").await;
        let low = ("low".to_owned(), "low".to_owned(), 2);
        assert_eq!(transitions(&later["transitions"]), [low]);
    }
);

both!(
    reports_over_time_go_by_lifecycle_and_by_the_model_of_each,
    async |server: &Server| {
        let api = server.admin();
        decide_by(&api, with_misses()).await;
        bought_once(&api, 1, "organisation").await;
        bought_once(&api, 2, "person").await;
        let mut strict = by_revenue();
        strict["applies_to"] = json!({"kind": "person"});
        let made = draft_persons(&api, strict).await;
        publish(&api, made.header("location")).await;

        let span = "from=2025-02-01&to=2025-05-01";
        let report = api.get(&format!("/v1/reports/transitions?{span}")).await;
        let report = report.expect(200).json;
        let mut found = transitions(&report["cells"]);
        found.sort();
        let moved = |from: &str, to: &str| (from.to_owned(), to.to_owned(), 1);
        assert_eq!(
            found,
            [moved("high", "high"), moved("high", "low")],
            "{report}"
        );

        // As everyone's model without lifecycle both would have fallen.
        let made = api.post(DEFAULT, by_revenue()).await.expect(201);
        let version = &made.json["version"];
        let path =
            format!("/v1/reports/agreement?model=default&version={version}&{span}&every=month");
        let report = api.get(&path).await.expect(200).json;
        let dates = report["dates"].as_array().unwrap();
        let worse: Vec<u64> = dates
            .iter()
            .map(|it| it["worse"].as_u64().unwrap())
            .collect();
        assert_eq!(
            (worse.first(), worse.last()),
            (Some(&0), Some(&1)),
            "{report}"
        );
    }
);

both!(
    a_path_knows_what_the_lifecycle_keeps_and_what_things_cost,
    async |server: &Server| {
        let api = server.admin();
        let mut model = with_misses();
        model["lifecycle"]["rise"] = json!("on_date");
        model["efforts"] = json!({"order": "7", "amount": "0.5"});
        decide_by(&api, model).await;
        let id = bought_once(&api, 1, "organisation").await;
        evaluate_everyone(&api, "2025-02-01").await;
        evaluate_everyone(&api, "2025-05-01").await;
        let path = async |as_of: &str, by: &str| {
            let at = format!("/v1/customers/{id}/path?as_of={as_of}&by={by}");
            api.get(&at).await.expect(200).json
        };
        let kept = path("2025-05-01", "2025-06-15").await;
        assert_eq!(kept["tier"]["code"], "high", "{kept}");
        assert_eq!(kept["projection"]["tier"]["code"], "high", "{kept}");
        assert_eq!(kept["projection"]["score_tier"], "low", "{kept}");
        assert_eq!(kept["projection"]["drops"], false, "{kept}");
        assert_eq!(
            kept["keep"]["best"]["moves"][0]["amount"], "1000.00",
            "{kept}"
        );
        // An order of a thousand at a half each, and seven for the order.
        assert_eq!(kept["keep"]["best"]["effort"], "507", "{kept}");
        let falls = path("2025-05-01", "2025-10-01").await;
        assert_eq!(falls["projection"]["tier"]["code"], "low", "{falls}");
        assert_eq!(falls["projection"]["drops"], true, "{falls}");

        evaluate_everyone(&api, "2025-10-01").await;
        assert_eq!(
            evaluation(&api, &id, "?as_of=2025-10-01").await["tier"],
            "low"
        );
        let up = path("2025-10-01", "2025-11-30").await;
        assert_eq!(up["next"]["tier"], "high", "{up}");
        assert_eq!(up["next"]["holds_from"], "2026-01-01", "{up}");
    }
);

/// The tier told for a day of the past.
async fn tier_on(api: &Api, id: &str, day: &str) -> Value {
    evaluation(api, id, &format!("?as_of={day}")).await["tier"].clone()
}

both!(
    a_past_day_between_two_runs_is_told_as_the_later_one_knows_it,
    async |server: &Server| {
        let api = server.admin();
        decide_by(&api, with_misses()).await;
        let id = bought_once(&api, 1, "organisation").await;
        evaluate_everyone(&api, "2025-02-01").await;
        evaluate_everyone(&api, "2025-05-01").await;
        // The second miss is on 30 June, the third on 30 September.
        evaluate_everyone(&api, "2025-12-01").await;
        for (day, tier) in [
            ("2025-05-15", "high"),
            ("2025-06-30", "high"),
            ("2025-09-15", "high"),
            ("2025-10-01", "low"),
            ("2025-12-01", "low"),
        ] {
            assert_eq!(tier_on(&api, &id, day).await, tier, "{day}");
        }
    }
);

both!(
    what_is_steady_by_one_version_is_looked_at_anew_by_the_next,
    async |server: &Server| {
        let api = server.admin();
        let mut generous = with_misses();
        generous["criteria"][0]["measure"]["window"] = json!({"unit": "all"});
        decide_by(&api, generous).await;
        let id = bought_once(&api, 1, "organisation").await;
        evaluate_everyone(&api, "2025-02-01").await;
        // From March on only the last three months count: 30 June and 30 September are misses.
        let made = api.post(DEFAULT, with_misses()).await.expect(201);
        let from = json!({"effective_from": "2025-03-01"});
        let publish = format!("{}/publish", made.header("location"));
        api.post(&publish, from).await.expect(200);
        evaluate_everyone(&api, "2025-10-01").await;
        let why = evaluation(&api, &id, "?as_of=2025-10-01").await;
        assert_eq!(why["tier"], "low", "{why}");
    }
);

both!(
    what_a_retirement_brings_back_must_not_overlap,
    async |server: &Server| {
        let api = server.admin();
        decide_by(&api, by_revenue()).await;
        let for_whom = |whom: Value| {
            let mut model = by_revenue();
            model["applies_to"] = whom;
            model
        };
        let first = draft_persons(&api, for_whom(json!({"kind": "person"}))).await;
        publish(&api, first.header("location")).await;
        let versions = first.header("location").trim_end_matches("/1").to_owned();
        let narrow = for_whom(json!({"attribute": "region", "values": ["north"]}));
        let second = api.post(&versions, narrow).await.expect(201);
        publish(&api, second.header("location")).await;
        let other = for_whom(json!({"attribute": "region", "values": ["south"]}));
        let other = json!({"code": "south", "document": other});
        let other = api.post("/v1/evaluation-models", other).await.expect(201);
        publish(&api, other.header("location")).await;
        let retire = format!("{}/retire", second.header("location"));
        let refused = api.post(&retire, json!({})).await;
        refused.expect_problem(422, "invalid-input", &["/applies_to"]);
        let found = api.get(second.header("location")).await.expect(200).json;
        assert_eq!(found["status"], "published");
    }
);
