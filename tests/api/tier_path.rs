//! The path to the next tier: what it suggests is enough when it is done, and not a cent too much.

use super::evaluations::evaluation;
use super::facts::fact;
use crate::support::{Api, Server, both};
use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

/// A customer whose three small orders leave it in the middle.
async fn buyer(api: &Api) -> String {
    let path = "/v1/customers/by-external/erp/C-1";
    let body = json!({"kind": "organisation"});
    let made = api.put(path, body).await.expect(201);
    let on = (today() - Days::new(40)).to_string();
    let facts: Vec<Value> = (0..3)
        .map(|number| {
            let order = json!({"system": "erp", "type": "order", "id": format!("O-{number}")});
            let more =
                json!({"amount": "150.00", "cost": "90.00", "occurred_on": on, "document": order});
            fact(&format!("o{number}"), more)
        })
        .collect();
    api.post("/v1/facts/batch", json!({ "facts": facts }))
        .await
        .expect(200);
    made.json["id"].as_str().unwrap().to_owned()
}

fn cents(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap();
    format!("{whole}{part}").parse().unwrap()
}

/// Records orders worth so much on the last days before a day, as the suggestion means it.
async fn order(api: &Api, name: &str, cents: i64, count: u64, by: NaiveDate) {
    for number in 0..count {
        let worth = if number == 0 { cents } else { 0 };
        let amount = format!("{}.{:02}", worth / 100, worth % 100);
        // At the margin of the orders before, as the path assumes.
        let cost = format!("{}.{:04}", worth * 60 / 10_000, worth * 60 % 10_000);
        let order = json!({"system": "erp", "type": "order", "id": format!("{name}{number}")});
        let on = (by - Days::new(number)).to_string();
        let more = json!({"amount": amount, "cost": cost, "occurred_on": on, "document": order});
        let told = fact(&format!("{name}{number}"), more);
        api.post("/v1/facts", told).await;
    }
}

both!(
    what_is_suggested_lifts_the_customer_and_a_cent_less_does_not,
    async |server: &Server| {
        let api = server.admin();
        let id = buyer(&api).await;
        let by = today() + Days::new(45);
        let path = api
            .get(&format!("/v1/customers/{id}/path?by={by}"))
            .await
            .expect(200)
            .json;
        let now = evaluation(&api, &id, "").await;
        assert_eq!(path["tier"]["code"], now["tier"], "{path}");
        assert_eq!(path["tier"]["score"], now["score"]);
        let idle = evaluation(&api, &id, &format!("?as_of={by}")).await;
        assert_eq!(path["projection"]["tier"]["score"], idle["score"]);
        let next = &path["next"];
        assert_eq!(next["reachable"], true, "{path}");
        let single = next["single"].as_array().unwrap();
        let amount_of = |way: &Value| {
            let only = &way["moves"][0];
            let alone = way["moves"].as_array().unwrap().len() == 1;
            (alone && only["kind"] == "orders" && !only["amount"].is_null()).then(|| {
                (
                    cents(only["amount"].as_str().unwrap()),
                    only["count"].as_u64().unwrap(),
                )
            })
        };
        let (cents, count) = single
            .iter()
            .find_map(amount_of)
            .expect("an amount alone suffices");
        let text = single.iter().find(|way| amount_of(way).is_some()).unwrap()["text"].clone();
        assert!(text["en"].as_str().unwrap().contains(" by "), "{text}");
        assert!(text["zh"].as_str().unwrap().contains('年'), "{text}");
        // One cent less first: the correction of the same order then adds it.
        order(&api, "n", cents - 1, count, by).await;
        let short = evaluation(&api, &id, &format!("?as_of={by}")).await;
        assert_ne!(short["tier"], next["tier"], "{short}");
        order(&api, "n", cents, count, by).await;
        let enough = evaluation(&api, &id, &format!("?as_of={by}")).await;
        assert_eq!(enough["tier"], next["tier"], "{enough}");
    }
);

both!(
    the_customer_reads_its_path_without_points,
    async |server: &Server| {
        let api = server.admin();
        let id = buyer(&api).await;
        let token = json!({"customer": "erp:C-1", "expires_in": 300});
        let token = api.post("/v1/customer-tokens", token).await;
        let at = format!("/v1/customers/{id}/path");
        let full = api.get(&at).await.expect(200).json;
        assert!(full["next"]["points_missing"].is_string() && full["tier"]["score"].is_string());
        if token.status == 200 {
            let page = server.bearing(token.json["access_token"].as_str().unwrap());
            let own = page.get(&at).await.expect(200);
            assert_eq!(
                own.json["next"]["best"]["moves"],
                full["next"]["best"]["moves"]
            );
            let hidden = [
                &own.json["tier"]["score"],
                &own.json["next"]["points_missing"],
                &own.json["next"]["best"]["effort"],
                &own.json["next"]["best"]["reaches"]["score"],
            ];
            assert!(hidden.iter().all(|it| it.is_null()), "{}", own.text);
        }
        let early = api.get(&format!("{at}?by=2020-01-01")).await;
        early.expect_problem(422, "invalid-input", &["by"]);
        api.get(&format!("{at}?until=2020-01-01")).await.expect(400);
        api.get("/v1/customers/cus_06dv7n5z4h9k3m2p8q1r5s7t0x/path")
            .await
            .expect(404);
    }
);
