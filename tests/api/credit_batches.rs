//! Proposed limits, many documents at once, and authorizations decided again.

use super::credit::{AUTHORIZE, balances, customer, give_limit, keyed, ledger_holds, order, same};
use super::facts::fact;
use super::finance::days_ago;
use super::receipts::publish;
use crate::support::{Server, both, job_ended};
use serde_json::{Value, json};

const PROPOSALS: &str = "/v1/credit/limit-proposals";
const TERMS: &str = "/v1/customers/by-external/erp/C-1/credit-terms";

fn with_formula(two_people: bool) -> impl FnOnce(&mut Value) {
    move |policy| {
        policy["limit_formula"] = json!({"by_late_days": [{"from": "0", "factor": "150"}],
            "without_score": "80", "round_to": "100", "two_people": two_people});
    }
}

both!(
    limits_are_proposed_by_a_formula_and_take_effect_when_somebody_approves,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "500").await;
        let body = json!({"customer": {"external": {"system": "erp", "id": "C-1"}}});
        let without = keyed(&api, PROPOSALS, "n", body.clone()).await;
        without.expect_problem(409, "conflict", &[]);
        publish(&api, "credit", &days_ago(2), with_formula(true)).await;

        let made = keyed(&api, PROPOSALS, "a", body.clone()).await.expect(201);
        let json = &made.json;
        assert_eq!(
            (&json["status"], &json["old"], &json["new"], &json["delta"]),
            (
                &json!("proposed"),
                &json!("500.00"),
                &json!("800.00"),
                &json!("300.00")
            ),
            "{json}"
        );
        assert_eq!(json["grounds"]["score_factor"], "80");
        let path = made.header("location").to_owned();
        let waits = keyed(&api, PROPOSALS, "b", body.clone()).await.expect(200);
        assert_eq!(waits.json["id"], json["id"], "the same waits");
        let approve = format!("{path}/approve");
        let reason = json!({"reason": "annual review"});
        let alone = keyed(&api, &approve, "c", reason.clone()).await;
        alone.expect_problem(409, "conflict", &[]);
        let limits = format!("/v1/credit/accounts/{account}/limits");
        let journal = api.get(&limits).await.expect(200).json;
        assert_eq!(journal["items"].as_array().unwrap().len(), 1, "{journal}");

        // The policy lets one person do both; the limit takes effect at once.
        publish(&api, "credit", &days_ago(1), with_formula(false)).await;
        let done = keyed(&api, &approve, "d", reason.clone()).await.expect(200);
        assert_eq!(done.json["status"], "approved", "{}", done.text);
        let journal = api.get(&limits).await.expect(200).json;
        let change = &journal["items"][1];
        assert_eq!(
            (&change["old"], &change["new"], &change["reason"]),
            (&json!("500.00"), &json!("800.00"), &json!("annual review"))
        );
        let terms = api.get(TERMS).await.expect(200).json;
        assert_eq!(terms["limit"]["amount"], "800.00");
        let again = keyed(&api, &approve, "e", reason.clone()).await;
        again.expect_problem(409, "conflict", &[]);
        let same = keyed(&api, PROPOSALS, "f", body.clone()).await.expect(200);
        assert_eq!(same.json["status"], "unchanged", "{}", same.text);

        // Everyone, as a job: a bill paid late changes the factor, and nobody else changes.
        customer(&api, "C-2", "800").await;
        let paid = json!({"kind": "invoice", "amount": "10", "occurred_on": days_ago(30), "due_on": days_ago(20),
            "document": {"system": "fin", "type": "invoice", "id": "I-1"}});
        api.post("/v1/facts", fact("I-1", paid)).await.expect(201);
        let run = keyed(&api, &format!("{PROPOSALS}/run"), "g", json!({})).await;
        let job = job_ended(&api, run.expect(202).header("location")).await;
        assert_eq!(
            (&job["counts"]["proposed"], &job["counts"]["unchanged"]),
            (&json!(1), &json!(1)),
            "{job}"
        );
        let list = api
            .get(&format!("{PROPOSALS}?status=proposed"))
            .await
            .expect(200)
            .json;
        assert_eq!(list["items"][0]["new"], "1200.00", "{list}");
        let waiting = format!("{PROPOSALS}/{}", list["items"][0]["id"].as_str().unwrap());
        // A limit that changed meanwhile is not overwritten.
        give_limit(&api, &account, "900", "by hand").await;
        let stale = keyed(&api, &format!("{waiting}/approve"), "h", reason.clone()).await;
        stale.expect_problem(409, "conflict", &[]);
        let rejected = keyed(&api, &format!("{waiting}/reject"), "i", reason).await;
        let rejected = rejected.expect(200).json;
        assert_eq!(rejected["status"], "rejected");

        // The words go with the customer.
        let gone = rejected["customer_id"].as_str().unwrap();
        api.delete(&format!("/v1/customers/{gone}"))
            .await
            .expect(204);
        let list = api.get(PROPOSALS).await.expect(200).text;
        assert!(!list.contains("annual review"), "{list}");
    }
);

both!(
    a_batch_authorises_each_document_for_itself,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "100").await;
        customer(&api, "C-2", "100").await;
        let batch = format!("{AUTHORIZE}/batch");
        let mut wrong = order("C-1", "SO-3", "0");
        wrong["customer"] = json!({"external": {"system": "erp", "id": "nobody"}});
        let orders = json!({"authorizations": [
            order("C-1", "SO-1", "60.00"), order("C-1", "SO-2", "60.00"), wrong,
            order("C-2", "SO-4", "60.00"), order("C-1", "SO-1", "70.00")]});
        let done = keyed(&api, &batch, "k", orders.clone()).await.expect(200);
        let outcomes: Vec<&str> = done.json["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["status"].as_str().unwrap())
            .collect();
        assert_eq!(
            outcomes,
            ["approved", "held", "rejected", "approved", "approved"]
        );
        assert_eq!(
            (
                &done.json["approved"],
                &done.json["held"],
                &done.json["rejected"]
            ),
            (&json!(3), &json!(1), &json!(1))
        );
        assert_eq!(done.json["items"][2]["errors"][0]["pointer"], "/amount");
        assert_eq!(done.json["items"][4]["authorization"]["reserved"], "70.00");
        assert_eq!(balances(&api, &account).await, same(("0.00", "70.00")));
        let again = keyed(&api, &batch, "k", orders).await.expect(200);
        assert_eq!(again.text, done.text);
        assert_eq!(balances(&api, &account).await, same(("0.00", "70.00")));
        let other = json!({"authorizations": [order("C-1", "SO-9", "1.00")]});
        let reused = keyed(&api, &batch, "k", other).await;
        reused.expect_problem(422, "idempotency-key-reused", &[]);
        for none in [json!([]), Value::Array(vec![order("C-1", "X", "1"); 1_001])] {
            let body = json!({"authorizations": none});
            let refused = keyed(&api, &batch, "n", body).await;
            refused.expect_problem(422, "invalid-input", &["/authorizations"]);
        }
        ledger_holds(&api, &account).await;
    }
);

both!(
    batches_at_once_never_get_more_than_the_limit,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "250").await;
        let calls = (0..10).map(|caller| {
            let api = api.clone();
            tokio::spawn(async move {
                let orders =
                    (0..10).map(|place| order("C-1", &format!("SO-{caller}-{place}"), "10.00"));
                let body = json!({"authorizations": orders.collect::<Vec<_>>()});
                let path = format!("{AUTHORIZE}/batch");
                keyed(&api, &path, &format!("k{caller}"), body).await
            })
        });
        let calls: Vec<_> = calls.collect();
        let (mut approved, mut held) = (0, 0);
        for call in calls {
            let json = call.await.unwrap().expect(200).json;
            approved += json["approved"].as_u64().unwrap();
            held += json["held"].as_u64().unwrap();
        }
        assert_eq!((approved, held), (25, 75));
        assert_eq!(balances(&api, &account).await, same(("0.00", "250.00")));
        ledger_holds(&api, &account).await;
    }
);

both!(
    an_authorization_is_decided_again_from_what_was_read_then,
    async |server: &Server| {
        let api = server.admin();
        let account = customer(&api, "C-1", "100").await;
        let bill = json!({"kind": "invoice", "amount": "20", "due_on": days_ago(3),
            "document": {"system": "fin", "type": "invoice", "id": "I-1"}});
        api.post("/v1/facts", fact("I-1", bill)).await.expect(201);
        publish(&api, "credit", &days_ago(2), |policy| {
            policy["exceptions"] = json!([{"applies_to": "all", "document_above": "90"}]);
            for tier in policy["tiers"].as_array_mut().unwrap() {
                tier["hold"] = json!({"overdue_above": "50"});
            }
        })
        .await;
        let made = keyed(&api, AUTHORIZE, "a", order("C-1", "SO-1", "60.00")).await;
        let made = made.expect(201);
        let replay = format!("{}/replay", made.header("location"));
        let again = api.post(&replay, json!({})).await.expect(200).json;
        assert_eq!(
            (&again["identical"], &again["differences"]),
            (&json!(true), &json!([])),
            "{again}"
        );
        assert_eq!(again["decision"]["checks"], made.json["checks"]);

        // Whatever has changed since: limit, bills, policy.
        give_limit(&api, &account, "10", "lower").await;
        let pay = json!({"kind": "payment", "amount": "20"});
        api.post("/v1/facts", fact("p1", pay)).await.expect(201);
        publish(&api, "credit", &days_ago(1), |policy| {
            policy["default_tier"] = json!("high");
        })
        .await;
        let later = api.post(&replay, json!({})).await.expect(200).json;
        assert_eq!(later, again);
        let stranger = server.with("credit:authorize");
        let refused = stranger.post(&replay, json!({})).await;
        refused.expect_problem(403, "forbidden", &[]);
        let unknown = format!("{AUTHORIZE}/aut_00000000000000000000000007/replay");
        api.post(&unknown, json!({}))
            .await
            .expect_problem(404, "not-found", &[]);
    }
);
