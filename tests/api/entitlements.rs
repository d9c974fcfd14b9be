//! What customers are entitled to, where it comes from, and how they read it.

use super::credit::keyed;
use super::receipts::publish;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

const ERP: &str = "/v1/customers/by-external/erp";

/// A customer in a group, with a rule of its own and one of its group.
async fn made(admin: &Api) -> (String, String) {
    let group = json!({"code": "family", "name": "Family", "parent_id": null});
    let group = admin.post("/v1/customer-groups", group).await.expect(201);
    let group = group.json["id"].as_str().unwrap().to_owned();
    let body = json!({"kind": "organisation", "name": "Meyer & Söhne", "owner": "anna", "group_id": group,
        "attributes": {"credit_limit": "20000"}});
    let one = admin.put(&format!("{ERP}/C-1"), body).await.expect(201);
    let other = admin
        .put(
            &format!("{ERP}/C-2"),
            json!({"kind": "person", "name": "B"}),
        )
        .await
        .expect(201);
    let id = |made: &Value| made["id"].as_str().unwrap().to_owned();
    let (one, other) = (id(&one.json), id(&other.json));
    publish(admin, "discount", "2026-01-01", |document| {
        let rule = |name: &str, select: Value, value: &str| {
            json!({"id": name, "sequence": 1,
            "kind": "percent", "value": value, "select": select})
        };
        let rules = json!([
            rule(
                "own",
                json!({"customers": [one], "min_quantity": "20"}),
                "3"
            ),
            rule("family", json!({"customer_groups": [group]}), "2"),
            rule("elsewhere", json!({"customers": [other]}), "50"),
            rule("frame", json!({"contracts": ["K-1"]}), "60"),
        ]);
        document["groups"].as_array_mut().unwrap().push(
            json!({"code": "personal", "mode": "compound", "basis": "running", "rules": rules}),
        );
    })
    .await;
    (one, other)
}

fn level<'v>(trace: &'v Value, level: &str) -> &'v Value {
    let levels = trace.as_array().unwrap().iter();
    levels.clone().find(|it| it["level"] == level).unwrap()
}

both!(
    entitlements_say_where_they_come_from,
    async |server: &Server| {
        let admin = server.admin();
        let (one, _) = made(&admin).await;
        let seen = admin
            .get("/v1/entitlements?customer=erp:C-1")
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&seen["customer_id"], &seen["customer_matched"]),
            (&json!(one), &json!(true))
        );
        let discount = &seen["discount"];
        let rules = discount["rules"].as_array().unwrap().iter();
        let rules: Vec<_> = rules.map(|it| it["rule"].as_str().unwrap()).collect();
        assert!(
            rules.contains(&"own") && rules.contains(&"family"),
            "{rules:?}"
        );
        assert!(
            !rules.contains(&"elsewhere") && !rules.contains(&"frame"),
            "{rules:?}"
        );
        let own = discount["rules"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["rule"] == "own")
            .unwrap();
        assert_eq!(
            own["conditions"],
            json!([{"name": "min_quantity", "value": "20"}])
        );
        let words: Vec<_> = discount["trace"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["level"].clone())
            .collect();
        assert_eq!(
            words,
            [
                "override", "contract", "customer", "group", "tier", "default"
            ]
        );
        assert_eq!(
            level(&discount["trace"], "customer")["sources"],
            json!(["own"])
        );
        assert_eq!(level(&discount["trace"], "contract")["found"], false);
        let limit = &seen["credit"]["limit_trace"];
        assert_eq!(seen["credit"]["limit"], "20000.00");
        assert_eq!(level(limit, "customer")["sources"], json!(["attribute"]));
        assert_eq!(
            (
                &level(limit, "customer")["decides"],
                &level(limit, "tier")["decides"]
            ),
            (&json!(true), &json!(false))
        );
        assert_eq!(
            level(&seen["credit"]["term_trace"], "tier")["decides"],
            true
        );
        assert_eq!(seen["routing"]["preferred_agent"], "anna");

        let decided = "/v1/decisions/discount?customer=erp:C-1&list=100&qty=20";
        let price = admin.get(decided).await.expect(200).json;
        assert_eq!(
            price["net_unit_price"], "95.06",
            "3 % and 2 % of a hundred, as entitled"
        );
    }
);

both!(
    many_are_resolved_at_once_and_strangers_too,
    async |server: &Server| {
        let admin = server.admin();
        made(&admin).await;
        let one = |id: &str| json!({"external": {"system": "erp", "id": id}});
        let body = json!({"customers": [one("C-2"), one("nobody"), one("C-1")]});
        let seen = admin
            .post("/v1/entitlements/batch", body)
            .await
            .expect(200)
            .json;
        let items = seen["items"].as_array().unwrap();
        let matched: Vec<_> = items
            .iter()
            .map(|it| it["customer_matched"].as_bool().unwrap())
            .collect();
        assert_eq!(matched, [true, false, true]);
        assert_eq!(
            level(&items[1]["routing"]["trace"], "default")["decides"],
            true
        );
        assert_eq!(
            level(&items[1]["credit"]["limit_trace"], "default")["decides"],
            true
        );
        let alone = admin
            .get("/v1/entitlements?customer=erp:C-1")
            .await
            .expect(200)
            .json;
        assert_eq!(items[2], alone);
        let many: Vec<_> = (0..1_001).map(|at| one(&at.to_string())).collect();
        let refused = admin
            .post("/v1/entitlements/batch", json!({"customers": many}))
            .await;
        refused.expect_problem(422, "invalid-input", &["/customers"]);

        let quoting = server.with("customers:read,discounts:decide");
        let seen = quoting
            .get("/v1/entitlements?customer=erp:C-1")
            .await
            .expect(200)
            .json;
        assert!(
            seen["discount"].is_object() && seen["credit"].is_null() && seen["routing"].is_null()
        );
    }
);

both!(
    a_card_is_for_its_customer_to_read,
    async |server: &Server| {
        let admin = server.admin();
        let (one, other) = made(&admin).await;
        let token = admin
            .post("/v1/customer-tokens", json!({"customer": one}))
            .await
            .expect(200);
        let page = server.bearing(token.json["access_token"].as_str().unwrap());
        let path = format!("/v1/customers/{one}/service-card");
        let card = page.get(&path).await.expect(200).json;
        let text = |kind: &str| {
            let benefits = card["benefits"].as_array().unwrap().iter();
            let found = benefits.clone().find(|it| it["kind"] == kind);
            found.map(|it| it["text"].as_str().unwrap().to_owned())
        };
        assert_eq!(
            text("discount").unwrap(),
            "Discounts of 2 % to 3 %, depending on what you buy"
        );
        assert_eq!(
            text("payment_term").unwrap(),
            "Pay within 14 days of the invoice"
        );
        assert_eq!(
            text("credit_limit").unwrap(),
            "Up to 20000.00 EUR on account"
        );
        assert_eq!(text("contact").unwrap(), "Your contact: anna");
        assert_eq!(text("priority"), None);
        assert_eq!(card["tier"]["code"], "low");
        assert_eq!(card["next_tier"]["code"], "general");
        assert_eq!(
            card["next_tier"]["path"],
            format!("/v1/customers/{one}/path")
        );
        let ways = card["next_tier"]["ways"].as_array().unwrap();
        let by = card["next_tier"]["by"].as_str().unwrap();
        let year = by.split('-').next().unwrap();
        let dated = ways.iter().any(|way| way.as_str().unwrap().contains(year));
        assert!(dated, "{card}");
        let whole = card.to_string();
        for secret in ["cost", "floor", "margin", "points", "score", "weight"] {
            assert!(!whole.contains(secret), "{secret}: {whole}");
        }
        let chinese = page
            .get(&format!("{path}?language=zh"))
            .await
            .expect(200)
            .json;
        assert!(
            chinese["benefits"][0]["text"]
                .as_str()
                .unwrap()
                .contains("折扣"),
            "{chinese}"
        );
        let unknown = page.get(&format!("{path}?language=xx")).await;
        unknown.expect_problem(422, "invalid-input", &["language"]);
        let same = admin
            .get(&format!("{ERP}/C-1/service-card"))
            .await
            .expect(200)
            .json;
        assert_eq!(same, card);

        let own = page
            .get(&format!("/v1/entitlements?customer={one}"))
            .await
            .expect(200)
            .json;
        assert!(
            own["discount"].is_object() && own["credit"].is_object() && own["routing"].is_object()
        );
        for path in [
            format!("/v1/customers/{other}/service-card"),
            format!("/v1/entitlements?customer={other}"),
            "/v1/entitlements?customer=erp:C-1".to_owned(),
            format!("/v1/entitlements?customer={one}&customer={other}"),
            format!("/v1/customers/{one}/context"),
            format!("{ERP}/C-1/service-card"),
        ] {
            let refused = page.get(&path).await;
            assert!(
                [400, 404].contains(&refused.status),
                "{path}: {}",
                refused.text
            );
        }
    }
);

/// What nobody may read out of a card: costs, floors, and the numbers of the model.
const CANARIES: [&str; 6] = [
    "61.2371", "17.3371", "13.7713", "canary", "23.4567", "31.7654",
];

/// Every name in a document, at any depth.
fn names(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                found.push(name.clone());
                names(value, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, found)),
        _ => {}
    }
}

both!(
    no_cost_floor_or_weight_is_on_a_card,
    async |server: &Server| {
        let admin = server.admin();
        let (one, _) = made(&admin).await;
        let product = json!({"sku": "canary-sku", "list_price": "100"});
        let made = admin.post("/v1/products", product).await.expect(201);
        let costs = format!("/v1/products/{}/costs", made.json["id"].as_str().unwrap());
        let cost = json!({"unit_cost": "61.2371", "currency": "EUR", "valid_from": "2026-01-01"});
        admin.post(&costs, cost).await.expect(201);
        let sold = json!({"source": "erp", "external_id": "f-1", "kind": "order_line",
            "occurred_on": "2026-01-15", "amount": "100", "quantity": "1",
            "sku": "canary-sku", "customer": {"id": one}});
        admin.post("/v1/facts", sold).await.expect(201);
        publish(&admin, "discount", "2026-01-02", |document| {
            document["floor"]["value"] = json!("17.3371");
            document["groups"][0]["code"] = json!("canary-group");
            document["groups"][0]["rules"][2]["id"] = json!("canary-rule");
        })
        .await;
        let versions = "/v1/evaluation-models/default/versions";
        let first = admin.get(&format!("{versions}/1")).await.expect(200).json;
        let mut document = first["document"].clone();
        document["criteria"][0]["bands"][0]["points"] = json!("13.7713");
        let draft = admin.post(versions, document).await.expect(201);
        let publish = format!("{}/publish", draft.header("location"));
        let from = json!({"effective_from": "2026-01-02"});
        admin.post(&publish, from).await.expect(200);

        let token = admin
            .post("/v1/customer-tokens", json!({"customer": one}))
            .await
            .expect(200);
        let page = server.bearing(token.json["access_token"].as_str().unwrap());
        for language in ["en", "zh"] {
            let path = format!("/v1/customers/{one}/service-card?language={language}");
            for reader in [&page, &admin] {
                let card = reader.get(&path).await.expect(200);
                for canary in CANARIES {
                    assert!(!card.text.contains(canary), "{canary}: {}", card.text);
                }
                let mut found = Vec::new();
                names(&card.json, &mut found);
                found.sort();
                found.dedup();
                let known = [
                    "as_of",
                    "benefits",
                    "by",
                    "code",
                    "customer_id",
                    "evaluated_as_of",
                    "kind",
                    "label",
                    "language",
                    "next_tier",
                    "path",
                    "stale",
                    "text",
                    "tier",
                    "ways",
                ];
                let unknown: Vec<_> = found
                    .iter()
                    .filter(|name| !known.contains(&name.as_str()))
                    .collect();
                assert!(unknown.is_empty(), "{unknown:?}");
            }
        }
    }
);

both!(
    the_first_level_that_says_anything_decides_the_limit,
    async |server: &Server| {
        let admin = server.admin();
        let decided = async |reference: &str| {
            let path = format!("/v1/entitlements?customer={reference}");
            let seen = admin.get(&path).await.expect(200).json;
            let trace = seen["credit"]["limit_trace"].as_array().unwrap().clone();
            let level = trace.iter().find(|it| it["decides"] == true).unwrap();
            (
                level["level"].as_str().unwrap().to_owned(),
                seen["credit"]["limit"].as_str().unwrap().to_owned(),
            )
        };
        let is = |level: &str, limit: &str| (level.to_owned(), limit.to_owned());
        assert_eq!(decided("erp:C-9").await, is("default", "1000.00"));
        let path = format!("{ERP}/C-9");
        let made = admin
            .put(
                &path,
                json!({"kind": "organisation", "since": "2020-01-01"}),
            )
            .await
            .expect(201);
        let id = made.json["id"].as_str().unwrap().to_owned();
        assert_eq!(decided("erp:C-9").await, is("tier", "1000.00"));
        let own = json!({"attributes": {"credit_limit": "7000"}});
        admin.put(&path, own).await.expect(200);
        assert_eq!(decided("erp:C-9").await, is("customer", "7000.00"));
        let account = json!({"customer": {"id": id}, "currency": "EUR"});
        let account = keyed(&admin, "/v1/credit/accounts", "account", account).await;
        let account = account.expect(201).json["id"].as_str().unwrap().to_owned();
        let limits = format!("/v1/credit/accounts/{account}/limits");
        let temporary = json!({"amount": "9000", "kind": "temporary", "reason": "trade fair",
            "approver": "cfo", "valid_from": "2026-01-01", "valid_to": "2099-12-31"});
        keyed(&admin, &limits, "limit", temporary).await.expect(201);
        assert_eq!(decided("erp:C-9").await, is("override", "9000.00"));
    }
);
