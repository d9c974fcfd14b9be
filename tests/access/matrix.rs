//! Every operation of the recorded contract against every kind of caller.

use super::client;
use crate::support::{Api, Database, Server, both, data};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// One operation, with a path that could exist.
struct Operation {
    id: String,
    method: Method,
    path: String,
    /// Any of these opens it; none: it is public.
    scopes: Vec<String>,
    /// A token bound to the customer in the path opens it too.
    for_customers: bool,
}

/// A customer that exists.
struct Place {
    customer: String,
}

fn document() -> Value {
    let text = std::fs::read_to_string(data::root().join("openapi/v1.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The reviewed table: operation to scopes.
fn table() -> BTreeMap<String, Vec<String>> {
    let rows: toml::Table = include_str!("operations.toml").parse().unwrap();
    let words = |value: toml::Value| match value {
        toml::Value::String(word) => vec![word],
        other => other.try_into().unwrap(),
    };
    rows.into_iter()
        .map(|(id, value)| (id, words(value)))
        .collect()
}

fn operations(place: &Place) -> Vec<Operation> {
    let (document, mut table) = (document(), table());
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap().to_owned();
            let row = table.remove(&id);
            let scopes = row.unwrap_or_else(|| panic!("{id} has no row in operations.toml"));
            let security = operation["security"].as_array().unwrap();
            let public = scopes == ["public"];
            assert_eq!(security.is_empty(), public, "{id}");
            all.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: filled(path, place),
                scopes: if public { Vec::new() } else { scopes },
                for_customers: security.iter().any(|it| it.get("customer").is_some()),
                id,
            });
        }
    }
    // What erases the customer comes last: the others are about one who exists.
    all.sort_by_key(|operation| operation.id == "erase_customer");
    assert!(
        table.is_empty(),
        "rows without an operation: {:?}",
        table.keys()
    );
    all
}

fn filled(path: &str, place: &Place) -> String {
    if path == "/v1/entitlements" {
        return format!("{path}?customer={}", place.customer);
    }
    let id = match path.split('/').nth(2).unwrap_or_default() {
        "customers" if !path.contains("by-external") => place.customer.as_str(),
        "clients" => "cli_06dv7n5z4h9k3m2p8q1r5s7t0z",
        "products" => "prd_06dv7n5z4h9k3m2p8q1r5s7t0z",
        "jobs" | "imports" => "job_06dv7n5z4h9k3m2p8q1r5s7t0z",
        "facts" => "fct_06dv7n5z4h9k3m2p8q1r5s7t0z",
        "customer-groups" => "grp_06dv7n5z4h9k3m2p8q1r5s7t0z",
        "evaluation-models" => "default",
        _ => "x",
    };
    let filled = path
        .replace("{id}", id)
        .replace("{kind}", "discount")
        .replace("{version}", "1");
    let mut rest = filled.as_str();
    let mut done = String::new();
    while let Some((before, after)) = rest.split_once('{') {
        done.push_str(before);
        done.push('x');
        rest = after.split_once('}').unwrap().1;
    }
    done + rest
}

async fn call(api: &Api, operation: &Operation) -> crate::support::Reply {
    let headers = [("content-type", "application/json"), ("if-match", "\"1\"")];
    let read = operation.method == Method::GET;
    let body = if read { String::new() } else { "{}".to_owned() };
    api.raw(operation.method.clone(), &operation.path, body, &headers)
        .await
}

async fn make_customer(api: &Api) -> String {
    let made = api
        .post("/v1/customers", json!({"kind": "person", "name": "A"}))
        .await;
    made.expect(201).json["id"].as_str().unwrap().to_owned()
}

/// Callers who are nobody here.
async fn nobodies(server: &Server) -> Vec<(&'static str, Api)> {
    let revoked = client(server, "revoked", &["admin"]).await;
    let token = revoked.token(&server.without_token()).await;
    let path = format!("/v1/clients/{}", revoked.id);
    server.admin().delete(&path).await.expect(204);
    let expired = server
        .database
        .tiercel(&["token", "--scopes", "admin", "--seconds", "1"]);
    let stranger = Database::sqlite().token("admin");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    vec![
        ("none", server.without_token()),
        ("garbage", server.bearing("garbage")),
        ("expired", server.bearing(&expired)),
        ("revoked", server.bearing(&token)),
        ("another tenant's", server.bearing(&stranger)),
    ]
}

async fn bound(server: &Server, customer: &str) -> String {
    let body = json!({"customer": customer});
    let made = server
        .admin()
        .post("/v1/customer-tokens", body)
        .await
        .expect(200);
    made.json["access_token"].as_str().unwrap().to_owned()
}

both!(nobody_gets_in_anywhere, async |server: &Server| {
    let place = Place {
        customer: make_customer(&server.admin()).await,
    };
    let nobodies = nobodies(server).await;
    let before = server.database.tiercel(&["audit", "head"]);
    for operation in operations(&place) {
        for (who, api) in &nobodies {
            let answer = call(api, &operation).await;
            let id = &operation.id;
            if operation.scopes.is_empty() {
                assert!(
                    answer.status != 403 && answer.status < 500,
                    "{id} {who}: {}",
                    answer.text
                );
                continue;
            }
            let answer = answer.expect_problem(401, "unauthorized", &[]);
            assert_eq!(
                answer.header("www-authenticate"),
                "Bearer realm=\"tiercel\"",
                "{id} {who}"
            );
        }
    }
    assert_eq!(
        server.database.tiercel(&["audit", "head"]),
        before,
        "nothing was written"
    );
});

both!(
    a_scope_opens_its_operations_and_no_others,
    async |server: &Server| {
        let admin = server.admin();
        let place = Place {
            customer: make_customer(&admin).await,
        };
        let stranger = bound(server, &make_customer(&admin).await).await;
        let own = bound(server, &place.customer).await;
        // There are more operations than a customer may send requests in a minute.
        let limit = [("TIERCEL_CUSTOMER_REQUESTS_PER_MINUTE", "100000")];
        let patient = server.another_with(&limit);
        let (stranger, own) = (patient.bearing(&stranger), patient.bearing(&own));
        let all: BTreeSet<String> = table()
            .into_values()
            .flatten()
            .filter(|word| word != "public")
            .collect();
        let mut holders = BTreeMap::new();
        for operation in operations(&place).iter().filter(|it| !it.scopes.is_empty()) {
            let id = &operation.id;
            let others: Vec<&str> = all.iter().map(String::as_str).collect();
            let others = others
                .into_iter()
                .filter(|it| *it != "admin" && !operation.scopes.iter().any(|s| s == it));
            let too_few = others.collect::<Vec<_>>().join(",");
            for (scopes, right) in [(too_few, false), (operation.scopes[0].clone(), true)] {
                let holder = holders
                    .entry(scopes.clone())
                    .or_insert_with(|| server.with(&scopes));
                let answer = call(holder, operation).await;
                assert!(answer.status < 500, "{id}: {}", answer.text);
                if right {
                    assert!(
                        ![401, 403, 405, 429].contains(&answer.status),
                        "{id}: {}",
                        answer.text
                    );
                } else {
                    let answer = answer.expect_problem(403, "forbidden", &[]);
                    assert!(
                        answer.text.contains(&operation.scopes[0]),
                        "{id}: {}",
                        answer.text
                    );
                }
            }
            let other = call(&stranger, operation).await;
            assert_eq!(other.status, 404, "{id}, bound to another: {}", other.text);
            if id != "erase_customer" {
                let expected = if operation.for_customers { 200 } else { 404 };
                assert_eq!(
                    call(&own, operation).await.status,
                    expected,
                    "{id}, bound to this one"
                );
            }
        }
        patient.stop();
    }
);

#[test]
fn a_new_operation_without_a_row_is_found() {
    let place = Place {
        customer: "cus_06dv7n5z4h9k3m2p8q1r5s7t0z".to_owned(),
    };
    let known: BTreeSet<String> = operations(&place).into_iter().map(|it| it.id).collect();
    assert_eq!(known, table().into_keys().collect());
}
