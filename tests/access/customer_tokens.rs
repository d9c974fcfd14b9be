//! Tokens bound to one customer: what they open, and what ends them.

use super::client;
use crate::support::{Server, both};
use serde_json::json;

both!(
    a_customer_reads_its_own_explanation_and_nothing_else,
    async |server: &Server| {
        let shop = client(server, "shop", &["customers:delegate"]).await;
        let admin = server.admin();
        let customer = json!({"kind": "organisation", "name": "A"});
        let make = async |id: &str| {
            let path = format!("/v1/customers/by-external/erp/{id}");
            let made = admin.put(&path, customer.clone()).await.expect(201);
            made.json["id"].as_str().unwrap().to_owned()
        };
        let (own, other) = (make("C-1").await, make("C-2").await);
        let backend = server.bearing(&shop.token(&server.without_token()).await);
        let ask = async |body| backend.post("/v1/customer-tokens", body).await;
        let bad = ask(json!({"customer": "erp:C-1", "expires_in": 901})).await;
        bad.expect_problem(422, "invalid-input", &["/expires_in"]);
        let nobody = ask(json!({"customer": "erp:C-9"})).await;
        nobody.expect_problem(404, "not-found", &[]);

        let made = ask(json!({"customer": "erp:C-1", "expires_in": 300}))
            .await
            .expect(200);
        assert_eq!(
            (&made.json["customer"], &made.json["expires_in"]),
            (&json!(own), &json!(300))
        );
        assert_eq!(made.header("cache-control"), "no-store");
        let page = server.bearing(made.json["access_token"].as_str().unwrap());
        let why = page
            .get(&format!("/v1/customers/{own}/evaluation"))
            .await
            .expect(200);
        assert!(
            why.json["tier"].is_string() && why.json["initial_points"].is_null(),
            "{}",
            why.text
        );
        let criteria = why.json["criteria"].as_array().unwrap();
        assert!(!criteria.is_empty());
        for criterion in criteria {
            assert!(
                criterion["points"].is_null() && criterion["band"].is_null(),
                "{criterion}"
            );
            assert_eq!(criterion["hidden"], false);
        }
        let full = admin
            .get(&format!("/v1/customers/{own}/evaluation"))
            .await
            .expect(200);
        assert!(full.json["criteria"].as_array().unwrap().len() > criteria.len());
        assert!(full.json["criteria"][0]["points"].is_string());

        for path in [
            format!("/v1/customers/{other}/evaluation"),
            format!("/v1/customers/{own}/evaluation?explain=full"),
            format!("/v1/customers/{own}"),
            format!("/v1/customers/{own}/measures"),
            "/v1/customers".to_owned(),
            "/v1/clients".to_owned(),
            "/v1/jobs".to_owned(),
        ] {
            page.get(&path).await.expect_problem(404, "not-found", &[]);
        }
        let again = page
            .post("/v1/customer-tokens", json!({"customer": own}))
            .await;
        again.expect_problem(404, "not-found", &[]);
    }
);

both!(
    a_bound_token_ends_with_its_client_and_with_its_customer,
    async |server: &Server| {
        let admin = server.admin();
        let shop = client(server, "shop", &["customers:delegate"]).await;
        let mut pages = Vec::new();
        for id in ["C-1", "C-2"] {
            let path = format!("/v1/customers/by-external/erp/{id}");
            let body = json!({"kind": "organisation", "name": "A"});
            let made = admin.put(&path, body).await.expect(201);
            let customer = made.json["id"].as_str().unwrap().to_owned();
            let backend = server.bearing(&shop.token(&server.without_token()).await);
            let asked = json!({"customer": customer});
            let made = backend.post("/v1/customer-tokens", asked).await.expect(200);
            let page = server.bearing(made.json["access_token"].as_str().unwrap());
            pages.push((customer, page));
        }
        let why = |customer: &str| format!("/v1/customers/{customer}/evaluation");
        let [(first, one), (second, two)] = pages.try_into().ok().unwrap();
        one.get(&why(&first)).await.expect(200);
        admin
            .delete(&format!("/v1/customers/{first}"))
            .await
            .expect(204);
        one.get(&why(&first))
            .await
            .expect_problem(401, "unauthorized", &[]);
        two.get(&why(&second)).await.expect(200);
        admin
            .delete(&format!("/v1/clients/{}", shop.id))
            .await
            .expect(204);
        two.get(&why(&second))
            .await
            .expect_problem(401, "unauthorized", &[]);
    }
);
