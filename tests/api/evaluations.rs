//! Evaluations over HTTP: why, as of when, for whose eyes.

use super::facts::{customer, fact};
use crate::support::{Api, Server, both, job_ended};
use serde_json::{Value, json};

pub async fn evaluation(api: &Api, customer: &str, query: &str) -> Value {
    let path = format!("/v1/customers/{customer}/evaluation{query}");
    api.get(&path).await.expect(200).json
}

pub async fn evaluate_everyone(api: &Api, as_of: &str) {
    let body = json!({ "as_of": as_of });
    let queued = api.post("/v1/evaluations", body).await.expect(202);
    let job = job_ended(api, queued.header("location")).await;
    assert_eq!(job["state"], "done", "{job}");
}

both!(
    a_profile_counts_in_the_write_that_changes_it,
    async |server: &Server| {
        let api = server.admin();
        let at = "/v1/customers/by-external/erp/C-1";
        let made = api.put(at, json!({"since": "2010-01-01"})).await;
        let made = made.expect(201).json;
        assert!(made["evaluated_as_of"].is_string(), "{made}");
        let id = made["id"].as_str().unwrap().to_owned();
        let score = async || {
            let path = format!("/v1/evaluations?customer={id}&limit=200");
            let page = api.get(&path).await.expect(200).json;
            let items = page["items"].as_array().unwrap();
            items.iter().map(|one| units(&one["score"])).max()
        };
        let first = score().await.unwrap();
        let large = json!({"attributes": {"size": "large"}});
        let changed = api.put(at, large).await.expect(200);
        assert_eq!(score().await, Some(first + 40_000));
        let path = format!("/v1/customers/{id}");
        let listed = json!({"attributes": {"listed": true}});
        let tag = changed.header("etag").to_owned();
        api.patch(&path, &tag, listed).await.expect(200);
        assert_eq!(score().await, Some(first + 60_000));
        let posted = json!({"kind": "person"});
        let posted = api.post("/v1/customers", posted).await.expect(201).json;
        assert!(posted["tier"].is_string(), "{posted}");
    }
);

/// A decimal in units of its fourth decimal place.
fn units(number: &Value) -> i128 {
    let text = number.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<4}").parse().unwrap()
}

fn sum(items: &Value) -> i128 {
    let items = items.as_array().unwrap();
    assert!(!items.is_empty());
    items.iter().map(|item| units(&item["points"])).sum()
}

/// A customer with a bit of everything: 23,456.78 of revenue and 12,121.21 of profit.
async fn lively(api: &Api) -> String {
    let id = customer(api).await;
    let order = json!({"system": "erp", "type": "order", "id": "O-1"});
    let invoice = json!({"system": "erp", "type": "invoice", "id": "R-1"});
    let facts = json!({"all_or_none": true, "facts": [
        fact("o1", json!({"amount": "23456.78", "cost": "11335.57", "document": order})),
        fact("i1", json!({"kind": "invoice", "amount": "23456.78", "due_on": "2026-02-01", "document": invoice})),
        fact("p1", json!({"kind": "payment", "amount": "23456.78", "occurred_on": "2026-02-11", "follows": invoice})),
        fact("k1", json!({"kind": "complaint", "amount": null, "severity": 2})),
        fact("r1", json!({"kind": "return", "amount": "0.01", "occurred_on": "2026-02-20"})),
        fact("s1", json!({"kind": "staff_rating", "amount": null, "rating": "4.5"})),
    ]});
    api.post("/v1/facts/batch", facts).await.expect(200);
    id
}

both!(points_add_up_to_the_score, async |server: &Server| {
    let api = server.admin();
    let id = lively(&api).await;
    for as_of in [
        "2025-12-31",
        "2026-01-15",
        "2026-02-15",
        "2026-03-01",
        "2026-06-30",
    ] {
        let why = evaluation(&api, &id, &format!("?as_of={as_of}&explain=full")).await;
        let points = units(&why["initial_points"]) + sum(&why["criteria"]);
        assert_eq!(points, units(&why["score"]), "{as_of}: {why}");
        evaluate_everyone(&api, as_of).await;
        let made = format!("/v1/evaluations?customer=erp:C-1&as_of={as_of}&limit=1");
        let made = api.get(&made).await.expect(200).json["items"][0].clone();
        assert_eq!(
            (&made["score"], &made["tier"], &made["cause"]),
            (&why["score"], &why["tier"], &json!("run"))
        );
        assert_eq!(units(&why["initial_points"]) + sum(&made["points"]), points);
        assert_eq!(evaluation(&api, &id, "").await["current"]["id"], made["id"]);
    }
    let history = api.get(&format!("/v1/evaluations?customer={id}")).await;
    let history = history.expect(200).json["items"].clone();
    let days: Vec<&str> = history
        .as_array()
        .unwrap()
        .iter()
        .filter(|made| made["cause"] == "run")
        .map(|made| made["as_of"].as_str().unwrap())
        .collect();
    assert_eq!(
        days,
        [
            "2026-06-30",
            "2026-03-01",
            "2026-02-15",
            "2026-01-15",
            "2025-12-31"
        ]
    );
});

both!(an_evaluation_is_as_of_its_day, async |server: &Server| {
    let api = server.admin();
    let id = lively(&api).await;
    let values = async |as_of: &str| {
        let why = evaluation(&api, &id, &format!("?as_of={as_of}&explain=full")).await;
        [
            "revenue",
            "recency",
            "profit_contribution",
            "average_days_late",
        ]
        .map(|code| {
            let criteria = why["criteria"].as_array().unwrap();
            let found = criteria.iter().find(|one| one["code"] == code).unwrap();
            let value = found["value"].as_str().unwrap_or("-").to_owned();
            (value, found["facts"]["count"].as_u64().unwrap())
        })
    };
    let shown = |values: [(&str, u64); 4]| values.map(|(value, count)| (value.to_owned(), count));
    assert_eq!(
        values("2026-01-14").await,
        shown([("-", 0), ("-", 0), ("-", 0), ("-", 0)])
    );
    let january = values("2026-01-31").await;
    assert_eq!(january[0], ("23456.78".to_owned(), 1));
    assert_eq!(january[1].0, "16");
    assert_eq!(january[2].0, "12121.21");
    let march = values("2026-03-01").await;
    assert_eq!((march[1].0.as_str(), march[3].0.as_str()), ("45", "10"));
    let later = values("2027-03-01").await;
    assert_eq!(later[0].0, "0.00");
});

both!(costs_are_seen_by_those_who_may, async |server: &Server| {
    let id = lively(&server.admin()).await;
    let scopes = "customers:read,facts:read,evaluations:read";
    let blind = server.with(scopes);
    let seeing = server.with(&format!("{scopes},costs:read"));
    let mut seen = 0;
    for path in [
        format!("/v1/customers/{id}/evaluation?as_of=2026-03-01&explain=full"),
        format!("/v1/customers/{id}/measures?as_of=2026-03-01"),
        format!("/v1/customers/{id}/rollups?from=2026-01-01&to=2026-02-01"),
        format!("/v1/customers/{id}"),
        "/v1/facts".to_owned(),
        "/v1/evaluations".to_owned(),
        "/v1/reports/portfolio?as_of=2026-03-01".to_owned(),
    ] {
        let open = seeing.get(&path).await.expect(200).text;
        let closed = blind.get(&path).await.expect(200);
        for secret in ["11335.57", "12121.2", "\"51.67"] {
            seen += usize::from(open.contains(secret));
            assert!(
                !closed.text.contains(secret),
                "{secret} in {path}: {}",
                closed.text
            );
        }
        let all = closed.json["criteria"].as_array().into_iter().flatten();
        for one in
            all.filter(|one| matches!(one["code"].as_str(), Some("profit_contribution" | "margin")))
        {
            let shown = (&one["hidden"], &one["value"], &one["band"]);
            assert_eq!(shown, (&json!(true), &json!(null), &json!(null)));
        }
    }
    assert!(seen >= 6, "the canaries are real: {seen}");
});
