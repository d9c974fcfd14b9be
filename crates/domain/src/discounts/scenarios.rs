//! Runs `scenarios.toml`: one line, one policy, one expected price each.

use super::policy::*;
use super::rules::{Rule, RuleKind, Selectors};
use super::{Facts, Line, PricedLine, Question, UnitCost, decide};
use crate::decision::PolicyRef;
use crate::incoming::MarginClass;
use crate::money::Rounding;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Table {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    given: Given,
    groups: Option<Vec<GroupRow>>,
    rules: Vec<RuleRow>,
    #[serde(default)]
    rounding: RoundingRow,
    floor: Option<FloorRow>,
    cap: Option<String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    list: Option<String>,
    cost: Option<String>,
    qty: Option<String>,
    tier: Option<String>,
    category: Option<String>,
    margin_class: Option<String>,
    currency: Option<String>,
    today: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct GroupRow {
    code: String,
    mode: String,
    basis: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RuleRow {
    id: String,
    group: String,
    percent: String,
    sequence: u32,
    tiers: BTreeSet<String>,
    categories: Vec<String>,
    skus: BTreeSet<String>,
    margin_classes: Vec<String>,
    channels: BTreeSet<String>,
    min_quantity: Option<String>,
    valid_from: Option<String>,
    valid_until: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RoundingRow {
    level: Option<String>,
    scale: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FloorRow {
    basis: String,
    percent: String,
    missing_cost: Option<String>,
    #[serde(default)]
    by_category: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    net_unit: Option<String>,
    net: Option<String>,
    discount: Option<String>,
    percent: Option<String>,
    unit_floor: Option<String>,
    binding: Option<bool>,
    capped: Option<bool>,
    /// Rule or kind, and the amount.
    steps: Option<Vec<String>>,
    values: Option<Vec<String>>,
    /// Rule and reason.
    near: Option<Vec<String>>,
    #[serde(default)]
    approval: Vec<String>,
    error: Option<String>,
}

fn rule(row: RuleRow) -> Rule {
    let date = |text: Option<String>| text.map(|text| text.parse().unwrap());
    let classes = row.margin_classes.iter();
    Rule {
        id: row.id,
        sequence: row.sequence,
        selectors: Selectors {
            tiers: row.tiers,
            customer_groups: BTreeSet::new(),
            categories: row
                .categories
                .iter()
                .map(|path| path.parse().unwrap())
                .collect(),
            skus: row.skus,
            margin_classes: classes
                .map(|word| MarginClass::from_word(word).unwrap())
                .collect(),
            channels: row.channels,
            min_quantity: row.min_quantity.map(|text| text.parse().unwrap()),
            valid_from: date(row.valid_from),
            valid_until: date(row.valid_until),
        },
        kind: RuleKind::Percent(row.percent.parse().unwrap()),
    }
}

fn groups(rows: Option<Vec<GroupRow>>, rules: Vec<RuleRow>) -> Vec<StackGroup> {
    let usual = ["tier", "volume"].map(|code| GroupRow {
        code: code.to_owned(),
        mode: "compound".to_owned(),
        basis: None,
    });
    let mut groups: Vec<StackGroup> = rows
        .unwrap_or(usual.to_vec())
        .into_iter()
        .map(|row| StackGroup {
            code: row.code,
            mode: Mode::from_word(&row.mode).unwrap(),
            basis: Basis::from_word(row.basis.as_deref().unwrap_or("running")).unwrap(),
            rules: Vec::new(),
        })
        .collect();
    for row in rules {
        let group = groups.iter_mut().find(|group| group.code == row.group);
        group.unwrap().rules.push(rule(row));
    }
    groups
}

fn floor(row: FloorRow) -> FloorRule {
    let by_category = row.by_category.iter();
    FloorRule {
        basis: FloorBasis::from_word(&row.basis).unwrap(),
        percent: row.percent.parse().unwrap(),
        by_category: by_category
            .map(|(category, percent)| CategoryFloor {
                category: category.parse().unwrap(),
                percent: percent.parse().unwrap(),
            })
            .collect(),
        missing_cost: MissingCost::from_word(row.missing_cost.as_deref().unwrap_or("ignore"))
            .unwrap(),
    }
}

fn question(given: &Given) -> Question {
    let line = Line {
        line_id: "10".to_owned(),
        sku: Some("BT023".to_owned()),
        category: given.category.as_ref().map(|path| path.parse().unwrap()),
        margin_class: MarginClass::from_word(given.margin_class.as_deref().unwrap_or("neutral"))
            .unwrap(),
        quantity: given.qty.as_deref().unwrap_or("1").parse().unwrap(),
        list_unit_price: given.list.as_ref().map(|text| text.parse().unwrap()),
        unit_cost: given.cost.as_ref().map_or(UnitCost::Missing, |text| {
            UnitCost::Given(text.parse().unwrap())
        }),
    };
    Question {
        currency: given.currency.as_deref().unwrap_or("EUR").parse().unwrap(),
        today: given
            .today
            .as_deref()
            .unwrap_or("2025-03-01")
            .parse()
            .unwrap(),
        lines: vec![line],
    }
}

fn step_texts(line: &PricedLine) -> Vec<String> {
    let name = |step: &super::waterfall::Adjustment| {
        let rule = step.cause.rule.clone();
        rule.unwrap_or_else(|| step.cause.kind.word().to_owned())
    };
    let steps = line.adjustments.iter();
    steps
        .map(|step| format!("{} {}", name(step), step.amount.normalize()))
        .collect()
}

fn plain(step: &str) -> String {
    let (name, amount) = step.split_once(' ').unwrap();
    let amount: Decimal = amount.parse().unwrap();
    format!("{name} {}", amount.normalize())
}

fn check_price(line: &PricedLine, expect: &Expect, name: &str) {
    let decimal = |text: &String| text.parse::<Decimal>().unwrap();
    if let Some(text) = &expect.net_unit {
        assert_eq!(line.net_unit_price, decimal(text), "{name}: net_unit");
    }
    if let Some(text) = &expect.net {
        assert_eq!(&line.net_amount.to_text(), text, "{name}: net");
    }
    if let Some(text) = &expect.discount {
        assert_eq!(&line.discount_amount.to_text(), text, "{name}: discount");
    }
    if let Some(text) = &expect.percent {
        assert_eq!(
            &line.effective_discount_pct.to_string(),
            text,
            "{name}: percent"
        );
    }
    if let Some(text) = &expect.unit_floor {
        assert_eq!(
            line.floor.unwrap().unit_floor,
            decimal(text),
            "{name}: floor"
        );
    }
    if let Some(binding) = expect.binding {
        assert_eq!(line.floor.unwrap().binding, binding, "{name}: binding");
    }
    if let Some(capped) = expect.capped {
        assert_eq!(line.cap.unwrap().binding, capped, "{name}: capped");
    }
}

fn check_trace(line: &PricedLine, expect: &Expect, name: &str) {
    if let Some(steps) = &expect.steps {
        let steps: Vec<String> = steps.iter().map(|step| plain(step)).collect();
        assert_eq!(step_texts(line), steps, "{name}: steps");
    }
    if let Some(values) = &expect.values {
        let told = line.adjustments.iter().filter_map(|step| step.cause.value);
        let told: Vec<String> = told.map(|value| value.to_string()).collect();
        assert_eq!(&told, values, "{name}: values");
    }
    if let Some(near) = &expect.near {
        let told = line.not_applied.iter();
        let told: Vec<String> = told
            .map(|near| format!("{} {}", near.rule, near.miss.reason.word()))
            .collect();
        assert_eq!(&told, near, "{name}: near misses");
    }
    let approval: Vec<&str> = line
        .approval
        .iter()
        .map(|reason| reason.code.word())
        .collect();
    assert_eq!(approval, expect.approval, "{name}: approval");
}

fn check(scenario: Scenario) {
    let question = question(&scenario.given);
    let facts = Facts {
        customer_matched: true,
        tier: Some(scenario.given.tier.unwrap_or("high".to_owned())),
        channel: Some("field".to_owned()),
        ..Facts::default()
    };
    let policy = Policy {
        reference: PolicyRef {
            id: "p".to_owned(),
            version: 1,
        },
        default_tier: "low".to_owned(),
        groups: groups(scenario.groups, scenario.rules),
        rounding: PriceRounding {
            mode: Rounding::HalfUp,
            level: RoundingLevel::from_word(scenario.rounding.level.as_deref().unwrap_or("unit"))
                .unwrap(),
            scale: scenario.rounding.scale,
        },
        cap: scenario.cap.map(|text| text.parse().unwrap()),
        floor: scenario.floor.map(floor),
    };
    let mut decision = decide(&question, &facts, &policy);
    match decision.lines.remove(0).outcome {
        Ok(line) => {
            assert_eq!(scenario.expect.error, None, "{}", scenario.name);
            check_price(&line, &scenario.expect, &scenario.name);
            check_trace(&line, &scenario.expect, &scenario.name);
        }
        Err(error) => {
            assert_eq!(
                Some(error.code()),
                scenario.expect.error.as_deref(),
                "{}",
                scenario.name
            );
        }
    }
}

#[test]
fn every_scenario_comes_out_as_written() {
    let table: Table = toml::from_str(include_str!("scenarios.toml")).unwrap();
    table.scenario.into_iter().for_each(check);
}
