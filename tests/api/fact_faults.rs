//! What is wrong with a fact is told all at once, and keeps nobody else's facts out.

use super::facts::{customer, fact};
use crate::support::{Server, both};
use serde_json::{Value, json};

/// Of every kind one: misspelt, impossible, unknown, out of place.
fn hopeless() -> Value {
    fact(
        "1",
        json!({
            "amount": "1,50", "quantity": "-1", "severity": 6, "currency": "USD",
            "customer": {"external": {"system": "erp", "id": "nobody"}}, "sku": "none",
            "document": {"system": "erp", "type": "order", "id": ""},
        }),
    )
}

const ALL: [&str; 7] = [
    "/amount",
    "/quantity",
    "/severity",
    "/customer",
    "/sku",
    "/document",
    "/currency",
];

both!(
    every_fault_of_a_fact_is_told_at_once,
    async |server: &Server| {
        let api = server.admin();
        customer(&api).await;
        let mut hopeless = hopeless();
        // The rate is missed by the cost, which can be read.
        hopeless["cost"] = json!("1");
        let refused = api.post("/v1/facts", hopeless.clone()).await;
        let mut all = ALL.map(str::to_owned);
        all[6] = "/cost".to_owned();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let refused = refused.expect_problem(422, "invalid-input", &all);
        let errors = refused.json["errors"].as_array().unwrap();
        let about = |pointer: &str| errors.iter().filter(|it| it["pointer"] == pointer).count();
        assert_eq!(
            about("/amount"),
            1,
            "misread, not missing: {}",
            refused.text
        );

        let batch = json!({"facts": [fact("2", json!({})), hopeless]});
        let done = api.post("/v1/facts/batch", batch).await.expect(200).json;
        assert_eq!(done["items"][0]["status"], "created");
        let errors = done["items"][1]["errors"].as_array().unwrap();
        for pointer in &all {
            assert!(
                errors.iter().any(|it| it["pointer"] == *pointer),
                "{pointer}: {done}"
            );
        }

        // Of what cannot be read nothing is concluded.
        let riddle = json!({"kind": "gift", "amount": null, "occurred_on": "1.1.2026",
            "rating": "5", "currency": "USD", "cost": "1"});
        let refused = api.post("/v1/facts", fact("3", riddle)).await;
        let refused = refused.expect_problem(422, "invalid-input", &["/kind", "/occurred_on"]);
        assert_eq!(
            refused.json["errors"].as_array().unwrap().len(),
            2,
            "{}",
            refused.text
        );
    }
);

both!(
    one_fact_cannot_keep_the_others_out,
    async |server: &Server| {
        let api = server.admin();
        customer(&api).await;
        let other = json!({"kind": "organisation"});
        let path = "/v1/customers/by-external/erp/C-2";
        api.put(path, other).await.expect(201);
        let largest = "10000000000000";
        let beyond = fact("0", json!({"amount": "10000000000000.0001"}));
        let refused = api.post("/v1/facts", beyond).await;
        refused.expect_problem(422, "invalid-input", &["/amount"]);

        // As many of the largest as one month of a customer holds.
        let full: Vec<Value> = (0..92)
            .map(|id| fact(&id.to_string(), json!({"amount": largest})))
            .collect();
        let done = api.post("/v1/facts/batch", json!({"facts": full})).await;
        assert_eq!(done.expect(200).json["created"], 92);
        let more = |id: &str| fact(id, json!({"amount": largest}));
        let refused = api.post("/v1/facts", more("92")).await;
        let refused = refused.expect_problem(422, "invalid-input", &["/amount"]);
        assert_eq!(refused.json["errors"][0]["code"], "too_large");

        let theirs = fact(
            "93",
            json!({"customer": {"external": {"system": "erp", "id": "C-2"}}}),
        );
        let batch =
            json!({"facts": [more("92"), theirs, more("94"), fact("95", json!({"amount": "x"}))]});
        let done = api
            .post("/v1/facts/batch", batch.clone())
            .await
            .expect(200)
            .json;
        let items = done["items"].as_array().unwrap().iter();
        let words: Vec<_> = items.map(|it| it["status"].as_str().unwrap()).collect();
        assert_eq!(
            words,
            ["rejected", "created", "rejected", "rejected"],
            "{done}"
        );
        assert_eq!(done["items"][0]["errors"][0]["code"], "too_large");
        let mut whole = batch;
        whole["all_or_none"] = json!(true);
        let pointers = ["/facts/0/amount", "/facts/2/amount", "/facts/3/amount"];
        let refused = api.post("/v1/facts/batch", whole).await;
        refused.expect_problem(422, "invalid-input", &pointers);

        // The way out: one of them is corrected, and the rest fits again.
        let corrected = fact("0", json!({"amount": "1"}));
        api.post("/v1/facts", corrected).await.expect(200);
        api.post("/v1/facts", fact("92", json!({"amount": "5"})))
            .await
            .expect(201);
    }
);
