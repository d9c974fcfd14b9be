//! The customer at a glance, for whoever answers its call.

use super::facts::fact;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

async fn made(api: &Api) -> String {
    let body = json!({"kind": "organisation", "name": "Meyer GmbH", "owner": "anna"});
    let made = api.put("/v1/customers/by-external/erp/C-1", body).await;
    let product = json!({"name": "Servo", "category": "drives", "currency": "EUR"});
    api.put("/v1/products/by-sku/BT023", product).await;
    made.expect(201).json["id"].as_str().unwrap().to_owned()
}

fn order(name: &str, id: &str, more: Value) -> Value {
    let mut order = json!({"kind": "order_line", "sku": "BT023", "quantity": "4", "amount": "100",
        "document": {"system": "erp", "type": "order", "id": id, "line": "1"}});
    let fields = order.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    fact(name, order)
}

fn following(name: &str, kind: &str, id: &str, quantity: &str) -> Value {
    let follows = json!({"system": "erp", "type": "order", "id": id});
    let mut more = json!({"kind": kind, "quantity": quantity, "follows": follows,
        "document": {"system": "erp", "type": kind, "id": name}});
    if kind == "invoice" {
        more["amount"] = json!("100");
        more["due_on"] = json!("2026-02-01");
    }
    fact(name, more)
}

both!(a_call_finds_everything_at_once, async |server: &Server| {
    let admin = server.admin();
    let id = made(&admin).await;
    let facts = json!({"all_or_none": true, "facts": [
        order("o1", "A", json!({"occurred_on": "2026-01-05"})),
        order("o2", "B", json!({"occurred_on": "2026-01-07", "amount": "90"})),
        order("o3", "C", json!({"occurred_on": "2026-01-08", "status": "cancelled", "amount": "1"})),
        following("d1", "delivery", "B", "1"),
        following("d2", "delivery", "A", "4"),
        following("i2", "invoice", "A", "4"),
        fact("c1", json!({"kind": "complaint", "severity": 3, "amount": null, "note": "scratched"})),
        fact("c2", json!({"kind": "complaint", "severity": 5, "amount": null, "status": "closed"})),
        fact("k1", json!({"kind": "contact", "minutes": 12, "amount": null, "channel": "phone"})),
    ]});
    let facts = without_null_amounts(facts);
    admin.post("/v1/facts/batch", facts).await.expect(200);
    let path = format!("/v1/customers/{id}/context");
    let seen = admin.get(&path).await.expect(200).json;
    assert_eq!(
        (&seen["name"], &seen["owner"]),
        (&json!("Meyer GmbH"), &json!("anna"))
    );
    let orders = seen["open_orders"].as_array().unwrap();
    assert_eq!(orders.len(), 1, "{seen:#}");
    assert_eq!(orders[0]["document"]["id"], "B");
    assert_eq!(
        (&orders[0]["delivery"], &orders[0]["quantity_delivered"]),
        (&json!("partial"), &json!("1"))
    );
    assert_eq!(seen["open_cases"].as_array().unwrap().len(), 1);
    assert_eq!(seen["open_cases"][0]["note"], "scratched");
    assert_eq!(seen["overdue"]["amount"], "100.00");
    assert_eq!(seen["overdue"]["documents"], 1);
    assert_eq!(seen["last_contacts"][0]["minutes"], 12);
    assert_eq!(seen["last_prices"][0]["sku"], "BT023");
    assert_eq!(
        seen["last_prices"][0]["unit_price"], "22.50",
        "the cancelled order told no price"
    );
    assert_eq!(
        seen["tier"]["code"],
        admin.get(&format!("/v1/customers/{id}")).await.json["tier"]
    );
    assert!(!seen["why"].as_array().unwrap().is_empty());

    let blind = server
        .with("customers:read")
        .get(&path)
        .await
        .expect(200)
        .json;
    for part in [
        "why",
        "open_orders",
        "open_cases",
        "overdue",
        "last_contacts",
        "last_prices",
    ] {
        assert!(blind[part].is_null(), "{part}");
    }
    for (scope, part) in [
        ("facts:read", "open_orders"),
        ("credit:read", "overdue"),
        ("evaluations:read", "why"),
    ] {
        let api = server.with(&format!("customers:read,{scope}"));
        let seen = api.get(&path).await.expect(200).json;
        assert!(!seen[part].is_null(), "{scope}");
    }
    let nobody = "/v1/customers/cus_00000000000000000000000007/context";
    admin
        .get(nobody)
        .await
        .expect_problem(404, "not-found", &[]);
});

/// A null in the list above stands for a fact without an amount.
fn without_null_amounts(mut facts: Value) -> Value {
    for fact in facts["facts"].as_array_mut().unwrap() {
        let fields = fact.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
    }
    facts
}

both!(a_long_history_is_not_told_whole, async |server: &Server| {
    let admin = server.admin();
    let id = made(&admin).await;
    for part in 0..3 {
        let orders = (0..200).map(|at| {
            let name = format!("o{part}-{at}");
            order(&name, &name, json!({"occurred_on": "2026-01-05"}))
        });
        let facts = json!({"all_or_none": true, "facts": orders.collect::<Vec<_>>()});
        admin.post("/v1/facts/batch", facts).await.expect(200);
    }
    let seen = admin
        .get(&format!("/v1/customers/{id}/context"))
        .await
        .expect(200)
        .json;
    assert_eq!(seen["open_orders"].as_array().unwrap().len(), 20);
    assert_eq!(seen["last_prices"].as_array().unwrap().len(), 1);
});
