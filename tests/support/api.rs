//! One small client that knows the API's manners.

use super::contract;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method};
use serde_json::Value;

/// A caller with or without a token.
#[derive(Clone)]
pub struct Api {
    base: String,
    token: Option<String>,
    client: Client,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Reply {
    /// The answer, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// A problem as RFC 9457 has it, of this status and type, that names these pointers.
    #[track_caller]
    pub fn expect_problem(self, status: u16, slug: &str, pointers: &[&str]) -> Self {
        let reply = self.expect(status);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(
            reply.json["type"],
            format!("/problems/{slug}"),
            "{}",
            reply.text
        );
        assert!(reply.json["request_id"].is_string(), "{}", reply.text);
        let empty = Vec::new();
        let errors = reply.json["errors"].as_array().unwrap_or(&empty);
        for pointer in pointers {
            assert!(
                errors.iter().any(|error| error["pointer"] == *pointer),
                "{pointer}: {}",
                reply.text
            );
        }
        reply
    }
}

/// Plain HTTP only: no certificates need to be read for every caller.
fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().tls_certs_only([]).build().unwrap()
}

impl Api {
    pub fn new(base: &str, token: Option<String>) -> Self {
        Self {
            base: base.to_owned(),
            token,
            client: client(),
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.send(Method::POST, path, Some(body), &[]).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.send(Method::PUT, path, Some(body), &[]).await
    }

    /// Everything of a list, page by page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{joint}limit=200");
        let (mut items, mut next) = (Vec::new(), String::new());
        loop {
            let page = self.get(&format!("{first}{next}")).await.expect(200).json;
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(after) => next = format!("&after={after}"),
                None => return items,
            }
        }
    }

    /// Merge patch under an entity tag.
    pub async fn patch(&self, path: &str, tag: &str, body: Value) -> Reply {
        self.send(Method::PATCH, path, Some(body), &[("if-match", tag)])
            .await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, None, &[]).await
    }

    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let text = body.map(|body| body.to_string());
        let mut all = headers.to_vec();
        if text.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            all.push(("content-type", "application/json"));
        }
        self.raw(method, path, text.unwrap_or_default(), &all).await
    }

    /// A POST under a retry key that may find nobody there.
    pub async fn try_keyed(&self, path: &str, key: &str, body: Value) -> Option<Reply> {
        let mut request = self.client.post(format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let request = request.header("idempotency-key", key).json(&body);
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.ok()?;
        let json = serde_json::from_str(&text).unwrap_or_default();
        Some(Reply {
            status,
            headers,
            text,
            json,
        })
    }

    /// Any bytes under any headers.
    pub async fn raw(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
        headers: &[(&str, &str)],
    ) -> Reply {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.base))
            .body(body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = String::from_utf8_lossy(&response.bytes().await.unwrap()).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        let media = headers
            .get("content-type")
            .map_or("", |it| it.to_str().unwrap());
        let verb = method.as_str().to_lowercase();
        contract::check(&verb, path, status, media, &json);
        Reply {
            status,
            headers,
            text,
            json,
        }
    }
}
