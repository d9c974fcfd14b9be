//! Imports as tests send them: a mapping, a file, and the job once it has ended.

use super::{Api, job_ended};
use reqwest::Method;
use serde_json::Value;

/// People of a shop, and what each of them ordered on a day.
pub const SHOP_ORDERS: &str = r#"
[source]
system = "shop"
[defaults]
date = ["%Y-%m-%d"]
[[customer]]
external_id = { column = "customer" }
kind = { constant = "person" }
[[fact]]
kind = "order_line"
external_id = { row_number = true }
customer = { column = "customer" }
occurred_on = { column = "ordered" }
status = { constant = "closed" }
quantity = { constant = "1" }
amount = { column = "amount" }
"#;

/// Keeps a mapping under a name, where there was none or another.
pub async fn put_mapping(api: &Api, name: &str, text: &str) {
    let path = format!("/v1/import-mappings/{name}");
    let toml = [("content-type", "application/toml")];
    let reply = api.raw(Method::PUT, &path, text.to_owned(), &toml).await;
    assert!(matches!(reply.status, 200 | 201), "{}", reply.text);
}

/// Sends a file and returns where its job is.
pub async fn start(api: &Api, mapping: &str, file: impl Into<reqwest::Body>) -> String {
    let path = format!("/v1/imports?mapping={mapping}");
    let csv = [("content-type", "text/csv")];
    let queued = api.raw(Method::POST, &path, file, &csv).await.expect(202);
    queued.header("location").to_owned()
}

/// Sends a file and returns its job once it has ended.
pub async fn import(api: &Api, mapping: &str, file: impl Into<reqwest::Body>) -> Value {
    let location = start(api, mapping, file).await;
    job_ended(api, &location).await
}
