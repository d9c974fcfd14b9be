//! Limits per credential, and web pages of other origins.

use super::client;
use crate::support::{Server, both};
use reqwest::Method;
use serde_json::json;

both!(
    a_credential_has_a_limit_of_its_own_and_is_told,
    async |server: &Server| {
        let one = client(server, "one", &["customers:read", "customers:write"]).await;
        let two = client(server, "two", &["customers:read"]).await;
        let limited = server.another_with(&[("TIERCEL_REQUESTS_PER_MINUTE", "3")]);
        let api = limited.without_token();
        let (one, two) = (one.api_key(), two.api_key());
        let ask = async |key: &str, method, body: &str| {
            let headers = [("x-api-key", key), ("content-type", "application/json")];
            api.raw(method, "/v1/customers", body.to_owned(), &headers)
                .await
        };
        for left in ["2", "1", "0"] {
            let answer = ask(&one, Method::GET, "").await.expect(200);
            assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=3;w=60");
            let state = answer.header("ratelimit");
            assert!(
                state.starts_with(&format!("\"default\";r={left};t=")),
                "{state}"
            );
        }
        let body = json!({"kind": "organisation", "name": "late"}).to_string();
        let refused = ask(&one, Method::POST, &body).await;
        let refused = refused.expect_problem(429, "too-many-requests", &[]);
        let wait: u32 = refused.header("retry-after").parse().unwrap();
        assert!((1..=20).contains(&wait), "{wait}");
        assert!(
            refused
                .header("ratelimit")
                .starts_with("\"default\";r=0;t=")
        );
        ask(&two, Method::GET, "").await.expect(200);
        ask("nobody", Method::GET, "").await.expect(401);
        let open = server.admin().get("/v1/customers").await.expect(200);
        assert_eq!(
            open.json["items"],
            json!([]),
            "what was refused was not processed"
        );
        assert_eq!(
            open.header("ratelimit-policy"),
            "",
            "no limit unless configured"
        );
    }
);

both!(
    only_listed_origins_may_read_answers,
    async |server: &Server| {
        let listed = server.another_with(&[(
            "TIERCEL_CORS_ORIGINS",
            "https://shop.example, http://localhost:5173",
        )]);
        let api = listed.without_token();
        let preflight = async |api: &crate::support::Api, origin: &str| {
            let headers = [
                ("origin", origin),
                ("access-control-request-method", "PATCH"),
                ("access-control-request-headers", "authorization"),
            ];
            api.send(Method::OPTIONS, "/v1/customers", None, &headers)
                .await
        };
        let shop = preflight(&api, "https://shop.example").await.expect(204);
        assert_eq!(
            shop.header("access-control-allow-origin"),
            "https://shop.example"
        );
        assert!(
            shop.header("access-control-allow-methods")
                .contains("PATCH")
        );
        assert!(
            shop.header("access-control-allow-headers")
                .contains("Authorization")
        );
        assert_eq!(shop.header("vary"), "Origin");
        for origin in [
            "https://evil.example",
            "https://shop.example.evil.example",
            "null",
            "https://SHOP.example",
            "http://shop.example",
        ] {
            let answer = preflight(&api, origin).await;
            assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(
                answer.header("access-control-allow-methods"),
                "",
                "{origin}"
            );
        }
        // Refusals can be read by the page too, whoever makes them.
        for path in ["/v1/customers", "/v1/customers?%FF=1", "/nowhere"] {
            let answer = api
                .send(
                    Method::GET,
                    path,
                    None,
                    &[("origin", "http://localhost:5173")],
                )
                .await;
            assert!(answer.status >= 400);
            assert_eq!(
                answer.header("access-control-allow-origin"),
                "http://localhost:5173",
                "{path}"
            );
            assert_eq!(answer.header("access-control-allow-credentials"), "");
            assert!(
                answer
                    .header("access-control-expose-headers")
                    .contains("RateLimit")
            );
        }
        let silent = preflight(&server.without_token(), "https://shop.example").await;
        assert_eq!(
            silent.header("access-control-allow-origin"),
            "",
            "empty unless configured"
        );
    }
);

#[test]
fn wildcards_are_refused_at_the_start() {
    let database = crate::support::Database::sqlite();
    for origin in ["*", "null", "https://*.example"] {
        let mut command = database.command(&["serve", "--bind", "127.0.0.1:0"]);
        let output = command
            .env("TIERCEL_CORS_ORIGINS", origin)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{origin}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cors_origins"));
    }
}
