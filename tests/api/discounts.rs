//! Quotes by a policy of schema 2: stacking, documents, currencies, units, contracts, lint.

use crate::support::{Api, Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const VERSIONS: &str = "/v1/service-policies/discount/versions";
const DECIDE: &str = "/v1/decisions/discount";

/// Lines by tier, volume and coupon in dollars; 10 % off documents; floor, caps, contracts.
fn policy() -> Value {
    json!({
        "schema": 2, "name": "Stacks", "default_tier": "low", "currency": "EUR",
        "contract": {"wins": "where_cheaper", "beats_floor": true},
        "groups": [
            {"code": "base", "mode": "priority", "basis": "running", "rules": [
                {"id": "everybody", "version": 4, "sequence": 1, "kind": "percent", "value": "12",
                 "select": {"tiers": ["low"]}}]},
            {"code": "volume", "mode": "best_for_customer", "basis": "running", "rules": [
                {"id": "vol", "version": 2, "kind": "percent",
                 "breaks": {"tiering": "volume", "steps": [{"from": "20", "value": "8"}, {"from": "100", "value": "12"}]}},
                {"id": "vol-500", "kind": "percent", "value": "20", "select": {"min_quantity": "500"}}]},
            {"code": "coupon", "mode": "compound", "basis": "running", "rules": [
                {"id": "dollars", "kind": "amount", "value": "10", "currency": "USD",
                 "select": {"segments": ["coupon"]}}]},
        ],
        "document_groups": [
            {"code": "order", "mode": "unique", "basis": "running", "rules": [
                {"id": "large", "kind": "percent", "value": "10", "select": {"min_amount": "5000"}}]},
        ],
        "rounding": {"mode": "half_up", "level": "unit"},
        "cap": {"pct": "60"},
        "floor": {"basis": "gross_margin_pct", "value": "15", "missing_cost": "ignore",
                  "exceptions": [{"margin_class": "restrict", "value": "30"}]}
    })
}

async fn publish(api: &Api, policy: Value) {
    let draft = api.post(VERSIONS, policy).await.expect(201);
    let publish = format!("{}/publish", draft.header("location"));
    let published = api.send(Method::POST, &publish, None, &[]).await;
    published.expect(200);
}

fn quote(lines: Value, more: Value) -> Value {
    let mut quote = json!({
        "customer": {"external": {"system": "erp1", "id": "nobody"}}, "currency": "EUR",
        "lines": lines,
    });
    let more = more.as_object().unwrap().clone();
    quote.as_object_mut().unwrap().extend(more);
    quote
}

fn line(id: &str, quantity: &str, list: &str, cost: &str) -> Value {
    json!({"line_id": id, "quantity": quantity, "list_unit_price": list, "unit_cost": cost})
}

both!(
    every_step_of_a_price_is_told_and_sums,
    async |server: &Server| {
        let api = server.admin();
        publish(&api, policy()).await;
        let lines = json!([
            line("10", "30", "100.00", "62.00"),
            line("20", "30", "100.00", "82.50")
        ]);
        let answer = api
            .post(DECIDE, quote(lines.clone(), json!({})))
            .await
            .expect(200)
            .json;
        let first = &answer["lines"][0];
        assert_eq!(first["net_unit_price"], "80.96");
        assert_eq!(first["adjustments"][0]["rule_version"], 4);
        assert_eq!(first["adjustments"][1]["rule"], "vol");
        assert_eq!(first["adjustments"][1]["amount"], "-7.04");
        assert_eq!(
            first["not_applied"],
            json!([
                {"rule": "vol-500", "group": "volume", "reason": "quantity_below", "needed": "500", "actual": "30", "delta": "470"},
                {"rule": "dollars", "group": "coupon", "reason": "segment_other", "needed": "coupon", "actual": ""},
            ])
        );
        // 82.50 of cost asks for 97.06, so the document takes nothing off the second line.
        assert_eq!(answer["lines"][1]["net_unit_price"], "97.06");
        assert_eq!(answer["lines"][1]["document_shares"][0]["amount"], "0.00");
        let document = &answer["document_discounts"];
        assert_eq!(document["adjustments"][0]["wanted"], "534.06");
        // The first line has 80.96 − 72.95 of headroom on each of thirty units.
        assert_eq!(document["adjustments"][0]["amount"], "240.30");
        assert_eq!(document["adjustments"][0]["unplaced"], "293.76");
        assert_eq!(answer["totals"]["net"], "5100.30");
        assert_eq!(answer["totals"]["discount"], "899.70");
        for explain in ["none", "full"] {
            let again = quote(
                lines.clone(),
                json!({"explain": explain, "receipt": "full"}),
            );
            let again = api.post(DECIDE, again).await.expect(200).json;
            assert_eq!(again["totals"], answer["totals"], "{explain}");
            let receipt = again["receipt"].clone();
            let replayed = api.post("/v1/receipts/replay", receipt).await.expect(200);
            assert_eq!(replayed.json["identical"], true, "{}", replayed.json);
        }
        let blind = server.with("discounts:decide");
        let told = blind
            .post(DECIDE, quote(lines, json!({"explain": "full"})))
            .await;
        let told = told.expect(200).json["lines"].to_string();
        for secret in ["82.5", "62", "72.95", "gross_margin"] {
            assert!(!told.contains(secret), "{secret}: {told}");
        }
    }
);

both!(
    amounts_in_another_currency_need_a_dated_rate,
    async |server: &Server| {
        let api = server.admin();
        publish(&api, policy()).await;
        let asked = || {
            quote(
                json!([line("10", "1", "100.00", "20.00")]),
                json!({"segments": ["coupon"]}),
            )
        };
        let without = api.post(DECIDE, asked()).await.expect(200).json;
        assert_eq!(
            without["lines"][0]["error"]["code"],
            "currency_rate_missing"
        );
        let rate = json!({"currency": "USD", "valid_from": "2020-01-01", "rate": "0.9"});
        api.post("/v1/exchange-rates", rate).await.expect(201);
        let rates = api
            .get("/v1/exchange-rates?currency=USD")
            .await
            .expect(200)
            .json;
        let with = api.post(DECIDE, asked()).await.expect(200).json;
        assert_eq!(with["lines"][0]["net_unit_price"], "79.00");
        let step = &with["lines"][0]["adjustments"][1];
        assert_eq!(
            (&step["value"], &step["currency"]),
            (&json!("10"), &json!("USD"))
        );
        assert_eq!(with["rates"][0]["rate"], "0.9");
        assert_eq!(
            with["rates"][0]["rate_ids"],
            json!([rates["items"][0]["id"]])
        );
        let flat = "/v1/decisions/discount?customer=erp1:x&list=100&qty=1&segment=coupon";
        let flat = api.get(flat).await.expect(200).json;
        assert_eq!(flat["net_unit_price"], "79.00");
    }
);

both!(
    units_contracts_and_prices_that_are_asked_for,
    async |server: &Server| {
        let api = server.admin();
        publish(&api, policy()).await;
        let product = json!({"sku": "SCREW", "name": "Screw", "list_price": "0.10"});
        api.post("/v1/products", product).await.expect(201);
        let lines = json!([
            {"line_id": "box", "sku": "SCREW", "quantity": "2", "uom": "BX", "base_uom_factor": "50"},
            {"line_id": "contract", "quantity": "1", "list_unit_price": "100", "unit_cost": "90",
             "contract_ref": "K-1", "contract_unit_price": "95"},
            {"line_id": "wish", "quantity": "1", "list_unit_price": "100", "requested_unit_price": "70"},
        ]);
        let answer = api
            .post(DECIDE, quote(lines, json!({})))
            .await
            .expect(200)
            .json;
        // Two boxes are a hundred screws: 5.00 less 12 %, less 12 %.
        assert_eq!(answer["lines"][0]["list_unit_price"], "5.00");
        assert_eq!(answer["lines"][0]["net_unit_price"], "3.87");
        // The contract beats the floor of 105.89; discounts on top of it do not.
        assert_eq!(answer["lines"][1]["net_unit_price"], "95.00");
        assert_eq!(answer["lines"][1]["adjustments"][0]["kind"], "contract");
        assert_eq!(answer["lines"][1]["approval"]["required"], false);
        assert_eq!(answer["lines"][2]["net_unit_price"], "88.00");
        let reason = &answer["lines"][2]["approval"]["reasons"][0];
        assert_eq!(reason["code"], "requested_below_net");
        let wrong = json!([{"line_id": "1", "quantity": "1", "base_uom_factor": "0", "contract_unit_price": "-1"}]);
        let refused = api
            .post(DECIDE, quote(wrong, json!({"segments": [""]})))
            .await;
        let pointers = [
            "/segments/0",
            "/lines/0/base_uom_factor",
            "/lines/0/contract_ref",
            "/lines/0/contract_unit_price",
        ];
        refused.expect_problem(422, "invalid-input", &pointers);
    }
);

both!(
    lint_names_rules_that_meet_and_refuses_to_publish_them,
    async |server: &Server| {
        let api = server.admin();
        let product = json!({"sku": "DEAR", "category": "pumps", "list_price": "10"});
        let made = api.post("/v1/products", product).await.expect(201);
        let cost = json!({"valid_from": "2020-01-01", "unit_cost": "9.99", "currency": "EUR"});
        let costs = format!("{}/costs", made.header("location"));
        api.post(&costs, cost).await.expect(201);
        let mut policy = policy();
        policy["document_groups"][0]["rules"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": "huge", "kind": "percent", "value": "15", "select": {"min_amount": "20000"}}));
        policy["groups"][0]["rules"][0]["select"]["categories"] = json!(["drives"]);
        let draft = api.post(VERSIONS, policy).await.expect(201);
        let at = draft.header("location").to_owned();
        let lint = api
            .post(&format!("{at}/lint"), json!({}))
            .await
            .expect(200)
            .json;
        assert_eq!(lint["publishable"], false);
        assert_eq!(lint["faults"][0]["pointer"], "/document_groups/0/rules/1");
        let detail = "`large` and `huge` both match list amount `20000`";
        assert_eq!(lint["faults"][0]["detail"], detail);
        let warnings = lint["warnings"].as_array().unwrap().iter();
        let warnings: Vec<&Value> = warnings.map(|it| &it["code"]).collect();
        assert_eq!(warnings, ["unknown_category", "floor_above_list"]);
        let refused = api.post(&format!("{at}/publish"), json!({})).await;
        refused.expect_problem(422, "invalid-input", &["/document_groups/0/rules/1"]);
    }
);

both!(
    a_thousand_lines_and_ten_thousand_rules_are_one_question,
    async |server: &Server| {
        let api = server.admin();
        let rules: Vec<Value> = (0..10_000)
            .map(|place| {
                let value = (place % 40).to_string();
                json!({"id": format!("r{place}"), "kind": "percent", "value": value,
                       "select": {"skus": [format!("S{place}")]}})
            })
            .collect();
        let mut policy = policy();
        policy["groups"][0] =
            json!({"code": "articles", "mode": "unique", "basis": "list", "rules": rules});
        policy["document_groups"] = json!([]);
        publish(&api, policy).await;
        let lines: Vec<Value> = (0..1_000)
            .map(|place| {
                json!({"line_id": place.to_string(), "sku": format!("S{}", place * 10), "quantity": "1", "list_unit_price": "100"})
            })
            .collect();
        let answer = api
            .post(DECIDE, quote(json!(lines), json!({})))
            .await
            .expect(200)
            .json;
        let lines = answer["lines"].as_array().unwrap();
        assert_eq!(lines.len(), 1_000);
        assert_eq!(lines[7]["net_unit_price"], "70.00");
        assert_eq!(lines[7]["adjustments"][0]["rule"], "r70");
        // Agreements about other articles are not near.
        let near = lines[7]["not_applied"].as_array().unwrap();
        assert!(
            near.iter().all(|miss| miss["group"] != "articles"),
            "{near:?}"
        );
    }
);
