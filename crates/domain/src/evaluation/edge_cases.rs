//! Single cases at the edge: days on which something turns, faulty drafts, the largest numbers.
#![allow(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows should fail"
)]

use super::properties::{Customer, as_of, date};
use super::scenarios::{banded, blank_fact, draft, recorded};
use super::*;
use crate::fact::{Cost, Fact, FactKind};
use crate::ids::FactId;
use crate::path::Path;
use crate::period::Window;
use crate::scaled::{Amount, Points};
use crate::settlement::SettledInvoice;
use chrono::NaiveDate;

#[test]
fn lateness_that_grows_by_the_day_changes_on_the_day_it_reaches_its_band() {
    let average = Measure::AverageDaysLate {
        window: Window::All,
    };
    let criteria = vec![banded("late", average, &[10], &["1", "0"])];
    let model = Model::new(Draft {
        criteria,
        ..draft()
    })
    .unwrap();
    let open = |number: u128, due: u64| SettledInvoice {
        invoice: FactId::from_bits(number),
        document: None,
        invoiced_on: date(0),
        due_on: Some(date(due)),
        amount: Amount::from_units(1),
        open: Amount::from_units(1),
        settled_on: None,
        disputed: false,
    };
    let customer = Customer::new(None, Vec::new(), vec![open(1, 490), open(2, 495)]);
    // 10 and 5 days late: the mean of 7.5 reaches 10 in 3 days.
    assert_eq!(
        next_change_on(&model, &customer.subject(), as_of()),
        Some(date(503))
    );
}

#[test]
fn a_payment_to_come_changes_what_the_settlement_of_today_does_not_know() {
    let window = Window::Months(1);
    let criteria = vec![banded(
        "late",
        Measure::AverageDaysLate { window },
        &[10],
        &["1", "0"],
    )];
    let model = Model::new(Draft {
        criteria,
        ..draft()
    })
    .unwrap();
    let facts = vec![
        blank_fact(1, FactKind::Payment, date(520)),
        blank_fact(2, FactKind::Invoice, date(490)),
    ];
    let customer = Customer::new(None, facts, Vec::new());
    assert_eq!(
        next_change_on(&model, &customer.subject(), as_of()),
        Some(date(520))
    );
}

#[test]
fn every_fault_of_a_draft_is_named_with_its_place() {
    let mut faulty = draft();
    let band = |from: Option<i64>, to: Option<i64>| Band {
        from: from.map(Into::into),
        to: to.map(Into::into),
        points: Points::from_units(i64::MAX),
    };
    let bands = vec![
        band(Some(0), Some(10)),
        band(Some(20), Some(15)),
        band(Some(10), Some(30)),
    ];
    faulty.criteria[0].scoring = Scoring::Bands(bands);
    faulty.criteria[0].measure = Measure::Revenue {
        window: Window::Days(0),
    };
    faulty.criteria[1].measure = Measure::TenureMonths;
    faulty.criteria[2].code = "size".to_owned();
    faulty.criteria[2].label = " ".to_owned();
    faulty.tiers[1].from = Some(Points::from_units(400_000));
    faulty.tiers[2].from = Some(Points::ZERO);
    faulty.tiers[2].code = "Low".to_owned();
    faulty.default_tier = "gold".to_owned();
    let faults = Model::new(faulty).unwrap_err();
    let criteria = Path::root().field("criteria");
    let tiers = Path::root().field("tiers");
    let bands = criteria.index(0).field("bands");
    for (path, code) in [
        (bands.index(0).field("from"), "gap"),
        (bands.index(1), "empty_band"),
        (bands.index(1).field("from"), "gap"),
        (bands.index(2).field("from"), "overlap"),
        (bands.index(2).field("to"), "gap"),
        (
            criteria
                .index(0)
                .field("measure")
                .field("window")
                .field("length"),
            "out_of_range",
        ),
        (criteria.index(1).field("categories"), "needs_bands"),
        (criteria.index(2).field("code"), "duplicate"),
        (criteria.index(2).field("label"), "invalid_label"),
        (criteria.clone(), "points_too_large"),
        (tiers.index(1).field("from"), "not_descending"),
        (tiers.index(2).field("from"), "last_tier_bounded"),
        (tiers.index(2).field("code"), "invalid_code"),
        (Path::root().field("default_tier"), "unknown_tier"),
    ] {
        let named = faults
            .iter()
            .any(|fault| fault.path == path && fault.kind.code() == code);
        assert!(named, "{path:?} {code} in {faults:#?}");
    }
    assert_eq!(faults.len(), 14, "{faults:#?}");
}

#[test]
fn the_largest_amounts_and_the_last_days_are_calculated_or_refused_without_panic() {
    for (units, on) in [(i64::MAX, NaiveDate::MAX), (i64::MIN, NaiveDate::MIN)] {
        let fact = |number: usize, kind| Fact {
            amount: Some(recorded(Amount::from_units(units))),
            cost: Cost::Given(Amount::from_units(units.saturating_neg())),
            rating: Some(Amount::from_units(units)),
            ..blank_fact(number, kind, on)
        };
        let kinds = FactKind::ALL.iter().cycle().take(1_000).enumerate();
        let facts = kinds.map(|(number, kind)| fact(number, *kind)).collect();
        let invoice = SettledInvoice {
            invoice: FactId::from_bits(0),
            document: None,
            invoiced_on: on,
            due_on: Some(on),
            amount: Amount::from_units(units),
            open: Amount::from_units(units),
            settled_on: None,
            disputed: false,
        };
        let customer = Customer::new(Some(on), facts, vec![invoice]);
        let window = Window::Months(u32::MAX);
        for date in [NaiveDate::MIN, as_of(), NaiveDate::MAX] {
            for measure in [
                Measure::Revenue { window },
                Measure::RecencyDays,
                Measure::ProfitContribution { window },
                Measure::Margin { window },
                Measure::OnTimeRate {
                    window,
                    weight: Weight::Amount,
                },
                Measure::AverageDaysLate { window },
                Measure::WorstDaysLate { window },
                Measure::OverdueAmount,
                Measure::RhythmOverdue,
                Measure::RevenueTrend { window },
                Measure::AverageOrderValue { window },
                Measure::ReturnRate { window },
                Measure::TenureMonths,
                Measure::StaffRating { window },
            ] {
                let scoring =
                    banded("c", measure.clone(), &[10, i64::MAX], &["0", "1", "2"]).scoring;
                let _ = measure.take(&customer.subject(), date);
                let _ = measure.next_change(&scoring, &customer.subject(), date);
            }
        }
    }
}

#[test]
fn a_fading_value_changes_when_its_latest_fact_leaves_the_window() {
    let on_time = Measure::OnTimeRate {
        window: Window::Days(147),
        weight: Weight::Count,
    };
    let mut criterion = banded("on_time", on_time, &[], &["1"]);
    criterion.refinement.decay = Some(Decay {
        interval_days: 1,
        percent: "100".parse().unwrap(),
    });
    let criteria = vec![criterion];
    let model = Model::new(Draft {
        criteria,
        ..draft()
    })
    .unwrap();
    let day = NaiveDate::from_ymd_opt(2023, 12, 21).unwrap();
    let invoice = SettledInvoice {
        invoice: FactId::from_bits(1),
        document: None,
        invoiced_on: day,
        due_on: day.succ_opt(),
        amount: Amount::from_units(1),
        open: Amount::ZERO,
        settled_on: Some(day),
        disputed: false,
    };
    let facts = vec![blank_fact(1, FactKind::Invoice, day)];
    let customer = Customer::new(None, facts, vec![invoice]);
    let points = |date| evaluate(&model, &customer.subject(), date).unwrap().score;
    let leaves = as_of().succ_opt().unwrap();
    assert_ne!(points(as_of()), points(leaves), "it has not faded any more");
    assert_eq!(
        next_change_on(&model, &customer.subject(), as_of()),
        Some(leaves)
    );
}
