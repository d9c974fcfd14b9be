//! Quotes that hold: kept once, found as they were given, decided again from their receipt.

use super::receipts::publish;
use crate::support::{Api, Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const DECIDE: &str = "/v1/decisions/discount";

fn quote(more: Value) -> Value {
    let mut quote = json!({
        "customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR", "mode": "firm",
        "document": {"system": "erp", "type": "quote", "id": "Q-778", "revision": 3},
        "lines": [
            {"line_id": "10", "sku": "BT023", "quantity": "30", "list_unit_price": "100", "unit_cost": "99.37"},
            {"line_id": "20", "sku": "X", "quantity": "1", "list_unit_price": "80", "unit_cost": "10"},
            {"line_id": "30", "sku": "nobody-sells-this", "quantity": "1"},
        ],
    });
    let fields = quote.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    quote
}

async fn ask(api: &Api, key: &str, body: Value) -> crate::support::Reply {
    let headers = [("idempotency-key", key)];
    api.send(Method::POST, DECIDE, Some(body), &headers).await
}

async fn customer(api: &Api) -> String {
    let body = json!({"kind": "organisation", "name": "A"});
    let made = api.put("/v1/customers/by-external/erp/C-1", body).await;
    made.expect(201).json["id"].as_str().unwrap().to_owned()
}

both!(
    a_firm_quote_is_kept_as_it_was_given,
    async |server: &Server| {
        let admin = server.admin();
        let id = customer(&admin).await;
        let seller = server.with("discounts:decide");
        let given = ask(&seller, "q-1", quote(json!({}))).await.expect(201);
        let at = given.header("location").to_owned();
        assert_eq!(
            at,
            format!("/v1/quotes/{}", given.json["decision_id"].as_str().unwrap())
        );
        assert!(given.json["receipt"].is_object() && given.json["valid_until"].is_string());
        assert!(given.json["lines"][0]["floor"].is_null());
        let again = ask(&seller, "q-1", quote(json!({}))).await.expect(201);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(again.text, given.text);
        let other = ask(&seller, "q-1", quote(json!({"channel": "web"}))).await;
        other.expect_problem(422, "idempotency-key-reused", &[]);

        // Whatever changes since, the quote stays.
        publish(&admin, "discount", "2026-01-01", |document| {
            document["groups"]
                .as_array_mut()
                .unwrap()
                .push(json!({"code": "all", "mode": "unique", "basis": "list",
            "rules": [{"id": "half", "kind": "percent", "value": "50", "select": {}}]}));
        })
        .await;
        let found = seller.get(&at).await.expect(200).json;
        assert_eq!(
            found["quote"]["status"], "needs_approval",
            "the first line is below its floor"
        );
        assert_eq!(found["quote"]["customer_id"], id);
        assert_eq!(found["quote"]["document"]["id"], "Q-778");
        assert_eq!(found["decision"]["lines"], given.json["lines"]);
        assert_eq!(found["receipt"], given.json["receipt"]);
        let lines = found["decision"]["lines"].to_string();
        assert!(
            !lines.contains("99.37") && !lines.contains("unit_floor"),
            "{lines}"
        );
        let seeing = server
            .with("discounts:decide,costs:read")
            .get(&at)
            .await
            .expect(200)
            .json;
        assert!(seeing["decision"]["lines"][0]["floor"]["unit_floor"].is_string());
        let replay = seller
            .post(&format!("{at}/replay"), json!({}))
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&replay["valid"], &replay["identical"]),
            (&json!(true), &json!(true)),
            "{replay}"
        );
        let now = seller
            .post(DECIDE, quote(json!({"mode": "simulate"})))
            .await
            .expect(200)
            .json;
        assert_ne!(
            now["lines"][1]["net_unit_price"],
            given.json["lines"][1]["net_unit_price"]
        );
        assert!(now.get("valid_until").is_none());
    }
);

both!(
    quotes_are_listed_and_the_last_price_is_known,
    async |server: &Server| {
        let api = server.admin();
        let id = customer(&api).await;
        let asked = json!({"mode": "simulate", "include": ["last_price"]});
        let before = api
            .post(DECIDE, quote(asked.clone()))
            .await
            .expect(200)
            .json;
        assert!(before["lines"][1].get("last_price").is_none());
        let mut made = Vec::new();
        for (key, price) in [("a", "80"), ("b", "90"), ("c", "70")] {
            let mut body =
                quote(json!({"document": {"system": "erp", "type": "quote", "id": key}}));
            body["lines"][1]["list_unit_price"] = json!(price);
            made.push(ask(&api, key, body).await.expect(201).json);
        }
        let after = api.post(DECIDE, quote(asked)).await.expect(200).json;
        let last = &after["lines"][1]["last_price"];
        assert_eq!(last["unit_price"], made[2]["lines"][1]["net_unit_price"]);
        assert_eq!(last["quote"], made[2]["decision_id"]);
        assert!(
            after["lines"][2].get("last_price").is_none(),
            "it never had a price"
        );

        let page = api
            .get("/v1/quotes?limit=2&customer=erp:C-1")
            .await
            .expect(200)
            .json;
        let ids = |page: &Value| -> Vec<Value> {
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|it| it["id"].clone())
                .collect()
        };
        assert_eq!(
            ids(&page),
            [
                made[2]["decision_id"].clone(),
                made[1]["decision_id"].clone()
            ]
        );
        let next = page["next"].as_str().unwrap();
        let rest = api
            .get(&format!("/v1/quotes?limit=2&customer=erp:C-1&after={next}"))
            .await
            .expect(200)
            .json;
        assert_eq!(ids(&rest), [made[0]["decision_id"].clone()]);
        let one = api.get("/v1/quotes?document_id=b").await.expect(200).json;
        assert_eq!(ids(&one), [made[1]["decision_id"].clone()]);
        assert_eq!(one["items"][0]["customer_id"], id);
    }
);

both!(
    what_a_firm_quote_cannot_be_is_refused,
    async |server: &Server| {
        let api = server.with("discounts:decide");
        let without = api.post(DECIDE, quote(json!({}))).await;
        without.expect_problem(400, "idempotency-key-required", &[]);
        for (more, pointer) in [
            (json!({"as_of": "2026-01-01"}), "/as_of"),
            (json!({"known_at": "1"}), "/known_at"),
            (json!({"valid_until": "2020-01-01"}), "/valid_until"),
            (json!({"valid_until": "2999-01-01"}), "/valid_until"),
            (
                json!({"mode": "simulate", "valid_until": "2999-01-01"}),
                "/valid_until",
            ),
            (json!({"mode": "maybe"}), "/mode"),
            (json!({"include": ["cost"]}), "/include/0"),
        ] {
            let refused = ask(&api, pointer, quote(more)).await;
            refused.expect_problem(422, "invalid-input", &[pointer]);
        }
        let nobody = "/v1/quotes/dec_00000000000000000000000007";
        api.get(nobody).await.expect_problem(404, "not-found", &[]);
        let quiet = ask(&api, "quiet", quote(json!({"receipt": "none"})))
            .await
            .expect(201);
        assert!(quiet.json.get("receipt").is_none());
        assert_eq!(quiet.json["customer_matched"], false);
        let kept = api.get(quiet.header("location")).await.expect(200).json;
        assert!(
            kept["receipt"].is_object(),
            "it can be replayed all the same"
        );
    }
);
