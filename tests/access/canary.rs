//! Without `costs:read` no answer anywhere tells what something costs or earns.

use crate::support::{Server, both, data};
use serde_json::{Value, json};

/// A cost of a product, and one of a sale.
const COST: &str = "70313.3713";
const SALE_COST: &str = "60717.1717";
/// Digits that stand nowhere by chance: the costs, what they leave of 90,000 each, the sums of both,
/// and the margins in percent.
const CANARIES: [&str; 8] = [
    "703133713",
    "607171717",
    "196866287",
    "292828283",
    "131030543",
    "48969457",
    "3253647",
    "2720525",
];

both!(
    no_read_shows_a_cost_without_the_scope,
    async |server: &Server| {
        let admin = server.admin();
        let product = json!({"name": "Servo", "category": "drives", "list_price": "90000.00", "currency": "EUR"});
        let product = admin
            .put("/v1/products/by-sku/BT023", product)
            .await
            .expect(201)
            .json;
        let product = product["id"].as_str().unwrap().to_owned();
        let cost = json!({"unit_cost": COST, "currency": "EUR", "valid_from": "2026-01-01"});
        admin
            .post(&format!("/v1/products/{product}/costs"), cost)
            .await
            .expect(201);
        let body = json!({"kind": "organisation", "name": "A"});
        let made = admin
            .put("/v1/customers/by-external/erp/C-1", body)
            .await
            .expect(201);
        let customer = made.json["id"].as_str().unwrap().to_owned();
        let line = |id: &str, more: Value| {
            let mut fact = json!({
                "source": "erp", "external_id": id, "kind": "order_line", "occurred_on": "2026-01-15", "status": "open",
                "customer": {"external": {"system": "erp", "id": "C-1"}}, "amount": "90000.00", "currency": "EUR", "quantity": "1",
            });
            fact.as_object_mut()
                .unwrap()
                .extend(more.as_object().unwrap().clone());
            fact
        };
        let first = admin
            .post("/v1/facts", line("l1", json!({"cost": SALE_COST})))
            .await
            .expect(201);
        admin
            .post("/v1/facts", line("l2", json!({"sku": "BT023"})))
            .await
            .expect(201);
        let fact = first.json["id"].as_str().unwrap_or_default().to_owned();

        let blind = server.with("customers:read,products:read,facts:read,imports:write,models:read,policies:read,evaluations:read,evaluations:run,discounts:decide,credit:read,routing:read,events:read,audit:read");
        let document = std::fs::read_to_string(data::root().join("openapi/v1.json")).unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        let mut seen_by_admin = 0;
        let mut asked = 0;
        for (path, item) in document["paths"].as_object().unwrap() {
            if item.get("get").is_none() || !path.starts_with("/v1/") {
                continue;
            }
            let id = match path.split('/').nth(2).unwrap() {
                "products" => product.as_str(),
                "facts" => fact.as_str(),
                "customers" if path.contains("by-external") => "C-1",
                "customers" => customer.as_str(),
                _ => "default",
            };
            let path = path
                .replace("{id}", id)
                .replace("{sku}", "BT023")
                .replace("{system}", "erp");
            let path = path.replace("{kind}", "discount").replace("{version}", "1");
            let mut queries = vec![String::new()];
            if path.ends_with("/evaluation") {
                queries.push("?explain=full".to_owned());
            }
            if path == "/v1/decisions/discount" {
                queries = vec!["?customer=erp%3AC-1&sku=BT023&quantity=1".to_owned()];
            }
            for query in queries {
                let answer = blind.get(&format!("{path}{query}")).await;
                asked += usize::from(answer.status == 200);
                assert!(!shows(&answer.text), "{path}{query}: {}", answer.text);
                let full = admin.get(&format!("{path}{query}")).await;
                seen_by_admin += usize::from(shows(&full.text));
            }
        }
        let asked_price = json!({"customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR", "lines": [{"line_id": "1", "sku": "BT023", "quantity": "1"}]});
        let decided = blind.post("/v1/decisions/discount", asked_price).await;
        assert!(!shows(&decided.text), "{}", decided.text);
        // Nor does what is written, decided or replayed answer with one.
        let clerk = server.with("customers:read,customers:write,products:read,products:write,facts:read,facts:write,discounts:decide,evaluations:run,routing:read,credit:read");
        let receipt = json!({"customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR", "receipt": "full", "lines": [{"line_id": "1", "sku": "BT023", "quantity": "1"}]});
        let receipt = clerk
            .post("/v1/decisions/discount", receipt)
            .await
            .expect(200);
        let receipt = receipt.json["receipt"].clone();
        for (path, body) in [
            ("/v1/facts", line("l3", json!({"sku": "BT023"}))),
            (
                "/v1/facts",
                line("l2", json!({"sku": "BT023", "quantity": "2"})),
            ),
            (
                "/v1/facts/batch",
                json!({"facts": [line("l4", json!({"sku": "BT023"}))]}),
            ),
            ("/v1/receipts/verify", receipt.clone()),
            ("/v1/receipts/replay", receipt),
        ] {
            let answer = clerk.post(path, body).await;
            assert!(
                (200..300).contains(&answer.status),
                "{path}: {}",
                answer.text
            );
            assert!(!shows(&answer.text), "{path}: {}", answer.text);
        }
        let renamed = json!({"name": "Servo 2"});
        let renamed = clerk
            .put("/v1/products/by-sku/BT023", renamed)
            .await
            .expect(200);
        assert!(!shows(&renamed.text), "{}", renamed.text);
        assert!(asked > 25, "only {asked} reads were answered");
        assert!(
            seen_by_admin >= 4,
            "the canaries stand in {seen_by_admin} answers only"
        );
    }
);

/// Whether a text shows a canary, however its digits are grouped.
fn shows(text: &str) -> bool {
    let digits: String = text
        .chars()
        .filter(|it| !matches!(it, '.' | ',' | '_' | ' ' | '\''))
        .collect();
    CANARIES.iter().any(|canary| digits.contains(canary))
}
