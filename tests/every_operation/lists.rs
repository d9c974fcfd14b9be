//! Cursors and limits of every list.

use super::Ground;
use crate::support::{Server, both};
use reqwest::Method;

/// The journal is read by position: its pages continue after any number.
const BY_POSITION: [&str; 2] = ["/v1/events", "/v1/audit"];

both!(
    no_list_takes_a_cursor_it_did_not_give,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        // A cursor that is good, of another list.
        for code in ["a", "b"] {
            let group = serde_json::json!({"code": code, "name": code});
            ground
                .api
                .post("/v1/customer-groups", group)
                .await
                .expect(201);
        }
        let page = ground
            .api
            .get("/v1/customer-groups?limit=1")
            .await
            .expect(200);
        let good = page.json["next"].as_str().unwrap().to_owned();
        let mut forged = good.clone().into_bytes();
        forged[10] = if forged[10] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        let (mut tried, short) = (0, &good[..good.len() - 2]);
        for operation in &ground.operations {
            if operation.method != Method::GET || !operation.takes("after") {
                continue;
            }
            let path = &operation.path;
            for cursor in [
                "AAAA",
                "",
                "%2B",
                "-1",
                "x".repeat(5_000).as_str(),
                &forged,
                short,
                &good,
            ] {
                let own = operation.template == "/v1/customer-groups" && cursor == good;
                if own {
                    continue;
                }
                let answer = ground.api.get(&format!("{path}?after={cursor}")).await;
                assert_eq!(answer.status, 400, "{path} {cursor}: {}", answer.text);
                let by_position = BY_POSITION.contains(&operation.template.as_str());
                let slug = match by_position && cursor != "-1" {
                    true => "unknown-parameter",
                    false => "bad-cursor",
                };
                answer.expect_problem(400, slug, &[]);
            }
            for (limit, status) in [
                ("0", 422),
                ("201", 422),
                ("200", 200),
                ("ten", 400),
                ("-1", 400),
                ("", 400),
            ] {
                let answer = ground.api.get(&format!("{path}?limit={limit}")).await;
                assert_eq!(answer.status, status, "{path} {limit}: {}", answer.text);
                if status == 422 {
                    answer.expect_problem(422, "invalid-input", &["limit"]);
                }
            }
            tried += 1;
        }
        assert!(tried >= 25, "{tried}");
    }
);

both!(
    a_list_that_can_be_counted_is_as_long_as_it_says,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let mut counted = Vec::new();
        for operation in &ground.operations {
            if operation.method != Method::GET || !operation.takes("count") {
                continue;
            }
            let path = &operation.path;
            let all = ground.api.all(path).await.len();
            let page = ground.api.get(&format!("{path}?count=true&limit=1")).await;
            assert_eq!(page.expect(200).json["total"], all, "{path}");
            let silent = ground.api.get(&format!("{path}?limit=1")).await;
            assert!(silent.expect(200).json.get("total").is_none(), "{path}");
            counted.push(operation.template.as_str());
        }
        for known in [
            "/v1/customers",
            "/v1/products",
            "/v1/phones",
            "/v1/exchange-rates",
        ] {
            assert!(counted.contains(&known), "{known} of {counted:?}");
        }
        assert!(counted.len() >= 10, "{counted:?}");
    }
);
