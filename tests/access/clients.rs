//! Clients: the credential itself as a credential, secrets that overlap, last use, revocation.

use super::{client, status, within_a_second};
use crate::support::{Server, both};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::json;

const CALL: &str = "/v1/routing/lookup?caller=%2B14155550100";

both!(
    a_pbx_shows_its_secret_in_one_header,
    async |server: &Server| {
        let pbx = client(server, "pbx", &["routing:read"]).await;
        let api = server.without_token();
        let key = pbx.api_key();
        let basic = format!(
            "Basic {}",
            STANDARD.encode(format!("{}:{}", pbx.id, pbx.secret))
        );
        let (key, basic) = (
            ("x-api-key", key.as_str()),
            ("authorization", basic.as_str()),
        );
        for header in [key, basic] {
            assert_eq!(status(&api, CALL, header).await, 200);
            let other = api
                .send(Method::GET, "/v1/customers", None, &[header])
                .await;
            let other = other.expect_problem(403, "forbidden", &[]);
            assert!(other.text.contains("customers:read"), "{}", other.text);
        }
        let two = api.send(Method::GET, CALL, None, &[key, basic]).await;
        two.expect_problem(400, "unreadable", &[]);
        let two = api.send(Method::GET, CALL, None, &[key, key]).await;
        two.expect_problem(400, "unreadable", &[]);

        let none = api.get(CALL).await.expect_problem(401, "unauthorized", &[]);
        let unknown = "cli_06dv7n5z4h9k3m2p8q1r5s7t0z";
        for bad in [
            format!("{}.{}x", pbx.id, pbx.secret),
            format!("{unknown}.{}", pbx.secret),
            format!("{}.", pbx.id),
            pbx.id.clone(),
            String::new(),
            format!("' OR 1=1 --.{}", pbx.secret),
        ] {
            let refused = api
                .send(Method::GET, CALL, None, &[("x-api-key", &bad)])
                .await;
            let refused = refused.expect_problem(401, "unauthorized", &[]);
            assert_eq!(refused.json["detail"], none.json["detail"], "{bad}");
        }
    }
);

both!(
    a_secret_is_replaced_while_both_are_valid,
    async |server: &Server| {
        let erp = client(server, "erp", &["routing:read"]).await;
        let (api, admin) = (server.without_token(), server.admin());
        let second = server.another();
        let other = second.without_token();
        let path = format!("/v1/clients/{}/rotate", erp.id);
        let until = |at: &str| json!({"former_secret_until": at});
        let bad = admin.post(&path, until("tomorrow")).await;
        bad.expect_problem(422, "invalid-input", &["/former_secret_until"]);
        let bad = admin.post(&path, until("2999-01-01T00:00:00Z")).await;
        bad.expect_problem(422, "invalid-input", &["/former_secret_until"]);

        let soon = now() + chrono::TimeDelta::seconds(4);
        let rotated = admin
            .post(&path, until(&soon.to_rfc3339()))
            .await
            .expect(200);
        let fresh = rotated.json["client_secret"].as_str().unwrap();
        assert_eq!(rotated.json["client"]["version"], 2);
        let (old, new) = (erp.api_key(), format!("{}.{fresh}", erp.id));
        for instance in [&api, &other] {
            for key in [&old, &new] {
                assert_eq!(status(instance, CALL, ("x-api-key", key)).await, 200);
            }
        }
        let third = admin.post(&path, until(&soon.to_rfc3339())).await;
        third.expect_problem(409, "conflict", &[]);

        let left = (soon - now()).to_std().unwrap_or_default();
        tokio::time::sleep(left).await;
        for instance in [&api, &other] {
            assert_eq!(status(instance, CALL, ("x-api-key", &old)).await, 401);
            assert_eq!(status(instance, CALL, ("x-api-key", &new)).await, 200);
        }
        let rotated =
            server
                .database
                .tiercel(&["client", "rotate", "erp", "--overlap-hours", "0", "--json"]);
        let rotated: serde_json::Value = serde_json::from_str(&rotated).unwrap();
        let newest = format!("{}.{}", erp.id, rotated["client_secret"].as_str().unwrap());
        within_a_second(401, async || status(&api, CALL, ("x-api-key", &new)).await).await;
        assert_eq!(status(&api, CALL, ("x-api-key", &newest)).await, 200);
    }
);

both!(
    a_revoked_client_ends_on_every_instance_within_a_second,
    async |server: &Server| {
        let bot = client(server, "bot", &["customers:read", "customers:delegate"]).await;
        let second = server.another();
        let (api, other) = (server.without_token(), second.without_token());
        let bearer = format!("Bearer {}", bot.token(&api).await);
        let key = bot.api_key();
        let shown = [
            ("authorization", bearer.as_str()),
            ("x-api-key", key.as_str()),
        ];
        for header in shown {
            assert_eq!(status(&other, "/v1/customers", header).await, 200);
        }
        let admin = server.admin();
        let path = format!("/v1/clients/{}", bot.id);
        admin.delete(&path).await.expect(204);
        for header in shown {
            assert_eq!(
                status(&api, "/v1/customers", header).await,
                401,
                "at once here"
            );
            within_a_second(401, async || status(&other, "/v1/customers", header).await).await;
        }
        admin.delete(&path).await.expect(204);
        assert!(admin.get(&path).await.expect(200).json["revoked_at"].is_string());
        let unknown = "/v1/clients/cli_06dv7n5z4h9k3m2p8q1r5s7t0z";
        admin
            .delete(unknown)
            .await
            .expect_problem(404, "not-found", &[]);
        client(server, "bot", &["customers:read"]).await;
    }
);

both!(
    clients_are_listed_with_their_last_use,
    async |server: &Server| {
        let admin = server.admin();
        let bad = json!({"name": " ", "scopes": ["customers:read", "everything"]});
        let bad = admin.post("/v1/clients", bad).await;
        bad.expect_problem(422, "invalid-input", &["/name", "/scopes/1"]);
        let quiet = client(server, "quiet", &["customers:read"]).await;
        let busy = client(server, "busy", &["customers:read"]).await;
        let taken = admin
            .post("/v1/clients", json!({"name": "busy", "scopes": ["admin"]}))
            .await;
        taken.expect_problem(409, "conflict", &[]);
        let body = json!({"name": "x", "scopes": ["admin"]}).to_string();
        let headers = [
            ("idempotency-key", "k"),
            ("content-type", "application/json"),
        ];
        let kept = admin.raw(Method::POST, "/v1/clients", body, &headers).await;
        kept.expect_problem(400, "unreadable", &[]);

        let second = server.another();
        let header = busy.api_key();
        assert_eq!(
            status(
                &server.without_token(),
                "/v1/customers",
                ("x-api-key", &header)
            )
            .await,
            200
        );
        let list = admin.get("/v1/clients").await.expect(200);
        assert!(
            !list.text.contains("tcl_") && !list.text.contains("hash"),
            "{}",
            list.text
        );
        let found = |id: &str| {
            let items = list.json["items"].as_array().unwrap();
            items.iter().find(|item| item["id"] == id).unwrap().clone()
        };
        assert!(found(&busy.id)["last_used_at"].is_string(), "{}", list.text);
        assert!(found(&quiet.id)["last_used_at"].is_null(), "{}", list.text);

        // What one instance has seen is stored when it ends, and known to the others.
        assert_eq!(
            status(
                &second.without_token(),
                "/v1/customers",
                ("x-api-key", &quiet.api_key())
            )
            .await,
            200
        );
        second.stop();
        let shown = admin
            .get(&format!("/v1/clients/{}", quiet.id))
            .await
            .expect(200);
        assert!(shown.json["last_used_at"].is_string(), "{}", shown.text);
        let listed = server.database.tiercel(&["client", "list", "--json"]);
        let line = listed
            .lines()
            .find(|line| line.contains(&quiet.id))
            .unwrap();
        assert!(!line.contains("\"last_used_at\":null"), "{line}");
    }
);

fn now() -> chrono::DateTime<chrono::Utc> {
    std::time::SystemTime::now().into()
}
