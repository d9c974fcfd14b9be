//! Bodies that no operation can read, and values that nothing can have.

use super::Ground;
use crate::support::{Server, both};
use serde_json::{Value, json};

/// Objects whose fields are not declared: attributes by their codes, what a receipt is about.
const OPEN: [&str; 3] = ["attributes", "inputs", "decision"];

/// Every place in a value, as a JSON pointer, the outer ones first.
fn places(value: &Value) -> Vec<String> {
    fn walk(value: &Value, at: &str, found: &mut Vec<String>) {
        found.push(at.to_owned());
        match value {
            Value::Object(fields) => {
                for (name, inner) in fields {
                    walk(inner, &format!("{at}/{name}"), found);
                }
            }
            Value::Array(items) => {
                for (place, inner) in items.iter().enumerate() {
                    walk(inner, &format!("{at}/{place}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found.retain(|at| !at.split('/').any(|part| OPEN.contains(&part)));
    found
}

/// The body with another value at one place.
fn with(body: &Value, at: &str, value: Value) -> Value {
    let mut changed = body.clone();
    *changed.pointer_mut(at).unwrap() = value;
    changed
}

/// Something of another JSON type; for texts a number, as for money that is no string.
fn wrong(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(12.5),
        Value::Array(_) | Value::Null | Value::Number(_) | Value::Bool(_) => json!({"no": "such"}),
        Value::Object(_) => json!(["array"]),
    }
}

/// Operations that answer for each of many things by itself, and where the first one stands.
const BATCHES: [(&str, &str); 2] = [
    ("/v1/facts/batch", "/facts/0"),
    ("/v1/credit/authorizations/batch", "/authorizations/0"),
];

both!(
    a_value_of_another_type_is_named_by_its_pointer,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        let mut tried = 0;
        for operation in ground.operations.iter().filter(|it| !it.body.is_null()) {
            let body = &operation.body;
            for at in places(body).iter().filter(|at| !at.is_empty()) {
                let sent = with(body, at, wrong(body.pointer(at).unwrap()));
                let answer = ground.send(operation, sent.to_string()).await;
                assert_eq!(answer.status, 400, "{operation} {at}: {}", answer.text);
                // Inside a document the nearest part that can be told apart.
                let nearest = answer.json["errors"][0]["pointer"].as_str().unwrap();
                let template = &operation.template;
                let document =
                    template.contains("/versions") || template == "/v1/evaluation-models";
                let named = at == nearest || (document && at.starts_with(nearest));
                assert!(named, "{operation} {at}: {}", answer.text);
                answer.expect_problem(400, "unreadable", &[]);
                tried += 1;
            }
        }
        assert!(tried > 150, "{tried}");
        ground.assert_nothing_written_since(before).await;
    }
);

both!(
    a_field_that_nobody_knows_is_named_at_any_depth,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        for operation in ground.operations.iter().filter(|it| !it.body.is_null()) {
            let body = &operation.body;
            for at in places(body) {
                let mut sent = body.clone();
                let Some(object) = sent.pointer_mut(&at).unwrap().as_object_mut() else {
                    continue;
                };
                object.insert("nobody_knows".to_owned(), json!("x"));
                let answer = ground.send(operation, sent.to_string()).await;
                assert_eq!(answer.status, 400, "{operation} {at}: {}", answer.text);
                let answer = answer.expect_problem(400, "unreadable", &[]);
                assert!(answer.text.contains("nobody_knows"), "{}", answer.text);
            }
        }
        ground.assert_nothing_written_since(before).await;
    }
);

both!(
    a_body_that_is_no_json_of_this_kind_is_refused_everywhere,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        let deep = "[".repeat(5_000);
        let twice = "{\"name\": \"a\", \"name\": \"b\"}";
        let bodies = [
            "{",
            "{\"a\": }",
            "[]",
            "5",
            "\"text\"",
            "{\"a\": 1e999}",
            twice,
            &deep,
        ];
        for operation in ground.operations.iter().filter(|it| !it.body.is_null()) {
            for body in bodies {
                let answer = ground.send(operation, body.to_owned()).await;
                let shown: String = body.chars().take(30).collect();
                assert_eq!(answer.status, 400, "{operation} {shown}: {}", answer.text);
                answer.expect_problem(400, "unreadable", &[]);
            }
        }
        ground.assert_nothing_written_since(before).await;
    }
);

both!(
    a_nul_in_any_text_is_named_by_its_pointer,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        for operation in ground.operations.iter().filter(|it| !it.body.is_null()) {
            for at in places(&operation.body) {
                if !operation.body.pointer(&at).unwrap().is_string() {
                    continue;
                }
                let sent = with(&operation.body, &at, json!("a\u{0}b"));
                let answer = ground.send(operation, sent.to_string()).await;
                assert_eq!(answer.status, 400, "{operation} {at}: {}", answer.text);
                answer.expect_problem(400, "unreadable", &[&at]);
            }
        }
        ground.assert_nothing_written_since(before).await;
    }
);

/// What a text of this name can never be.
fn impossible(name: &str) -> &'static [&'static str] {
    const NUMBERS: &[&str] = &[
        "12345678901234567890123456789",
        "1e400",
        "NaN",
        "1,50",
        "",
        "٣",
    ];
    const COUNTED: &[&str] = &["-1", "1e400", "12345678901234567890123456789"];
    const POSITIVE: &[&str] = &["0", "-1", "1e400", "12345678901234567890123456789"];
    match name {
        "since" | "valid_from" | "valid_to" | "effective_from" | "as_of" | "occurred_on"
        | "due_on" | "invoice_date" | "valid_until" => &[
            "2026-02-30",
            "2026-13-01",
            "30.01.2026",
            "26-01-01",
            "",
            "0000-00-00",
        ],
        "currency" => &["XXQ", "eur", "", "EURO"],
        "amount" | "document_amount" => NUMBERS,
        "list_price" | "unit_cost" | "list_unit_price" => COUNTED,
        "quantity" | "rate" => POSITIVE,
        _ => &[],
    }
}

both!(
    what_cannot_be_is_a_422_with_its_pointer,
    async |server: &Server| {
        let ground = Ground::prepare(server).await;
        let before = ground.settled().await;
        let mut tried = 0;
        // A receipt says whatever it says: it is checked as a whole.
        let told = |template: &str| !template.starts_with("/v1/receipts/");
        let operations = ground.operations.iter().filter(|it| told(&it.template));
        for operation in operations.filter(|it| !it.body.is_null()) {
            for at in places(&operation.body) {
                let name = at.rsplit('/').next().unwrap();
                for value in impossible(name) {
                    let sent = with(&operation.body, &at, json!(value));
                    let answer = ground.send_keyed(operation, sent, &tried.to_string()).await;
                    let wrong = format!("{operation} {at} {value:?}: {}", answer.text);
                    tried += 1;
                    let batch = BATCHES.iter().find(|it| it.0 == operation.template);
                    if let Some((_, first)) = batch {
                        let item = &answer.json["items"][0];
                        assert_eq!(
                            (answer.status, &item["status"]),
                            (200, &json!("rejected")),
                            "{wrong}"
                        );
                        let pointer = at.trim_start_matches(first);
                        assert_eq!(item["errors"][0]["pointer"], pointer, "{wrong}");
                        continue;
                    }
                    let absent = operation.path.contains("_00000000000000000000000001");
                    if absent && answer.status == 404 {
                        continue;
                    }
                    assert_eq!(answer.status, 422, "{wrong}");
                    answer.expect_problem(422, "invalid-input", &[&at]);
                }
            }
        }
        assert!(tried > 60, "{tried}");
        ground.assert_nothing_written_since(before).await;
    }
);
