//! Credit over HTTP: authorised once, never beyond the limit, moved by facts, ended in time.

use super::facts::fact;
use crate::support::{Api, Reply, Server, both};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

pub const AUTHORIZE: &str = "/v1/credit/authorizations";
const TERMS: &str = "/v1/customers/by-external/erp/C-1/credit-terms";

pub async fn keyed(api: &Api, path: &str, key: &str, body: Value) -> Reply {
    let headers = [("idempotency-key", key)];
    api.send(Method::POST, path, Some(body), &headers).await
}

/// A customer of the ERP with a limit of its own; answers its account.
pub async fn customer(api: &Api, id: &str, limit: &str) -> String {
    let path = format!("/v1/customers/by-external/erp/{id}");
    let body = json!({"kind": "organisation", "since": "2020-01-01"});
    api.put(&path, body).await.expect(201);
    let body = json!({"customer": {"external": {"system": "erp", "id": id}}, "currency": "EUR"});
    let account = keyed(api, "/v1/credit/accounts", &format!("open {id}"), body).await;
    let account = account.expect(201).json["id"].as_str().unwrap().to_owned();
    give_limit(api, &account, limit, &format!("limit {id}")).await;
    account
}

pub async fn give_limit(api: &Api, account: &str, limit: &str, key: &str) {
    let path = format!("/v1/credit/accounts/{account}/limits");
    let body = json!({"kind": "base", "amount": limit, "reason": "test", "approver": "cfo"});
    keyed(api, &path, key, body).await.expect(201);
}

pub fn order(customer: &str, id: &str, amount: &str) -> Value {
    json!({
        "customer": {"external": {"system": "erp", "id": customer}}, "amount": amount,
        "currency": "EUR", "document": {"system": "erp", "type": "sales_order", "id": id},
    })
}

pub async fn balances(api: &Api, account: &str) -> (String, String) {
    let account = api.get(&format!("/v1/credit/accounts/{account}")).await;
    let json = account.expect(200).json;
    let text = |name: &str| json[name].as_str().unwrap().to_owned();
    (text("posted"), text("pending"))
}

/// The ledger sums to the balances (I3) and never fell below zero (I1).
pub async fn ledger_holds(api: &Api, account: &str) {
    let (posted, pending) = balances(api, account).await;
    let cents = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let mut sums = (0, 0);
    let mut path = format!("/v1/credit/accounts/{account}/entries?limit=200");
    loop {
        let page = api.get(&path).await.expect(200).json;
        for entry in page["items"].as_array().unwrap() {
            let number = |name: &str| cents(entry[name].as_str().unwrap());
            sums.0 += number("posted_change");
            sums.1 += number("pending_change");
            assert_eq!(sums, (number("posted"), number("pending")), "{entry}");
            assert!(sums.0 >= 0 && sums.1 >= 0, "{entry}");
        }
        let Some(next) = page["next"].as_str() else {
            break;
        };
        path = format!("/v1/credit/accounts/{account}/entries?limit=200&after={next}");
    }
    assert_eq!(sums, (cents(&posted), cents(&pending)));
}

pub fn same<T: Into<String>>(pair: (T, T)) -> (String, String) {
    (pair.0.into(), pair.1.into())
}

both!(
    a_document_goes_from_zero_to_paid_and_counts_once,
    async |server: &Server| {
        let api = server.admin();
        let path = "/v1/customers/by-external/erp/C-1";
        api.put(path, json!({"kind": "organisation"}))
            .await
            .expect(201);
        let made = keyed(&api, AUTHORIZE, "a1", order("C-1", "SO-1", "600.00")).await;
        let made = made.expect(201);
        assert_eq!(made.json["outcome"], "approved", "{}", made.text);
        assert_eq!(made.json["reserved"], "600.00");
        assert_eq!(
            made.json["available_after"], "400.00",
            "the limit of the default tier"
        );
        let path = made.header("location").to_owned();
        let account = made.json["account_id"].as_str().unwrap();
        assert_eq!(balances(&api, account).await, same(("0.00", "600.00")));
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(terms["exposure"]["pending"], "600.00", "{terms}");
        assert_eq!(terms["exposure"]["available"], "400.00");
        assert_eq!(terms["account"]["reserved"], "600.00");

        let commit = format!("{path}/commit");
        let body = json!({"amount": "600.00", "stage": "ordered", "final": true});
        let done = keyed(&api, &commit, "c1", body.clone()).await.expect(200);
        assert_eq!(
            (&done.json["state"], &done.json["ordered"]),
            (&json!("committed"), &json!("600.00"))
        );
        let again = keyed(&api, &commit, "c1", body.clone()).await.expect(200);
        assert_eq!(
            (again.header("idempotency-replayed"), &again.text),
            ("true", &done.text)
        );
        let late = keyed(&api, &commit, "c2", body).await;
        late.expect_problem(409, "authorization-committed", &[]);

        let document = json!({"system": "erp", "type": "sales_order", "id": "SO-1"});
        let told = json!({"document": document, "amount": "600"});
        api.post("/v1/facts", fact("l1", told)).await.expect(201);
        assert_eq!(balances(&api, account).await, same(("600.00", "0.00")));
        let bill = json!({"kind": "invoice", "amount": "700", "follows": document, "due_on": "2036-02-01",
            "document": {"system": "fin", "type": "invoice", "id": "I-1"}});
        api.post("/v1/facts", fact("i1", bill)).await.expect(201);
        assert_eq!(
            balances(&api, account).await,
            same(("700.00", "0.00")),
            "clamped"
        );
        let pay = json!({"kind": "payment", "amount": "450"});
        api.post("/v1/facts", fact("p1", pay)).await.expect(201);
        assert_eq!(balances(&api, account).await, same(("250.00", "0.00")));
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(terms["exposure"]["posted"], "250.00");
        assert_eq!(terms["account"]["invoiced_open"], "250.00");
        assert_eq!(terms["account"]["ordered"], "0.00");
        ledger_holds(&api, account).await;
    }
);

both!(
    what_has_expired_or_was_released_blocks_nothing,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "100").await;
        let mut brief = order("C-1", "A", "80.00");
        brief["ttl_seconds"] = json!(1);
        let first = keyed(&api, AUTHORIZE, "a", brief).await.expect(201);
        let path = first.header("location").to_owned();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let second = keyed(&api, AUTHORIZE, "b", order("C-1", "B", "90.00"))
            .await
            .expect(201);
        assert_eq!(api.get(&path).await.expect(200).json["state"], "expired");
        let commit = json!({"amount": "1", "stage": "ordered"});
        let late = keyed(&api, &format!("{path}/commit"), "c", commit.clone()).await;
        late.expect_problem(409, "authorization-expired", &[]);

        let path = second.header("location").to_owned();
        let more = json!({"amount": "120.00"});
        let held = keyed(&api, &format!("{path}/adjust"), "d", more)
            .await
            .expect(200);
        assert_eq!(held.json["outcome"], "held", "{}", held.text);
        let less = json!({"amount": "70.00"});
        let done = keyed(&api, &format!("{path}/adjust"), "e", less)
            .await
            .expect(200);
        assert_eq!(
            (&done.json["outcome"], &done.json["reserved"]),
            (&json!("approved"), &json!("70.00"))
        );
        let too_much = json!({"amount": "71", "stage": "ordered"});
        let refused = keyed(&api, &format!("{path}/commit"), "f", too_much.clone()).await;
        refused.expect_problem(409, "exceeds-authorization", &[]);
        let mut grown = too_much;
        grown["allow_increment"] = json!(true);
        let done = keyed(&api, &format!("{path}/commit"), "g", grown)
            .await
            .expect(200);
        assert_eq!(done.json["ordered"], "71.00");
        let release = format!("{path}/release");
        let done = keyed(&api, &release, "h", json!({})).await.expect(200);
        assert_eq!(
            (&done.json["state"], &done.json["ordered"]),
            (&json!("released"), &json!("71.00"))
        );
        let again = keyed(&api, &release, "i", json!({})).await;
        again.expect_problem(409, "authorization-released", &[]);
        assert_eq!(balances(&api, &account).await, same(("71.00", "0.00")));
        ledger_holds(&api, &account).await;
        let listed = api
            .get(&format!("{AUTHORIZE}?state=released&customer=erp:C-1"))
            .await;
        assert_eq!(
            listed.expect(200).json["items"].as_array().unwrap().len(),
            1
        );
    }
);

both!(
    a_payment_makes_a_hold_ready_and_an_override_lets_one_go,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "100").await;
        let bill = json!({"kind": "invoice", "amount": "80", "due_on": "2036-02-01",
            "document": {"system": "fin", "type": "invoice", "id": "I-1"}});
        api.post("/v1/facts", fact("i1", bill)).await.expect(201);
        let asked = order("C-1", "SO-1", "50.00");
        let held = keyed(&api, AUTHORIZE, "a", asked.clone())
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&held["outcome"], &held["authorization_id"]),
            (&json!("held"), &json!(null))
        );
        let hold = format!("/v1/credit/holds/{}", held["hold_id"].as_str().unwrap());
        assert_eq!(api.get(&hold).await.expect(200).json["status"], "open");

        let path = format!("/v1/credit/accounts/{account}/overrides");
        let given = json!({"amount": "45.00", "reason": "trade fair", "expires_in_seconds": 600});
        let given = keyed(&api, &path, "o", given).await.expect(201).json;
        let mut beyond = order("C-1", "SO-2", "60.00");
        beyond["override_id"] = given["id"].clone();
        let done = keyed(&api, AUTHORIZE, "b", beyond.clone())
            .await
            .expect(201)
            .json;
        assert_eq!(
            (&done["outcome"], &done["override_id"]),
            (&json!("approved"), &given["id"])
        );
        // 5 of the budget are left, and 10 are missing.
        beyond["document"]["id"] = json!("SO-3");
        beyond["amount"] = json!("10.00");
        let held = keyed(&api, AUTHORIZE, "c", beyond).await.expect(200).json;
        assert_eq!(held["outcome"], "held", "the budget is used up");
        let path = format!(
            "{AUTHORIZE}/{}/release",
            done["authorization_id"].as_str().unwrap()
        );
        keyed(&api, &path, "d", json!({})).await.expect(200);
        assert_eq!(
            api.get(&hold).await.json["status"],
            "open",
            "30 are missing still"
        );

        let pay = json!({"kind": "payment", "amount": "40"});
        api.post("/v1/facts", fact("p1", pay)).await.expect(201);
        let mut status = json!(null);
        for _ in 0..100 {
            status = api.get(&hold).await.expect(200).json["status"].clone();
            if status == "ready" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(status, "ready");
        keyed(&api, AUTHORIZE, "e", asked).await.expect(201);
        assert_eq!(api.get(&hold).await.expect(200).json["status"], "released");
        ledger_holds(&api, &account).await;
        let mut kinds = std::collections::BTreeSet::new();
        for _ in 0..100 {
            let feed = api.get("/v1/events?limit=200").await.expect(200).json;
            let items = feed["items"].as_array().unwrap().iter();
            kinds = items
                .map(|it| it["type"].as_str().unwrap().to_owned())
                .collect();
            if kinds.contains("credit.released") && kinds.contains("credit.hold.ready_to_release") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        for kind in [
            "authorized",
            "released",
            "hold.opened",
            "hold.ready_to_release",
            "limit.changed",
            "override.given",
        ] {
            assert!(
                kinds.contains(&format!("credit.{kind}")),
                "{kind}: {kinds:?}"
            );
        }
    }
);

both!(
    nothing_wrong_is_taken_and_nothing_is_written,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "100").await;
        let fine = order("C-1", "SO-1", "10.00");
        let keyless = api.post(AUTHORIZE, fine.clone()).await;
        keyless.expect_problem(400, "idempotency-key-required", &[]);
        let put = |field: &str, value: Value| {
            let mut body = order("C-1", "SO-1", "10.00");
            body[field] = value;
            body
        };
        for (place, (body, pointer)) in [
            (put("amount", json!(10.0)), "/amount"),
            (put("amount", json!(null)), "/amount"),
            (put("colour", json!("red")), "/colour"),
            (put("document", json!([])), "/document"),
        ]
        .into_iter()
        .enumerate()
        {
            let refused = keyed(&api, AUTHORIZE, &format!("u{place}"), body).await;
            assert_eq!(refused.status, 400, "{pointer}: {}", refused.text);
        }
        for (place, (body, pointer)) in [
            (put("amount", json!("0")), "/amount"),
            (put("amount", json!("-1")), "/amount"),
            (put("amount", json!("10.001")), "/amount"),
            (put("amount", json!("1e400")), "/amount"),
            (
                put("amount", json!("99999999999999999999999999999")),
                "/amount",
            ),
            (put("amount", json!("900000000000000")), "/amount"),
            (put("currency", json!("eur")), "/currency"),
            (put("currency", json!("USD")), "/currency"),
            (put("customer", json!({})), "/customer"),
            (
                put(
                    "customer",
                    json!({"external": {"system": "erp", "id": "nobody"}}),
                ),
                "/customer",
            ),
            (
                put("customer", json!({"id": "cus_00000000000000000000000007"})),
                "/customer",
            ),
            (put("payment_term", json!("nobody-has-it")), "/payment_term"),
            (
                put("requested_delivery", json!("2026-02-30")),
                "/requested_delivery",
            ),
            (
                put("requested_delivery", json!("2020-01-01")),
                "/requested_delivery",
            ),
            (put("ttl_seconds", json!(0)), "/ttl_seconds"),
            (
                put("override_id", json!("ovr_00000000000000000000000007")),
                "/override_id",
            ),
            (
                put("document", json!({"system": "", "type": "a", "id": "b"})),
                "/document/system",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let refused = keyed(&api, AUTHORIZE, &format!("w{place}"), body).await;
            refused.expect_problem(422, "invalid-input", &[pointer]);
        }
        let nul = keyed(&api, AUTHORIZE, "nul", put("company", json!("a\u{0}"))).await;
        assert_eq!(nul.status, 400, "{}", nul.text);
        let missing = format!("{AUTHORIZE}/aut_00000000000000000000000007");
        api.get(&missing)
            .await
            .expect_problem(404, "not-found", &[]);
        let commit = json!({"amount": "1", "stage": "ordered"});
        let unknown = keyed(&api, &format!("{missing}/commit"), "m", commit).await;
        unknown.expect_problem(404, "not-found", &[]);
        let cursor = api.get(&format!("{AUTHORIZE}?after=AAAA")).await;
        cursor.expect_problem(400, "bad-cursor", &[]);
        let filter = api.get(&format!("{AUTHORIZE}?stat=open")).await;
        filter.expect_problem(400, "unknown-parameter", &[]);
        let path = format!("/v1/credit/accounts/{account}");
        let stale = api
            .patch(&path, "\"v99\"", json!({"status": "blocked"}))
            .await;
        stale.expect_problem(412, "stale", &[]);
        let reader = server.with("credit:read");
        keyed(&reader, AUTHORIZE, "r", fine.clone())
            .await
            .expect_problem(403, "forbidden", &[]);
        let clerk = server.with("credit:authorize");
        let limit = json!({"kind": "base", "amount": "1", "reason": "x", "approver": "x"});
        let refused = keyed(&clerk, &format!("{path}/limits"), "l", limit).await;
        refused.expect_problem(403, "forbidden", &[]);
        assert_eq!(balances(&api, &account).await, same(("0.00", "0.00")));
        let none = api.get(AUTHORIZE).await.expect(200);
        assert_eq!(none.json["items"], json!([]));

        let tag = api.get(&path).await.header("etag").to_owned();
        api.patch(&path, &tag, json!({"status": "blocked"}))
            .await
            .expect(200);
        let declined = keyed(&api, AUTHORIZE, "blocked", fine)
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&declined["outcome"], &declined["hold_id"]),
            (&json!("declined"), &json!(null))
        );
    }
);

both!(
    limits_change_through_their_journal,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "200").await;
        let first = keyed(&api, AUTHORIZE, "a", order("C-1", "SO-1", "150.00"))
            .await
            .expect(201);
        give_limit(&api, &account, "100", "lower").await;
        // W13: the order stays accepted, and the same again asks for nothing more.
        let again = keyed(&api, AUTHORIZE, "b", order("C-1", "SO-1", "150.00"))
            .await
            .expect(200);
        assert_eq!(
            again.json["authorization_id"],
            first.json["authorization_id"]
        );
        assert_eq!(again.json["outcome"], "approved");
        let other = keyed(&api, AUTHORIZE, "c", order("C-1", "SO-2", "1.00"))
            .await
            .expect(200);
        assert_eq!(other.json["outcome"], "held");
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(
            terms["limit"],
            json!({"amount": "100.00", "source": "account"})
        );
        assert_eq!(terms["exposure"]["available"], "-50.00");
        assert_eq!(terms["hold"]["reasons"][0]["code"], "limit_exceeded");
        let path = format!("/v1/credit/accounts/{account}/limits");
        let journal = api.get(&path).await.expect(200).json;
        assert_eq!(journal["items"][0]["old"], json!(null));
        assert_eq!(
            (&journal["items"][1]["old"], &journal["items"][1]["delta"]),
            (&json!("200.00"), &json!("-100.00"))
        );
        let body = json!({"kind": "collateral", "amount": "51", "reason": "guarantee", "approver": "bank"});
        keyed(&api, &path, "g", body).await.expect(201);
        let other = keyed(&api, AUTHORIZE, "d", order("C-1", "SO-2", "1.00")).await;
        other.expect(201);
        let schedule = "/v1/customers/by-external/erp/C-1/payment-schedule\
                        ?amount=100.00&currency=EUR&invoice_date=2024-02-15";
        let schedule = api.get(schedule).await.expect(200).json;
        assert_eq!(
            schedule["payments"],
            json!([{"due_on": "2024-02-29", "amount": "100.00"}])
        );
    }
);
