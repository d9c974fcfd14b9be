//! Reads `scenarios.toml` and checks every line of it.

use super::*;
use crate::currency::Currency;
use crate::fact::{Cost, DocumentRef, DocumentStatus, Fact, FactKind, RecordedAmount};
use crate::history::{Series, Sums};
use crate::ids::{CustomerId, FactId, ProductId};
use crate::period::Window;
use crate::profile::{AttributeValue, Attributes, CustomerKind, Profile};
use crate::scaled::{Amount, Points};
use crate::settlement::SettledInvoice;
use chrono::NaiveDate;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenarios {
    measure: Vec<MeasureScenario>,
    evaluation: Vec<EvaluationScenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureScenario {
    name: String,
    measure: String,
    since: Option<DateText>,
    #[serde(default)]
    facts: Vec<GivenFact>,
    #[serde(default)]
    invoices: Vec<GivenInvoice>,
    #[serde(default)]
    attributes: BTreeMap<String, toml::Value>,
    expect: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvaluationScenario {
    name: String,
    #[serde(default)]
    facts: Vec<GivenFact>,
    #[serde(default)]
    attributes: BTreeMap<String, toml::Value>,
    score: String,
    tier: String,
    points: Vec<String>,
}

/// A date as people write it: `2025-12-31`.
type DateText = String;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenFact {
    kind: String,
    on: DateText,
    amount: Option<String>,
    cost: Option<String>,
    doc: Option<String>,
    status: Option<String>,
    rating: Option<String>,
    author: Option<String>,
    product: Option<u32>,
    severity: Option<u8>,
    minutes: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenInvoice {
    due: Option<DateText>,
    settled: Option<DateText>,
    amount: String,
    open: Option<String>,
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

impl GivenFact {
    fn fact(&self, number: usize) -> Fact {
        Fact {
            document: self.doc.as_deref().map(document),
            status: self
                .status
                .as_deref()
                .map_or(DocumentStatus::Closed, |word| {
                    DocumentStatus::from_word(word).unwrap()
                }),
            amount: self.amount.as_deref().map(|text| recorded(amount(text))),
            cost: self
                .cost
                .as_deref()
                .map_or(Cost::Missing, |text| Cost::Given(amount(text))),
            rating: self.rating.as_deref().map(amount),
            author: self.author.clone(),
            product: self.product.map(|id| ProductId::from_bits(id.into())),
            severity: self.severity,
            minutes: self.minutes,
            ..blank_fact(
                number,
                FactKind::from_word(&self.kind).unwrap(),
                day(&self.on),
            )
        }
    }
}

fn document(id: &str) -> DocumentRef {
    DocumentRef {
        system: "erp".to_owned(),
        kind: "sales_order".to_owned(),
        id: id.to_owned(),
        line: None,
    }
}

/// An amount in base currency.
pub(super) fn recorded(amount: Amount) -> RecordedAmount {
    RecordedAmount {
        original: amount,
        currency: Currency::EUR,
        base: amount,
        rate: None,
    }
}

/// A fact that says nothing but that it happened.
pub(super) fn blank_fact(number: usize, kind: FactKind, occurred_on: NaiveDate) -> Fact {
    Fact {
        id: FactId::from_bits(number as u128),
        customer: CustomerId::from_bits(1),
        kind,
        occurred_on,
        document: None,
        follows: None,
        status: DocumentStatus::Closed,
        product: None,
        category: None,
        quantity: None,
        amount: None,
        cost: Cost::Missing,
        due_on: None,
        rating: None,
        severity: None,
        minutes: None,
        channel: None,
        author: None,
        source: "erp".to_owned(),
    }
}

fn invoice(number: usize, given: &GivenInvoice) -> SettledInvoice {
    SettledInvoice {
        invoice: FactId::from_bits(number as u128),
        document: None,
        invoiced_on: day("2024-01-01"),
        due_on: given.due.as_deref().map(day),
        amount: amount(&given.amount),
        open: given.open.as_deref().map_or(Amount::ZERO, amount),
        settled_on: given.settled.as_deref().map(day),
        disputed: false,
    }
}

fn attributes(given: &BTreeMap<String, toml::Value>) -> Attributes {
    let value = |value: &toml::Value| match value {
        toml::Value::String(text) => AttributeValue::Text(text.clone()),
        toml::Value::Boolean(flag) => AttributeValue::Flag(*flag),
        toml::Value::Integer(number) => AttributeValue::Number((*number).into()),
        toml::Value::Datetime(date) => AttributeValue::Date(day(&date.to_string())),
        other => panic!("no attribute: {other}"),
    };
    let entries = given
        .iter()
        .map(|(code, given)| (code.clone(), value(given)));
    entries.collect()
}

fn measure(text: &str) -> Measure {
    let parts: Vec<&str> = text.split(" / ").collect();
    let window = match parts.get(1).and_then(|window| window.split_once(' ')) {
        Some((days, "days")) => Window::Days(days.parse().unwrap()),
        Some((months, "months")) => Window::Months(months.parse().unwrap()),
        _ => Window::All,
    };
    let weight = match parts.get(2) {
        Some(&"amount") => Weight::Amount,
        _ => Weight::Count,
    };
    match parts[0] {
        "revenue" => Measure::Revenue { window },
        "order_count" => Measure::OrderCount { window },
        "purchase_days" => Measure::PurchaseDays { window },
        "recency_days" => Measure::RecencyDays,
        "btyd_recency_days" => Measure::BtydRecencyDays,
        "purchase_interval_days" => Measure::PurchaseIntervalDays,
        "rhythm_overdue" => Measure::RhythmOverdue,
        "average_order_value" => Measure::AverageOrderValue { window },
        "product_breadth" => Measure::ProductBreadth { window },
        "revenue_trend" => Measure::RevenueTrend { window },
        "worst_days_late" => Measure::WorstDaysLate { window },
        "overdue_amount" => Measure::OverdueAmount,
        "complaint_severity" => Measure::ComplaintSeverity { window },
        "contact_count" => Measure::ContactCount { window },
        "service_minutes" => Measure::ServiceMinutes { window },
        "profit_contribution" => Measure::ProfitContribution { window },
        "margin" => Measure::Margin { window },
        "on_time_rate" => Measure::OnTimeRate { window, weight },
        "settled_on_time_rate" => Measure::SettledOnTimeRate { window, weight },
        "average_days_late" => Measure::AverageDaysLate { window },
        "complaint_rate" => Measure::ComplaintRate { window },
        "return_rate" => Measure::ReturnRate { window },
        "tenure_months" => Measure::TenureMonths,
        "staff_rating" => Measure::StaffRating { window },
        other => Measure::Attribute {
            code: other.strip_prefix("attribute:").unwrap().to_owned(),
        },
    }
}

fn points(text: &str) -> Points {
    text.parse().unwrap()
}

/// The criterion that scores `measure` in these bands: upper bounds and points.
pub(super) fn banded(code: &str, measure: Measure, edges: &[i64], scores: &[&str]) -> Criterion {
    let bound = |index: usize| edges.get(index).map(|edge| (*edge).into());
    let bands = scores.iter().enumerate().map(|(index, score)| Band {
        from: index.checked_sub(1).and_then(bound),
        to: bound(index),
        points: points(score),
    });
    Criterion {
        code: code.to_owned(),
        label: code.to_owned(),
        measure,
        scoring: Scoring::Bands(bands.collect()),
        missing: points("5"),
        refinement: Refinement::default(),
    }
}

fn categories(code: &str, entries: &[(&str, &str)], other: &str, missing: &str) -> Criterion {
    let entries = entries.iter().map(|(value, score)| Category {
        value: (*value).to_owned(),
        points: points(score),
    });
    Criterion {
        code: code.to_owned(),
        label: code.to_owned(),
        measure: Measure::Attribute {
            code: code.to_owned(),
        },
        scoring: Scoring::Categories {
            entries: entries.collect(),
            other: points(other),
        },
        missing: points(missing),
        refinement: Refinement::default(),
    }
}

pub(super) fn draft() -> Draft {
    let tier = |code: &str, from: Option<&str>| Tier {
        code: code.to_owned(),
        label: code.to_owned(),
        from: from.map(points),
    };
    let revenue = Measure::Revenue {
        window: Window::All,
    };
    Draft {
        criteria: vec![
            banded(
                "revenue",
                revenue,
                &[0, 100, 1000],
                &["-20", "0", "15", "30"],
            ),
            categories("size", &[("large", "10"), ("small", "-5")], "1", "0"),
            categories("listed", &[("true", "2.5")], "0", "-1"),
        ],
        initial: points("10"),
        tiers: vec![
            tier("high", Some("40")),
            tier("general", Some("10")),
            tier("low", None),
        ],
        default_tier: "general".to_owned(),
        ..Draft::default()
    }
}

fn profile(since: Option<&str>, given: &BTreeMap<String, toml::Value>) -> Profile {
    Profile {
        kind: CustomerKind::Organisation,
        since: since.map(day),
        attributes: attributes(given),
        groups: Vec::new(),
    }
}

fn facts(given: &[GivenFact]) -> Vec<Fact> {
    let facts = given.iter().enumerate();
    facts.map(|(number, fact)| fact.fact(number)).collect()
}

fn scenarios() -> Scenarios {
    toml::from_str(include_str!("scenarios.toml")).unwrap()
}

#[test]
fn check_measures() {
    for scenario in scenarios().measure {
        let profile = profile(scenario.since.as_deref(), &scenario.attributes);
        let invoices = scenario.invoices.iter().enumerate();
        let invoices: Vec<_> = invoices
            .map(|(number, given)| invoice(number, given))
            .collect();
        let facts = facts(&scenario.facts);
        let subject = Subject {
            profile: &profile,
            sums: Sums::Facts(&facts),
            series: &Series::of(&facts),
            invoices: &invoices,
        };
        let value = measure(&scenario.measure).take(&subject, day("2025-12-31"));
        let told = match value.unwrap() {
            Measured::Number(number) => number.to_string(),
            Measured::Missing(reason) => format!("missing: {}", reason.word()),
            other => other.shown().unwrap(),
        };
        assert_eq!(told, scenario.expect, "{}", scenario.name);
    }
}

#[test]
fn check_evaluations() {
    let model = Model::new(draft()).unwrap();
    for scenario in scenarios().evaluation {
        let profile = profile(None, &scenario.attributes);
        let facts = facts(&scenario.facts);
        let subject = Subject {
            profile: &profile,
            sums: Sums::Facts(&facts),
            series: &Series::of(&facts),
            invoices: &[],
        };
        let evaluation = evaluate(&model, &subject, day("2025-12-31")).unwrap();
        let given: Vec<_> = evaluation
            .criteria
            .iter()
            .map(|result| result.points)
            .collect();
        let expected: Vec<_> = scenario.points.iter().map(|text| points(text)).collect();
        assert_eq!(given, expected, "{}", scenario.name);
        assert_eq!(
            evaluation.score,
            points(&scenario.score),
            "{}",
            scenario.name
        );
        assert_eq!(
            model.tiers()[evaluation.tier].code,
            scenario.tier,
            "{}",
            scenario.name
        );
    }
}
