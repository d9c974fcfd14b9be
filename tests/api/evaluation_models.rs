//! Evaluation models of schema 2: lifecycle, several models, versions, lint, freezing.

use super::evaluations::{evaluate_everyone, evaluation};
use super::facts::{customer, fact};
use crate::access::client;
use crate::support::{Api, Server, both, job_ended};
use reqwest::Method;
use serde_json::{Value, json};

const DEFAULT: &str = "/v1/evaluation-models/default/versions";

/// 50 points for whoever bought for 1,000 or more in three months.
pub fn by_revenue() -> Value {
    json!({
        "schema": 2, "name": "By revenue", "initial_points": "0",
        "criteria": [{
            "code": "revenue", "label": "Revenue of three months",
            "measure": {"kind": "revenue", "window": {"unit": "months", "length": 3}},
            "bands": [
                {"to": "1000", "points": "0", "reason": {"code": "R1", "en": "Few orders", "zh": "订单较少"}},
                {"from": "1000", "points": "50"},
            ],
            "missing_points": "0",
        }],
        "tiers": [{"code": "high", "label": "High", "from": "40"}, {"code": "low", "label": "Low"}],
        "default_tier": "low",
    })
}

pub async fn publish(api: &Api, draft: &str) {
    let publish = format!("{draft}/publish");
    let since_ever = json!({"effective_from": "2001-01-01"});
    api.post(&publish, since_ever).await.expect(200);
}

/// Drafts the next version of the default model and publishes it.
pub async fn decide_by(api: &Api, model: Value) {
    let draft = api.post(DEFAULT, model).await.expect(201);
    publish(api, draft.header("location")).await;
}

both!(
    a_tier_falls_after_two_misses_and_late_facts_do_not_reopen_the_past,
    async |server: &Server| {
        let api = server.admin();
        let mut model = by_revenue();
        model["lifecycle"] = json!({"every_months": 3, "rise": "at_once", "misses": 2});
        decide_by(&api, model).await;
        let id = customer(&api).await;
        let order = fact("1", json!({"occurred_on": "2025-01-15", "amount": "5000"}));
        api.post("/v1/facts", order).await.expect(201);
        let expected = [
            ("2025-02-01", "high", "high", "none"),
            ("2025-05-01", "high", "low", "kept"),
            ("2025-07-01", "high", "low", "kept"),
            ("2025-10-01", "low", "low", "none"),
        ];
        for (as_of, tier, says, effect) in expected {
            evaluate_everyone(&api, as_of).await;
            let path = format!("/v1/evaluations?customer={id}&as_of={as_of}&limit=1");
            let made = api.get(&path).await.expect(200).json["items"][0].clone();
            assert_eq!(made["tier"], tier, "{as_of}: {made}");
            let why = evaluation(&api, &id, &format!("?as_of={as_of}")).await;
            assert_eq!(
                (&why["tier"], &why["score_tier"]),
                (&json!(tier), &json!(says))
            );
            assert_eq!(why["lifecycle"]["effect"], effect, "{as_of}: {why}");
            let known = api.get(&format!("/v1/customers/{id}")).await.expect(200);
            assert_eq!(known.json["tier"], tier);
        }
        let kept = evaluation(&api, &id, "?as_of=2025-05-01").await["lifecycle"].clone();
        assert_eq!(
            (&kept["by"], &kept["until"]),
            (&json!("misses"), &json!("2025-09-30"))
        );
        let told = "score says low; kept high until 2025-09-30 by the misses that it allows";
        assert_eq!(kept["en"], told);

        let late = fact("2", json!({"occurred_on": "2025-06-20", "amount": "5000"}));
        api.post("/v1/facts", late).await.expect(201);
        evaluate_everyone(&api, "2025-10-01").await;
        let recorded = evaluation(&api, &id, "?as_of=2025-10-01").await;
        assert_eq!(recorded["tier"], "low", "{recorded}");
        let again = evaluation(&api, &id, "?as_of=2025-10-01&steps=again").await;
        assert_eq!(again["tier"], "high", "{again}");
    }
);

both!(
    a_veto_overrules_at_once_and_reasons_are_told,
    async |server: &Server| {
        let api = server.admin();
        let mut model = by_revenue();
        model["criteria"][0]["weight"] = json!("90");
        model["vetoes"] = json!([{"code": "insolvent", "label": "Insolvent", "force": "low",
            "when": {"attribute": "segment", "values": ["insolvent"]}}]);
        decide_by(&api, model).await;
        let id = customer(&api).await;
        let order = fact("1", json!({"occurred_on": "2025-01-15", "amount": "5000"}));
        api.post("/v1/facts", order).await.expect(201);
        let why = evaluation(&api, &id, "?as_of=2025-02-01").await;
        assert_eq!(
            (&why["tier"], &why["score"]),
            (&json!("high"), &json!("45"))
        );
        let counted = &why["criteria"][0]["counted"];
        assert_eq!(
            (&counted["given"], &counted["weighed"]),
            (&json!("50"), &json!("45"))
        );
        let at = "/v1/customers/by-external/erp/C-1";
        api.put(at, json!({"attributes": {"segment": "insolvent"}}))
            .await
            .expect(200);
        let why = evaluation(&api, &id, "?as_of=2025-06-01").await;
        assert_eq!(why["reasons"][0]["reason"]["code"], "R1", "{why}");
        let why = evaluation(&api, &id, "?as_of=2025-02-01").await;
        assert_eq!(
            (&why["tier"], &why["score_tier"]),
            (&json!("low"), &json!("high"))
        );
        assert_eq!(why["vetoes"][0]["decides"], true);
    }
);

both!(
    models_are_for_different_customers_and_never_for_the_same,
    async |server: &Server| {
        let api = server.admin();
        let mut model = by_revenue();
        model["initial_points"] = json!("100");
        model["tiers"] = json!([{"code": "private", "label": "Private"}]);
        model["default_tier"] = json!("private");
        model["applies_to"] = json!({"kind": "person"});
        let made = json!({"code": "private", "document": model});
        let made = api.post("/v1/evaluation-models", made).await.expect(201);
        publish(&api, made.header("location")).await;
        let person = api
            .post("/v1/customers", json!({"kind": "person"}))
            .await
            .expect(201);
        assert_eq!(person.json["tier"], "private");
        let id = person.json["id"].as_str().unwrap();
        assert_eq!(evaluation(&api, id, "").await["score"], "100");
        let company = customer(&api).await;
        assert_ne!(evaluation(&api, &company, "").await["tier"], "private");

        model["applies_to"] = json!({"any": [
            {"all": [{"kind": "person"}, {"attribute": "region", "values": ["north"]}]},
            {"group": "dealers"},
        ]});
        let other = json!({"code": "north", "document": model});
        let other = api.post("/v1/evaluation-models", other).await.expect(201);
        let lint = format!("{}/lint", other.header("location"));
        let found = api.post(&lint, json!({})).await.expect(200).json;
        assert_eq!(found["findings"][0]["code"], "overlaps_model", "{found}");
        let witness = json!({"kind": "person", "region": "north"});
        assert_eq!(found["findings"][0]["witness"], witness);
        let refused = api
            .post(&format!("{}/publish", other.header("location")), json!({}))
            .await;
        refused.expect_problem(422, "invalid-input", &["/applies_to"]);
    }
);

both!(
    versions_are_compared_rolled_back_and_published_by_two_people,
    async |server: &Server| {
        let api = server.admin();
        let mut model = api.get(&format!("{DEFAULT}/1")).await.expect(200).json["document"].clone();
        model["tiers"][0]["from"] = json!("57");
        let draft = api.post(DEFAULT, model).await.expect(201);
        let at = draft.header("location").to_owned();
        let compared = api
            .get(&format!("{DEFAULT}/1/compare?with=2"))
            .await
            .expect(200);
        let change = json!([{"pointer": "/tiers/0/from", "before": "56", "after": "57"}]);
        assert_eq!(compared.json["changes"], change);

        let rules = json!({"four_eyes": true});
        api.put("/v1/publication-rules", rules.clone())
            .await
            .expect(200);
        assert_eq!(
            api.get("/v1/publication-rules").await.expect(200).json,
            rules
        );
        api.put("/v1/publication-rules", rules).await.expect(200);
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        let told = api.get("/v1/events?limit=200").await.expect(200).json;
        let decided = told["items"].as_array().unwrap().iter();
        let decided = decided.filter(|it| it["type"] == "setting.decided");
        let versions: Vec<_> = decided.map(|it| &it["changes"][0]["version"]).collect();
        assert_eq!(versions, [1, 2], "every decision counts: {told}");

        let publish = format!("{at}/publish");
        let alone = api.send(Method::POST, &publish, None, &[]).await;
        alone.expect_problem(409, "conflict", &[]);
        let second = client(server, "second", &["models:read", "models:publish"]).await;
        let second = server.bearing(&second.token(&server.without_token()).await);
        second
            .send(Method::POST, &publish, None, &[])
            .await
            .expect(200);

        let never = format!("{DEFAULT}/9/rollback");
        api.send(Method::POST, &never, None, &[]).await.expect(404);
        let back = format!("{DEFAULT}/1/rollback");
        let back = api.send(Method::POST, &back, None, &[]).await.expect(201);
        assert_eq!(
            (&back.json["version"], &back.json["status"]),
            (&json!(3), &json!("published"))
        );
        let same = api
            .get(&format!("{DEFAULT}/1/compare?with=3"))
            .await
            .expect(200);
        assert_eq!(same.json["changes"], json!([]));
        let models = api.get("/v1/evaluation-models").await.expect(200);
        assert_eq!(models.json["items"][0]["version_in_force"], 3);
    }
);

both!(
    quantiles_are_frozen_into_the_draft,
    async |server: &Server| {
        let api = server.admin();
        let mut model = by_revenue();
        model["criteria"][0]["bands"][0]["to"] = json!("500");
        model["criteria"][0]["bands"][1] = json!({"from": "500", "points": "50"});
        model["tiers"][0] = json!({"code": "high", "label": "High", "quantile": "50"});
        let draft = api.post(DEFAULT, model).await.expect(201);
        let at = draft.header("location").to_owned();
        let lint = api
            .post(&format!("{at}/lint"), json!({}))
            .await
            .expect(200)
            .json;
        assert_eq!(lint["findings"][0]["code"], "not_frozen", "{lint}");
        for number in 0..12 {
            let reference = json!({"external": {"system": "erp", "id": format!("Q-{number}")}});
            let path = format!("/v1/customers/by-external/erp/Q-{number}");
            api.put(&path, json!({"kind": "organisation"}))
                .await
                .expect(201);
            let order = json!({"occurred_on": "2025-01-15", "customer": reference,
                "amount": format!("{}", number * 100)});
            api.post("/v1/facts", fact(&number.to_string(), order))
                .await
                .expect(201);
        }
        let freeze = format!("{at}/freeze");
        let as_of = json!({"as_of": "2025-01-31"});
        api.post(&freeze, as_of.clone())
            .await
            .expect_problem(428, "precondition-required", &[]);
        let tag = [("if-match", draft.header("etag"))];
        let queued = api.send(Method::POST, &freeze, Some(as_of), &tag).await;
        let job = job_ended(&api, queued.expect(202).header("location")).await;
        assert_eq!(job["state"], "done", "{job}");
        let frozen = api.get(job["result"].as_str().unwrap()).await.expect(200);
        let document = &frozen.json["document"];
        assert_eq!(document["tiers"][0]["from"], "50", "{document}");
        assert_eq!(
            document["frozen"],
            json!({"as_of": "2025-01-31", "customers": 12})
        );
        let lint = api
            .post(&format!("{at}/lint"), json!({}))
            .await
            .expect(200)
            .json;
        assert_eq!(lint["publishable"], true, "{lint}");
        assert_eq!(lint["findings"][0]["code"], "few_customers");
        publish(&api, &at).await;
    }
);
