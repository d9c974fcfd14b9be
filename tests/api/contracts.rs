//! Contracts: which one a line is sold under, what it says, and what was agreed before.

use super::receipts::publish;
use crate::support::{Api, Server, both};
use serde_json::{Value, json};

const CONTRACTS: &str = "/v1/contracts";
const DECIDE: &str = "/v1/decisions/discount";

/// A group and one below it, and a customer of the lower one.
async fn family(api: &Api) -> [String; 3] {
    let group = async |code: &str, parent: Value| {
        let body = json!({"code": code, "name": code, "parent_id": parent});
        let made = api.post("/v1/customer-groups", body).await.expect(201);
        made.json["id"].as_str().unwrap().to_owned()
    };
    let above = group("above", Value::Null).await;
    let below = group("below", json!(above)).await;
    let body = json!({"kind": "organisation", "name": "A", "group_id": below});
    let made = api.put("/v1/customers/by-external/erp/C-1", body).await;
    let customer = made.expect(201).json["id"].as_str().unwrap().to_owned();
    [above, below, customer]
}

fn contract(code: &str, party: Value, terms: Value) -> Value {
    let mut body =
        json!({"code": code, "currency": "EUR", "valid_from": "2026-01-01", "terms": terms});
    let fields = body.as_object_mut().unwrap();
    fields.extend(party.as_object().unwrap().clone());
    body
}

fn customer() -> Value {
    json!({"customer": {"external": {"system": "erp", "id": "C-1"}}})
}

async fn make(api: &Api, code: &str, party: Value, terms: Value) -> crate::support::Reply {
    api.post(CONTRACTS, contract(code, party, terms))
        .await
        .expect(201)
}

async fn decide(api: &Api, more: Value) -> Value {
    let mut line = json!({"line_id": "10", "sku": "BT023", "category_path": ["drives", "servo"],
                          "quantity": "2", "list_unit_price": "100", "unit_cost": "10"});
    let mut question =
        json!({"customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR"});
    for (name, value) in more.as_object().unwrap() {
        let into = match name.as_str() {
            "known_at" | "receipt" => &mut question,
            _ => &mut line,
        };
        into[name] = value.clone();
    }
    question["lines"] = json!([line]);
    api.post(DECIDE, question).await.expect(200).json
}

/// The price, and the contract it is of.
async fn price(api: &Api, more: Value) -> (String, Value) {
    let line = decide(api, more).await["lines"][0].clone();
    let net = line["net_unit_price"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (net, line["contract_ref"].clone())
}

async fn head(api: &Api) -> i64 {
    // What was acknowledged is numbered within moments.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let head = api.get("/v1/audit/head").await.expect(200).json;
    head["position"].as_i64().unwrap()
}

both!(
    the_nearest_contract_prices_a_line_now_and_then,
    async |server: &Server| {
        let api = server.admin();
        let [above, below, id] = family(&api).await;
        let of = |net: &str, code: &str| (net.to_owned(), json!(code));
        let none = json!({});
        assert_eq!(
            price(&api, none.clone()).await,
            ("100.00".to_owned(), Value::Null)
        );
        let by_group = json!([{"category": "drives", "percent": "10"}]);
        make(&api, "K-above", json!({"group_id": above}), by_group).await;
        assert_eq!(price(&api, none.clone()).await, of("90.00", "K-above"));
        make(
            &api,
            "K-below",
            json!({"group_id": below}),
            json!([{"percent": "15"}]),
        )
        .await;
        assert_eq!(price(&api, none.clone()).await, of("85.00", "K-below"));
        let terms = json!([{"sku": "BT023", "net_unit_price": "81.5"}, {"percent": "1"}]);
        let own = make(&api, "K-own", customer(), terms).await;
        assert_eq!(own.json["customer_id"], id);
        assert_eq!(price(&api, none.clone()).await, of("81.50", "K-own"));
        let known = head(&api).await;

        // By name; by the unit of measure; as the caller tells it; under a name nobody knows.
        let named = json!({"contract_ref": "K-above"});
        assert_eq!(price(&api, named).await, of("90.00", "K-above"));
        let by_two = json!({"base_uom_factor": "2", "list_unit_price": "200"});
        assert_eq!(price(&api, by_two).await, of("163.00", "K-own"));
        let told = json!({"contract_ref": "K-own", "contract_unit_price": "70"});
        assert_eq!(price(&api, told).await, of("70.00", "K-own"));
        let unknown = json!({"contract_ref": "K-elsewhere"});
        assert_eq!(price(&api, unknown).await, of("100.00", "K-elsewhere"));

        // A new version counts from now on, and not for what was known before.
        let receipt = decide(&api, json!({"receipt": "full"})).await["receipt"].clone();
        let at = own.header("location").to_owned();
        let change = json!({"terms": [{"sku": "BT023", "net_unit_price": "79"}]});
        let changed = api.patch(&at, own.header("etag"), change.clone()).await;
        assert_eq!(changed.expect(200).json["version"], 2);
        let stale = api
            .patch(&at, own.header("etag"), json!({"valid_until": null}))
            .await;
        assert_eq!(stale.json["version"], Value::Null);
        stale.expect_problem(412, "stale", &[]);
        assert_eq!(price(&api, none.clone()).await, of("79.00", "K-own"));
        let then = json!({"known_at": known.to_string()});
        assert_eq!(price(&api, then).await, of("81.50", "K-own"));
        let replay = api
            .post("/v1/receipts/replay", receipt)
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&replay["valid"], &replay["identical"]),
            (&json!(true), &json!(true)),
            "{replay}"
        );
        let versions = api.get(&format!("{at}/versions")).await.expect(200).json;
        assert_eq!(versions["items"][0]["terms"][0]["net_unit_price"], "81.5");
        assert_eq!(versions["items"][1]["terms"][0]["net_unit_price"], "79");

        // Over: the group's counts again.
        let over = json!({"valid_until": "2026-01-31"});
        api.patch(&at, "\"v2\"", over).await.expect(200);
        assert_eq!(price(&api, none).await, of("85.00", "K-below"));
    }
);

both!(
    contracts_are_checked_listed_and_exchanged,
    async |server: &Server| {
        let api = server.admin();
        family(&api).await;
        let everything = || json!([{"net_unit_price": "50"}]);
        make(&api, "K-1", customer(), everything()).await;
        let taken = api
            .post(CONTRACTS, contract("K-1", customer(), everything()))
            .await;
        taken.expect_problem(409, "conflict", &[]);
        let neither = api
            .post(CONTRACTS, contract("K-2", json!({}), everything()))
            .await;
        neither.expect_problem(422, "invalid-input", &["/customer"]);
        let twice = json!([{"percent": "1"}, {"percent": "2"}]);
        let twice = api
            .post(CONTRACTS, contract("K-2", customer(), twice))
            .await;
        twice.expect_problem(422, "invalid-input", &["/terms/1"]);
        let mut backwards = contract("K-2", customer(), everything());
        backwards["valid_until"] = json!("2025-12-31");
        let backwards = api.post(CONTRACTS, backwards).await;
        backwards.expect_problem(422, "invalid-input", &["/valid_until"]);
        let mut dollars = contract(
            "K-usd",
            customer(),
            json!([{"sku": "BT023", "net_unit_price": "40"}]),
        );
        dollars["currency"] = json!("USD");
        let dollars = api.post(CONTRACTS, dollars).await.expect(201);
        let line = decide(&api, json!({})).await["lines"][0].clone();
        assert_eq!(line["error"]["code"], "currency_rate_missing");
        let rate = json!({"currency": "USD", "valid_from": "2026-01-01", "rate": "0.5"});
        api.post("/v1/exchange-rates", rate).await.expect(201);
        let decision = decide(&api, json!({})).await;
        assert_eq!(decision["lines"][0]["net_unit_price"], "20.00");
        assert_eq!(decision["rates"][0]["currency"], "USD");
        let page = api
            .get(&format!("{CONTRACTS}?limit=1&customer=erp:C-1"))
            .await
            .expect(200);
        assert_eq!(page.json["items"][0]["code"], "K-1");
        let next = page.json["next"].as_str().unwrap();
        let next = api
            .get(&format!(
                "{CONTRACTS}?limit=1&customer=erp:C-1&after={next}"
            ))
            .await;
        assert_eq!(next.expect(200).json["items"][0]["code"], "K-usd");
        let found = api.get(dollars.header("location")).await.expect(200);
        assert_eq!(found.header("etag"), "\"v1\"");
    }
);

both!(
    a_contract_below_the_floor_takes_an_approval,
    async |server: &Server| {
        let api = server.admin();
        family(&api).await;
        publish(&api, "discount", "2026-01-01", |document| {
            document["floor"] =
                json!({"basis": "markup_pct", "value": "20", "missing_cost": "block"});
        })
        .await;
        make(&api, "K-1", customer(), json!([{"net_unit_price": "11"}])).await;
        let line = decide(&api, json!({})).await["lines"][0].clone();
        assert_eq!(line["net_unit_price"], "11.00");
        assert_eq!(
            line["approval"]["reasons"][0]["code"],
            "floor_above_contract"
        );
        let asked = json!({"customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR",
            "reason": "agreed long ago",
            "lines": [{"line_id": "10", "sku": "BT023", "category_path": ["drives", "servo"],
                       "quantity": "2", "list_unit_price": "100", "unit_cost": "10"}]});
        let asked = api
            .post("/v1/price-approvals", asked)
            .await
            .expect(201)
            .json["items"][0]
            .clone();
        assert_eq!(
            (&asked["contract_ref"], &asked["requested_price"]),
            (&json!("K-1"), &json!("11.00"))
        );
        let boss = crate::access::client(server, "boss", &["discounts:approve"]).await;
        let boss = server.bearing(&boss.token(&server.without_token()).await);
        let at = format!(
            "/v1/price-approvals/{}/approve",
            asked["id"].as_str().unwrap()
        );
        boss.post(&at, json!({"reason": "yes"})).await.expect(200);
        let line = decide(&api, json!({})).await["lines"][0].clone();
        assert_eq!(line["approval"]["required"], false);
        assert_eq!(line["approval"]["approval_id"], asked["id"]);
    }
);
