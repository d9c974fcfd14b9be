//! An evaluation by months, with the facts at the edges of the windows, is the one by facts.

use super::properties::{any_customer, any_model, date};
use super::real_data::cdnow;
use super::scenarios::{banded, draft};
use super::*;
use crate::fact::Fact;
use crate::history::{History, Sums};
use crate::period::Window;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

/// The facts that the model's windows leave to be read when they end with `as_of`.
fn at_the_edges(model: &Model, facts: &[Fact], as_of: NaiveDate) -> Vec<Fact> {
    let edges = edges(model, as_of);
    let wanted = |fact: &&Fact| {
        let day = fact.occurred_on;
        edges.kinds.contains(&fact.kind) && edges.days.iter().any(|days| days.contains(&day))
    };
    facts.iter().filter(wanted).cloned().collect()
}

/// Both ways to evaluate, and the next date on which each says that something may change.
fn both_ways(
    model: &Model,
    by_facts: &Subject<'_>,
    facts: &[Fact],
    as_of: NaiveDate,
) -> [(Evaluation, Option<NaiveDate>); 2] {
    let history = History::of(facts).unwrap();
    let by_months = Subject {
        sums: Sums::Months {
            months: &history.months,
            edges: &at_the_edges(model, facts, as_of),
        },
        series: &history.series,
        ..*by_facts
    };
    [by_facts, &by_months].map(|subject| {
        let evaluation = evaluate(model, subject, as_of).unwrap();
        (evaluation, next_change_on(model, subject, as_of))
    })
}

/// Any day among the facts; often the end of a month or a leap day.
fn any_day() -> impl Strategy<Value = NaiveDate> {
    let special = ["2023-12-31", "2024-01-01", "2024-02-29", "2024-03-31"];
    let special = special.map(|text| text.parse().unwrap());
    prop_oneof![
        (0_u64..700).prop_map(date),
        prop::sample::select(special.to_vec()),
    ]
}

proptest! {
    #[test]
    fn every_value_and_the_score_are_the_same(
        model in any_model(), customer in any_customer(), as_of in any_day()
    ) {
        let [one, other] = both_ways(&model, &customer.subject(), &customer.facts, as_of);
        prop_assert_eq!(one, other);
    }
}

#[test]
fn few_facts_are_left_to_be_read() {
    let window = Window::Months(12);
    let criteria = vec![
        banded("revenue", Measure::Revenue { window }, &[], &["0"]),
        banded(
            "margin",
            Measure::Margin {
                window: Window::All,
            },
            &[],
            &["0"],
        ),
        banded(
            "days",
            Measure::PurchaseDays {
                window: Window::Days(3),
            },
            &[],
            &["0"],
        ),
    ];
    let model = Model::new(Draft {
        criteria,
        ..draft()
    })
    .unwrap();
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let found = edges(&model, day("2024-03-15"));
    let expected = [
        day("2023-03-16")..=day("2023-03-31"),
        day("2024-03-01")..=day("2024-03-15"),
    ];
    assert_eq!(found.days, expected);
    assert_eq!(found.kinds.len(), 1, "order lines only");
    assert_eq!(edges(&model, day("2024-03-31")), Edges::default());
}

#[test]
fn cdnow_is_the_same_in_the_middle_of_months() {
    let Some(customers) = cdnow() else {
        return;
    };
    let measures = [
        Measure::Revenue {
            window: Window::Months(12),
        },
        Measure::Revenue {
            window: Window::Days(90),
        },
        Measure::OrderCount {
            window: Window::Months(6),
        },
        Measure::PurchaseDays {
            window: Window::All,
        },
        Measure::ReturnRate {
            window: Window::Months(3),
        },
        Measure::RecencyDays,
        Measure::TenureMonths,
    ];
    let criteria = measures.into_iter().enumerate();
    let criteria = criteria.map(|(number, measure)| {
        banded(&format!("c{number}"), measure, &[10, 100], &["0", "1", "2"])
    });
    let model = Model::new(Draft {
        criteria: criteria.collect(),
        ..draft()
    })
    .unwrap();
    let profile = super::properties::nobody();
    let first: NaiveDate = "1997-03-01".parse().unwrap();
    for (number, facts) in customers.values().enumerate() {
        let as_of = first + Days::new(number as u64 % 600);
        let series = crate::history::Series::of(facts);
        let by_facts = Subject {
            profile: &profile,
            sums: Sums::Facts(facts),
            series: &series,
            invoices: &[],
        };
        let [one, other] = both_ways(&model, &by_facts, facts, as_of);
        assert_eq!(one, other, "{as_of}");
    }
}
