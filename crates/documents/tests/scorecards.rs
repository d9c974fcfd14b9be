//! Published scorecards as models: the DMG's sample and the German credit card.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on should fail")]
#![allow(clippy::print_stderr, reason = "what is skipped must be seen")]

use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;
use tiercel_documents::evaluation_model::parse_model;
use tiercel_domain::evaluation::{Evaluation, Model, Subject, evaluate, ranked_reasons};
use tiercel_domain::history::{Series, Sums};
use tiercel_domain::profile::{AttributeValue, Attributes, CustomerKind, Profile};
use tiercel_domain::scaled::Points;

fn model(document: &Value) -> Model {
    let document = parse_model(document.to_string().as_bytes()).unwrap();
    document.to_domain().unwrap()
}

fn judge(model: &Model, attributes: Attributes) -> Evaluation {
    let profile = Profile {
        kind: CustomerKind::Person,
        since: None,
        attributes,
        groups: Vec::new(),
    };
    let subject = Subject {
        profile: &profile,
        sums: Sums::Facts(&[]),
        series: &Series::default(),
        invoices: &[],
    };
    evaluate(model, &subject, "2026-01-01".parse::<NaiveDate>().unwrap()).unwrap()
}

/// The sample scorecard of PMML 4.4; its bands include their upper bound.
fn dmg_sample() -> Value {
    let reason = |code: &str| json!({ "code": code });
    let band = |from: Option<&str>, to: Option<&str>, points: &str, code: Option<&str>| {
        let mut band = json!({ "points": points });
        for (name, end) in [("from", from), ("to", to)] {
            if let Some(end) = end {
                band[name] = json!(end);
            }
        }
        if let Some(code) = code {
            band["reason"] = reason(code);
        }
        band
    };
    json!({
        "schema": 2, "name": "DMG sample", "initial_points": "0", "reasons": "points_below",
        "criteria": [
            {
                "code": "department", "label": "Department",
                "measure": {"kind": "attribute", "attribute": "department"},
                "categories": [
                    {"value": "marketing", "points": "19"},
                    {"value": "engineering", "points": "3"},
                    {"value": "business", "points": "6"},
                ],
                "other_points": "0", "missing_points": "-9", "baseline": "19", "reason": reason("RC1"),
            },
            {
                "code": "age", "label": "Age", "measure": {"kind": "attribute", "attribute": "age"},
                "bands": [
                    band(None, Some("18.0001"), "-3", Some("RC2_2")),
                    band(Some("18.0001"), Some("29.0001"), "0", Some("RC2_3")),
                    band(Some("29.0001"), Some("39.0001"), "12", Some("RC2_4")),
                    band(Some("39.0001"), None, "18", Some("RC2_5")),
                ],
                "missing_points": "-1", "missing_reason": reason("RC2_1"), "baseline": "18",
                "reason": reason("RC2"),
            },
            {
                "code": "income", "label": "Income",
                "measure": {"kind": "attribute", "attribute": "income"},
                "bands": [
                    band(None, Some("1000.0001"), "26", None),
                    band(Some("1000.0001"), Some("1500.0001"), "5", None),
                    band(Some("1500.0001"), None, "-3", None),
                ],
                "missing_points": "5", "baseline": "10", "reason": reason("RC3"),
            },
        ],
        "tiers": [{"code": "good", "label": "Good", "from": "20"}, {"code": "poor", "label": "Poor"}],
        "default_tier": "poor",
    })
}

#[test]
fn the_dmg_sample_gives_its_three_scores_and_reasons() {
    let model = model(&dmg_sample());
    let applicant = |department: Option<&str>, numbers: &[(&str, i64)]| {
        let numbers = numbers.iter();
        let numbers = numbers
            .map(|(code, number)| ((*code).to_owned(), AttributeValue::Number((*number).into())));
        let department = department.map(|text| AttributeValue::Text(text.to_owned()));
        let department = department.map(|text| ("department".to_owned(), text));
        numbers.chain(department).collect::<Attributes>()
    };
    let cases = [
        (
            applicant(Some("engineering"), &[("age", 25), ("income", 500)]),
            "29",
            vec!["RC2_3", "RC1"],
        ),
        (
            applicant(Some("marketing"), &[("age", 45), ("income", 3000)]),
            "34",
            vec!["RC3"],
        ),
        (applicant(None, &[]), "-5", vec!["RC1", "RC2_1", "RC3"]),
    ];
    for (attributes, score, codes) in cases {
        let evaluation = judge(&model, attributes);
        assert_eq!(evaluation.score.to_string(), score);
        let ranked = ranked_reasons(&model, &evaluation).into_iter();
        let ranked: Vec<&str> = ranked.map(|it| it.reason.unwrap().code.as_str()).collect();
        assert_eq!(ranked, codes);
    }
}

/// Where the reference files lie: `TIERCEL_TEST_DATA`, else beside the repository.
#[allow(
    clippy::disallowed_methods,
    reason = "tests have no configuration to read it from"
)]
fn text(path: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var("TIERCEL_TEST_DATA").unwrap_or_else(|_| beside.to_owned());
    let file = PathBuf::from(root).join(path);
    let text = std::fs::read_to_string(&file).ok();
    if text.is_none() {
        eprintln!("SKIPPED: no data set at {}", file.display());
    }
    text
}

type Row = BTreeMap<String, String>;

fn rows(path: &str) -> Option<Vec<Row>> {
    let text = text(path)?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    Some(reader.deserialize().map(Result::unwrap).collect())
}

/// The card's table as criteria: categories and bands as they are printed, points to four decimals.
fn german_card(table: &[Row]) -> Value {
    let mut criteria: Vec<Value> = Vec::new();
    for row in table {
        let (code, bin) = (&row["Variable"], row["Bin"].as_str());
        if code.is_empty() || code == "Totals" {
            continue;
        }
        let points: Decimal = row["Points"].parse().unwrap();
        let points = tiercel_domain::money::round(
            points,
            Points::SCALE,
            tiercel_domain::money::Rounding::HalfUp,
        );
        let points = json!(points.to_string());
        if criteria
            .last()
            .is_none_or(|last| last["code"] != json!(code))
        {
            criteria.push(json!({
                "code": code, "label": code, "missing_points": "0",
                "measure": {"kind": "attribute", "attribute": code},
            }));
        }
        let criterion = criteria.last_mut().unwrap();
        let list = |criterion: &mut Value, name: &str, entry: Value| {
            let list = criterion.as_object_mut().unwrap().entry(name);
            list.or_insert_with(|| json!([]))
                .as_array_mut()
                .unwrap()
                .push(entry);
        };
        if bin == "Missing" {
            criterion["missing_points"] = points;
        } else if bin == "Special" {
            if criterion.get("categories").is_some() {
                criterion["other_points"] = points;
            }
        } else if let Some(ends) = bin.strip_prefix(['[', '(']).filter(|_| !bin.contains('<')) {
            let (from, to) = ends.strip_suffix(')').unwrap().split_once(", ").unwrap();
            let mut band = json!({ "points": points });
            for (name, end) in [("from", from), ("to", to)] {
                if !end.contains("inf") {
                    band[name] = json!(end);
                }
            }
            list(criterion, "bands", band);
        } else {
            for value in bin.split('\'').skip(1).step_by(2) {
                let entry = json!({"value": value, "points": points});
                list(criterion, "categories", entry);
            }
        }
    }
    json!({
        "schema": 1, "name": "German credit", "initial_points": "0", "criteria": criteria,
        "tiers": [{"code": "good", "label": "Good", "from": "520"}, {"code": "bad", "label": "Bad"}],
        "default_tier": "bad",
    })
}

#[test]
fn the_german_credit_card_scores_every_row_as_published() {
    let table = rows("../reference/oracles/german_scorecard_table.csv");
    let scores = rows("../reference/oracles/german_scores.csv");
    let data = rows("german_credit/germancredit.csv");
    let (Some(table), Some(scores), Some(data)) = (table, scores, data) else {
        return;
    };
    let model = model(&german_card(&table));
    assert_eq!(
        (model.criteria().len(), data.len(), scores.len()),
        (6, 1_000, 1_000)
    );
    let bound: Decimal = "0.0003".parse().unwrap();
    for (row, expected) in data.iter().zip(&scores) {
        let known = row.iter().map(|(code, value)| {
            let number = value.parse::<Decimal>().map(AttributeValue::Number);
            let value = number.unwrap_or_else(|_| AttributeValue::Text(value.clone()));
            (code.clone(), value)
        });
        let evaluation = judge(&model, known.collect());
        let expected = expected["score"].get(..16).unwrap_or(&expected["score"]);
        let expected: Decimal = expected.parse().unwrap();
        let difference = (evaluation.score.decimal() - expected).abs();
        assert!(difference <= bound, "{difference}: {row:?}");
    }
}
