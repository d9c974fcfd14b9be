//! Facts over HTTP: recorded, corrected, in batches, at once, retried, and refused.

use super::evaluations::{evaluate_everyone, evaluation};
use crate::support::{Api, Reply, Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const JSON: (&str, &str) = ("content-type", "application/json");

/// A customer with the id `C-1` of the ERP.
pub async fn customer(api: &Api) -> String {
    let path = "/v1/customers/by-external/erp/C-1";
    let body = json!({"kind": "organisation", "since": "2020-01-01"});
    let made = api.put(path, body).await.expect(201);
    made.json["id"].as_str().unwrap().to_owned()
}

/// An order line of `C-1`, with some fields otherwise.
pub fn fact(id: &str, other: Value) -> Value {
    let mut fact = json!({
        "source": "erp", "external_id": id, "kind": "order_line", "occurred_on": "2026-01-15",
        "customer": {"external": {"system": "erp", "id": "C-1"}}, "amount": "100",
    });
    let other = other.as_object().unwrap().clone();
    fact.as_object_mut().unwrap().extend(other);
    fact
}

async fn all(api: &Api) -> Vec<Value> {
    let page = api.get("/v1/facts?limit=200").await.expect(200);
    assert_eq!(page.json["next"], json!(null));
    page.json["items"].as_array().unwrap().clone()
}

/// A position of the journal at which the fact is known.
async fn numbered(api: &Api, path: &str) -> i64 {
    for _ in 0..100 {
        let head = api.get("/v1/audit/head").await.expect(200).json;
        let position = head["position"].as_i64().unwrap_or(0);
        let found = api.get(&format!("{path}?known_at={position}")).await;
        if found.status == 200 {
            return position;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the journal does not move on");
}

fn words<'a>(items: &'a Value, key: &str) -> Vec<&'a str> {
    let items = items.as_array().unwrap().iter();
    items.map(|item| item[key].as_str().unwrap()).collect()
}

both!(
    a_fact_is_recorded_repeated_and_corrected,
    async |server: &Server| {
        let api = server.admin();
        let customer = customer(&api).await;
        let told = fact(
            "1",
            json!({"quantity": "3", "cost": "60", "note": "urgent"}),
        );
        let first = api.post("/v1/facts", told.clone()).await.expect(201);
        let path = first.header("location").to_owned();
        assert_eq!(first.header("etag"), "\"v1\"");
        assert_eq!(first.json["customer"], customer);
        assert_eq!(
            (&first.json["cost"], &first.json["cost_source"]),
            (&json!("60.00"), &json!("given"))
        );
        let again = api.post("/v1/facts", told).await.expect(200);
        assert_eq!(again.json, first.json, "nothing is written");

        let then = numbered(&api, &path).await;
        let as_then = format!("{path}?known_at={then}");
        let told = fact("1", json!({"quantity": "3", "cost": "60", "amount": "80"}));
        let second = api.post("/v1/facts", told).await.expect(200);
        assert_eq!(second.header("etag"), "\"v2\"");
        assert_eq!(
            (&second.json["amount"], &second.json["note"]),
            (&json!("80"), &json!(null))
        );
        assert_eq!(second.json["id"], first.json["id"]);

        let versions = api.get(&format!("{path}/versions")).await.expect(200);
        assert_eq!(words(&versions.json["items"], "amount"), ["100", "80"]);
        assert_eq!(
            versions.json["items"][0]["superseded_by"],
            second.json["write_id"]
        );
        assert_eq!(api.get(&path).await.expect(200).json, second.json);
        let before = api.get(&as_then).await.expect(200).json;
        assert_eq!(
            (&before["amount"], &before["note"]),
            (&json!("100"), &json!("urgent"))
        );
        let listed = format!("/v1/facts?customer=erp:C-1&known_at={then}");
        let listed = api.get(&listed).await.expect(200).json;
        assert_eq!(words(&listed["items"], "amount"), ["100"]);
        assert_eq!(all(&api).await.len(), 1);
    }
);

both!(
    a_batch_tells_of_each_and_can_be_all_or_none,
    async |server: &Server| {
        let api = server.admin();
        customer(&api).await;
        let facts = json!([
            fact("1", json!({})),
            fact("2", json!({"quantity": "0"})),
            fact("1", json!({"amount": "70"})),
            fact("1", json!({"amount": "70"})),
            fact(
                "3",
                json!({"customer": {"external": {"system": "erp", "id": "nobody"}}})
            ),
        ]);
        let whole = json!({"facts": facts, "all_or_none": true});
        api.post("/v1/facts/batch", whole).await.expect_problem(
            422,
            "invalid-input",
            &["/facts/1/quantity", "/facts/4/customer"],
        );
        assert_eq!(all(&api).await, [] as [Value; 0]);

        let done = api.post("/v1/facts/batch", json!({"facts": facts})).await;
        let done = done.expect(200).json;
        assert_eq!(
            words(&done["items"], "status"),
            ["created", "rejected", "updated", "unchanged", "rejected"]
        );
        assert_eq!(done["items"][1]["errors"][0]["pointer"], "/quantity");
        assert_eq!(done["items"][4]["errors"][0]["code"], "unknown_customer");
        assert_eq!(
            (&done["created"], &done["rejected"]),
            (&json!(1), &json!(2))
        );
        let left = all(&api).await;
        assert_eq!(
            (left.len(), &left[0]["amount"], &left[0]["version"]),
            (1, &json!("70"), &json!(2))
        );
        for facts in [json!([]), json!(vec![fact("1", json!({})); 1_001])] {
            let refused = api.post("/v1/facts/batch", json!({"facts": facts})).await;
            refused.expect_problem(422, "invalid-input", &["/facts"]);
        }
    }
);

both!(
    fifty_facts_at_once_end_like_a_full_evaluation,
    async |server: &Server| {
        let api = server.admin();
        let id = customer(&api).await;
        let today = evaluation(&api, &id, "").await["as_of"].clone();
        let posts = (0..50).map(|number: i32| {
            let other = json!({"occurred_on": today, "amount": (number * 13).to_string(), "cost": "5",
                "document": {"system": "erp", "type": "order", "id": number.to_string()}});
            let (api, told) = (api.clone(), fact(&number.to_string(), other));
            tokio::spawn(async move { api.post("/v1/facts", told).await })
        });
        for post in posts.collect::<Vec<_>>() {
            post.await.unwrap().expect(201);
        }
        let at_once = evaluation(&api, &id, "?explain=full").await;
        assert_eq!(at_once["current"]["score"], at_once["score"]);
        assert_eq!(at_once["current"]["tier"], at_once["tier"]);
        evaluate_everyone(&api, today.as_str().unwrap()).await;
        let afterwards = evaluation(&api, &id, "?explain=full").await;
        assert_eq!(afterwards["criteria"], at_once["criteria"]);
        for key in ["score", "tier", "next_change_on"] {
            assert_eq!(afterwards["current"][key], at_once["current"][key], "{key}");
        }
        assert_eq!(all(&api).await.len(), 50);
    }
);

both!(open_items_follow_the_payments, async |server: &Server| {
    let api = server.admin();
    let id = customer(&api).await;
    let invoice = |id: &str| json!({"system": "erp", "type": "invoice", "id": id});
    let facts = json!({"facts": [
        fact("i1", json!({"kind": "invoice", "amount": "100.10", "due_on": "2026-02-01", "document": invoice("R-1")})),
        fact("i2", json!({"kind": "invoice", "amount": "50", "due_on": "2026-03-01", "document": invoice("R-2")})),
        fact("p1", json!({"kind": "payment", "amount": "50", "occurred_on": "2026-01-20", "follows": invoice("R-2")})),
        fact("p2", json!({"kind": "payment", "amount": "40.0001", "occurred_on": "2026-02-20"})),
    ]});
    let done = api.post("/v1/facts/batch", facts).await.expect(200).json;
    assert_eq!(done["created"], 4, "{done}");
    for (as_of, open, overdue, items) in [
        ("2026-01-14", "0.00", "0.00", 0),
        ("2026-01-15", "150.10", "0.00", 2),
        ("2026-02-10", "100.10", "100.10", 1),
        ("2026-03-02", "60.0999", "60.0999", 1),
    ] {
        let path = format!("/v1/customers/{id}/open-items?as_of={as_of}");
        let owed = api.get(&path).await.expect(200).json;
        assert_eq!(
            (
                &owed["open"],
                &owed["overdue"],
                owed["items"].as_array().unwrap().len()
            ),
            (&json!(open), &json!(overdue), items),
            "{as_of}: {owed}"
        );
    }
    let rest = fact(
        "p3",
        json!({"kind": "payment", "amount": "61", "occurred_on": "2026-02-21"}),
    );
    api.post("/v1/facts", rest).await.expect(201);
    let path = format!("/v1/customers/{id}/open-items?as_of=2026-03-02");
    let owed = api.get(&path).await.expect(200).json;
    assert_eq!(
        (&owed["open"], &owed["unallocated"]),
        (&json!("0.00"), &json!("0.9001"))
    );
});

both!(a_retried_fact_is_recorded_once, async |server: &Server| {
    let api = server.admin();
    customer(&api).await;
    let keyed = |key: &'static str, told: Value| {
        let api = api.clone();
        async move {
            let key = [("idempotency-key", key)];
            api.send(Method::POST, "/v1/facts", Some(told), &key).await
        }
    };
    let first = keyed("one", fact("1", json!({}))).await.expect(201);
    let again = keyed("one", fact("1", json!({}))).await.expect(201);
    assert_eq!(
        (again.header("idempotency-replayed"), &again.text),
        ("true", &first.text)
    );
    assert_eq!(again.header("location"), first.header("location"));
    let other = keyed("one", fact("2", json!({}))).await;
    other.expect_problem(422, "idempotency-key-reused", &[]);
    assert_eq!(all(&api).await.len(), 1);

    let posts = (0..10).map(|_| tokio::spawn(keyed("ten", fact("3", json!({})))));
    let mut replies: Vec<Reply> = Vec::new();
    for post in posts.collect::<Vec<_>>() {
        replies.push(post.await.unwrap());
    }
    let made = replies.iter().filter(|reply| {
        // While the first is on its way, the others may be told to come back.
        assert!(matches!(reply.status, 201 | 409), "{}", reply.text);
        reply.status == 201 && reply.header("idempotency-replayed").is_empty()
    });
    assert_eq!(made.count(), 1);
    let facts = all(&api).await;
    assert_eq!((facts.len(), &facts[1]["version"]), (2, &json!(1)));
});

both!(
    what_is_no_fact_is_refused_by_its_field,
    async |server: &Server| {
        let api = server.admin();
        let id = customer(&api).await;
        api.post("/v1/facts", fact("0", json!({})))
            .await
            .expect(201);
        let before = (all(&api).await, evaluation(&api, &id, "").await);
        for (other, pointer) in [
            (json!({"amount": 5}), "/amount"),
            (json!({"amount": 1.5}), "/amount"),
            (json!({"quantity": true}), "/quantity"),
            (json!({"source": ["erp"]}), "/source"),
            (json!({"severity": 1.5}), "/severity"),
            (json!({"note": "a\u{0}b"}), "/note"),
            (json!({"customer": "C-1"}), "/customer"),
            (
                json!({"document": {"system": "erp", "type": "order", "id": 7}}),
                "/document/id",
            ),
        ] {
            let refused = api.post("/v1/facts", fact("1", other)).await;
            refused.expect_problem(400, "unreadable", &[pointer]);
        }
        let typo = api
            .post("/v1/facts", fact("1", json!({"amuont": "5"})))
            .await;
        assert!(
            typo.expect_problem(400, "unreadable", &[])
                .text
                .contains("amuont")
        );
        for (other, pointer) in [
            (
                json!({"amount": "12345678901234567890123456789"}),
                "/amount",
            ),
            (json!({"amount": "1e400"}), "/amount"),
            (json!({"amount": "NaN"}), "/amount"),
            (json!({"amount": "1,50"}), "/amount"),
            (json!({"amount": ""}), "/amount"),
            (json!({"amount": "0.00001"}), "/amount"),
            (json!({"amount": null}), "/amount"),
            (json!({"kind": "return", "amount": "-1"}), "/amount"),
            (json!({"cost": "1e400"}), "/cost"),
            (json!({"quantity": "0"}), "/quantity"),
            (json!({"quantity": "-1"}), "/quantity"),
            (json!({"occurred_on": "2026-02-30"}), "/occurred_on"),
            (json!({"occurred_on": "15.01.2026"}), "/occurred_on"),
            (json!({"occurred_on": "0001-01-01"}), "/occurred_on"),
            (
                json!({"kind": "invoice", "due_on": "2026-02-29"}),
                "/due_on",
            ),
            (json!({"currency": "XXQ"}), "/currency"),
            (json!({"currency": "USD"}), "/currency"),
            (json!({"customer": {}}), "/customer"),
            (
                json!({"customer": {"id": "prd_00000000000000000000000001"}}),
                "/customer/id",
            ),
            (
                json!({"customer": {"id": "cus_00000000000000000000000001"}}),
                "/customer",
            ),
            (
                json!({"customer": {"external": {"system": "crm", "id": "C-1"}}}),
                "/customer",
            ),
            (json!({"sku": "nobody-sells-this"}), "/sku"),
            (json!({"kind": "gift"}), "/kind"),
            (json!({"status": "lost"}), "/status"),
            (json!({"external_id": ""}), "/external_id"),
            (json!({"channel": "x".repeat(65)}), "/channel"),
            (
                json!({"document": {"system": "erp", "type": "order", "id": ""}}),
                "/document",
            ),
            (json!({"kind": "complaint", "severity": 6}), "/severity"),
            (
                json!({"kind": "complaint", "severity": 99_999_999_999_i64}),
                "/severity",
            ),
            (json!({"kind": "contact", "minutes": -1}), "/minutes"),
        ] {
            let refused = api.post("/v1/facts", fact("1", other)).await;
            refused.expect_problem(422, "invalid-input", &[pointer]);
        }
        let largest = fact("1", json!({"amount": "922337203685477.5807"}));
        let refused = api.post("/v1/facts", largest).await;
        refused.expect_problem(422, "invalid-input", &[]);
        let deep = "[".repeat(10_000);
        let bodies: [&[u8]; 7] = [
            b"",
            b"{",
            b"null",
            b"[]",
            b"{\"amount\": 1e999}",
            b"{\"source\": \"\xff\"}",
            deep.as_bytes(),
        ];
        for path in ["/v1/facts", "/v1/facts/batch", "/v1/evaluations"] {
            for body in bodies {
                let refused = api.raw(Method::POST, path, body.to_vec(), &[JSON]).await;
                refused.expect_problem(400, "unreadable", &[]);
            }
        }
        let path = format!("/v1/customers/{id}");
        let stale = api.patch(&path, "\"v9\"", json!({"name": "x"})).await;
        stale.expect_problem(412, "stale", &[]);
        assert_eq!((all(&api).await, evaluation(&api, &id, "").await), before);
    }
);

both!(questions_that_make_no_sense, async |server: &Server| {
    let api = server.admin();
    let id = customer(&api).await;
    let facts = json!({"facts": [fact("1", json!({})), fact("2", json!({}))]});
    api.post("/v1/facts/batch", facts).await.expect(200);
    let page = api.get("/v1/facts?limit=1").await.expect(200);
    let next = page.json["next"].as_str().unwrap();
    api.get(&format!("/v1/facts?limit=1&after={next}"))
        .await
        .expect(200);
    let forged = next.replacen(&next[..1], if next.starts_with('A') { "B" } else { "A" }, 1);
    for query in [
        format!("after={forged}"),
        "after=AAAA".to_owned(),
        format!("kind=payment&after={next}"),
    ] {
        let refused = api.get(&format!("/v1/facts?{query}")).await;
        refused.expect_problem(400, "bad-cursor", &[]);
    }
    let one = format!("/v1/customers/{id}");
    for (path, pointer) in [
        ("/v1/facts?limit=0".to_owned(), "limit"),
        ("/v1/facts?limit=201".to_owned(), "limit"),
        ("/v1/facts?kind=gift".to_owned(), "kind"),
        ("/v1/facts?customer=nobody".to_owned(), "customer"),
        (
            "/v1/facts?occurred_from=2026-02-30".to_owned(),
            "occurred_from",
        ),
        ("/v1/facts?known_at=yesterday".to_owned(), "known_at"),
        ("/v1/facts?known_at=-1".to_owned(), "known_at"),
        (format!("{one}/evaluation?as_of=2023-02-29"), "as_of"),
        (format!("{one}/evaluation?explain=all"), "explain"),
        (format!("{one}/open-items?as_of=today"), "as_of"),
        ("/v1/evaluations?as_of=today".to_owned(), "as_of"),
        ("/v1/reports/portfolio?as_of=1".to_owned(), "as_of"),
    ] {
        let refused = api.get(&path).await;
        refused.expect_problem(422, "invalid-input", &[pointer]);
    }
    for path in [
        "/v1/facts",
        "/v1/evaluations",
        &format!("{one}/evaluation"),
        &format!("{one}/open-items"),
    ] {
        let refused = api.get(&format!("{path}?colour=red")).await;
        refused.expect_problem(400, "unknown-parameter", &[]);
    }
    for path in [
        "/v1/facts/nonsense".to_owned(),
        "/v1/facts/fct_00000000000000000000000001".to_owned(),
        format!("/v1/facts/{id}"),
        "/v1/facts/fct_00000000000000000000000001/versions".to_owned(),
        "/v1/customers/cus_00000000000000000000000001/evaluation".to_owned(),
        "/v1/customers/cus_00000000000000000000000001/open-items".to_owned(),
        "/v1/facts?customer=erp:nobody".to_owned(),
    ] {
        api.get(&path).await.expect_problem(404, "not-found", &[]);
    }
    // Odd, but no reason to fall over.
    for path in [
        "/v1/facts?source=%00".to_owned(),
        "/v1/facts?external_id=%00".to_owned(),
        "/v1/facts?document_id=a%00b".to_owned(),
        "/v1/facts?customer=erp:%00".to_owned(),
        "/v1/facts?known_at=9223372036854775807".to_owned(),
        "/v1/facts?occurred_to=9999-12-31".to_owned(),
        "/v1/evaluations?tier=%00".to_owned(),
        format!("{one}/evaluation?as_of=9999-12-31"),
        format!("{one}/evaluation?as_of=0001-01-01"),
        format!("{one}/evaluation?as_of=%2B262142-12-31"),
        format!("{one}/open-items?as_of=9999-12-31"),
        format!("{one}/rollups?from=0001-01-01&to=9999-12-31"),
        "/v1/reports/portfolio?as_of=9999-12-31".to_owned(),
    ] {
        let reply = api.get(&path).await;
        assert!(reply.status < 500, "{path}: {}", reply.text);
    }
});

both!(
    an_erased_customer_takes_no_facts,
    async |server: &Server| {
        let api = server.admin();
        let id = customer(&api).await;
        let told = fact("1", json!({"customer": {"id": id}, "note": "Kanari singt"}));
        api.post("/v1/facts", told).await.expect(201);
        api.delete(&format!("/v1/customers/{id}")).await.expect(204);
        for other in [json!({"amount": "7"}), json!({})] {
            let mut told = fact("1", other);
            told["customer"] = json!({"id": id});
            told["note"] = json!("Kanari singt noch");
            let refused = api.post("/v1/facts", told).await;
            let refused = refused.expect_problem(422, "invalid-input", &["/customer"]);
            assert_eq!(refused.json["errors"][0]["code"], "customer_erased");
        }
        let left = all(&api).await;
        assert_eq!((left.len(), &left[0]["note"]), (1, &json!(null)));
    }
);
