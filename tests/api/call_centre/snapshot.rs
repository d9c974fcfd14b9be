//! All numbers for a cache at the telephone system.

use super::{Centre, VIP, VIP_LINE, escaped};
use crate::support::{Server, both};
use reqwest::Method;
use serde_json::{Value, json};

const SNAPSHOT: &str = "/v1/routing/snapshot";

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

both!(
    a_cache_routes_as_the_look_up_does,
    async |server: &Server| {
        let centre = Centre::open(server).await;
        let api = server.with("routing:read");
        let made = json!({"kind": "person", "name": "B", "phones": [{"number": "+44 20 7946 0018"}, {"number": VIP}]});
        server.admin().post("/v1/customers", made).await.expect(201);
        let answer = api.get(SNAPSHOT).await.expect(200);
        assert_eq!(answer.header("content-type"), "application/x-ndjson");
        let lines = lines(&answer.text);
        assert_eq!(
            lines[0]["lines"],
            json!([{"number": VIP_LINE, "lowest_rank": 1}])
        );
        assert_eq!(lines[0]["default"]["queue"], "standard");
        assert_eq!(lines.len(), 3, "{}", answer.text);
        for line in &lines[1..] {
            let number = escaped(line["number"].as_str().unwrap());
            let asked = format!(
                "/v1/routing/lookup?caller={number}&called={}",
                escaped(VIP_LINE)
            );
            let found = api.get(&asked).await.expect(200).json;
            for (key, value) in line
                .as_object()
                .unwrap()
                .iter()
                .filter(|(key, _)| *key != "number")
            {
                assert_eq!(&found[key], value, "{key} of {line}");
            }
        }
        let shared = lines.iter().find(|line| line["number"] == VIP).unwrap();
        assert_eq!(
            (
                shared["ambiguous"].as_bool(),
                shared["customer_ref"].as_str()
            ),
            (Some(true), Some(""))
        );

        let tag = answer.header("etag").to_owned();
        let seen = [("if-none-match", tag.as_str())];
        api.send(Method::GET, SNAPSHOT, None, &seen)
            .await
            .expect(304);
        let admin = server.admin();
        // What no route depends on changes nothing.
        let path = format!("/v1/customers/{}", centre.customer);
        let version = admin.get(&path).await.expect(200).header("etag").to_owned();
        admin
            .patch(&path, &version, json!({"note": "calls often"}))
            .await
            .expect(200);
        api.send(Method::GET, SNAPSHOT, None, &seen)
            .await
            .expect(304);
        let more = json!({"kind": "person", "name": "C", "phones": [{"number": "+49 30 111111"}]});
        admin.post("/v1/customers", more).await.expect(201);
        let changed = api
            .send(Method::GET, SNAPSHOT, None, &seen)
            .await
            .expect(200);
        assert_ne!(changed.header("etag"), tag);
        assert_eq!(changed.text.lines().count(), 4);
        let another = server.another();
        let elsewhere = another.bearing(&server.database.token("routing:read"));
        let elsewhere = elsewhere.get(SNAPSHOT).await.expect(200);
        assert_eq!(
            elsewhere.header("etag"),
            changed.header("etag"),
            "instances agree"
        );
    }
);
