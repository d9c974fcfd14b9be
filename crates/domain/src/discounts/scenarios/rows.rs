//! The rows of the scenario tables, and the quotes and policies that they describe.

use crate::currency::Currency;
use crate::decision::PolicyRef;
use crate::discounts::approval::{ApprovalLevel, ApprovalRule, Approved};
use crate::discounts::index::RuleSet;
use crate::discounts::limit::Limit;
use crate::discounts::policy::*;
use crate::discounts::rules::{Aggregate, Benefit, Break, Rule, Schedule, Selectors, Tiering};
use crate::discounts::{Contract, Line, Question, UnitCost};
use crate::ids::PriceApprovalId;
use crate::incoming::MarginClass;
use crate::money::Rounding;
use rust_decimal::Decimal;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
pub(super) struct Table {
    pub(super) scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scenario {
    pub(super) name: String,
    /// 1 where absent.
    pub(super) engine: Option<u32>,
    /// One line; with `lines`, what they have in common.
    pub(super) given: Given,
    pub(super) lines: Option<Vec<Given>>,
    pub(super) groups: Option<Vec<GroupRow>>,
    pub(super) rules: Vec<RuleRow>,
    #[serde(default)]
    pub(super) rounding: RoundingRow,
    pub(super) floor: Option<FloorRow>,
    pub(super) document_floor: Option<FloorRow>,
    pub(super) cap: Option<String>,
    pub(super) cap_amount: Option<String>,
    pub(super) document_cap: Option<String>,
    #[serde(default)]
    pub(super) contract_always: bool,
    #[serde(default)]
    pub(super) contract_beats_floor: bool,
    /// Prices asked for need nobody down to this percentage.
    pub(super) free: Option<String>,
    /// `code`, `code most` or `code most margin`, from low to high.
    #[serde(default)]
    pub(super) levels: Vec<String>,
    /// The net amount that was granted for the document.
    pub(super) document_approved: Option<String>,
    pub(super) expect: Expect,
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Given {
    pub(super) list: Option<String>,
    pub(super) cost: Option<String>,
    pub(super) qty: Option<String>,
    pub(super) tier: Option<String>,
    pub(super) category: Option<String>,
    pub(super) margin_class: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) today: Option<String>,
    pub(super) segments: BTreeSet<String>,
    pub(super) base_units: Option<String>,
    pub(super) contract: Option<String>,
    pub(super) requested: Option<String>,
    /// The unit price that was granted.
    pub(super) approved: Option<String>,
    /// What one USD is worth.
    pub(super) usd: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupRow {
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
pub(super) struct RuleRow {
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
pub(super) struct RoundingRow {
    level: Option<String>,
    scale: Option<u32>,
    multiple: Option<String>,
    offset: Option<String>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct FloorRow {
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
pub(super) struct Expect {
    pub(super) net_unit: Option<String>,
    pub(super) net: Option<String>,
    pub(super) discount: Option<String>,
    pub(super) percent: Option<String>,
    pub(super) unit_floor: Option<String>,
    pub(super) binding: Option<bool>,
    pub(super) capped: Option<bool>,
    /// Rule or kind, and the amount.
    pub(super) steps: Option<Vec<String>>,
    pub(super) values: Option<Vec<String>>,
    /// Rule and reason.
    pub(super) near: Option<Vec<String>>,
    #[serde(default)]
    pub(super) approval: Vec<String>,
    /// The approval covers the price.
    #[serde(default)]
    pub(super) granted: bool,
    pub(super) level: Option<String>,
    pub(super) document_granted: Option<bool>,
    pub(super) error: Option<String>,
    /// Net unit price of every line.
    pub(super) nets: Option<Vec<String>>,
    /// Net amount of every line.
    pub(super) amounts: Option<Vec<String>>,
    pub(super) total: Option<String>,
    /// What each line gave to each document rule: `7.50 12.50`.
    pub(super) shares: Option<Vec<String>>,
    pub(super) unplaced: Option<Vec<String>>,
    pub(super) document_approval: Option<Vec<String>>,
    pub(super) document_error: Option<String>,
    /// Scope and name of caps that bind.
    pub(super) caps: Option<Vec<String>>,
    /// Needed, actual and delta of the first near miss.
    pub(super) needs: Option<[String; 3]>,
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
        hold_out: None,
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
pub(super) fn groups(rows: Option<Vec<GroupRow>>, rules: Vec<RuleRow>) -> [Vec<StackGroup>; 2] {
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

fn approved(lowest: &str) -> Approved {
    Approved {
        id: PriceApprovalId::from_bits(1),
        lowest: lowest.parse().unwrap(),
    }
}

fn approvals(scenario: &Scenario) -> ApprovalRule {
    let usual = ApprovalRule::default();
    let level = |text: &String| {
        let mut words = text.split(' ');
        ApprovalLevel {
            code: words.next().unwrap().to_owned(),
            most: words.next().map(|most| most.parse().unwrap()),
            most_margin: words.next().map(|most| (most.parse().unwrap(), None)),
            approvers: Vec::new(),
        }
    };
    ApprovalRule {
        free: scenario.free.as_ref().map(|text| text.parse().unwrap()),
        levels: match scenario.levels.as_slice() {
            [] => usual.levels,
            levels => levels.iter().map(level).collect(),
        },
        most_days: usual.most_days,
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
        approved: given.approved.as_deref().map(approved),
    }
}

pub(super) fn document_approved(scenario: &Scenario) -> Option<Approved> {
    scenario.document_approved.as_deref().map(approved)
}

pub(super) fn question(given: &Given, lines: &[Given]) -> Question {
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
        approved: None,
    }
}

pub(super) fn policy(scenario: &Scenario, groups: [Vec<StackGroup>; 2]) -> Policy {
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
        approvals: approvals(scenario),
    }
}
