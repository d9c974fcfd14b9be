//! Every list is paged: item by item it says what it says whole, in the same order.

use super::facts::{customer, fact};
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

/// Three of everything that a list shows.
async fn fill(api: &Api) -> [String; 2] {
    let id = customer(api).await;
    let product = api.post("/v1/products", json!({"sku": "A"})).await;
    let product = product.expect(201).header("location").to_owned();
    for number in ["1", "2", "3"] {
        let name = format!("N{number}");
        let contact = json!({"name": name});
        api.post(&format!("/v1/customers/{id}/contacts"), contact)
            .await
            .expect(201);
        let group = json!({"code": name, "name": name});
        api.post("/v1/customer-groups", group).await.expect(201);
        let code = format!("code_{number}");
        let definition = json!({"code": code, "type": "text", "label": code});
        api.post("/v1/attribute-definitions", definition)
            .await
            .expect(201);
        let cost = json!({"valid_from": "2026-01-01", "unit_cost": number});
        api.post(&format!("{product}/costs"), cost)
            .await
            .expect(201);
    }
    // Equal due dates, no due date, another month, other categories, a day earlier than its id.
    let facts = [
        (
            "1",
            "2026-02-15",
            "order_line",
            json!({"category": "drives/servo"}),
        ),
        (
            "2",
            "2026-02-15",
            "order_line",
            json!({"category": "drives"}),
        ),
        ("3", "2026-01-15", "order_line", json!({})),
        (
            "4",
            "2026-01-16",
            "invoice",
            json!({"due_on": "2026-02-01", "document": {"system": "erp", "type": "invoice", "id": "R-2"}}),
        ),
        (
            "5",
            "2026-01-16",
            "invoice",
            json!({"due_on": "2026-02-01", "document": {"system": "erp", "type": "invoice", "id": "R-1"}}),
        ),
        ("6", "2026-01-10", "invoice", json!({})),
        (
            "7",
            "2026-01-20",
            "invoice",
            json!({"due_on": "2026-01-31"}),
        ),
    ];
    let facts = facts.map(|(number, day, kind, other)| {
        let mut fact = fact(number, other);
        fact["occurred_on"] = json!(day);
        fact["kind"] = json!(kind);
        fact
    });
    api.post("/v1/facts/batch", json!({"facts": facts}))
        .await
        .expect(200);
    [id, product]
}

/// The items of all pages of one, and what else the pages say.
async fn walked(api: &Api, path: &str) -> (Vec<Value>, Value) {
    let joint = if path.contains('?') { '&' } else { '?' };
    let first = format!("{path}{joint}limit=1");
    let (mut items, mut at) = (Vec::new(), first.clone());
    loop {
        let reply = api.get(&at).await.expect(200);
        let mut page = reply.json.clone();
        let found = page["items"].take();
        assert_eq!(found.as_array().map(Vec::len), Some(1), "{at}");
        items.extend(found.as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else {
            assert_eq!(reply.header("link"), "");
            return (items, page);
        };
        at = format!("{first}&after={next}");
        assert_eq!(reply.header("link"), format!("<{at}>; rel=\"next\""));
    }
}

both!(every_list_is_the_same_in_pages, async |server: &Server| {
    let api = server.admin();
    let [id, product] = fill(&api).await;
    let month = "from=2026-02-01&to=2026-02-28";
    for (path, count) in [
        (format!("/v1/customers/{id}/contacts"), 3),
        (format!("/v1/customers/{id}/open-items?as_of=2026-03-01"), 4),
        (format!("/v1/customers/{id}/rollups"), 3),
        (format!("/v1/customers/{id}/rollups?{month}"), 2),
        (format!("{product}/costs"), 3),
        ("/v1/customer-groups".to_owned(), 3),
        ("/v1/attribute-definitions".to_owned(), 11),
        ("/v1/facts".to_owned(), 7),
        (
            "/v1/facts?kind=invoice&occurred_from=2026-01-16".to_owned(),
            3,
        ),
        ("/v1/facts?source=erp&occurred_to=2026-01-16".to_owned(), 4),
    ] {
        let mut whole = api.get(&path).await.expect(200).json;
        let items = whole["items"].take();
        assert_eq!(items.as_array().map(Vec::len), Some(count), "{path}");
        assert_eq!(
            walked(&api, &path).await,
            (items.as_array().unwrap().clone(), whole)
        );
    }
    let facts = api.get("/v1/facts").await.json;
    let days = facts["items"].as_array().unwrap().iter();
    assert!(days.map(|fact| fact["occurred_on"].as_str()).is_sorted());
    for (query, pointer) in [
        ("external_id=1", "external_id"),
        ("document_type=invoice", "document_type"),
        ("document_system=erp", "document_system"),
    ] {
        let refused = api.get(&format!("/v1/facts?{query}")).await;
        refused.expect_problem(422, "invalid-input", &[pointer]);
    }
    // A page of one list is no page of another.
    let groups = api.get("/v1/customer-groups?limit=1").await.json;
    let after = groups["next"].as_str().unwrap();
    api.get(&format!("/v1/attribute-definitions?after={after}"))
        .await
        .expect_problem(400, "bad-cursor", &[]);
});
