//! Holds every answer that a test sees against the recorded contract.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

static CONTRACT: LazyLock<Value> = LazyLock::new(|| {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi/v1.json");
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
});

/// Compiled schemas by the pointer of the answer they describe.
static SCHEMAS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// Fails where an operation answers with a status it does not declare, or with a body that its
/// schema refuses. Paths that the contract does not have must not be found.
#[track_caller]
pub fn check(method: &str, path: &str, status: u16, media: &str, body: &Value) {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    let Some(operation) = operation(method, path) else {
        return;
    };
    let mut answer = &CONTRACT["paths"][operation][method]["responses"][status.to_string()];
    let mut pointer = format!("{method} {operation} {status}");
    assert!(!answer.is_null(), "{pointer} is not declared: {body}");
    if let Some(reference) = answer["$ref"].as_str() {
        pointer = reference.to_owned();
        answer = CONTRACT.pointer(&reference[1..]).unwrap();
    }
    let media = media.split(';').next().unwrap_or(media);
    let schema = &answer["content"][media]["schema"];
    // Lines of JSON are no JSON as a whole.
    if schema.is_null() || !(media == "application/json" || media.ends_with("+json")) {
        return;
    }
    let faults: Vec<String> = validator(&pointer, schema)
        .iter_errors(body)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{pointer}: {faults:#?}\n{body:#}");
}

/// The path of the contract that a request's path is of: the one with the fewest parameters.
fn operation(method: &str, path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let pattern: Vec<&str> = template.split('/').collect();
        let same = pattern.len() == parts.len();
        same && pattern
            .iter()
            .zip(&parts)
            .all(|(pattern, part)| pattern.starts_with('{') || pattern == part)
    };
    let paths = CONTRACT["paths"].as_object().unwrap();
    let candidates = paths
        .iter()
        .filter(|(template, item)| fits(template) && item.get(method).is_some());
    candidates
        .min_by_key(|(template, _)| template.matches('{').count())
        .map(|(template, _)| template.as_str())
}

fn validator(pointer: &str, schema: &Value) -> Arc<Validator> {
    let mut schemas = SCHEMAS.lock().unwrap();
    let compiled = schemas.entry(pointer.to_owned()).or_insert_with(|| {
        let mut whole = schema.clone();
        whole["components"] = json!({ "schemas": CONTRACT["components"]["schemas"] });
        Arc::new(
            jsonschema::options()
                .should_validate_formats(true)
                .build(&whole)
                .unwrap(),
        )
    });
    Arc::clone(compiled)
}
