//! Ids that nothing has, that are of something else, or that are none.

use super::Ground;
use crate::support::{Server, both};
use reqwest::Method;

/// Whom they do not know they answer for by the default tier.
const ANSWERS_FOR_ANYBODY: [&str; 2] = ["credit-terms", "payment-schedule"];

both!(
    an_id_of_nothing_is_not_found_on_any_operation,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        let mut tried = 0;
        for operation in &ground.operations {
            let parts: Vec<&str> = operation.path.split('/').collect();
            let ids: Vec<usize> = (0..parts.len())
                .filter(|place| parts[*place].len() == 30 && parts[*place].as_bytes()[3] == b'_')
                .collect();
            let anybody = ANSWERS_FOR_ANYBODY
                .iter()
                .any(|it| operation.path.ends_with(it));
            for place in ids {
                let prefix = &parts[place][..4];
                for id in [
                    &format!("{prefix}7zzzzzzzzzzzzzzzzzzzzzzzzz") as &str,
                    "wrt_00000000000000000000000001",
                    "nonsense",
                    "%00",
                    "..%2f..%2fetc",
                    "'%20OR%201=1--",
                ] {
                    let mut strange = parts.clone();
                    strange[place] = id;
                    let path = strange.join("/");
                    let asked = match operation.method == Method::GET && anybody {
                        true if operation.takes("amount") => format!(
                            "{path}?amount=1&currency=EUR&invoice_date=2026-01-01&strict=true"
                        ),
                        true => format!("{path}?strict=true"),
                        false => path,
                    };
                    let headers = [("if-match", "*"), ("idempotency-key", "k")];
                    let headers = match operation.takes("Idempotency-Key") {
                        true => &headers[..],
                        false => &headers[..1],
                    };
                    let body = (!operation.body.is_null()).then(|| operation.body.clone());
                    let method = operation.method.clone();
                    let answer = ground.api.send(method, &asked, body, headers).await;
                    assert_eq!(answer.status, 404, "{operation} {id}: {}", answer.text);
                    answer.expect_problem(404, "not-found", &[]);
                    tried += 1;
                }
            }
        }
        assert!(tried > 200, "{tried}");
        ground.assert_nothing_written_since(before).await;
    }
);
