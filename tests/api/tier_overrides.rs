//! Tiers by hand: what they change, for how long, and what was known of them.

use super::evaluations::{evaluate_everyone, evaluation};
use super::facts::{customer, fact};
use crate::support::{Api, Server, both};
use chrono::{Days, NaiveDate, Utc};
use serde_json::{Value, json};

const CREDIT: &str = "/v1/customers/by-external/erp/C-1/credit-terms";
const ROUTING: &str = "/v1/routing/lookup?caller=%2B14155550199";

fn today() -> NaiveDate {
    Utc::now().date_naive()
}

pub fn by_hand(tier: &str, days: u64) -> Value {
    json!({"tier": tier, "reason": "their first large order comes in May", "approver": "sales-lead",
           "valid_until": (today() + Days::new(days)).to_string()})
}

/// The tiers that the three decisions go by, with the trace of each.
async fn tiers(api: &Api, query: &str) -> [(String, bool); 3] {
    let discount = format!(
        "/v1/decisions/discount?customer=erp:C-1&sku=X&qty=1&list=100.00&currency=EUR&{query}"
    );
    let discount = api.get(&discount).await.expect(200).json;
    let credit = api.get(&format!("{CREDIT}?{query}")).await.expect(200).json;
    let route = api
        .get(&format!("{ROUTING}&{query}"))
        .await
        .expect(200)
        .json;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    [
        (text(&discount["tier"]), discount["tier_override"] != ""),
        (
            text(&credit["tier"]["code"]),
            !credit["tier"]["by_hand"].is_null(),
        ),
        (text(&route["tier"]), route["tier_override"] != ""),
    ]
}

fn all(tier: &str, by_hand: bool) -> [(String, bool); 3] {
    [tier, tier, tier].map(|tier| (tier.to_owned(), by_hand))
}

/// A customer with a phone number and one small order: of the lowest tier.
async fn small(api: &Api) -> String {
    let id = customer(api).await;
    let phones = json!({"phones": [{"number": "+14155550199"}]});
    let at = "/v1/customers/by-external/erp/C-1";
    api.put(at, phones).await.expect(200);
    let order = fact("o1", json!({"amount": "10.00"}));
    api.post("/v1/facts", order).await.expect(201);
    id
}

async fn head(api: &Api) -> i64 {
    // What was acknowledged is numbered within moments.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let head = api.get("/v1/audit/head").await.expect(200).json;
    head["position"].as_i64().unwrap()
}

both!(
    a_tier_by_hand_counts_in_every_decision_until_it_is_ended,
    async |server: &Server| {
        let api = server.admin();
        let id = small(&api).await;
        let path = format!("/v1/customers/{id}/overrides");
        assert_eq!(tiers(&api, "").await, all("low", false));
        let before = head(&api).await;
        let made = api.post(&path, by_hand("high", 30)).await.expect(201);
        assert_eq!(made.header("location"), path);
        assert_eq!(made.json["status"], "in_force");
        assert_eq!(tiers(&api, "").await, all("high", true));
        evaluate_everyone(&api, &today().to_string()).await;
        assert_eq!(tiers(&api, "").await, all("high", true), "it survives runs");
        let during = head(&api).await;

        let why = evaluation(&api, &id, "").await;
        assert_eq!(
            (&why["tier"], &why["tier_in_force"]),
            (&json!("low"), &json!("high"))
        );
        assert_eq!(why["by_hand"]["approver"], "sales-lead");
        let later = format!("?as_of={}", today() + Days::new(31));
        let later = evaluation(&api, &id, &later).await;
        assert_eq!(
            (&later["tier_in_force"], &later["by_hand"]),
            (&json!("low"), &json!(null))
        );

        let end = format!("{path}/{}/end", made.json["id"].as_str().unwrap());
        let ended = api.post(&end, json!({})).await.expect(200).json;
        assert_eq!(ended["status"], "ended");
        assert_eq!(tiers(&api, "").await, all("low", false));
        let again = api.post(&end, json!({})).await;
        again.expect_problem(409, "conflict", &[]);

        // What was known then is decided by then.
        let known = async |position: i64| tiers(&api, &format!("known_at={position}")).await;
        assert_eq!(known(before).await, all("low", false));
        assert_eq!(known(during).await, all("high", true));
        assert_eq!(known(head(&api).await).await, all("low", false));
        let listed =
            async |query: String| api.get(&format!("{path}{query}")).await.expect(200).json;
        let then = listed(format!("?known_at={during}")).await;
        assert_eq!(then["items"][0]["status"], "in_force");
        assert_eq!(
            listed(String::new()).await["items"][0]["ended_on"],
            today().to_string()
        );
        let over = listed(format!(
            "?known_at={during}&as_of={}",
            today() + Days::new(31)
        ))
        .await;
        assert_eq!(over["items"][0]["status"], "over");
        assert_eq!(
            listed(format!("?known_at={before}")).await["items"],
            json!([])
        );
        let feed = api
            .get(&format!("/v1/events?after={before}"))
            .await
            .expect(200)
            .json;
        let types = feed["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| &event["type"]);
        let set: Vec<_> = types
            .filter(|it| it.as_str().unwrap().starts_with("tier_override"))
            .collect();
        assert_eq!(
            set,
            [&json!("tier_override.set"), &json!("tier_override.ended")]
        );
        assert!(!feed.to_string().contains("their first large order"));
    }
);

both!(
    a_receipt_replays_the_tier_by_hand_of_its_time,
    async |server: &Server| {
        let api = server.admin();
        let id = small(&api).await;
        let path = format!("/v1/customers/{id}/overrides");
        let made = api.post(&path, by_hand("high", 30)).await.expect(201).json;
        let receipts = [
            format!("{CREDIT}?receipt=full"),
            format!("{ROUTING}&receipt=full"),
        ];
        let mut kept = Vec::new();
        for question in receipts {
            kept.push(api.get(&question).await.expect(200).json["receipt"].clone());
        }
        let end = format!("{path}/{}/end", made["id"].as_str().unwrap());
        api.post(&end, json!({})).await.expect(200);
        for receipt in kept {
            assert!(receipt.to_string().contains("high"), "{receipt}");
            let replayed = api.post("/v1/receipts/replay", receipt).await;
            assert_eq!(replayed.expect(200).json["identical"], true);
        }
    }
);

both!(
    a_tier_by_hand_makes_sense_and_stands_alone,
    async |server: &Server| {
        let api = server.admin();
        let id = small(&api).await;
        let path = format!("/v1/customers/{id}/overrides");
        let yesterday = (today() - Days::new(1)).to_string();
        let wrong = json!({"tier": "platinum", "reason": "", "approver": "operator",
                           "valid_from": yesterday, "valid_until": "2020-01-01"});
        let pointers = ["/tier", "/reason", "/valid_from", "/valid_until"];
        let refused = api.post(&path, wrong).await;
        refused.expect_problem(422, "invalid-input", &pointers);
        api.post(&path, by_hand("high", 10)).await.expect(201);
        let second = api.post(&path, by_hand("general", 5)).await;
        second.expect_problem(409, "conflict", &[]);
        let mut later = by_hand("general", 40);
        later["valid_from"] = json!((today() + Days::new(11)).to_string());
        let later = api.post(&path, later).await.expect(201).json;
        assert_eq!(later["status"], "to_come");
        assert_eq!(tiers(&api, "").await, all("high", true));
        let page = api.get(&format!("{path}?limit=1")).await.expect(200).json;
        let next = page["next"].as_str().unwrap();
        let rest = api
            .get(&format!("{path}?limit=1&after={next}"))
            .await
            .expect(200)
            .json;
        assert_eq!(
            (&rest["items"][0]["id"], &rest["next"]),
            (&later["id"], &json!(null))
        );

        let only = server.with("evaluations:read,evaluations:run");
        let refused = only.post(&path, by_hand("low", 1)).await;
        refused.expect_problem(403, "forbidden", &[]);
        let nobody = "/v1/customers/cus_06dv7n5z4h9k3m2p8q1r5s7t0x/overrides";
        let refused = api.post(nobody, by_hand("low", 1)).await;
        refused.expect_problem(404, "not-found", &[]);

        api.delete(&format!("/v1/customers/{id}")).await.expect(204);
        api.get(&path).await.expect(404);
    }
);
