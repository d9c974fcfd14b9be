//! Simulations of policies: what they tell is what quotes say once the draft is published.

use super::facts::{customer, fact};
use super::receipts::publish;
use crate::support::{Api, Server, both, job_ended};
use reqwest::Method;
use serde_json::{Value, json};

const POLICIES: &str = "/v1/service-policies";
const DECIDE: &str = "/v1/decisions/discount";

/// Drafts the standard policy of a kind with changes; returns where the version is.
async fn draft(api: &Api, kind: &str, change: impl FnOnce(&mut Value)) -> String {
    let versions = format!("{POLICIES}/{kind}/versions");
    let first = api.get(&format!("{versions}/1")).await.expect(200);
    let mut document = first.json["document"].clone();
    change(&mut document);
    let draft = api.post(&versions, document).await.expect(201);
    draft.header("location").to_owned()
}

/// Every tier gets the same, whatever the day makes of the customers.
fn all_get(percent: &str) -> impl FnOnce(&mut Value) {
    move |document: &mut Value| {
        for rule in document["groups"][0]["rules"].as_array_mut().unwrap() {
            rule["value"] = json!(percent);
        }
    }
}

fn all_owe(limit: &str) -> impl FnOnce(&mut Value) {
    move |document: &mut Value| {
        for tier in document["tiers"].as_array_mut().unwrap() {
            tier["limit"] = json!(limit);
        }
    }
}

fn number(at: &str) -> i64 {
    at.rsplit('/').next().unwrap().parse().unwrap()
}

async fn simulate(api: &Api, body: Value) -> Value {
    let queued = api.post("/v1/policy-simulations", body).await.expect(202);
    let job = job_ended(api, queued.header("location")).await;
    assert_eq!(job["state"], "done", "{job}");
    let at = job["result"].as_str().unwrap();
    api.get(at).await.expect(200).json
}

/// Two customers: one buys an article with a list price and a thing without, the other nothing.
async fn business(api: &Api) -> String {
    let product = json!({"sku": "BT023", "list_price": "10", "currency": "EUR"});
    api.post("/v1/products", product).await.expect(201);
    let one = customer(api).await;
    let other = json!({"kind": "person"});
    api.put("/v1/customers/by-external/erp/C-2", other)
        .await
        .expect(201);
    let document =
        |line: &str| json!({"system": "erp", "type": "sales_order", "id": "SO-1", "line": line});
    let lines = json!({"facts": [
        fact("1", json!({"sku": "BT023", "quantity": "30", "amount": "280", "cost": "270",
            "document": document("1")})),
        fact("2", json!({"amount": "100", "cost": "50", "document": document("2")})),
        fact("3", json!({"amount": "40", "occurred_on": "2026-02-10"})),
        fact("4", json!({"amount": "1000", "occurred_on": "2025-12-31"})),
    ]});
    api.post("/v1/facts/batch", lines).await.expect(200);
    one
}

/// Everything that a simulation must leave as it is.
async fn fingerprint(api: &Api) -> Vec<Value> {
    let mut seen = Vec::new();
    for path in [
        "/v1/customers?limit=200",
        "/v1/facts?limit=200",
        "/v1/quotes?limit=200",
        "/v1/evaluations?limit=200",
        "/v1/products?limit=200",
        "/v1/service-policies/discount/versions?limit=50",
        "/v1/service-policies/credit/versions?limit=50",
        "/v1/entitlements?customer=erp:C-1",
    ] {
        seen.push(api.get(path).await.expect(200).json);
    }
    seen
}

both!(
    order_lines_are_quoted_by_both_policies,
    async |server: &Server| {
        let api = server.admin();
        let one = business(&api).await;
        publish(&api, "discount", "2026-01-01", all_get("0")).await;
        let at = draft(&api, "discount", all_get("10")).await;
        let untouched = fingerprint(&api).await;
        let asked = json!({"policies": {"discount": number(&at)}, "from": "2026-01-01", "to": "2026-03-31"});
        let told = simulate(&api, asked).await;
        assert_eq!(
            fingerprint(&api).await,
            untouched,
            "nothing but the report is written"
        );
        let report = &told["report"];
        let counts = ["customers", "gain", "lose", "same"].map(|it| report[it].as_u64().unwrap());
        assert_eq!(counts, [2, 1, 0, 1]);
        // 30 × 10 and 100 in one document, 40 alone. The floor of 300 less 10 % is 270 ÷ 0.85 = 317.65,
        // above list: the price stays, and needs an approval by either policy.
        let business = &report["business"];
        assert_eq!(
            (&business["documents"], &business["lines"]),
            (&json!(2), &json!(3))
        );
        assert_eq!(business["list"], "440.00");
        assert_eq!(business["before"]["discount"], "0.00");
        assert_eq!(business["after"]["net"], "426.00");
        assert_eq!(business["discount_delta"], "14.00");
        assert_eq!(business["margin_delta"], "-10.00");
        assert_eq!(business["without_cost"], 1);
        assert_eq!(business["before"]["approvals"], 1);
        assert_eq!(business["after"]["margin"], "70.00");
        assert_eq!(report["credit"]["customers"], 0);
        let tiers = report["tiers"].as_array().unwrap().iter();
        let tiers: u64 = tiers.map(|it| it["customers"].as_u64().unwrap()).sum();
        assert_eq!(tiers, 2);

        let path = format!(
            "/v1/policy-simulations/{}/customers",
            told["id"].as_str().unwrap()
        );
        let touched = api.get(&path).await.expect(200).json;
        let items = touched["items"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(
            (&items[0]["customer"], &items[0]["outcome"]),
            (&json!(one), &json!("gains"))
        );
        assert_eq!(items[0]["business"]["discount_delta"], "14.00");
        let losers = api
            .get(&format!("{path}?outcome=loses"))
            .await
            .expect(200)
            .json;
        assert_eq!(losers["items"], json!([]));
        let typo = api.get(&format!("{path}?outcome=wins")).await;
        typo.expect_problem(422, "invalid-input", &["outcome"]);

        // Without `costs:read` no margin, no cost and no floor is told.
        let blind = server.with("policies:read");
        let seen = blind.get(&path).await.expect(200).text;
        let at = format!("/v1/policy-simulations/{}", told["id"].as_str().unwrap());
        let report = blind.get(&at).await.expect(200).text;
        for secret in ["margin", "floors", "\"cost\"", "costed", "70.00"] {
            assert!(!seen.contains(secret), "{secret}: {seen}");
            assert!(!report.contains(secret), "{secret}: {report}");
        }
    }
);

async fn firm(api: &Api, key: &str, list: &str) {
    let body = json!({
        "customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR", "mode": "firm",
        "lines": [{"line_id": "10", "quantity": "2", "list_unit_price": list, "unit_cost": "40"}],
    });
    let headers = [("idempotency-key", key)];
    api.send(Method::POST, DECIDE, Some(body), &headers)
        .await
        .expect(201);
}

both!(
    firm_quotes_are_decided_again_by_the_draft,
    async |server: &Server| {
        let api = server.admin();
        customer(&api).await;
        publish(&api, "discount", "2026-01-01", all_get("0")).await;
        firm(&api, "q-1", "100").await;
        firm(&api, "q-2", "50").await;
        let at = draft(&api, "discount", all_get("10")).await;
        let asked =
            json!({"policies": {"discount": number(&at)}, "basis": "quotes", "from": "2026-01-01"});
        let told = simulate(&api, asked.clone()).await;
        let business = &told["report"]["business"];
        assert_eq!(
            (&business["documents"], &business["skipped"]),
            (&json!(2), &json!(0))
        );
        // 2 × 90 and, kept up by the floor of 40 ÷ 0.85, 2 × 47.06 instead of 2 × 45.
        assert_eq!(business["before"]["net"], "300.00");
        assert_eq!(business["after"]["net"], "274.12");
        assert_eq!(business["after"]["floors"], 1);
        assert_eq!(business["margin_delta"], "-25.88");

        let changed = api.get(&at).await.expect(200);
        let mut document = changed.json["document"].clone();
        document["name"] = json!("another name");
        let tag = [("if-match", changed.header("etag"))];
        let queued = api.post("/v1/policy-simulations", asked).await.expect(202);
        let put = api.send(Method::PUT, &at, Some(document), &tag).await;
        put.expect(200);
        let job = job_ended(&api, queued.header("location")).await;
        let listed = api.get("/v1/policy-simulations").await.expect(200).json;
        // It runs before the change, or not at all: never by another draft than was asked about.
        if job["state"] == "failed" {
            assert_eq!(job["error"], "the draft was changed meanwhile", "{job}");
        }
        assert_eq!(listed["items"][0]["discount_hash"], told["discount_hash"]);
        assert_eq!(listed["items"].as_array().unwrap().len(), 2);
        assert_eq!(listed["items"][1]["discount_hash"], told["discount_hash"]);
    }
);

both!(
    limits_and_what_is_used_of_them_are_compared,
    async |server: &Server| {
        let api = server.admin();
        let one = business(&api).await;
        let bill = json!({"kind": "invoice", "amount": "800", "due_on": "2030-01-01"});
        api.post("/v1/facts", fact("i", bill)).await.expect(201);
        publish(&api, "credit", "2026-01-01", all_owe("1000")).await;
        let at = draft(&api, "credit", all_owe("500")).await;
        let asked = json!({"policies": {"credit": number(&at)}, "from": "2026-01-01",
            "customers": {"kind": "organisation"}});
        let told = simulate(&api, asked).await;
        let credit = &told["report"]["credit"];
        assert_eq!(told["report"]["customers"], 1);
        assert_eq!(
            (&credit["limit_delta"], &credit["used"]),
            (&json!("-500.00"), &json!("800.00"))
        );
        assert_eq!(
            (&credit["over_before"], &credit["over_after"]),
            (&json!(0), &json!(1))
        );
        assert_eq!(credit["beyond_after"], "300.00");
        assert_eq!(credit["held_after"], 1);
        assert_eq!(told["report"]["business"]["lines"], 0);
        let path = format!(
            "/v1/policy-simulations/{}/customers?outcome=same",
            told["id"].as_str().unwrap()
        );
        let touched = api.get(&path).await.expect(200).json;
        assert_eq!(touched["items"][0]["customer"], one);
        assert_eq!(touched["items"][0]["credit"]["held_after"], true);

        let wrong = json!({"policies": {"discount": 9}, "basis": "wishes", "from": "2026-02-02",
            "to": "2999-01-01", "on": "2999-01-01", "customers": {"kind": "robot"}});
        let pointers = ["/policies/discount", "/basis", "/to", "/on"];
        let refused = api.post("/v1/policy-simulations", wrong).await;
        refused.expect_problem(422, "invalid-input", &pointers);
        let nothing = json!({"policies": {}, "from": "2026-01-01"});
        let refused = api.post("/v1/policy-simulations", nothing).await;
        refused.expect_problem(422, "invalid-input", &["/policies"]);
        let reader = server.with("policies:read,costs:read");
        let body = json!({"policies": {"credit": 1}, "from": "2026-01-01"});
        reader
            .post("/v1/policy-simulations", body)
            .await
            .expect(403);
    }
);
