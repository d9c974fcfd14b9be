//! Runs `scenarios.toml`: one customer's open items and the credit that follows.

use super::dunning::DunningRules;
use super::policy::{AuthorizationRules, DataRules, HoldRules, LimitRule, TierCredit};
use super::terms::{Due, EarlyPayment};
use super::{Decision, Exposure, Facts, OpenItem, PaymentTerm, Policy, decide};
use crate::decision::PolicyRef;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Table {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    given: Given,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    tier: String,
    items: Option<Vec<(String, String)>>,
    credit_limit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    term: Option<String>,
    terms_of: Option<String>,
    limit: Option<String>,
    source: Option<String>,
    posted: Option<String>,
    overdue: Option<String>,
    after_grace: Option<String>,
    oldest_days: Option<u32>,
    available: Option<String>,
    utilization: Option<String>,
    #[serde(default)]
    unknown: bool,
    /// Code, what was found, what was allowed.
    hold: Vec<String>,
    ageing: Option<Vec<String>>,
}

fn policy() -> Policy {
    let tier = |code: &str, net: u16, early: &[(u16, &str)], grace: u16, limit: &str| TierCredit {
        term: PaymentTerm {
            code: code.to_owned(),
            due: Due::Net { days: net },
            lines: Vec::new(),
            early_payment: early
                .iter()
                .map(|(days, percent)| EarlyPayment {
                    days: *days,
                    percent: percent.parse().unwrap(),
                })
                .collect(),
            grace_days: grace,
            late_interest: "9".parse().unwrap(),
        },
        limit: limit.parse().unwrap(),
        hold: HoldRules {
            overdue_above: Some("100".parse().unwrap()),
            oldest_overdue_days_above: Some(60),
            over_limit: true,
            ..HoldRules::default()
        },
        veto: false,
        hold_out: None,
        dunning: DunningRules::default(),
    };
    let general = tier("N30", 30, &[], 3, "10000");
    let high = tier("2-10-N45", 45, &[(10, "2")], 7, "50000");
    Policy {
        reference: PolicyRef {
            id: "credit".to_owned(),
            version: 1,
        },
        default_tier: "general".to_owned(),
        default_terms: general.clone(),
        tiers: BTreeMap::from([("high".to_owned(), high), ("general".to_owned(), general)]),
        limit_source: LimitRule::AttributeElseTier,
        authorization: AuthorizationRules::default(),
        exceptions: Vec::new(),
        data: DataRules::default(),
        formula: None,
    }
}

fn item((due, open): &(String, String)) -> OpenItem {
    OpenItem {
        due_on: due.parse().ok(),
        open: open.parse().unwrap(),
        document: None,
    }
}

fn same(told: impl ToString, expected: &Option<String>, what: &str) {
    if let Some(expected) = expected {
        assert_eq!(&told.to_string(), expected, "{what}");
    }
}

fn check_exposure(exposure: &Exposure, expect: &Expect, name: &str) {
    same(exposure.posted.normalize(), &expect.posted, name);
    same(exposure.overdue.normalize(), &expect.overdue, name);
    same(
        exposure.overdue_after_grace.normalize(),
        &expect.after_grace,
        name,
    );
    same(exposure.available.normalize(), &expect.available, name);
    if let Some(days) = expect.oldest_days {
        assert_eq!(exposure.oldest_overdue_days, days, "{name}");
    }
    if let Some(percent) = &expect.utilization {
        let told = exposure.utilization_pct.unwrap().to_string();
        assert_eq!(&told, percent, "{name}");
    }
    if let Some(expected) = &expect.ageing {
        let buckets = exposure.ageing.iter();
        let told: Vec<String> = buckets
            .map(|bucket| bucket.amount.normalize().to_string())
            .collect();
        assert_eq!(&told, expected, "{name}");
    }
}

fn check_terms(decision: &Decision, expect: &Expect, name: &str) {
    same(decision.term.text(), &expect.term, name);
    same(&decision.terms_of_tier, &expect.terms_of, name);
    same(decision.limit.amount, &expect.limit, name);
    same(decision.limit.source.word(), &expect.source, name);
    let hold = decision.hold.iter().map(|reason| {
        let number = |value: Option<rust_decimal::Decimal>| value.unwrap().normalize();
        let (actual, threshold) = (number(reason.actual), number(reason.threshold));
        format!("{} {actual} > {threshold}", reason.code.word())
    });
    assert_eq!(hold.collect::<Vec<String>>(), expect.hold, "{name}");
}

fn check(scenario: Scenario) {
    let given = scenario.given;
    let items: Option<Vec<OpenItem>> = given.items.map(|items| items.iter().map(item).collect());
    let facts = Facts {
        customer_matched: true,
        tier: Some(&given.tier),
        open_items: items.as_deref(),
        credit_limit: given.credit_limit.map(|text| text.parse().unwrap()),
        dunning: &[],
        today: "2025-03-01".parse().unwrap(),
    };
    let decision = decide(&facts, &policy());
    check_terms(&decision, &scenario.expect, &scenario.name);
    match &decision.exposure {
        Some(exposure) => check_exposure(exposure, &scenario.expect, &scenario.name),
        None => assert!(scenario.expect.unknown, "{}", scenario.name),
    }
}

#[test]
fn every_scenario_comes_out_as_written() {
    let table: Table = toml::from_str(include_str!("scenarios.toml")).unwrap();
    table.scenario.into_iter().for_each(check);
}
