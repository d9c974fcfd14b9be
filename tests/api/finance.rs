//! Finance and credit: snapshots compared, ageing, reminders, terms as UBL.

use super::credit::{AUTHORIZE, customer, keyed, ledger_holds, order};
use super::facts::fact;
use super::receipts::publish;
use crate::support::{Api, Reply, Server, both};
use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};
use std::time::Duration;

const SNAPSHOTS: &str = "/v1/credit/snapshots";
const TERMS: &str = "/v1/customers/by-external/erp/C-1/credit-terms";

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

pub fn days_ago(days: u64) -> String {
    (today() - Days::new(days)).to_string()
}

async fn bill(api: &Api, id: &str, amount: &str, due_on: &str) {
    let told = json!({"kind": "invoice", "amount": amount, "due_on": due_on,
        "document": {"system": "fin", "type": "invoice", "id": id}});
    api.post("/v1/facts", fact(id, told)).await.expect(201);
}

/// Our id of the customer `C-1`.
async fn ours(api: &Api) -> String {
    let found = api.get("/v1/customers/by-external/erp/C-1").await;
    found.expect(200).json["id"].as_str().unwrap().to_owned()
}

fn snapshot(items: Value) -> Value {
    json!({"customer": {"external": {"system": "erp", "id": "C-1"}}, "currency": "EUR", "items": items})
}

fn item(id: &str, due_on: &str, open: &str) -> Value {
    json!({"document": {"system": "fin", "type": "invoice", "id": id}, "due_on": due_on, "open": open})
}

/// Waits for an event of a type about something.
async fn event(api: &Api, kind: &str, count: usize) -> Vec<Value> {
    let mut found = Vec::new();
    for _ in 0..200 {
        let feed = api.get("/v1/events?limit=200").await.expect(200).json;
        let items = feed["items"].as_array().unwrap().clone();
        found = items.into_iter().filter(|it| it["type"] == kind).collect();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{kind}: {found:?}")
}

/// How many changes of a kind the feed tells, once it tells so many.
async fn changes(api: &Api, what: &str, count: usize) -> usize {
    let mut found = 0;
    for _ in 0..200 {
        let feed = api.get("/v1/events?limit=200").await.expect(200).json;
        let items = feed["items"].as_array().unwrap().iter();
        let changes = items.flat_map(|it| it["changes"].as_array().unwrap());
        found = changes.filter(|it| it["what"] == what).count();
        if found >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    found
}

both!(
    a_snapshot_of_finance_tells_every_difference,
    async |server: &Server| {
        let api = server.admin();
        customer(&api, "C-1", "1000").await;
        bill(&api, "I-1", "100", "2036-02-01").await;
        bill(&api, "I-2", "50", "2036-02-02").await;
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(terms["exposure"].get("data_age_seconds"), None, "{terms}");
        assert_eq!(terms["exposure"]["degraded"], false);

        // One document twice in the same words counts once; in two lines it adds up.
        let line = |line: &str, due: &str, open: &str| {
            let mut item = item("I-2", due, open);
            item["document"]["line"] = json!(line);
            item
        };
        let same_as_ours = json!([
            item("I-1", "2036-02-01", "100.00"),
            item("I-1", "2036-02-01", "100.00"),
            line("1", "2036-02-01", "20"),
            line("2", "2036-02-02", "30")
        ]);
        let agreed = keyed(&api, SNAPSHOTS, "s1", snapshot(same_as_ours)).await;
        let agreed = agreed.expect(201).json;
        assert_eq!(
            (&agreed["status"], &agreed["documents"], &agreed["drift"]),
            (&json!("agrees"), &json!(2), &json!("0.00")),
            "{agreed}"
        );
        event(&api, "credit.reconciled", 1).await;
        let terms = api.get(TERMS).await.expect(200);
        let age = terms.json["exposure"]["data_age_seconds"].as_u64().unwrap();
        assert!(age < 60, "{age}");
        let tag = terms.header("etag").to_owned();
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let again = api.get(TERMS).await.expect(200);
        assert_eq!(again.header("etag"), tag, "growing old is no change");

        let drifted = json!([
            item("I-1", "2036-02-09", "90.00"),
            item("I-3", "2036-02-01", "7.00"),
            item("G-1", "2036-02-01", "-5.00")
        ]);
        let told = keyed(&api, SNAPSHOTS, "s2", snapshot(drifted.clone())).await;
        let told = told.expect(201);
        assert_eq!(
            (&told.json["status"], &told.json["drift"]),
            (&json!("drifted"), &json!("72.00")),
            "{}",
            told.text
        );
        let document = |id: &str| json!({"system": "fin", "type": "invoice", "id": id});
        assert_eq!(
            told.json["differences"],
            json!([
                {"kind": "amount", "document": document("I-1"), "ours": "100.00", "theirs": "90.00",
                    "our_due_on": "2036-02-01", "their_due_on": "2036-02-09"},
                {"kind": "due", "document": document("I-1"), "our_due_on": "2036-02-01", "their_due_on": "2036-02-09"},
                {"kind": "extra", "document": document("I-2"), "ours": "50.00", "our_due_on": "2036-02-02"},
                {"kind": "missing", "document": document("I-3"), "theirs": "7.00", "their_due_on": "2036-02-01"},
                {"kind": "credit", "ours": "0.00", "theirs": "5.00"}
            ])
        );
        let drift = event(&api, "credit.drift_detected", 1).await;
        assert_eq!(drift.len(), 1, "{drift:?}");
        let again = keyed(&api, SNAPSHOTS, "s2", snapshot(drifted)).await;
        assert_eq!(again.text, told.text, "told once, whoever repeats it");

        let kept = api.get(told.header("location")).await.expect(200);
        assert_eq!(kept.json, told.json);
        let list = format!("{SNAPSHOTS}?status=drifted&customer=erp:C-1");
        let list = api.get(&list).await.expect(200).json;
        let mut listed = told.json.clone();
        listed.as_object_mut().unwrap().remove("differences");
        assert_eq!(list["items"], json!([listed]), "without the differences");
        // The balances are those of the facts still.
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(terms["exposure"]["posted"], "150.00");
    }
);

both!(
    a_snapshot_that_makes_no_sense_is_refused,
    async |server: &Server| {
        let api = server.admin();
        customer(&api, "C-1", "1000").await;
        let put = |field: &str, value: Value| {
            let mut body = snapshot(json!([item("I-1", "2036-02-01", "1.00")]));
            body[field] = value;
            body
        };
        let twice = json!([
            item("I-1", "2036-02-01", "1.00"),
            item("I-1", "2036-02-01", "2.00")
        ]);
        let many: Vec<Value> = (0..5_001)
            .map(|place| item(&format!("I-{place}"), "2036-02-01", "1"))
            .collect();
        for (place, (body, pointer)) in [
            (put("currency", json!("USD")), "/currency"),
            (put("as_of", json!("2099-01-01")), "/as_of"),
            (put("items", twice), "/items/1"),
            (
                put("items", json!([item("I-1", "2036-02-30", "1")])),
                "/items/0/due_on",
            ),
            (
                put("items", json!([item("I-1", "2036-02-01", "1.001")])),
                "/items/0/open",
            ),
            (
                put("items", json!([item("", "2036-02-01", "1")])),
                "/items/0/document/id",
            ),
            (put("items", json!(many)), "/items"),
        ]
        .into_iter()
        .enumerate()
        {
            let refused = keyed(&api, SNAPSHOTS, &format!("w{place}"), body).await;
            refused.expect_problem(422, "invalid-input", &[pointer]);
        }
        let keyless = api.post(SNAPSHOTS, snapshot(json!([]))).await;
        keyless.expect_problem(400, "idempotency-key-required", &[]);
        let reader = server.with("credit:read");
        let refused = keyed(&reader, SNAPSHOTS, "r", snapshot(json!([]))).await;
        refused.expect_problem(403, "forbidden", &[]);
        assert_eq!(
            api.get(SNAPSHOTS).await.expect(200).json["items"],
            json!([])
        );

        // Where finance must confirm the data, and has not, they are degraded.
        let yesterday = days_ago(1);
        publish(&api, "credit", &days_ago(2), |policy| {
            policy["data"] = json!({"max_age_seconds": 3_600, "tolerated_drift": "5"});
        })
        .await;
        let degraded = api.get(TERMS).await.expect(200).json;
        assert_eq!(degraded["exposure"]["degraded"], true, "{degraded}");
        let mut old = snapshot(json!([]));
        old["as_of"] = json!(yesterday);
        keyed(&api, SNAPSHOTS, "o", old).await.expect(201);
        let small = snapshot(json!([item("I-1", "2036-02-01", "5.00")]));
        let tolerated = keyed(&api, SNAPSHOTS, "t", small).await.expect(201).json;
        assert_eq!(tolerated["status"], "agrees", "{tolerated}");
        assert_eq!(tolerated["differences"][0]["kind"], "missing");
        let fresh = api.get(TERMS).await.expect(200).json;
        assert_eq!(fresh["exposure"]["degraded"], false, "{fresh}");
    }
);

both!(ageing_has_any_buckets, async |server: &Server| {
    let api = server.admin();
    customer(&api, "C-1", "1000").await;
    for (id, amount, due) in [("I-1", "100", "2026-01-31"), ("I-2", "50", "2026-01-01")] {
        bill(&api, id, amount, due).await;
    }
    let path = format!("/v1/customers/{}/ageing", ours(&api).await);
    let usual = api
        .get(&format!("{path}?as_of=2026-02-10"))
        .await
        .expect(200);
    let amounts = |reply: &Reply| {
        let buckets = reply.json["buckets"].as_array().unwrap().iter();
        let amounts = buckets.map(|it| it["amount"].as_str().unwrap().to_owned());
        amounts.collect::<Vec<String>>()
    };
    assert_eq!(
        amounts(&usual),
        ["0.00", "100.00", "50.00", "0.00", "0.00", "0.00"]
    );
    assert_eq!(usual.json["overdue"], "150.00");
    let own = format!("{path}?as_of=2026-01-31&buckets=10,29");
    let own = api.get(&own).await.expect(200);
    assert_eq!(amounts(&own), ["100.00", "0.00", "0.00", "50.00"]);
    assert_eq!(
        (&own.json["open"], &own.json["overdue"]),
        (&json!("150.00"), &json!("50.00"))
    );
    for wrong in ["", "0", "30,30", "60,30", "30,x", "-1", "36501"] {
        let refused = api.get(&format!("{path}?buckets={wrong}")).await;
        refused.expect_problem(422, "invalid-input", &["buckets"]);
    }
});

fn with_dunning(policy: &mut Value) {
    for tier in policy["tiers"].as_array_mut().unwrap() {
        tier["payment_term"]["grace_days"] = json!(0);
        tier["payment_term"]["late_interest_pct"] = json!("10");
        tier["hold"] = json!({});
        tier["dunning"] = json!({"levels": [
            {"after_days": 5, "action": "email"},
            {"after_days": 10, "from": "previous", "action": "letter", "fee": "10", "hold": true}]});
    }
}

both!(
    reminders_rise_hold_orders_and_are_set_by_hand,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "1000").await;
        bill(&api, "I-1", "100", &days_ago(15)).await;
        publish(&api, "credit", &days_ago(20), with_dunning).await;
        let path = format!("/v1/customers/{}/dunning", ours(&api).await);
        let found = api.get(&path).await.expect(200).json;
        // W17: 100 overdue 15 days at 10 % a year, and a fee of 10.
        for (field, expected) in [
            ("level", json!(2)),
            ("source", json!("computed")),
            ("since", json!(today().to_string())),
            ("action", json!("letter")),
            ("hold", json!(true)),
            ("overdue", json!("100.00")),
            ("interest", json!("0.41")),
            ("fee", json!("10.00")),
            ("total", json!("110.41")),
        ] {
            assert_eq!(found[field], expected, "{field}: {found}");
        }
        let risen = event(&api, "credit.dunning_level_changed", 1).await;
        assert_eq!(risen.len(), 1, "{risen:?}");
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(terms["dunning_level"], 2);
        assert_eq!(
            terms["hold"]["reasons"],
            json!([{"code": "dunning_level", "actual": "2", "threshold": "1"}])
        );
        let held = keyed(&api, AUTHORIZE, "a", order("C-1", "SO-1", "10.00")).await;
        let held = held.expect(200).json;
        assert_eq!(held["reasons"][0]["code"], "dunning_level", "{held}");

        let set = json!({"level": 1, "reason": "pays by instalments", "valid_until": today().to_string()});
        api.post(&path, set.clone()).await.expect(400);
        let set = keyed(&api, &path, "set", set).await.expect(200).json;
        assert_eq!(
            (&set["level"], &set["source"], &set["hold"]),
            (&json!(1), &json!("by_hand"), &json!(false)),
            "{set}"
        );
        event(&api, "credit.dunning_level_changed", 2).await;
        keyed(&api, AUTHORIZE, "b", order("C-1", "SO-1", "10.00"))
            .await
            .expect(201);
        // The level that there is anyway is set, too, and told.
        let same = json!({"level": 1, "reason": "still does"});
        keyed(&api, &path, "same", same).await.expect(200);
        assert_eq!(changes(&api, "level_set", 2).await, 2);
        let back = keyed(&api, &path, "back", json!({"reason": "did not"})).await;
        let back = back.expect(200).json;
        assert_eq!(
            (&back["level"], &back["source"]),
            (&json!(2), &json!("computed"))
        );
        assert_eq!(back["by_hand"].as_array().unwrap().len(), 3);

        let pay = json!({"kind": "payment", "amount": "100"});
        api.post("/v1/facts", fact("p1", pay)).await.expect(201);
        event(&api, "credit.dunning_level_changed", 4).await;
        let paid = api.get(&path).await.expect(200).json;
        assert_eq!(
            (&paid["level"], &paid["total"]),
            (&json!(0), &json!("0.00"))
        );
        ledger_holds(&api, &account).await;
        for (body, pointer) in [
            (json!({"level": 10, "reason": "x"}), "/level"),
            (json!({"level": 1, "reason": ""}), "/reason"),
            (
                json!({"level": 1, "reason": "x", "valid_until": days_ago(1)}),
                "/valid_until",
            ),
            (
                json!({"reason": "x", "valid_until": "2036-01-01"}),
                "/valid_until",
            ),
        ] {
            let refused = keyed(&api, &path, "wrong", body).await;
            refused.expect_problem(422, "invalid-input", &[pointer]);
        }
        let clerk = server.with("credit:authorize");
        let refused = clerk.post(&path, json!({"level": 0, "reason": "x"})).await;
        refused.expect_problem(403, "forbidden", &[]);
    }
);

both!(terms_are_told_as_ubl, async |server: &Server| {
    let api = server.admin();
    customer(&api, "C-1", "100").await;
    let terms = api.get(TERMS).await.expect(200).json;
    let ubl = terms["payment_term"]["ubl"].as_str().unwrap();
    assert!(
        ubl.contains("<cbc:DurationMeasure unitCode=\"DAY\">14</cbc:DurationMeasure>"),
        "{ubl}"
    );
    let path = "/v1/customers/by-external/erp/C-1/payment-schedule\
                    ?amount=100.00&currency=EUR&invoice_date=2024-02-15";
    let schedule = api.get(path).await.expect(200).json;
    let ubl = schedule["ubl"].as_str().unwrap();
    assert!(
        ubl.contains("<cbc:Amount currencyID=\"EUR\">100.00</cbc:Amount>"),
        "{ubl}"
    );
    assert!(
        ubl.contains("<cbc:PaymentDueDate>2024-02-29</cbc:PaymentDueDate>"),
        "{ubl}"
    );
});
