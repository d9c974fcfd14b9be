//! A fuzzer of models: valid ones evaluate, broken ones are refused with pointers, none panics.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

use chrono::NaiveDate;
use proptest::prelude::*;
use serde_json::{Value, json};
use tiercel_documents::canonical::canonical;
use tiercel_documents::evaluation_model::{Surroundings, lint, parse_model};
use tiercel_domain::evaluation::{Evaluation, Model, Subject, evaluate, next_change_on};
use tiercel_domain::history::{Series, Sums};
use tiercel_domain::profile::{AttributeValue, CustomerKind, Profile};

fn judge(model: &Model) -> Evaluation {
    let text = |text: &str| AttributeValue::Text(text.to_owned());
    let attributes = [
        ("size", text("large")),
        ("country", text("SY")),
        ("listed", AttributeValue::Flag(true)),
        ("credit_limit", AttributeValue::Number(1_000.into())),
    ];
    let attributes = attributes.map(|(code, value)| (code.to_owned(), value));
    let profile = Profile {
        kind: CustomerKind::Organisation,
        since: "2020-02-29".parse().ok(),
        attributes: attributes.into(),
        groups: vec!["dealers".to_owned()],
    };
    let subject = Subject {
        profile: &profile,
        sums: Sums::Facts(&[]),
        series: &Series::default(),
        invoices: &[],
    };
    let as_of: NaiveDate = "2024-02-29".parse().unwrap();
    let _ = next_change_on(model, &subject, as_of);
    evaluate(model, &subject, as_of).unwrap()
}

fn any_points() -> impl Strategy<Value = String> {
    (-1_000_000_i64..1_000_000)
        .prop_map(|units| tiercel_domain::scaled::Points::from_units(units).to_string())
}

fn any_window() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!({"unit": "all"})),
        Just(json!({"unit": "calendar_year"})),
        Just(json!({"unit": "since_first_order"})),
        Just(json!({"unit": "from", "date": "2023-02-28"})),
        Just(json!({"unit": "before", "date": "2024-02-29"})),
        (1_u32..400).prop_map(|length| json!({"unit": "days", "length": length})),
        (1_u32..40).prop_map(|length| json!({"unit": "months", "length": length})),
    ]
}

fn any_measure() -> impl Strategy<Value = Value> {
    let windowed = prop::sample::select(vec![
        "revenue",
        "order_count",
        "purchase_days",
        "average_order_value",
        "product_breadth",
        "profit_contribution",
        "margin",
        "average_days_late",
        "worst_days_late",
        "complaint_rate",
        "contact_count",
        "return_rate",
        "staff_rating",
    ]);
    let plain = prop::sample::select(vec![
        "recency_days",
        "btyd_recency_days",
        "rhythm_overdue",
        "overdue_amount",
        "credit_used",
        "tenure_months",
    ]);
    prop_oneof![
        4 => (windowed, any_window()).prop_map(|(kind, window)| json!({"kind": kind, "window": window})),
        2 => plain.clone().prop_map(|kind| json!({"kind": kind})),
        1 => any_window().prop_map(|window| json!({
            "kind": "net_contribution", "window": window, "rates": {"order": "12.5", "return": "3"}})),
        1 => any_window().prop_map(|window| json!({
            "kind": "share_of_profit", "window": window, "company_profit": "1000.5"})),
        1 => plain.prop_map(|of| json!({
            "kind": "rank", "of": {"kind": of}, "ranks": 3, "best": "lowest", "cuts": ["1", "2"]})),
    ]
}

prop_compose! {
    fn any_criterion()(
        measure in any_measure(),
        mut edges in prop::collection::btree_set(-100_i64..1_000, 0..6),
        points in prop::collection::vec(any_points(), 7),
        missing in any_points(),
        weight in prop::option::of(0_u32..1_000),
        in_group: bool,
    ) -> Value {
        let mut bands: Vec<Value> = Vec::new();
        let mut from: Option<i64> = None;
        for points in &points {
            let to = edges.pop_first();
            let mut band = json!({ "points": points });
            if let Some(from) = from {
                band["from"] = json!(from.to_string());
            }
            if let Some(to) = to {
                band["to"] = json!(to.to_string());
            }
            bands.push(band);
            from = to;
            if to.is_none() {
                break;
            }
        }
        let mut criterion = json!({"label": "A criterion", "measure": measure, "bands": bands,
            "missing_points": missing, "reason": {"code": "R1", "en": "why", "zh": "为何"}});
        if let Some(weight) = weight {
            criterion["weight"] = json!(weight.to_string());
        }
        if in_group {
            criterion["group"] = json!("g");
        }
        criterion
    }
}

fn any_lifecycle() -> impl Strategy<Value = Value> {
    let months = prop::sample::select(vec![1, 2, 3, 4, 6, 12]);
    (months, 1_u32..13, 1_u32..6, any::<bool>()).prop_map(|(months, ends, misses, one)| {
        json!({"every_months": months, "ends_in_month": ends, "rise": "at_once", "misses": misses,
            "grace": {"unit": "months", "length": misses}, "one_step": one})
    })
}

prop_compose! {
    fn any_document()(
        mut criteria in prop::collection::vec(any_criterion(), 1..8),
        initial in any_points(),
        thresholds in prop::collection::btree_set(-10_000_i64..10_000, 0..5),
        lifecycle in prop::option::of(any_lifecycle()),
        vetoed: bool,
    ) -> Value {
        let mut grouped = false;
        for (place, criterion) in criteria.iter_mut().enumerate() {
            criterion["code"] = json!(format!("c{place}"));
            grouped |= criterion.get("group").is_some();
        }
        let mut tiers: Vec<Value> = thresholds.iter().rev().enumerate().map(|(place, from)| {
            json!({"code": format!("t{place}"), "label": "A tier", "from": from.to_string()})
        }).collect();
        tiers.push(json!({"code": "last", "label": "The last"}));
        let mut document = json!({"schema": 2, "name": "Any model", "initial_points": initial,
            "criteria": criteria, "tiers": tiers, "default_tier": "last"});
        if grouped {
            document["groups"] = json!([{"code": "g", "label": "G", "min": "-20", "max": "20.5"}]);
        }
        if let Some(lifecycle) = lifecycle {
            document["lifecycle"] = lifecycle;
        }
        if vetoed {
            document["vetoes"] = json!([{"code": "v", "label": "V", "force": "last",
                "when": {"any": [{"attribute": "country", "values": ["SY"]},
                    {"not": {"measure": {"kind": "overdue_amount"}, "to": "100"}}]}}]);
        }
        document
    }
}

/// The pointers to everything in a value.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(list) => {
            for (index, child) in list.iter().enumerate() {
                pointers(child, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (key, child) in map {
                pointers(child, &format!("{at}/{key}"), found);
            }
        }
        _ => {}
    }
}

fn any_junk() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
        Just(json!(true)),
        Just(json!(0)),
        Just(json!("99999999999999999999")),
        Just(json!("1e9")),
        Just(json!("922337203685477.5807")),
        Just(json!("-922337203685477.5807")),
        Just(json!([null, {"not": {"not": {"kind": "person"}}}])),
        "\\PC{0,12}".prop_map(|text| json!(text)),
    ]
}

/// Whether the pointer, or what it lacks, is a place in the document.
fn is_a_place(document: &Value, pointer: &str) -> bool {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    let above = parent.rsplit_once('/').map_or("", |(above, _)| above);
    let near = [pointer, parent, above];
    near.iter().any(|place| document.pointer(place).is_some())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn valid_documents_evaluate_and_read_back(document in any_document()) {
        let parsed = parse_model(document.to_string().as_bytes()).unwrap();
        let model = parsed.to_domain().unwrap();
        let evaluation = judge(&model);
        let points = evaluation.criteria.iter().map(|result| result.points.units());
        prop_assert_eq!(model.initial().units() + points.sum::<i64>(), evaluation.score.units());
        let spelled = canonical(&parsed).unwrap();
        prop_assert_eq!(parse_model(&spelled.bytes).unwrap(), parsed.clone());
        let _ = lint(&parsed, &Surroundings::default());
    }

    #[test]
    fn broken_documents_are_refused_with_places(
        document in any_document(), place in any::<prop::sample::Index>(), junk in any_junk()
    ) {
        let mut places = Vec::new();
        pointers(&document, "", &mut places);
        let mut broken = document;
        *broken.pointer_mut(&places[place.index(places.len())]).unwrap() = junk;
        let faults = match parse_model(broken.to_string().as_bytes()) {
            Err(faults) => faults,
            Ok(parsed) => {
                let found = lint(&parsed, &Surroundings::default());
                match parsed.to_domain() {
                    Ok(model) => {
                        judge(&model);
                        Vec::new()
                    }
                    Err(faults) => {
                        let told = faults.iter().all(|fault| {
                            let is = |it: &tiercel_documents::evaluation_model::Finding| {
                                it.pointer == fault.pointer && it.code == fault.code
                            };
                            found.iter().any(is)
                        });
                        prop_assert!(told);
                        faults
                    }
                }
            }
        };
        for fault in faults {
            prop_assert!(is_a_place(&broken, &fault.pointer), "{fault:?} {broken}");
        }
    }
}

#[test]
fn ten_thousand_criteria_and_deep_conditions_are_refused_where_they_stand() {
    let criterion = |place: usize| {
        json!({"code": format!("c{place}"), "label": "C", "measure": {"kind": "recency_days"},
            "bands": [{"points": "1"}], "missing_points": "0"})
    };
    let criteria: Vec<Value> = (0..10_000).map(criterion).collect();
    let mut document = json!({"schema": 2, "name": "Many", "initial_points": "0",
        "criteria": criteria, "tiers": [{"code": "one", "label": "One"}], "default_tier": "one"});
    let parse = |document: &Value| parse_model(document.to_string().as_bytes());
    let faults = parse(&document).unwrap().to_domain().unwrap_err();
    assert_eq!(
        (faults[0].pointer.as_str(), faults[0].code),
        ("/criteria", "too_many")
    );

    document["criteria"] = json!([criterion(1)]);
    let nest =
        |depth: usize| (0..depth).fold(json!({"kind": "person"}), |inner, _| json!({"not": inner}));
    document["applies_to"] = nest(7);
    assert!(parse(&document).unwrap().to_domain().is_ok());
    document["applies_to"] = nest(8);
    let faults = parse(&document).unwrap().to_domain().unwrap_err();
    assert_eq!(
        (faults[0].pointer.as_str(), faults[0].code),
        ("/applies_to", "too_deep")
    );
    document["applies_to"] = nest(200);
    assert_eq!(parse(&document).unwrap_err()[0].code, "not_json");
}
