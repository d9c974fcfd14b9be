//! Numbers that end alike find their customer where nobody else's do, now and in the past.

use crate::support::{Api, Server, both};
use serde_json::{Value, json};

async fn customer(api: &Api, id: &str, phone: &str) {
    let path = format!("/v1/customers/by-external/erp/{id}");
    let body = json!({"kind": "organisation", "owner": "anna",
        "phones": [{"number": phone, "region": "US"}]});
    api.put(&path, body).await.expect(201);
}

async fn lookup(api: &Api, query: &str) -> Value {
    let path = format!("/v1/routing/lookup?{query}");
    api.get(&path).await.expect(200).json
}

both!(
    w20_a_short_number_finds_the_only_customer_with_its_ending,
    async |server: &Server| {
        let api = server.admin();
        customer(&api, "C-1", "+1 202 555 0123").await;
        for (query, quality) in [
            ("caller=(202)%20555-0123&region=US", "exact"),
            ("caller=2025550123&region=US", "exact"),
            ("caller=202.555.0123&region=US", "exact"),
            ("caller=2025550123&region=CH", "national"),
            ("caller=555%200123&region=US", "suffix"),
        ] {
            let found = lookup(&api, query).await;
            assert_eq!(found["match_quality"], quality, "{query}: {found}");
            assert_eq!(found["match_count"], 1, "{query}");
            assert_eq!(found["preferred_agent"], "anna", "{query}");
            let mut sealed = json!({});
            for _ in 0..100 {
                sealed = lookup(&api, &format!("{query}&receipt=full")).await;
                if sealed["matched"] == true {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            assert_eq!(
                sealed["match_quality"], quality,
                "the past knows it too: {sealed}"
            );
            let replay = api
                .post("/v1/receipts/replay", sealed["receipt"].clone())
                .await;
            assert_eq!(replay.expect(200).json["identical"], true, "{query}");
        }
        for query in [
            "caller=55%200123&region=US",
            "caller=550123&region=US",
            "caller=%2B4930%205550123",
            "caller=anonymous",
        ] {
            let missed = lookup(&api, query).await;
            assert_eq!(missed["matched"], false, "{query}: {missed}");
        }
        // Two customers with the ending: it says nothing, and names nobody.
        customer(&api, "C-2", "+1 415 555 0123").await;
        let shared = lookup(&api, "caller=5550123&region=US").await;
        assert_eq!(
            (
                &shared["matched"],
                &shared["match_count"],
                &shared["reason"]
            ),
            (&json!(false), &json!(2), &json!("ambiguous")),
            "{shared}"
        );
        assert_eq!(shared["customer_ref"], "");
    }
);
