//! The three decisions for somebody nobody knows, and what they refuse.

use crate::support::{Server, both};
use serde_json::{Value, json};

const FLAT: &str = "/v1/decisions/discount?customer=erp1:C-1042&sku=BT023&category=servo&qty=30\
                    &list=100.00&cost=62.00&currency=EUR";

fn question() -> Value {
    json!({
        "customer": {"external": {"system": "erp1", "id": "C-1042"}},
        "currency": "EUR", "mode": "simulate", "explain": "full", "channel": "field",
        "document": {"system": "erp1", "type": "quote", "id": "Q-778", "revision": 3},
        "lines": [
            {"line_id": "10", "sku": "BT023", "category_path": ["drives", "servo"],
             "quantity": "30", "uom": "EA", "list_unit_price": "100.00", "unit_cost": "99.00"},
            {"line_id": "20", "sku": "nobody-sells-this", "quantity": "1"},
        ]
    })
}

both!(
    an_unknown_customer_gets_the_price_of_the_default_tier,
    async |server: &Server| {
        let api = server.with("discounts:decide,costs:read");
        let answer = api.get(FLAT).await.expect(200).json;
        assert_eq!(answer["customer_matched"], "false");
        assert_eq!(answer["tier"], "low");
        assert_eq!(answer["net_unit_price"], "100.00");
        assert_eq!(answer["floor_unit_price"], "72.95");
        assert_eq!(answer["reason"], "customer_unknown");
        assert_eq!(answer["policy_version"], "1");
        let all = answer.as_object().unwrap().values();
        assert!(all.into_iter().all(Value::is_string), "{answer}");
        let strict = api.get(&format!("{FLAT}&strict=true")).await;
        strict.expect_problem(404, "not-found", &[]);
        let typo = api.get(&format!("{FLAT}&customr=x")).await;
        typo.expect_problem(400, "unknown-parameter", &[]);
    }
);

both!(
    lines_without_a_price_leave_the_others_alone,
    async |server: &Server| {
        let api = server.with("discounts:decide,costs:read");
        let path = "/v1/decisions/discount";
        let answer = api.post(path, question()).await.expect(200).json;
        assert_eq!(answer["lines"][0]["approval"]["required"], true);
        assert_eq!(answer["lines"][0]["floor"]["unit_floor"], "116.48");
        assert_eq!(answer["lines"][1]["error"]["code"], "list_price_missing");
        assert_eq!(answer["totals"]["list"], "3000.00");
        assert_eq!(answer["document"]["revision"], 3);

        let blind = server.with("discounts:decide");
        let answer = blind.post(path, question()).await.expect(200);
        // Ids and instants may hold any digits.
        let told = answer.json["lines"].to_string();
        for secret in ["99", "116.48", "unit_floor", "gross_margin"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
        assert_eq!(answer.json["lines"][0]["approval"]["required"], true);
    }
);

both!(
    every_fault_of_a_question_is_named,
    async |server: &Server| {
        let api = server.with("discounts:decide");
        let path = "/v1/decisions/discount";
        let wrong = json!({
            "customer": {}, "as_of": "2999-01-01", "receipt": "all", "currency": "eur", "mode": "maybe",
            "lines": [{"line_id": "1", "quantity": "0", "list_unit_price": "1e400"},
                      {"line_id": "1", "quantity": "1", "unit_cost": "-1"}]
        });
        let pointers = [
            "/customer",
            "/as_of",
            "/receipt",
            "/currency",
            "/mode",
            "/lines/0/quantity",
            "/lines/0/list_unit_price",
            "/lines/1/line_id",
            "/lines/1/unit_cost",
        ];
        let refused = api.post(path, wrong).await;
        refused.expect_problem(422, "invalid-input", &pointers);
        let mut number = question();
        number["lines"][0]["list_unit_price"] = json!(100.0);
        let refused = api.post(path, number).await;
        refused.expect_problem(400, "unreadable", &["/lines/0/list_unit_price"]);
        let lines: Vec<Value> = (0..1001)
            .map(|place| json!({"line_id": place.to_string(), "quantity": "1"}))
            .collect();
        let many = json!({"customer": {"external": {"system": "a", "id": "b"}}, "lines": lines});
        let refused = api.post(path, many).await;
        refused.expect_problem(422, "invalid-input", &["/lines"]);
        let refused = server.with("routing:read").get(FLAT).await;
        refused.expect_problem(403, "forbidden", &[]);
    }
);

both!(
    credit_terms_are_cached_by_their_tag,
    async |server: &Server| {
        let api = server.with("credit:read");
        let path = "/v1/customers/by-external/erp1/C-1042/credit-terms";
        let answer = api.get(path).await.expect(200);
        assert_eq!(answer.header("cache-control"), "private, max-age=60");
        assert_eq!(answer.json["customer_matched"], false);
        assert_eq!(answer.json["payment_term"]["text"], "net 14");
        assert_eq!(answer.json["limit"]["amount"], "1000.00");
        assert_eq!(answer.json["exposure"]["known"], false);
        assert_eq!(answer.json["hold"]["status"], "none");
        let tag = answer.header("etag").to_owned();
        let headers = [("if-none-match", tag.as_str())];
        let again = api
            .send(reqwest::Method::GET, path, None, &headers)
            .await
            .expect(304);
        assert_eq!(again.text, "");
        let strict = api.get(&format!("{path}?strict=true")).await;
        strict.expect_problem(404, "not-found", &[]);
        let id = "/v1/customers/cus_00000000000000000000000007/credit-terms";
        let unknown = api.get(id).await.expect(200).json;
        assert_eq!(unknown["customer_matched"], false);
        let to_come = api.get(&format!("{path}?as_of=2999-01-01")).await;
        to_come.expect_problem(422, "invalid-input", &["as_of"]);
    }
);

both!(
    a_call_is_always_routed_with_the_same_keys,
    async |server: &Server| {
        let api = server.with("routing:read");
        let mut keys = std::collections::BTreeSet::new();
        for (query, reason) in [
            (
                "?caller=%2B14155550100&called=%2B18005550111&region=US",
                "unknown_number",
            ),
            ("?caller=+14155550100", "unknown_number"),
            ("?caller=anonymous", "withheld"),
            ("?caller=", "unparsable"),
            ("", "unparsable"),
        ] {
            let answer = api.get(&format!("/v1/routing/lookup{query}")).await;
            let answer = answer.expect(200).json;
            assert_eq!(answer["matched"], false);
            assert_eq!(answer["reason"], reason, "{query}");
            assert_eq!(answer["queue"], "standard");
            assert_eq!(answer["tier_rank"], 4);
            let fields = answer.as_object().unwrap();
            assert!(!fields.values().any(Value::is_null), "{answer}");
            keys.insert(fields.keys().cloned().collect::<Vec<_>>());
        }
        assert_eq!(keys.len(), 1);
    }
);

both!(
    what_a_quote_declares_of_its_references_is_checked,
    async |server: &Server| {
        let body = json!({
            "customer": {"external": {"system": "", "id": "x".repeat(201)}},
            "document": {"system": "erp", "type": "", "id": ""},
            "lines": [{"line_id": "1", "quantity": "1", "list_unit_price": "1"}],
        });
        let pointers = [
            "/customer/external/system",
            "/customer/external/id",
            "/document/type",
            "/document/id",
        ];
        let reply = server.admin().post("/v1/decisions/discount", body).await;
        let reply = reply.expect_problem(422, "invalid-input", &pointers);
        assert!(!reply.text.contains("xxx"), "values are not repeated");
    }
);
