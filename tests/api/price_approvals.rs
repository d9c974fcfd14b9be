//! Prices that the policy does not give: who may grant them, what they cover, and what is told.

use super::receipts::publish;
use crate::access::client;
use crate::support::{Api, Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const APPROVALS: &str = "/v1/price-approvals";
const DECIDE: &str = "/v1/decisions/discount";

/// Who takes part: one sells, two decide.
struct Cast {
    admin: Api,
    seller: Api,
    manager: Api,
    director: Api,
}

async fn member(server: &Server, name: &str, scopes: &[&str]) -> (String, Api) {
    let credential = client(server, name, scopes).await;
    let token = credential.token(&server.without_token()).await;
    (credential.id, server.bearing(&token))
}

/// Up to 2 % nobody, up to 30 % the manager, then the director too.
async fn cast(server: &Server) -> Cast {
    let admin = server.admin();
    let body = json!({"kind": "organisation", "name": "A"});
    let at = "/v1/customers/by-external/erp/C-1";
    admin.put(at, body).await.expect(201);
    let (_, seller) = member(server, "seller", &["discounts:decide"]).await;
    let deciding = ["discounts:decide", "discounts:approve"];
    let (first, manager) = member(server, "manager", &deciding).await;
    let (second, director) = member(server, "director", &["discounts:approve", "costs:read"]).await;
    publish(&admin, "discount", "2026-01-01", |document| {
        document["approvals"] = json!({"free_pct": "2", "most_days": 10, "levels": [
            {"code": "manager", "up_to": {"pct": "30"}, "approvers": [first]},
            {"code": "director", "approvers": [second]},
        ]});
        document["floor"] =
            json!({"basis": "gross_margin_pct", "value": "15", "missing_cost": "approve"});
    })
    .await;
    Cast {
        admin,
        seller,
        manager,
        director,
    }
}

fn lines(lines: Value) -> Value {
    json!({"customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR", "lines": lines})
}

fn line(quantity: &str, requested: &str) -> Value {
    json!({"line_id": "10", "sku": "BT023", "quantity": quantity, "list_unit_price": "100",
           "unit_cost": "82.53", "requested_unit_price": requested})
}

async fn decide(api: &Api, quantity: &str, requested: &str) -> Value {
    let question = lines(json!([line(quantity, requested)]));
    let decision = api.post(DECIDE, question).await.expect(200).json;
    decision["lines"][0].clone()
}

/// Net price, and whether an approval is required.
async fn outcome(api: &Api, quantity: &str, requested: &str) -> (String, bool) {
    let line = decide(api, quantity, requested).await;
    let net = line["net_unit_price"].as_str().unwrap().to_owned();
    (net, line["approval"]["required"].as_bool().unwrap())
}

async fn ask(api: &Api, requested: &str) -> Value {
    let mut body = lines(json!([line("10", requested)]));
    body["reason"] = json!("matches a competitor");
    api.post(APPROVALS, body).await.expect(201).json["items"][0].clone()
}

fn at(request: &Value, step: &str) -> String {
    format!("{APPROVALS}/{}/{step}", request["id"].as_str().unwrap())
}

fn because() -> Value {
    json!({"reason": "worth it"})
}

async fn head(api: &Api) -> i64 {
    // What was acknowledged is numbered within moments.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let head = api.get("/v1/audit/head").await.expect(200).json;
    head["position"].as_i64().unwrap()
}

both!(
    what_was_granted_covers_equal_and_better_prices_of_the_same_inputs,
    async |server: &Server| {
        let them = cast(server).await;
        let seller = &them.seller;
        let expected = |net: &str, required| (net.to_owned(), required);
        assert_eq!(
            outcome(seller, "10", "98").await,
            expected("98.00", false),
            "free"
        );
        let before = decide(seller, "10", "88").await;
        assert_eq!(before["approval"]["level"], "manager");
        assert_eq!(before["net_unit_price"], "100.00");
        let request = ask(seller, "88").await;
        assert_eq!(
            (&request["status"], &request["level"]),
            (&json!("pending"), &json!("manager"))
        );
        assert_eq!(request["discount_pct"], "12");
        assert_eq!(ask(seller, "88").await["id"], request["id"], "asked before");
        let known = head(&them.admin).await;
        let refused = them
            .director
            .post(&at(&request, "approve"), because())
            .await;
        refused.expect_problem(403, "forbidden", &[]);
        let refused = seller.post(&at(&request, "approve"), because()).await;
        refused.expect_problem(403, "forbidden", &[]);
        let granted = them.manager.post(&at(&request, "approve"), because()).await;
        let granted = granted.expect(200).json;
        assert_eq!(granted["status"], "granted");
        let again = them.manager.post(&at(&request, "reject"), because()).await;
        again.expect_problem(409, "conflict", &[]);

        let after = decide(seller, "10", "88").await;
        assert_eq!(after["net_unit_price"], "88.00");
        assert_eq!(after["approval"]["approval_id"], request["id"]);
        assert_eq!(after["approval"]["required"], false);
        let step = &after["adjustments"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()
            .clone();
        assert_eq!(
            (&step["kind"], &step["approval_id"]),
            (&json!("requested"), &request["id"])
        );
        assert_eq!(outcome(seller, "10", "89").await, expected("89.00", false));
        assert_eq!(
            outcome(seller, "10", "87.5").await,
            expected("100.00", true)
        );
        assert_eq!(outcome(seller, "11", "88").await, expected("100.00", true));

        // What was not granted yet is not known then.
        let mut then = lines(json!([line("10", "88")]));
        then["known_at"] = json!(known.to_string());
        let then = seller.post(DECIDE, then).await.expect(200).json;
        assert_eq!(then["lines"][0]["approval"]["required"], true);

        // Another line of the same quote is asked for by itself.
        let mut other = line("1", "80");
        other["line_id"] = json!("20");
        let mut body = lines(json!([line("10", "88"), other]));
        body["reason"] = json!("the second line only");
        let items = seller.post(APPROVALS, body).await.expect(201).json["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1);
        assert_eq!(items[0]["line_id"], "20");
        let mut body = lines(json!([line("10", "88")]));
        body["reason"] = json!("granted already");
        let nothing = seller.post(APPROVALS, body).await;
        nothing.expect_problem(422, "invalid-input", &["/lines"]);
    }
);

both!(
    a_firm_quote_names_its_approval_and_replays_for_ever,
    async |server: &Server| {
        let them = cast(server).await;
        let request = ask(&them.seller, "88").await;
        let approved = them.manager.post(&at(&request, "approve"), because()).await;
        approved.expect(200);
        let mut firm = lines(json!([line("10", "88")]));
        firm["mode"] = json!("firm");
        let headers = [("idempotency-key", "q-1")];
        let quote = them
            .seller
            .send(Method::POST, DECIDE, Some(firm), &headers)
            .await;
        let quote = quote.expect(201);
        let kept = them
            .seller
            .get(quote.header("location"))
            .await
            .expect(200)
            .json;
        assert_eq!(kept["quote"]["status"], "open");
        let told = &kept["receipt"]["decision"]["lines"][0];
        assert_eq!(
            (&told["net_unit_price"], &told["approval_id"]),
            (&json!("88.00"), &request["id"])
        );
        let text = kept.to_string();
        assert!(
            !text.contains("unit_floor") && !text.contains("97.1"),
            "{text}"
        );

        // Another version of the policy opens the price again, and leaves the quote as it is.
        publish(&them.admin, "discount", "2026-01-02", |_| ()).await;
        let replay = format!("{}/replay", quote.header("location"));
        let replay = them.seller.post(&replay, json!({})).await.expect(200).json;
        assert_eq!(
            (&replay["valid"], &replay["identical"]),
            (&json!(true), &json!(true)),
            "{replay}"
        );
        assert!(outcome(&them.seller, "10", "88").await.1);
    }
);

both!(
    deep_discounts_take_every_level_and_everybody_decides_once,
    async |server: &Server| {
        let them = cast(server).await;
        let deep = ask(&them.manager, "60").await;
        assert_eq!(deep["chain"], json!(["manager", "director"]));
        let own = them.manager.post(&at(&deep, "approve"), because()).await;
        own.expect_problem(403, "forbidden", &[]);
        let foreign = them.seller.post(&at(&deep, "withdraw"), because()).await;
        foreign.expect_problem(403, "forbidden", &[]);
        let own = them.manager.post(&at(&deep, "withdraw"), because()).await;
        assert_eq!(own.expect(200).json["status"], "withdrawn");

        let deep = ask(&them.seller, "60").await;
        let first = them
            .manager
            .post(&at(&deep, "approve"), because())
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&first["status"], &first["level"]),
            (&json!("pending"), &json!("director"))
        );
        assert!(
            outcome(&them.seller, "10", "60").await.1,
            "one level is not enough"
        );
        let twice = them.manager.post(&at(&deep, "approve"), because()).await;
        twice.expect_problem(403, "forbidden", &[]);
        let pending = format!("{APPROVALS}?status=pending&level=director");
        let listed = them.director.get(&pending).await.expect(200).json;
        assert_eq!(listed["items"][0]["id"], deep["id"]);
        let last = them
            .director
            .post(&at(&deep, "approve"), because())
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&last["status"], &last["steps"][1]["level"]),
            (&json!("granted"), &json!("director"))
        );
        assert_eq!(
            outcome(&them.seller, "10", "60").await,
            ("60.00".to_owned(), false)
        );

        let other = ask(&them.seller, "55").await;
        let rejected = them.manager.post(&at(&other, "reject"), because()).await;
        assert_eq!(rejected.expect(200).json["status"], "rejected");
        assert!(outcome(&them.seller, "10", "55").await.1);
        let anew = ask(&them.seller, "55").await;
        assert_ne!(anew["id"], other["id"]);
        let kinds = kinds(&them.admin).await;
        for kind in ["requested", "withdrawn", "approved", "granted", "rejected"] {
            let kind = format!("price_approval.{kind}");
            assert!(kinds.contains(&kind), "{kind} of {kinds:?}");
        }
    }
);

async fn kinds(api: &Api) -> Vec<String> {
    let after = head(api).await.saturating_sub(100).max(0);
    let events = api
        .get(&format!("/v1/events?after={after}&limit=200"))
        .await;
    let events = events.expect(200).json["items"].as_array().unwrap().clone();
    let kinds = events
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned());
    kinds.collect()
}

both!(
    costs_and_floors_are_told_to_those_who_may_see_them,
    async |server: &Server| {
        let them = cast(server).await;
        let request = ask(&them.seller, "88").await;
        let path = format!("{APPROVALS}/{}", request["id"].as_str().unwrap());
        for api in [&them.seller, &them.manager] {
            let one = api.get(&path).await.expect(200).text;
            let all = api
                .get(&format!("{APPROVALS}?customer=erp:C-1"))
                .await
                .expect(200)
                .text;
            for text in [one, all] {
                let tells = ["82.53", "97.1", "unit_cost", "floor_price"];
                assert!(tells.iter().all(|word| !text.contains(word)), "{text}");
            }
        }
        let seen = them.director.get(&path).await.expect(200).json;
        assert_eq!(
            (&seen["unit_cost"], &seen["floor_price"]),
            (&json!("82.53"), &json!("97.10"))
        );
        let unknown = them.seller.get(&format!("{APPROVALS}?state=pending")).await;
        unknown.expect_problem(400, "unknown-parameter", &[]);
        let mut late = lines(json!([line("10", "88")]));
        late["reason"] = json!("too long");
        late["valid_until"] = json!("2999-01-01");
        let late = them.seller.post(APPROVALS, late).await;
        late.expect_problem(422, "invalid-input", &["/valid_until"]);

        // The words go with the customer, the decision stays.
        let id = request["customer"].as_str().unwrap();
        them.admin
            .delete(&format!("/v1/customers/{id}"))
            .await
            .expect(204);
        let left = them.seller.get(&path).await.expect(200).json;
        assert!(left.get("reason").is_none() && left["status"] == "pending");
        let gone = them.manager.post(&at(&request, "approve"), because()).await;
        gone.expect_problem(404, "not-found", &[]);
    }
);

both!(
    a_document_below_its_floor_is_granted_as_a_whole,
    async |server: &Server| {
        let admin = server.admin();
        let body = json!({"kind": "organisation", "name": "A"});
        admin
            .put("/v1/customers/by-external/erp/C-1", body)
            .await
            .expect(201);
        publish(&admin, "discount", "2026-01-01", |document| {
            document["floor"] = Value::Null;
            document["document_floor"] =
                json!({"basis": "gross_margin_pct", "value": "20", "missing_cost": "approve"});
        })
        .await;
        let (_, boss) = member(server, "boss", &["discounts:approve"]).await;
        let two = |second: &str| {
            json!([{"line_id": "1", "quantity": "1", "list_unit_price": "100", "unit_cost": "85"},
                   {"line_id": "2", "quantity": second, "list_unit_price": "50", "unit_cost": "45"}])
        };
        let approval = async |second: &str| {
            let decided = admin
                .post(DECIDE, lines(two(second)))
                .await
                .expect(200)
                .json;
            decided["document_discounts"]["approval"].clone()
        };
        assert_eq!(approval("1").await["required"], true);
        let mut body = lines(two("1"));
        body["reason"] = json!("a good customer");
        let asked = admin.post(APPROVALS, body).await.expect(201).json["items"].clone();
        assert_eq!(asked.as_array().unwrap().len(), 1);
        assert_eq!(
            (&asked[0]["subject"], &asked[0]["requested_price"]),
            (&json!("document"), &json!("150.00"))
        );
        boss.post(&at(&asked[0], "approve"), because())
            .await
            .expect(200);
        let granted = approval("1").await;
        assert_eq!(
            (&granted["required"], &granted["approval_id"]),
            (&json!(false), &asked[0]["id"])
        );
        assert_eq!(approval("2").await["required"], true);
    }
);

both!(
    a_retry_is_answered_as_before_whatever_was_decided_since,
    async |server: &Server| {
        let them = cast(server).await;
        let mut body = lines(json!([line("10", "88")]));
        body["reason"] = json!("matches a competitor");
        let key = [("idempotency-key", "once")];
        let send = async || {
            let post = reqwest::Method::POST;
            let sent = them.seller.send(post, APPROVALS, Some(body.clone()), &key);
            sent.await.expect(201).json
        };
        let asked = send().await;
        let request = asked["items"][0].clone();
        let granted = them.manager.post(&at(&request, "approve"), because()).await;
        granted.expect(200);
        assert_eq!(send().await, asked);
    }
);

both!(
    nobody_learns_the_cost_of_a_product_from_an_approval,
    async |server: &Server| {
        let them = cast(server).await;
        let sku = "/v1/products/by-sku/BT023";
        let made = them.admin.put(sku, json!({"name": "Servo"})).await;
        let product = made.expect(201).json["id"].as_str().unwrap().to_owned();
        let cost = json!({"unit_cost": "82.53", "valid_from": "2020-01-01"});
        let costs = format!("/v1/products/{product}/costs");
        them.admin.post(&costs, cost).await.expect(201);
        let of_product = || {
            let mut line = line("10", "88");
            line.as_object_mut().unwrap().remove("unit_cost");
            line
        };
        let mut body = lines(json!([of_product()]));
        body["reason"] = json!("matches a competitor");
        let asked = them.seller.post(APPROVALS, body).await.expect(201).json;
        let request = asked["items"][0].clone();
        let granted = them.manager.post(&at(&request, "approve"), because()).await;
        granted.expect(200);
        // The right guess tells as little as a wrong one.
        for (line, granted) in [(of_product(), true), (line("10", "88"), false)] {
            let decision = them.seller.post(DECIDE, lines(json!([line]))).await;
            let decision = decision.expect(200).json;
            let approval = &decision["lines"][0]["approval"];
            assert_eq!(approval["approval_id"].is_string(), granted, "{approval}");
        }
    }
);
