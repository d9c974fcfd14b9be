//! Who may call, with what, from where, how often; and everybody else, who may not.

mod canary;
mod clients;
mod customer_tokens;
mod issuers;
mod keys;
mod limits;
mod matrix;
mod signing;

use crate::support::{Api, Server};
use serde_json::json;
use std::time::{Duration, Instant};

/// A client and its secret.
pub struct Credential {
    pub id: String,
    pub secret: String,
}

impl Credential {
    pub fn api_key(&self) -> String {
        format!("{}.{}", self.id, self.secret)
    }

    /// A token with all scopes of the client.
    pub async fn token(&self, api: &Api) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.id, self.secret
        );
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let answer = api
            .raw(reqwest::Method::POST, "/oauth/token", form, &kind)
            .await;
        answer.expect(200).json["access_token"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// Makes a client over HTTP.
pub async fn client(server: &Server, name: &str, scopes: &[&str]) -> Credential {
    let body = json!({"name": name, "scopes": scopes});
    let made = server.admin().post("/v1/clients", body).await.expect(201);
    assert!(made.header("cache-control").contains("no-store"));
    Credential {
        id: made.json["client"]["id"].as_str().unwrap().to_owned(),
        secret: made.json["client_secret"].as_str().unwrap().to_owned(),
    }
}

/// The answer's status once it is this one, which takes no longer than a second.
pub async fn within_a_second(status: u16, ask: impl AsyncFn() -> u16) {
    let started = Instant::now();
    while ask().await != status {
        assert!(
            started.elapsed() < Duration::from_secs(1),
            "no {status} within a second"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Status of a request with one extra header.
pub async fn status(api: &Api, path: &str, header: (&str, &str)) -> u16 {
    api.send(reqwest::Method::GET, path, None, &[header])
        .await
        .status
}
