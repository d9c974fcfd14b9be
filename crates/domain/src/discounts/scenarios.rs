//! Runs `scenarios.toml`: a quote of one line or more, one policy, and what is expected of them.

use super::index::RuleSet;
use super::limit::Limit;
use super::policy::*;
use super::rules::{Aggregate, Benefit, Break, Rule, Schedule, Selectors, Tiering};
use super::{Contract, Decision, Facts, Line, PricedLine, Question, UnitCost, decide};
use crate::currency::Currency;
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
    /// 1 where absent.
    engine: Option<u32>,
    /// One line; with `lines`, what they have in common.
    given: Given,
    lines: Option<Vec<Given>>,
    groups: Option<Vec<GroupRow>>,
    rules: Vec<RuleRow>,
    #[serde(default)]
    rounding: RoundingRow,
    floor: Option<FloorRow>,
    document_floor: Option<FloorRow>,
    cap: Option<String>,
    cap_amount: Option<String>,
    document_cap: Option<String>,
    #[serde(default)]
    contract_always: bool,
    #[serde(default)]
    contract_beats_floor: bool,
    expect: Expect,
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields, default)]
struct Given {
    list: Option<String>,
    cost: Option<String>,
    qty: Option<String>,
    tier: Option<String>,
    category: Option<String>,
    margin_class: Option<String>,
    currency: Option<String>,
    today: Option<String>,
    segments: BTreeSet<String>,
    base_units: Option<String>,
    contract: Option<String>,
    requested: Option<String>,
    /// What one USD is worth.
    usd: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct GroupRow {
    code: String,
    mode: String,
    basis: Option<String>,
    #[serde(default)]
    document: bool,
    cap: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct RuleRow {
    id: String,
    group: String,
    percent: Option<String>,
    kind: Option<String>,
    value: String,
    currency: Option<String>,
    /// `from value`, from low to high.
    breaks: Vec<String>,
    graduated: bool,
    aggregate: Option<String>,
    cap: Option<String>,
    segments: BTreeSet<String>,
    currencies: Vec<String>,
    contracts: BTreeSet<String>,
    min_amount: Option<String>,
    below_quantity: Option<String>,
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
    multiple: Option<String>,
    offset: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct FloorRow {
    basis: String,
    percent: String,
    missing_cost: Option<String>,
    #[serde(default)]
    by_category: BTreeMap<String, String>,
    #[serde(default)]
    by_margin_class: BTreeMap<String, String>,
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
    /// Net unit price of every line.
    nets: Option<Vec<String>>,
    /// Net amount of every line.
    amounts: Option<Vec<String>>,
    total: Option<String>,
    /// What each line gave to each document rule: `7.50 12.50`.
    shares: Option<Vec<String>>,
    unplaced: Option<Vec<String>>,
    document_approval: Option<Vec<String>>,
    document_error: Option<String>,
    /// Scope and name of caps that bind.
    caps: Option<Vec<String>>,
    /// Needed, actual and delta of the first near miss.
    needs: Option<[String; 3]>,
}

fn rule(row: RuleRow) -> Rule {
    let date = |text: Option<String>| text.map(|text| text.parse().unwrap());
    let classes = row.margin_classes.iter();
    let word = row.kind.unwrap_or("percent".to_owned());
    let value = row.percent.unwrap_or(row.value);
    Rule {
        id: row.id,
        version: 1,
        sequence: row.sequence,
        selectors: Selectors {
            tiers: row.tiers,
            segments: row.segments,
            contracts: row.contracts,
            currencies: row
                .currencies
                .iter()
                .map(|it| it.parse().unwrap())
                .collect(),
            categories: row
                .categories
                .iter()
                .map(|it| it.parse().unwrap())
                .collect(),
            skus: row.skus,
            margin_classes: classes
                .map(|word| MarginClass::from_word(word).unwrap())
                .collect(),
            channels: row.channels,
            min_quantity: row.min_quantity.map(|text| text.parse().unwrap()),
            below_quantity: row.below_quantity.map(|text| text.parse().unwrap()),
            min_amount: row.min_amount.map(|text| text.parse().unwrap()),
            valid_from: date(row.valid_from),
            valid_until: date(row.valid_until),
            ..Selectors::default()
        },
        benefit: Benefit::from_word(&word).unwrap(),
        schedule: schedule(&value, &row.breaks, row.graduated),
        currency: row.currency.map(|code| code.parse().unwrap()),
        aggregate: Aggregate::from_word(row.aggregate.as_deref().unwrap_or("line")).unwrap(),
        cap: row.cap.as_deref().map(percent_cap),
    }
}

fn schedule(value: &str, breaks: &[String], graduated: bool) -> Schedule {
    if breaks.is_empty() {
        return Schedule::Flat(value.parse().unwrap());
    }
    let steps = breaks.iter().map(|text| {
        let (from, value) = text.split_once(' ').unwrap();
        Break {
            from: from.parse().unwrap(),
            value: value.parse().unwrap(),
        }
    });
    Schedule::Breaks {
        tiering: if graduated {
            Tiering::Graduated
        } else {
            Tiering::Volume
        },
        steps: steps.collect(),
    }
}

fn percent_cap(text: &str) -> Limit {
    Limit {
        percent: Some(text.parse().unwrap()),
        ..Limit::default()
    }
}

/// The groups of lines and those of the document.
fn groups(rows: Option<Vec<GroupRow>>, rules: Vec<RuleRow>) -> [Vec<StackGroup>; 2] {
    let usual = ["tier", "volume"].map(|code| GroupRow {
        code: code.to_owned(),
        mode: "compound".to_owned(),
        basis: None,
        document: false,
        cap: None,
    });
    let rows = rows.unwrap_or(usual.to_vec());
    let mut found: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    for row in rules {
        assert!(
            rows.iter().any(|group| group.code == row.group),
            "{}",
            row.group
        );
        found.entry(row.group.clone()).or_default().push(rule(row));
    }
    [false, true].map(|document| {
        let rows = rows.iter().filter(|row| row.document == document);
        let groups = rows.map(|row| StackGroup {
            code: row.code.clone(),
            mode: Mode::from_word(&row.mode).unwrap(),
            basis: Basis::from_word(row.basis.as_deref().unwrap_or("running")).unwrap(),
            cap: row.cap.as_deref().map(percent_cap),
            rules: RuleSet::new(found.get(&row.code).cloned().unwrap_or_default()),
        });
        groups.collect()
    })
}

fn missing_cost(row: &FloorRow) -> MissingCost {
    MissingCost::from_word(row.missing_cost.as_deref().unwrap_or("ignore")).unwrap()
}

fn floor(row: FloorRow) -> FloorRule {
    let exception =
        |category: Option<&String>, class: Option<&String>, value: &str| FloorException {
            category: category.map(|path| path.parse().unwrap()),
            margin_class: class.map(|word| MarginClass::from_word(word).unwrap()),
            tier: None,
            value: value.parse().unwrap(),
        };
    let by_category = row.by_category.iter();
    let by_class = row.by_margin_class.iter();
    FloorRule {
        basis: FloorBasis::from_word(&row.basis).unwrap(),
        value: row.percent.parse().unwrap(),
        currency: None,
        missing_cost: missing_cost(&row),
        exceptions: by_category
            .map(|(category, value)| exception(Some(category), None, value))
            .chain(by_class.map(|(class, value)| exception(None, Some(class), value)))
            .collect(),
    }
}

fn line(place: usize, given: &Given, common: &Given) -> Line {
    let either = |one: &Option<String>, other: &Option<String>| one.clone().or(other.clone());
    let class = either(&given.margin_class, &common.margin_class).unwrap_or("neutral".to_owned());
    let price = |text: String| text.parse().unwrap();
    Line {
        line_id: place.to_string(),
        sku: Some("BT023".to_owned()),
        category: either(&given.category, &common.category).map(|path| path.parse().unwrap()),
        margin_class: MarginClass::from_word(&class).unwrap(),
        quantity: either(&given.qty, &common.qty)
            .as_deref()
            .unwrap_or("1")
            .parse()
            .unwrap(),
        base_units: given.base_units.as_deref().unwrap_or("1").parse().unwrap(),
        list_unit_price: either(&given.list, &common.list).map(price),
        unit_cost: either(&given.cost, &common.cost).map_or(UnitCost::Missing, |text| {
            UnitCost::Given(text.parse().unwrap())
        }),
        contract: given.contract.as_ref().map(|text| Contract {
            reference: "K-1".to_owned(),
            unit_price: text.parse().ok(),
        }),
        requested_unit_price: given.requested.clone().map(price),
    }
}

fn question(given: &Given, lines: &[Given]) -> Question {
    let lines = lines.iter().enumerate();
    let usd = given.usd.iter();
    Question {
        currency: given.currency.as_deref().unwrap_or("EUR").parse().unwrap(),
        today: given
            .today
            .as_deref()
            .unwrap_or("2025-03-01")
            .parse()
            .unwrap(),
        lines: lines.map(|(place, it)| line(place, it, given)).collect(),
        rates: usd
            .map(|rate| (Currency::USD, rate.parse().unwrap()))
            .collect(),
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
        assert_eq!(line.caps[0].binding, capped, "{name}: capped");
    }
    if let Some(caps) = &expect.caps {
        let bound = line.caps.iter().filter(|cap| cap.binding);
        let bound: Vec<String> = bound
            .map(|cap| {
                format!(
                    "{} {}",
                    cap.scope.word(),
                    cap.name.as_deref().unwrap_or("-")
                )
            })
            .collect();
        assert_eq!(&bound, caps, "{name}: caps");
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
    if let Some(needs) = &expect.needs {
        let miss = &line.not_applied[0].miss;
        let delta = miss
            .delta
            .map(|delta| delta.to_string())
            .unwrap_or_default();
        assert_eq!(
            [&miss.needed, &miss.actual, &delta],
            needs.each_ref(),
            "{name}: needs"
        );
    }
    let approval: Vec<&str> = line
        .approval
        .iter()
        .map(|reason| reason.code.word())
        .collect();
    assert_eq!(approval, expect.approval, "{name}: approval");
}

fn check_document(decision: &Decision, expect: &Expect, name: &str) {
    let priced = || {
        decision
            .lines
            .iter()
            .map(|line| line.outcome.as_ref().unwrap())
    };
    if let Some(nets) = &expect.nets {
        let told: Vec<Decimal> = priced().map(|line| line.net_unit_price).collect();
        let nets: Vec<Decimal> = nets.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(told, nets, "{name}: nets");
    }
    if let Some(amounts) = &expect.amounts {
        let told: Vec<String> = priced().map(|line| line.net_amount.to_text()).collect();
        assert_eq!(&told, amounts, "{name}: amounts");
    }
    if let Some(total) = &expect.total {
        assert_eq!(&decision.totals.net.to_text(), total, "{name}: total");
    }
    if let Some(shares) = &expect.shares {
        let texts = |line: &PricedLine| {
            let shares = line.document_shares.iter().map(|share| share.to_text());
            shares.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(
            &priced().map(texts).collect::<Vec<_>>(),
            shares,
            "{name}: shares"
        );
    }
    let document = &decision.document;
    if let Some(unplaced) = &expect.unplaced {
        let told = document.adjustments.iter();
        let told: Vec<Decimal> = told.map(|it| it.unplaced).collect();
        let unplaced: Vec<Decimal> = unplaced.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(told, unplaced, "{name}: unplaced");
    }
    if let Some(reasons) = &expect.document_approval {
        let told: Vec<&str> = document.approval.iter().map(|it| it.code.word()).collect();
        assert_eq!(&told, reasons, "{name}: document approval");
    }
    let error = document.error.map(|error| error.code());
    assert_eq!(
        error,
        expect.document_error.as_deref(),
        "{name}: document error"
    );
}

fn policy(scenario: &Scenario, groups: [Vec<StackGroup>; 2]) -> Policy {
    let rounding = &scenario.rounding;
    let decimal = |text: &String| text.parse::<Decimal>().unwrap();
    let [groups, document_groups] = groups;
    let amount = scenario.cap_amount.as_ref().map(|text| Limit {
        amount: Some(text.parse().unwrap()),
        ..Limit::default()
    });
    Policy {
        reference: PolicyRef {
            id: "p".to_owned(),
            version: 1,
        },
        engine: if scenario.engine == Some(2) {
            Engine::Two
        } else {
            Engine::One
        },
        default_tier: "low".to_owned(),
        groups,
        document_groups,
        rounding: PriceRounding {
            mode: Rounding::HalfUp,
            level: RoundingLevel::from_word(rounding.level.as_deref().unwrap_or("unit")).unwrap(),
            scale: rounding.scale,
            ending: rounding.multiple.as_ref().map(|multiple| Ending {
                multiple: decimal(multiple),
                offset: rounding.offset.as_ref().map_or(Decimal::ZERO, decimal),
            }),
        },
        cap: scenario.cap.as_deref().map(percent_cap).or(amount),
        document_cap: scenario.document_cap.as_deref().map(percent_cap),
        floor: scenario.floor.clone().map(floor),
        document_floor: scenario
            .document_floor
            .as_ref()
            .map(|row| DocumentFloorRule {
                basis: FloorBasis::from_word(&row.basis).unwrap(),
                value: row.percent.parse().unwrap(),
                currency: None,
                missing_cost: missing_cost(row),
            }),
        contract: ContractRule {
            wins: match scenario.contract_always {
                true => ContractWins::Always,
                false => ContractWins::WhereCheaper,
            },
            beats_floor: scenario.contract_beats_floor,
        },
    }
}

fn check(mut scenario: Scenario) {
    let given = scenario.given.clone();
    let lines = scenario.lines.take().unwrap_or(vec![given.clone()]);
    let question = question(&given, &lines);
    let facts = Facts {
        customer_matched: true,
        tier: Some(given.tier.unwrap_or("high".to_owned())),
        segments: given.segments,
        channel: Some("field".to_owned()),
        ..Facts::default()
    };
    let groups = groups(scenario.groups.take(), std::mem::take(&mut scenario.rules));
    let mut decision = decide(&question, &facts, &policy(&scenario, groups));
    let (expect, name) = (&scenario.expect, &scenario.name);
    if expect.error.is_none() {
        check_document(&decision, expect, name);
    }
    match decision.lines.remove(0).outcome {
        Ok(line) => {
            assert_eq!(scenario.expect.error, None, "{name}");
            check_price(&line, expect, name);
            check_trace(&line, expect, name);
        }
        Err(error) => assert_eq!(Some(error.code()), expect.error.as_deref(), "{name}"),
    }
}

#[test]
fn every_scenario_comes_out_as_written() {
    for text in [
        include_str!("scenarios.toml"),
        include_str!("worked_cases.toml"),
    ] {
        let table: Table = toml::from_str(text).unwrap();
        table.scenario.into_iter().for_each(check);
    }
}
