//! Documents that are read, and documents that are refused with every fault named.

use super::*;
use serde_json::{Value, json};

fn default_model() -> Value {
    serde_json::from_str(DEFAULT_MODEL).unwrap()
}

fn parse(document: &Value) -> Result<EvaluationModelDocument, Vec<DocumentFault>> {
    parse_model(document.to_string().as_bytes())
}

fn faults(document: &Value) -> Vec<(String, &'static str)> {
    let faults = parse(document).unwrap().to_domain().unwrap_err();
    let told = faults.into_iter().map(|fault| (fault.pointer, fault.code));
    told.collect()
}

/// The default model with the value at `pointer` replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut document = default_model();
    *document.pointer_mut(pointer).unwrap() = value;
    document
}

#[test]
fn the_default_model_is_a_model_and_reads_back() {
    let document = parse_model(DEFAULT_MODEL.as_bytes()).unwrap();
    let model = document.to_domain().unwrap();
    assert_eq!(model.tiers().len(), 3);
    assert_eq!(model.rank("high"), Some(1));
    assert_eq!(model.tiers()[model.default_tier()].code, "general");
    let canonical = crate::canonical::canonical(&document).unwrap();
    assert_eq!(parse_model(&canonical.bytes).unwrap(), document);
    assert_eq!(
        crate::canonical::canonical(&default_model()).unwrap(),
        canonical
    );
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    for (pointer, value) in [
        ("/initial_points", json!(20)),
        ("/criteria/0/bands/1/from", json!(1)),
        ("/criteria/0/measure/kind", json!("turnover")),
        ("/criteria/0/measure/window/length", json!("12")),
        ("/tiers/0/label", json!(null)),
    ] {
        let faults = parse(&with(pointer, value)).unwrap_err();
        assert_eq!(faults[0].pointer, pointer);
        assert_eq!(faults[0].code, "not_this_document");
    }
    let unknown = with(
        "/tiers/0",
        json!({"code": "a", "label": "A", "colour": "red"}),
    );
    assert_eq!(parse(&unknown).unwrap_err()[0].pointer, "/tiers/0/colour");
}

#[test]
fn every_fault_is_named_with_its_place() {
    let mut document = default_model();
    for (pointer, value) in [
        ("/schema", json!(3)),
        ("/name", json!("")),
        ("/criteria/0/bands/1/from", json!("1e3")),
        ("/criteria/1/bands/1/from", json!("1.5")),
        (
            "/criteria/2/measure",
            json!({"kind": "recency_days", "attribute": "x", "weight": "count"}),
        ),
        ("/criteria/3/measure/window", json!({"unit": "days"})),
        ("/criteria/4/bands", json!(null)),
        ("/criteria/5/measure/weight", json!(null)),
        ("/criteria/10/other_points", json!("0.00001")),
        ("/tiers/0/from", json!("99999999999999999999")),
    ] {
        *document.pointer_mut(pointer).unwrap() = value;
    }
    let expected = [
        ("/schema", "unknown_schema"),
        ("/name", "invalid_label"),
        ("/criteria/0/bands/1/from", "not_a_number"),
        ("/criteria/2/measure/weight", "not_applicable"),
        ("/criteria/2/measure/attribute", "not_applicable"),
        ("/criteria/3/measure/window/length", "required"),
        ("/criteria/4", "required"),
        ("/criteria/5/measure/weight", "required"),
        ("/criteria/10/other_points", "too_precise"),
        ("/tiers/0/from", "too_large"),
        ("/criteria/1/bands/1/from", "gap"),
    ];
    let expected = expected.map(|(pointer, code)| (pointer.to_owned(), code));
    assert_eq!(faults(&document), expected);
}

#[test]
fn whatever_is_broken_nothing_panics() {
    let values = [
        json!(null),
        json!([]),
        json!({}),
        json!(""),
        json!("-1"),
        json!("x"),
        json!(0),
    ];
    for pointer in pointers(&default_model(), "") {
        for value in &values {
            if let Ok(document) = parse(&with(&pointer, value.clone())) {
                let _ = document.to_domain();
            }
        }
    }
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Array(list) => {
            let entries = list.iter().enumerate();
            entries
                .map(|(index, child)| (index.to_string(), child))
                .collect()
        }
        Value::Object(map) => map
            .iter()
            .map(|(key, child)| (key.clone(), child))
            .collect(),
        _ => Vec::new(),
    };
    let below = children
        .into_iter()
        .flat_map(|(key, child)| pointers(child, &format!("{at}/{key}")));
    std::iter::once(at.to_owned()).chain(below).collect()
}
