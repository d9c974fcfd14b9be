//! Who gets in, and with what.

use crate::support::{Server, both};
use serde_json::json;

both!(
    a_client_gets_a_token_and_no_more_than_its_scopes,
    async |server: &Server| {
        let made = server.database.tiercel(&[
            "client",
            "create",
            "--name",
            "erp",
            "--scopes",
            "discounts:decide,routing:read",
            "--json",
        ]);
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let (id, secret) = (
            made["client_id"].as_str().unwrap(),
            made["client_secret"].as_str().unwrap(),
        );
        let token = |form: String| async move {
            let kind = [("content-type", "application/x-www-form-urlencoded")];
            server
                .without_token()
                .raw(reqwest::Method::POST, "/oauth/token", form, &kind)
                .await
        };
        let base = format!("grant_type=client_credentials&client_id={id}&client_secret=");
        let granted = token(format!("{base}{secret}")).await.expect(200);
        assert_eq!(granted.json["scope"], "discounts:decide routing:read");
        assert_eq!(granted.json["expires_in"], 900);
        token(format!("{base}wrong")).await.expect(401);
        token(format!("{base}{secret}&scope=admin"))
            .await
            .expect(400);

        let api = server.bearing(granted.json["access_token"].as_str().unwrap());
        let refused = api.post("/v1/customers", json!({})).await;
        let refused = refused.expect_problem(403, "forbidden", &[]);
        assert!(refused.text.contains("customers:write"), "{}", refused.text);

        server.database.tiercel(&["client", "revoke", "erp"]);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        api.get("/v1/customers")
            .await
            .expect_problem(401, "unauthorized", &[]);
        token(format!("{base}{secret}")).await.expect(401);
    }
);

both!(
    credentials_that_do_not_hold_all_get_the_same_answer,
    async |server: &Server| {
        let none = server.without_token().get("/v1/customers").await;
        assert!(none.header("www-authenticate").starts_with("Bearer"));
        let none = none.expect_problem(401, "unauthorized", &[]);
        let good = server.database.token("admin");
        let (head, rest) = good.split_once('.').unwrap();
        let unsigned = format!(
            "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.",
            rest.split('.').next().unwrap()
        );
        for bad in [
            "garbage",
            &format!("{head}.{rest}x"),
            &unsigned,
            &good[..good.len() - 8],
            &"x".repeat(9000),
        ] {
            let answer = server
                .bearing(bad)
                .get("/v1/customers")
                .await
                .expect_problem(401, "unauthorized", &[]);
            assert_eq!(answer.json["detail"], none.json["detail"]);
        }
    }
);

both!(
    the_first_credential_is_made_once,
    async |server: &Server| {
        let file = server.database.data().join("bootstrap-credential.json");
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains("tcl_"));
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let again = server.database.run(&["client", "bootstrap"]);
        assert_eq!(again.status.code(), Some(1));
    }
);
