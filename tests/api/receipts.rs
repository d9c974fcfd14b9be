//! Decisions of the past, and receipts: what was decided stays decidable, whatever changes since.

use super::evaluations::evaluate_everyone;
use super::facts::{customer, fact};
use crate::support::{Api, Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const DISCOUNT: &str = "/v1/decisions/discount";
const CREDIT: &str = "/v1/customers/by-external/erp/C-1/credit-terms";
const ROUTING: &str = "/v1/routing/lookup?caller=%2B14155550100&called=%2B18005550111";

/// A quote for the customer, with more fields.
fn quote(more: Value) -> Value {
    let mut quote = json!({
        "customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "USD",
        "explain": "none", "channel": "field",
        "lines": [
            {"line_id": "10", "sku": "BT023", "quantity": "30"},
            {"line_id": "20", "sku": "X", "quantity": "1.5", "list_unit_price": "80", "unit_cost": "61.23"},
            {"line_id": "30", "sku": "nobody-sells-this", "quantity": "1"},
        ],
    });
    let fields = quote.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    quote
}

/// The three decisions under some query.
async fn decisions(api: &Api, query: &str, more: Value) -> [Value; 3] {
    [
        api.post(DISCOUNT, quote(more)).await.expect(200).json,
        api.get(&format!("{CREDIT}?{query}")).await.expect(200).json,
        api.get(&format!("{ROUTING}&{query}"))
            .await
            .expect(200)
            .json,
    ]
}

/// What two answers of one decision have in common: no ids, no instants, no freshness.
fn essence(answer: &Value) -> Value {
    let mut answer = answer.clone();
    let fields = answer.as_object_mut().unwrap();
    for name in ["decision_id", "decided_at", "position", "receipt", "as_of"] {
        fields.remove(name);
    }
    answer
}

fn essences(answers: &[Value; 3]) -> Vec<Value> {
    answers.iter().map(essence).collect()
}

async fn group(api: &Api, code: &str, parent: Option<&str>) -> String {
    let body = json!({"code": code, "name": code, "parent_id": parent});
    let made = api.post("/v1/customer-groups", body).await.expect(201);
    made.json["id"].as_str().unwrap().to_owned()
}

/// Publishes the standard policy of a kind with changes; returns where the version is.
pub async fn publish(api: &Api, kind: &str, from: &str, change: impl FnOnce(&mut Value)) -> String {
    let versions = format!("/v1/service-policies/{kind}/versions");
    let first = api.get(&format!("{versions}/1")).await.expect(200);
    let mut document = first.json["document"].clone();
    change(&mut document);
    let draft = api.post(&versions, document).await.expect(201);
    let at = draft.header("location").to_owned();
    let body = json!({"effective_from": from});
    api.post(&format!("{at}/publish"), body).await.expect(200);
    at
}

fn for_group(document: &mut Value, group: &str, percent: &str) {
    let rule = json!({"id": "family", "sequence": 1, "kind": "percent", "value": percent,
                      "select": {"customer_groups": [group]}});
    let stack =
        json!({"code": "family", "mode": "best_for_customer", "basis": "running", "rules": [rule]});
    document["groups"].as_array_mut().unwrap().push(stack);
}

async fn product(api: &Api, list: &str, cost: &str) -> String {
    let body =
        json!({"name": "Servo", "category": "drives/servo", "list_price": list, "currency": "EUR"});
    let made = api.put("/v1/products/by-sku/BT023", body).await;
    let id = made.json["id"].as_str().unwrap().to_owned();
    let cost = json!({"valid_from": "2026-01-01", "unit_cost": cost, "currency": "EUR"});
    let costs = format!("/v1/products/{id}/costs");
    api.post(&costs, cost).await.expect(201);
    id
}

async fn rate(api: &Api, rate: &str) {
    let body = json!({"currency": "USD", "valid_from": "2026-01-01", "rate": rate});
    api.post("/v1/exchange-rates", body).await.expect(201);
}

async fn patch(api: &Api, customer: &str, body: Value) {
    let path = format!("/v1/customers/{customer}");
    let tag = api.get(&path).await.expect(200).header("etag").to_owned();
    api.patch(&path, &tag, body).await.expect(200);
}

/// A customer in a group below another one, who buys, owes and calls. Answers its id.
async fn lively(api: &Api) -> String {
    let above = group(api, "family", None).await;
    let below = group(api, "branch", Some(&above)).await;
    publish(api, "discount", "2026-01-01", |it| {
        for_group(it, &above, "3")
    })
    .await;
    product(api, "100.005", "80").await;
    rate(api, "0.91234567").await;
    let id = customer(api).await;
    let phones = json!([{"number": "+1 415 555 0100"}]);
    let profile = json!({"group_id": below, "owner": "agent42", "phones": phones,
                         "attributes": {"credit_limit": "1500"}});
    patch(api, &id, profile).await;
    let invoice = |name: &str| json!({"system": "erp", "type": "invoice", "id": name});
    let facts = json!({"all_or_none": true, "facts": [
        fact("o1", json!({"amount": "23456.78", "cost": "11335.57"})),
        fact("i1", json!({"kind": "invoice", "amount": "1200.50", "due_on": "2026-02-01", "document": invoice("R-1")})),
        fact("i2", json!({"kind": "invoice", "amount": "800", "due_on": "2026-02-01", "document": invoice("R-2")})),
    ]});
    api.post("/v1/facts/batch", facts).await.expect(200);
    id
}

/// Changes everything that the three decisions read.
async fn turn_over(api: &Api, id: &str) {
    let settled = json!({"system": "erp", "type": "invoice", "id": "R-1"});
    let facts = json!({"all_or_none": true, "facts": [
        fact("o2", json!({"amount": "10", "cost": "99999"})),
        fact("p1", json!({"kind": "payment", "amount": "1200.50", "follows": settled})),
        fact("i2", json!({"kind": "invoice", "amount": "9999", "due_on": "2026-03-01",
                          "document": {"system": "erp", "type": "invoice", "id": "R-2"}})),
    ]});
    api.post("/v1/facts/batch", facts).await.expect(200);
    product(api, "90", "20").await;
    rate(api, "0.5").await;
    publish(api, "discount", "2026-01-01", |it| {
        it["default_tier"] = json!("general")
    })
    .await;
    publish(api, "credit", "2026-01-01", |it| {
        it["tiers"][2]["limit"] = json!("7")
    })
    .await;
    publish(api, "routing", "2026-01-01", |it| {
        it["default_route"]["queue"] = json!("other")
    })
    .await;
    let elsewhere = group(api, "elsewhere", None).await;
    let profile = json!({"group_id": elsewhere, "owner": "agent43", "phones": [],
                         "attributes": {"credit_limit": "2"}});
    patch(api, id, profile).await;
    // Its id and its number are somebody else's now.
    let ids = format!("/v1/customers/{id}/external-ids");
    api.delete(&format!("{ids}/erp/C-1")).await;
    let heir = json!({"kind": "person", "phones": [{"number": "+1 415 555 0100"}]});
    api.put("/v1/customers/by-external/erp/C-1", heir)
        .await
        .expect(201);
}

async fn replayed(api: &Api, receipt: &Value) -> Value {
    let path = "/v1/receipts/replay";
    api.post(path, receipt.clone()).await.expect(200).json
}

both!(
    a_decision_stands_whatever_changes_since,
    async |server: &Server| {
        let api = server.admin();
        let id = lively(&api).await;
        let plain = decisions(&api, "", json!({})).await;
        let sealed = decisions(&api, "receipt=full", json!({"receipt": "full"})).await;
        assert_eq!(
            essences(&plain),
            essences(&sealed),
            "a receipt changes nothing"
        );
        assert_eq!(plain[0]["position"], Value::Null);
        assert_eq!(plain[0]["lines"][0]["list_unit_price"], "109.613059");
        assert_eq!(plain[1]["exposure"]["oldest_overdue"]["id"], "R-1");
        assert_eq!(plain[2]["preferred_agent"], "agent42");
        let position = sealed[0]["position"].as_i64().unwrap();
        turn_over(&api, &id).await;

        let now = decisions(&api, "", json!({})).await;
        for (before, after) in essences(&plain).iter().zip(&essences(&now)) {
            assert_ne!(before, after);
        }
        let query = format!("known_at={position}");
        let known_at = json!({"known_at": position.to_string()});
        let then = decisions(&api, &query, known_at).await;
        assert_eq!(essences(&plain), essences(&then));
        let flat = format!("{DISCOUNT}?customer=erp:C-1&sku=BT023&qty=30&currency=USD&{query}");
        let flat = api.get(&flat).await.expect(200).json;
        assert_eq!(
            flat["net_unit_price"],
            plain[0]["lines"][0]["net_unit_price"]
        );
        assert_eq!(flat["position"], position.to_string());

        for answer in &sealed {
            let again = replayed(&api, &answer["receipt"]).await;
            assert_eq!(again["identical"], true, "{again}");
            assert_eq!(again["decision"], answer["receipt"]["decision"]);
        }
        // What is erased is gone from the past as well.
        api.delete(&format!("/v1/customers/{id}")).await;
        let erased = replayed(&api, &sealed[1]["receipt"]).await;
        assert_eq!(
            (&erased["valid"], &erased["identical"]),
            (&json!(true), &json!(false))
        );
        let at = "/decision/customer_matched";
        let named = erased["differences"].as_array().unwrap();
        assert!(named.iter().any(|it| it["pointer"] == at), "{erased}");
        let unknown = api.get(&format!("{CREDIT}?{query}")).await.expect(200);
        assert_eq!(unknown.json["customer_matched"], false);
    }
);

both!(
    a_date_chooses_among_what_has_dates,
    async |server: &Server| {
        let api = server.admin();
        lively(&api).await;
        evaluate_everyone(&api, "2026-03-01").await;
        let tier = api.get(CREDIT).await.expect(200).json["tier"]["code"].clone();
        let at = publish(&api, "credit", "2026-02-10", |it| {
            it["tiers"][0]["payment_term"]["code"] = json!("NEW")
        })
        .await;
        let retire = format!("{at}/retire");
        api.send(Method::POST, &retire, None, &[]).await.expect(200);
        let on = async |day: &str| {
            let terms = api.get(&format!("{CREDIT}?as_of={day}")).await;
            terms.expect(200).json
        };
        let january = on("2026-01-20").await;
        assert_eq!(january["policy"]["version"], 1);
        assert_eq!(january["tier"]["score"], Value::Null, "evaluated for March");
        assert_eq!(january["exposure"]["posted"], "2000.50");
        assert_eq!(january["exposure"]["overdue"], "0.00");
        let march = on("2026-03-05").await;
        assert_eq!(march["policy"]["version"], 2, "it was in force until today");
        assert_eq!(
            (&march["tier"]["code"], &march["tier"]["as_of"]),
            (&tier, &json!("2026-03-01"))
        );
        assert_eq!(march["exposure"]["oldest_overdue_days"], 32);
        assert_eq!(
            api.get(CREDIT).await.expect(200).json["policy"]["version"],
            1
        );
        let early = on("2025-12-31").await;
        assert_eq!(early["exposure"]["known"], false);
        let before = json!({"as_of": "2025-12-31", "currency": "EUR"});
        let quote = api.post(DISCOUNT, quote(before)).await.expect(200).json;
        assert_eq!(
            quote["lines"][0].get("floor"),
            None,
            "no cost was valid then"
        );
        assert_eq!(
            (&quote["policy"]["version"], &quote["as_of"]),
            (&json!(1), &json!("2025-12-31"))
        );
        let call = api
            .get(&format!("{ROUTING}&as_of=2026-03-05"))
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&call["as_of"], &call["tier"]),
            (&json!("2026-03-05"), &tier)
        );

        for (query, pointer) in [
            ("as_of=2999-01-01", "as_of"),
            ("as_of=2026-1-1", "as_of"),
            ("known_at=yesterday", "known_at"),
            ("known_at=999999", "known_at"),
            ("known_at=2999-01-01T00:00:00Z", "known_at"),
            ("receipt=some", "receipt"),
        ] {
            for path in [format!("{CREDIT}?{query}"), format!("{ROUTING}&{query}")] {
                let refused = api.get(&path).await;
                refused.expect_problem(422, "invalid-input", &[pointer]);
            }
        }
        let long_ago = api
            .get(&format!("{CREDIT}?known_at=2000-01-01T00:00:00Z"))
            .await;
        long_ago.expect_problem(409, "conflict", &[]);
    }
);

/// The receipt with one place changed.
fn changed(receipt: &Value, pointer: &str) -> Value {
    let mut receipt = receipt.clone();
    let place = receipt.pointer_mut(pointer).unwrap();
    *place = match &*place {
        Value::String(text) => json!(format!("{text}0")),
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::Bool(yes) => json!(!yes),
        Value::Null => json!(1),
        other => panic!("{pointer} is {other}"),
    };
    receipt
}

/// Pointers of everything that is neither an object nor an array.
fn leaves(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| leaves(&format!("{at}/{name}"), value, found)),
        Value::Array(items) => (0..)
            .zip(items)
            .for_each(|(place, value): (usize, _)| leaves(&format!("{at}/{place}"), value, found)),
        _ => found.push(at.to_owned()),
    }
}

both!(
    whatever_is_changed_in_a_receipt_shows,
    async |server: &Server| {
        let api = server.admin();
        lively(&api).await;
        let more =
            json!({"receipt": "full", "document": {"system": "erp", "type": "quote", "id": "Q-1"}});
        let receipt = api.post(DISCOUNT, quote(more)).await.expect(200).json["receipt"].clone();
        let verify = "/v1/receipts/verify";
        let verdict = api.post(verify, receipt.clone()).await.expect(200).json;
        assert_eq!(verdict, json!({"valid": true, "reasons": []}));
        let mut places = Vec::new();
        leaves("", &receipt, &mut places);
        assert!(places.len() > 30, "{places:?}");
        for place in &places {
            let forged = changed(&receipt, place);
            let verdict = api.post(verify, forged).await.expect(200).json;
            assert_eq!(verdict["valid"], false, "{place}");
            let code = if place == "/key" {
                "key_unknown"
            } else {
                "seal_broken"
            };
            assert_eq!(verdict["reasons"][0]["code"], code, "{place}");
        }
        let mut forged = receipt.clone();
        forged["decision"]["lines"][0]["net_unit_price"] = json!("0.01");
        let refused = replayed(&api, &forged).await;
        assert_eq!(
            (&refused["valid"], &refused["decision"]),
            (&json!(false), &Value::Null)
        );
        assert_eq!(refused["reasons"][1]["code"], "decision_hash_wrong");

        let mut unknown = receipt.clone();
        unknown["extra"] = json!(1);
        api.post(verify, unknown)
            .await
            .expect_problem(400, "unreadable", &["/extra"]);
        let mut short = receipt.clone();
        short.as_object_mut().unwrap().remove("hmac");
        api.post(verify, short)
            .await
            .expect_problem(400, "unreadable", &[]);
    }
);

both!(
    receipts_tell_nothing_and_write_nothing,
    async |server: &Server| {
        let api = server.admin();
        lively(&api).await;
        // The first receipt waits until the journal is numbered: from here on nothing moves.
        decisions(&api, "receipt=full", json!({"receipt": "full"})).await;
        let before = crate::dump::of(server).await;
        let clerk = server.with("discounts:decide");
        let mut plain = quote(json!({"receipt": "full"}));
        plain["lines"][1]
            .as_object_mut()
            .unwrap()
            .remove("unit_cost");
        let answer = clerk.post(DISCOUNT, plain).await.expect(200);
        let told = answer.json["receipt"].clone();
        assert!(
            !told.to_string().contains("cost") && !told.to_string().contains("floor"),
            "{told}"
        );
        let again = replayed(&clerk, &told).await;
        assert_eq!(again["identical"], true);
        let flat = format!("{DISCOUNT}?customer=erp:C-1&sku=BT023&receipt=full");
        let flat = clerk.get(&flat).await.expect(200).json;
        assert!(
            flat.as_object().unwrap().values().all(Value::is_string),
            "{flat}"
        );
        let text = flat["receipt"].as_str().unwrap().to_owned();
        let json = [("content-type", "application/json")];
        let verdict = clerk
            .raw(Method::POST, "/v1/receipts/verify", text, &json)
            .await;
        assert_eq!(verdict.expect(200).json["valid"], true);

        let exchange = server.with("routing:read");
        let call = exchange
            .get(&format!("{ROUTING}&receipt=full"))
            .await
            .expect(200)
            .json;
        assert_eq!(call["receipt"]["inputs"]["keys"][0]["e164"], "+14155550100");
        assert_eq!(
            replayed(&exchange, &call["receipt"]).await["identical"],
            true
        );
        let path = "/v1/receipts/replay";
        let other = exchange.post(path, told.clone()).await;
        other.expect_problem(403, "forbidden", &[]);
        let nobody = server.with("facts:read");
        for path in [path, "/v1/receipts/verify"] {
            nobody
                .post(path, json!([]))
                .await
                .expect_problem(403, "forbidden", &[]);
        }
        let terms = api.get(&format!("{CREDIT}?receipt=full")).await.expect(200);
        assert_eq!(
            (terms.header("etag"), terms.header("cache-control")),
            ("", "no-store")
        );
        decisions(&api, "", json!({})).await;
        decisions(&api, "as_of=2026-03-01", json!({"as_of": "2026-03-01"})).await;
        assert_eq!(crate::dump::of(server).await, before);
    }
);
