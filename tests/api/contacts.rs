//! People who act for a customer: what they were before.

use crate::support::{Server, both};
use serde_json::{Value, json};

both!(
    a_contact_has_a_history_until_it_is_taken_away,
    async |server: &Server| {
        let api = server.admin();
        let body = json!({"kind": "organisation", "name": "Muster GmbH"});
        let made = api.post("/v1/customers", body).await.expect(201);
        let customer = made.header("location").to_owned();
        let body = json!({"name": "Erika", "position": "manager"});
        let made = api.post(&format!("{customer}/contacts"), body).await;
        let contact = made.expect(201).header("location").to_owned();
        let promoted = json!({"position": "executive", "country": "DE"});
        api.patch(&contact, "*", promoted).await.expect(200);
        api.patch(&contact, "*", json!({"name": "Erika M."}))
            .await
            .expect(200);
        // What was acknowledged is numbered within moments.
        tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        let path = format!("{contact}/history");
        let versions = api.all(&path).await;
        let told = |version: &Value| {
            let [name, position] = ["name", "position"].map(|it| version[it].clone());
            (version["version"].clone(), name, position)
        };
        let row = |version: i64, name: &str, position: &str| {
            (json!(version), json!(name), json!(position))
        };
        let expected = [
            row(3, "Erika M.", "executive"),
            row(2, "Erika", "executive"),
            row(1, "Erika", "manager"),
        ];
        assert_eq!(versions.iter().map(told).collect::<Vec<_>>(), expected);
        let positions = versions.iter().map(|it| it["known_from"].as_i64().unwrap());
        assert!(positions.rev().is_sorted(), "{versions:?}");
        let page = api.get(&format!("{path}?limit=2")).await.expect(200).json;
        let rest = format!("{path}?after={}", page["next"].as_str().unwrap());
        assert_eq!(api.get(&rest).await.json["items"], json!([versions[2]]));

        api.delete(&contact).await.expect(204);
        let versions = api.all(&path).await;
        let removed: Vec<_> = versions.iter().map(|it| it["removed"].clone()).collect();
        assert_eq!(removed, [true, false, false, false]);
        assert!(
            versions.iter().all(|it| it["name"].is_null()),
            "{versions:?}"
        );
        assert_eq!(versions[3]["position"], "manager");

        let nobody = "con_06dv7n5z4h9k3m2p8q1r5s7t0y";
        let unknown = format!("{customer}/contacts/{nobody}/history");
        api.get(&unknown)
            .await
            .expect_problem(404, "not-found", &[]);
        api.get(&format!("{path}?after=x"))
            .await
            .expect_problem(400, "bad-cursor", &[]);
    }
);
