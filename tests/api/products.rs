//! Products, their costs and their history.

use crate::support::{Server, both};
use reqwest::Method;
use serde_json::{Value, json};

both!(
    a_product_is_created_read_changed_and_remembered,
    async |server: &Server| {
        let api = server.admin();
        let servo = json!({"sku": "SRV-200", "name": "Servo", "category": "drives/servo", "list_price": "189.50"});
        let made = api.post("/v1/products", servo.clone()).await.expect(201);
        let at = made.header("location").to_owned();
        assert_eq!(made.json["list_price"], "189.50");
        assert_eq!(made.json["margin_class"], "neutral");
        let again = api.post("/v1/products", servo).await;
        again.expect_problem(409, "conflict", &[]);

        let found = api.get(&at).await.expect(200);
        let tag = found.header("etag").to_owned();
        let change = json!({"list_price": null, "margin_class": "promote"});
        let blind = api.send(Method::PATCH, &at, Some(change.clone()), &[]);
        blind
            .await
            .expect_problem(428, "precondition-required", &[]);
        let changed = api.patch(&at, &tag, change.clone()).await.expect(200);
        assert!(changed.json["list_price"].is_null());
        assert_eq!(changed.json["name"], "Servo");
        let stale = api.patch(&at, &tag, change).await;
        stale.expect_problem(412, "stale", &[]);

        let history = api.get(&format!("{at}/history")).await.expect(200);
        let versions = history.json["items"].as_array().unwrap();
        assert_eq!(versions.len(), 2);
        assert_eq!(versions[0]["product"]["list_price"], "189.50");
        assert_eq!(versions[0]["superseded_by"], versions[1]["write_id"]);
    }
);

both!(
    a_sku_is_created_or_changed_whatever_it_is_made_of,
    async |server: &Server| {
        let api = server.admin();
        let at = "/v1/products/by-sku/A%2F1%20%25%2B";
        let created = api.put(at, json!({"name": "one"})).await.expect(201);
        assert_eq!(created.json["sku"], "A/1 %+");
        let same = api.put(at, json!({"name": "one"})).await.expect(200);
        assert_eq!(same.header("etag"), created.header("etag"));
        let only_new = [("if-none-match", "*")];
        let taken = api.send(Method::PUT, at, Some(json!({})), &only_new).await;
        taken.expect_problem(412, "stale", &[]);
        api.put(at, json!({"category": "a/b"})).await.expect(200);
        let found = api.get(at).await.expect(200);
        assert_eq!(found.json["name"], "one");
        assert_eq!(found.json["category"], "a/b");
        api.get("/v1/products/by-sku/A%00").await.expect(404);
    }
);

both!(
    pages_follow_each_other_and_filters_narrow_them,
    async |server: &Server| {
        let api = server.admin();
        for (sku, category) in [("A", "a/b"), ("B", "a"), ("C", "ab"), ("D", "a/c/d")] {
            let product = json!({"sku": sku, "category": category});
            api.post("/v1/products", product).await.expect(201);
        }
        let mut skus = Vec::new();
        let mut at = "/v1/products?limit=2&category=a&count=true".to_owned();
        loop {
            let page = api.get(&at).await.expect(200);
            assert_eq!(page.json["total"], 3);
            let items = page.json["items"].as_array().unwrap().clone();
            skus.extend(
                items
                    .iter()
                    .map(|item| item["sku"].as_str().unwrap().to_owned()),
            );
            let link = page.header("link").to_owned();
            let Some(next) = page.json["next"].as_str() else {
                assert_eq!(link, "");
                break;
            };
            at = format!("/v1/products?limit=2&category=a&count=true&after={next}");
            assert_eq!(link, format!("<{at}>; rel=\"next\""));
            let other = format!("/v1/products?limit=2&after={next}");
            api.get(&other).await.expect_problem(400, "bad-cursor", &[]);
        }
        skus.sort();
        assert_eq!(skus, ["A", "B", "D"]);
        let typo = api.get("/v1/products?categori=a").await;
        typo.expect_problem(400, "unknown-parameter", &[]);
        let much = api.get("/v1/products?limit=201").await;
        much.expect_problem(422, "invalid-input", &["limit"]);
    }
);

both!(
    every_fault_is_named_and_nothing_written,
    async |server: &Server| {
        let api = server.admin();
        let bad = json!({"sku": " ", "category": "a//b", "list_price": "-1", "currency": "EURO", "margin_class": "x"});
        let all = [
            "/sku",
            "/category",
            "/list_price",
            "/currency",
            "/margin_class",
        ];
        let refused = api.post("/v1/products", bad).await;
        refused.expect_problem(422, "invalid-input", &all);
        for (field, value) in [
            ("list_price", json!(1.5)),
            ("colour", json!("red")),
            ("name", json!("a\u{0}b")),
        ] {
            let mut body = json!({"sku": "A"});
            body[field] = value;
            let refused = api.post("/v1/products", body).await;
            refused.expect_problem(400, "unreadable", &[]);
        }
        for price in ["99999999999999999999999999999", "1e400", "1.1234567"] {
            let body = json!({"sku": "A", "list_price": price});
            let refused = api.post("/v1/products", body).await;
            refused.expect_problem(422, "invalid-input", &["/list_price"]);
        }
        let left = api.get("/v1/products?count=true").await.expect(200);
        assert_eq!(left.json["total"], 0);
    }
);

both!(
    costs_are_dated_corrected_and_shown_to_those_who_may,
    async |server: &Server| {
        let api = server.admin();
        let made = api
            .post("/v1/products", json!({"sku": "A"}))
            .await
            .expect(201);
        let at = format!("{}/costs", made.header("location"));
        for cost in ["10", "12.345678"] {
            let cost = json!({"valid_from": "2026-01-01", "unit_cost": cost});
            api.post(&at, cost).await.expect(201);
        }
        let costs = api.get(&at).await.expect(200);
        let items = costs.json["items"].as_array().unwrap();
        assert_eq!(
            (items.len(), &items[1]["unit_cost"]),
            (2, &json!("12.345678"))
        );
        assert_eq!(items[0]["superseded_by"], items[1]["write_id"]);
        assert!(items[1]["superseded_by"].is_null());

        let seller = server.with("products:read,products:write");
        let hidden = seller.get(&at).await.expect(200);
        assert!(!hidden.text.contains("12.34"), "{}", hidden.text);
        let cost = json!({"valid_from": "2026-02-01", "unit_cost": "77.7"});
        let told = seller.post(&at, cost).await.expect(201);
        assert!(!told.text.contains("77.7"), "{}", told.text);
        let bad = json!({"valid_from": "2026-02-30", "unit_cost": "-1", "currency": "XAU"});
        let all = ["/valid_from", "/unit_cost", "/currency"];
        let refused = api.post(&at, bad).await;
        refused.expect_problem(422, "invalid-input", &all);
    }
);

both!(
    fifty_writers_of_one_sku_leave_one_product,
    async |server: &Server| {
        let api = server.admin();
        let mut writes = tokio::task::JoinSet::new();
        for index in 0..50 {
            let api = api.clone();
            writes.spawn(async move {
                let body = json!({"name": format!("name {index}")});
                api.put("/v1/products/by-sku/A", body).await.status
            });
        }
        let answers = writes.join_all().await;
        assert!(
            answers.iter().all(|status| matches!(status, 200 | 201)),
            "{answers:?}"
        );
        assert_eq!(answers.iter().filter(|status| **status == 201).count(), 1);
        let found = api.get("/v1/products/by-sku/A").await.expect(200);
        assert_eq!(found.json["version"], 50);
    }
);

both!(
    a_corrected_rate_is_shown_as_it_was_known,
    async |server: &Server| {
        let api = server.admin();
        let record = async |currency: &str, rate: &str| {
            let body = json!({"currency": currency, "valid_from": "2026-01-01", "rate": rate});
            api.post("/v1/exchange-rates", body).await.expect(201);
            // What was acknowledged is numbered within moments.
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
            api.get("/v1/audit/head").await.expect(200).json["position"].clone()
        };
        let before = record("CHF", "1.05").await;
        let first = record("USD", "0.90").await;
        let second = record("USD", "0.95").await;
        let at = |position: &Value| format!("&known_at={position}");
        for (query, rates) in [
            (String::new(), vec!["0.95"]),
            (at(&second), vec!["0.95"]),
            (at(&first), vec!["0.9"]),
            (at(&before), Vec::new()),
            ("&known_at=2020-01-01T00:00:00Z".to_owned(), Vec::new()),
        ] {
            let path = format!("/v1/exchange-rates?currency=USD&count=true{query}");
            let page = api.get(&path).await.expect(200).json;
            let items = page["items"].as_array().unwrap().iter();
            let shown: Vec<_> = items.map(|it| it["rate"].as_str().unwrap()).collect();
            assert_eq!(shown, rates, "{query}");
            assert_eq!(page["total"], rates.len(), "{query}");
        }
        let refused = api.get("/v1/exchange-rates?known_at=yesterday").await;
        refused.expect_problem(422, "invalid-input", &["known_at"]);
    }
);
