//! The keys that sign tokens: how a new one takes over from the old one.

use super::{client, status, within_a_second};
use crate::support::{Api, Server, both};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

async fn published(api: &Api) -> Vec<String> {
    let set = api.get("/.well-known/jwks.json").await.expect(200).json;
    let keys = set["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn kid(token: &str) -> String {
    let header = URL_SAFE_NO_PAD
        .decode(token.split('.').next().unwrap())
        .unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

both!(
    a_new_key_takes_over_while_both_are_published,
    async |server: &Server| {
        let erp = client(server, "erp", &["customers:read"]).await;
        let second = server.another();
        let (api, other) = (server.without_token(), second.without_token());
        let old = erp.token(&api).await;
        let bearer = format!("Bearer {old}");
        let first = published(&api).await;
        assert_eq!(first, [kid(&old)]);

        let next = server.database.tiercel(&["keys", "rotate"]);
        within_a_second(2, async || {
            published(&other).await.len().try_into().unwrap()
        })
        .await;
        assert_eq!(published(&other).await, [next.clone(), kid(&old)]);
        assert_eq!(
            kid(&erp.token(&other).await),
            kid(&old),
            "it signs once it is known everywhere"
        );

        let third = server.database.tiercel(&["keys", "rotate", "--now"]);
        within_a_second(3, async || {
            published(&other).await.len().try_into().unwrap()
        })
        .await;
        let fresh = erp.token(&other).await;
        assert_eq!(kid(&fresh), third);
        for token in [&old, &fresh] {
            let header = format!("Bearer {token}");
            for instance in [&api, &other] {
                assert_eq!(
                    status(instance, "/v1/customers", ("authorization", &header)).await,
                    200
                );
            }
        }
        let listed = server.database.tiercel(&["keys", "list", "--json"]);
        assert_eq!(listed.lines().count(), 3, "{listed}");

        let last = server
            .database
            .tiercel(&["keys", "rotate", "--compromised"]);
        for instance in [&api, &other] {
            let ask = async || status(instance, "/v1/customers", ("authorization", &bearer)).await;
            within_a_second(401, ask).await;
            assert_eq!(published(instance).await, [last.as_str()]);
            assert_eq!(kid(&erp.token(instance).await), last);
        }
    }
);
