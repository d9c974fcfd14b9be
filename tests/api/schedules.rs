//! Scheduled evaluations: once for all instances, with a word about tiers that will drop.

use super::facts::fact;
use crate::support::{Server, both};
use chrono::{Days, Utc};
use serde_json::{Value, json};
use std::time::Duration;

const EVERY_MINUTE: [(&str, &str); 1] = [("TIERCEL_EVALUATION_SCHEDULE", "* * * * *")];

both!(
    everyone_is_evaluated_when_it_is_time_and_warned_of_what_comes,
    async |server: &Server| {
        let api = server.admin();
        let path = "/v1/customers/by-external/erp/C-1";
        let made = api
            .put(path, json!({"kind": "organisation"}))
            .await
            .expect(201)
            .json;
        // In a month these orders are older than a year.
        let on = (Utc::now().date_naive() - Days::new(350)).to_string();
        for id in ["o1", "o2"] {
            let more = json!({"amount": "1500.00", "cost": "900.00", "occurred_on": on});
            api.post("/v1/facts", fact(id, more)).await.expect(201);
        }
        let instances = [0, 1].map(|_| server.another_with(&EVERY_MINUTE));
        let mut jobs = Value::Null;
        for _ in 0..110 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            jobs = api.get("/v1/jobs?kind=evaluation").await.expect(200).json;
            if jobs["items"][0]["state"] == "done" {
                break;
            }
        }
        assert_eq!(jobs["items"][0]["state"], "done", "{jobs}");
        assert_eq!(
            jobs["items"].as_array().unwrap().len(),
            1,
            "one for both: {jobs}"
        );
        tokio::time::sleep(Duration::from_secs(2)).await;
        let feed = api.get("/v1/events?limit=200").await.expect(200).json;
        let of = |kind: &str| -> Vec<Value> {
            let events = feed["items"].as_array().unwrap().iter();
            events
                .filter(|event| event["type"] == kind)
                .cloned()
                .collect()
        };
        assert_eq!(of("evaluation.completed").len(), 1);
        let warned = of("tier.will_downgrade");
        assert_eq!(warned.len(), 1, "{feed}");
        let change = &warned[0]["changes"][0];
        assert_eq!(
            (&change["customer"], &change["what"]),
            (&made["id"], &json!("tier_will_drop"))
        );
        assert_eq!(
            (&change["tier"], &change["drops_to"]),
            (&json!("general"), &json!("low"))
        );
        instances.into_iter().for_each(|it| it.stop());
    }
);
