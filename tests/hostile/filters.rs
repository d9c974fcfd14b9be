//! SQL, patterns and names of columns in filters, sorting and fields: values stay values.

use crate::support::{Server, both};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// No query of a small company takes as long, on a busy machine either.
const PATIENCE: Duration = Duration::from_secs(5);

fn hostile() -> Vec<String> {
    let texts = [
        "' OR '1'='1",
        "'; DROP TABLE customer; --",
        "\" OR \"\"=\"",
        "1) OR (1=1",
        "1 UNION SELECT name, secret_hash FROM client",
        "x' UNION SELECT sql FROM sqlite_master --",
        "1; SELECT pg_sleep(10)",
        "'||(SELECT pg_sleep(10))||'",
        "' AND randomblob(1000000000) --",
        "%' OR 1=1 ESCAPE '\\",
        "%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%",
        "_%_%_%_%_%_%_%_%_%_%_%_%_%_%_%",
        "(a+)+$",
        "^(([a-z])+.)+[A-Z]([a-z])+$",
        "((((((((((a{1,100}){1,100}){1,100}){1,100})",
        "$where: sleep(10)",
        "{\"$gt\": \"\"}",
        "$.name",
        "../../../../etc/passwd",
        "{{7*7}}",
        "\u{202e}nimda",
        "name[$startsWith]=a",
        "NULL",
        "-1",
        "1e308",
        "9223372036854775808",
        "0x7fffffff",
    ];
    let mut all: Vec<String> = texts.map(str::to_owned).into();
    all.push(format!("{}!", "a".repeat(5_000)));
    all.push(format!("{}b", "aA1 ".repeat(1_500)));
    all.push("(".repeat(3_000));
    all
}

/// Readable lists and look-ups, with the names of their query parameters.
async fn reads(server: &Server) -> Vec<(String, Vec<String>)> {
    let contract: Value = server
        .admin()
        .get("/openapi/v1.json")
        .await
        .expect(200)
        .json;
    let paths = contract["paths"].as_object().unwrap().iter();
    let gets = paths.filter(|(path, item)| path.starts_with("/v1/") && item.get("get").is_some());
    gets.map(|(path, item)| {
        let parameters = item["get"]["parameters"].as_array().into_iter().flatten();
        let of_query = parameters.filter(|parameter| parameter["in"] == "query");
        let names = of_query.map(|parameter| parameter["name"].as_str().unwrap().to_owned());
        (path.clone(), names.collect())
    })
    .collect()
}

both!(values_stay_values, async |server: &Server| {
    let api = server.admin();
    for (id, name) in [("C-1", "Ann"), ("C-2", "Bo")] {
        let path = format!("/v1/customers/by-external/erp/{id}");
        let body = json!({"kind": "person", "name": name});
        api.put(&path, body).await.expect(201);
    }
    let head = server.database.tiercel(&["audit", "head"]);
    let texts = hostile();
    let mut asked = 0;
    for (path, names) in reads(server).await {
        for text in &texts {
            let escaped: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            // In place of each parameter, and of each part of the path that is one.
            let mut addresses: Vec<String> = names
                .iter()
                .filter(|_| !path.contains('{'))
                .map(|name| format!("{path}?{name}={escaped}"))
                .collect();
            let parts: Vec<&str> = path.split('/').collect();
            let filled = parts.iter().map(|part| match part.starts_with('{') {
                true => escaped.as_str(),
                false => part,
            });
            if path.contains('{') && escaped.len() < 2_000 {
                addresses.push(filled.collect::<Vec<_>>().join("/"));
            }
            for address in addresses {
                let began = Instant::now();
                let answer = api.get(&address).await;
                let took = began.elapsed();
                assert!(took < PATIENCE, "{path} {text:?}: {took:?}");
                assert!(answer.status < 500, "{path} {text:?}: {}", answer.text);
                for leak in [
                    "secret_hash",
                    "CREATE TABLE",
                    "syntax error",
                    "sqlite",
                    "SELECT ",
                ] {
                    let leaked = answer.text.contains(leak) && !text.contains(leak);
                    assert!(!leaked, "{path} {text:?}: {}", answer.text);
                }
                let wide = answer.status == 200 && answer.text.contains("\"Ann\"");
                assert!(!wide, "{path} {text:?} is no filter: {}", answer.text);
                asked += 1;
            }
        }
    }
    assert!(asked > 1_000, "{asked}");
    assert_eq!(
        server.database.tiercel(&["audit", "head"]),
        head,
        "nothing was written"
    );
    let page = api.get("/v1/customers?count=true").await.expect(200);
    assert_eq!(page.json["total"], 2, "{}", page.text);
});

both!(names_are_of_the_list_or_refused, async |server: &Server| {
    let api = server.admin();
    for name in [
        "sort",
        "order",
        "fields",
        "filter",
        "where",
        "select",
        "secret_hash",
        "name_key",
        "tier;DROP TABLE customer",
        "tier--",
        "tier'",
        "tier[$ne]",
        "t1.password",
        "$where",
        "TIER",
        "tier%00",
    ] {
        for list in [
            "/v1/customers",
            "/v1/facts",
            "/v1/products",
            "/v1/jobs",
            "/v1/clients",
        ] {
            let escaped: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let answer = api.get(&format!("{list}?{escaped}=a")).await;
            let answer = answer.expect(400);
            assert_eq!(
                answer.json["type"], "/problems/unknown-parameter",
                "{list} {name}"
            );
        }
    }
});
