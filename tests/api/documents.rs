//! Evaluation models and service policies: draft, lint, publish, retire.

use crate::support::{Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const ROUTING: &str = "/v1/service-policies/routing/versions";

both!(
    a_policy_is_drafted_mended_published_and_never_changes_then,
    async |server: &Server| {
        let api = server.admin();
        let first = api.get(&format!("{ROUTING}/1")).await.expect(200);
        assert_eq!(first.json["status"], "published");
        let mut policy = first.json["document"].clone();
        let tier = policy["tiers"][0]["tier"].clone();
        policy["tiers"][0]["tier"] = json!("gold");

        let draft = api.post(ROUTING, policy.clone()).await.expect(201);
        let at = draft.header("location").to_owned();
        let lint = api.post(&format!("{at}/lint"), json!({})).await.expect(200);
        assert_eq!(lint.json["publishable"], false);
        assert_eq!(lint.json["faults"][0]["pointer"], "/tiers/0/tier");
        let publish = format!("{at}/publish");
        let refused = api.post(&publish, json!({})).await;
        refused.expect_problem(422, "invalid-input", &["/tiers/0/tier"]);

        policy["tiers"][0]["tier"] = tier;
        let blind = api.put(&at, policy.clone()).await;
        blind.expect_problem(428, "precondition-required", &[]);
        let tag = [("if-match", draft.header("etag"))];
        let mended = api.send(Method::PUT, &at, Some(policy.clone()), &tag).await;
        mended.expect(200);
        let stale = api.send(Method::PUT, &at, Some(policy.clone()), &tag).await;
        stale.expect_problem(412, "stale", &[]);

        let from = json!({"effective_from": "2031-01-01"});
        let published = api.post(&publish, from).await.expect(200);
        assert_eq!(published.json["status"], "published");
        assert_eq!(published.json["effective_from"], "2031-01-01");
        let any = [("if-match", "*")];
        let late = api.send(Method::PUT, &at, Some(policy), &any).await;
        late.expect_problem(409, "conflict", &[]);
        let twice = api.send(Method::POST, &publish, None, &[]).await;
        twice.expect_problem(409, "conflict", &[]);
        let retire = format!("{at}/retire");
        let retired = api.send(Method::POST, &retire, None, &[]).await.expect(200);
        assert_eq!(retired.json["status"], "retired");
        let versions = api.get(ROUTING).await.expect(200);
        assert_eq!(versions.json["items"].as_array().unwrap().len(), 2);
    }
);

both!(
    every_default_is_published_and_without_faults,
    async |server: &Server| {
        let api = server.admin();
        let policies = ["discount", "credit", "routing"]
            .map(|kind| format!("/v1/service-policies/{kind}/versions/1"));
        let model = "/v1/evaluation-models/default/versions/1".to_owned();
        for at in policies.into_iter().chain([model]) {
            let found = api.get(&at).await.expect(200);
            assert_eq!(found.json["status"], "published", "{at}");
            let lint = format!("{at}/lint");
            let lint = api.send(Method::POST, &lint, None, &[]).await.expect(200);
            assert_eq!(lint.json["faults"], json!([]), "{at}");
        }
        api.get("/v1/service-policies/other/versions")
            .await
            .expect(404);
        api.get("/v1/evaluation-models/default/versions/2")
            .await
            .expect(404);
        api.get("/v1/evaluation-models/default/versions/x")
            .await
            .expect(404);
    }
);

both!(
    a_second_model_decides_from_its_first_day,
    async |server: &Server| {
        let api = server.admin();
        let default = api.get("/v1/evaluation-models/default/versions/1").await;
        let document = default.expect(200).json["document"].clone();
        let body = json!({"code": "spare-parts", "document": document});
        let made = api
            .post("/v1/evaluation-models", body.clone())
            .await
            .expect(201);
        let taken = api.post("/v1/evaluation-models", body).await;
        taken.expect_problem(409, "conflict", &[]);
        let publish = format!("{}/publish", made.header("location"));
        api.send(Method::POST, &publish, None, &[])
            .await
            .expect(200);
        let models = api.get("/v1/evaluation-models").await.expect(200);
        let in_force = |model: &Value| (model["code"].clone(), model["version_in_force"].clone());
        let found: Vec<_> = models.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(in_force)
            .collect();
        assert_eq!(
            found,
            [
                (json!("default"), json!(null)),
                (json!("spare-parts"), json!(1))
            ]
        );

        let shapeless = api.post(
            "/v1/evaluation-models/default/versions",
            json!({"schema": 1}),
        );
        shapeless.await.expect_problem(400, "unreadable", &[]);
        let named = api.post(
            "/v1/evaluation-models",
            json!({"code": "Ä", "document": document}),
        );
        named.await.expect_problem(422, "invalid-input", &["/code"]);
    }
);

both!(
    writing_reading_and_publishing_are_three_permissions,
    async |server: &Server| {
        let writer = server.with("policies:read,policies:write");
        let first = writer.get(&format!("{ROUTING}/1")).await.expect(200);
        let draft = writer
            .post(ROUTING, first.json["document"].clone())
            .await
            .expect(201);
        let publish = format!("{}/publish", draft.header("location"));
        let refused = writer.post(&publish, json!({})).await;
        refused.expect_problem(403, "forbidden", &[]);
        let model = writer.get("/v1/evaluation-models").await;
        model.expect_problem(403, "forbidden", &[]);
    }
);

both!(
    every_kind_of_policy_is_linted_waits_for_its_day_and_retires,
    async |server: &Server| {
        let api = server.admin();
        let faults = [
            ("discount", "/groups/0/rules/0/select/tiers/0"),
            ("credit", "/tiers/0/tier"),
            ("routing", "/tiers/0/tier"),
        ];
        for (kind, pointer) in faults {
            let versions = format!("/v1/service-policies/{kind}/versions");
            let in_force = async || {
                let path = "/v1/entitlements?customer=erp:nobody";
                let seen = api.get(path).await.expect(200).json;
                seen[kind]["policy"]["version"].clone()
            };
            let first = api.get(&format!("{versions}/1")).await.expect(200).json;
            let good = first["document"].clone();
            let mut faulty = good.clone();
            *faulty.pointer_mut(pointer).unwrap() = json!("gold");
            let draft = api.post(&versions, faulty).await.expect(201);
            let at = draft.header("location").to_owned();
            let lint = api.post(&format!("{at}/lint"), json!({})).await.expect(200);
            assert_eq!(lint.json["publishable"], false, "{kind}");
            assert_eq!(lint.json["faults"][0]["pointer"], pointer);
            let refused = api.post(&format!("{at}/publish"), json!({})).await;
            refused.expect_problem(422, "invalid-input", &[pointer]);

            for (from, expected) in [("2099-01-01", 1), ("2026-01-02", 4)] {
                let draft = api.post(&versions, good.clone()).await.expect(201);
                let publish = format!("{}/publish", draft.header("location"));
                let from = json!({"effective_from": from});
                api.post(&publish, from).await.expect(200);
                assert_eq!(in_force().await, expected, "{kind}");
            }
            let retire = format!("{versions}/4/retire");
            api.send(Method::POST, &retire, None, &[]).await.expect(200);
            assert_eq!(
                in_force().await,
                1,
                "{kind}: what was before is in force again"
            );
        }
    }
);
