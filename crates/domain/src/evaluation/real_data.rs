//! Measures of real customers against figures that others published or computed.

use super::scenarios::{blank_fact, recorded};
use super::*;
use crate::fact::{Fact, FactKind};
use crate::history::{Series, Sums};
use crate::ids::FactId;
use crate::period::Window;
use crate::profile::{Attributes, CustomerKind, Profile};
use crate::scaled::Amount;
use crate::settlement::SettledInvoice;
use crate::test_data;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn take(
    measure: &Measure,
    facts: &[Fact],
    invoices: &[SettledInvoice],
    as_of: &str,
) -> Option<Decimal> {
    let profile = Profile {
        kind: CustomerKind::Organisation,
        since: None,
        attributes: Attributes::new(),
        groups: Vec::new(),
    };
    let subject = Subject {
        profile: &profile,
        sums: Sums::Facts(facts),
        series: &Series::of(facts),
        invoices,
    };
    match measure.take(&subject, day(as_of)).unwrap() {
        Measured::Number(number) => Some(number),
        _ => None,
    }
}

pub(super) fn cdnow() -> Option<BTreeMap<String, Vec<Fact>>> {
    let text = std::fs::read_to_string(test_data::file("cdnow/CDNOW_master.txt")?).unwrap();
    let mut customers: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for (number, line) in text.lines().enumerate() {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [customer, on, _, spent] = fields[..] else {
            continue;
        };
        let Ok(on) = NaiveDate::parse_from_str(on, "%Y%m%d") else {
            continue;
        };
        let mut fact = blank_fact(number, FactKind::OrderLine, on);
        fact.amount = Some(recorded(spent.parse().unwrap()));
        customers.entry(customer.to_owned()).or_default().push(fact);
    }
    Some(customers)
}

#[test]
fn cdnow_quarter_ends() {
    let Some(customers) = cdnow() else {
        return;
    };
    let window = Window::All;
    for (as_of, spent, days, active) in [
        ("1997-03-31", "1071805.47", 31_141, 23_570),
        ("1997-06-30", "1430959.13", 40_614, 5_322),
        ("1997-09-30", "1723354.50", 47_907, 4_195),
        ("1997-12-31", "2024161.26", 55_319, 4_176),
        ("1998-03-31", "2286985.15", 61_927, 3_817),
        ("1998-06-30", "2500315.63", 67_591, 3_301),
    ] {
        let sum = |measure: &Measure| -> Decimal {
            let values = customers.values();
            values
                .filter_map(|facts| take(measure, facts, &[], as_of))
                .sum()
        };
        assert_eq!(sum(&Measure::Revenue { window }), spent.parse().unwrap());
        assert_eq!(sum(&Measure::PurchaseDays { window }), Decimal::from(days));
        let recent = customers.values().filter(|facts| {
            let recency = take(&Measure::RecencyDays, facts, &[], as_of);
            recency.is_some_and(|days| days < Decimal::from(90))
        });
        assert_eq!(recent.count(), active, "{as_of}");
    }
}

#[test]
fn cdnow_frequency_and_both_recencies_of_every_customer() {
    let oracle = test_data::records("../reference/oracles/cdnow_full_rfmt_daily.csv");
    let (Some(customers), Some(oracle)) = (cdnow(), oracle) else {
        return;
    };
    assert_eq!((oracle.len(), customers.len()), (23_570, 23_570));
    let days = Measure::PurchaseDays {
        window: Window::All,
    };
    for row in oracle {
        let number = |column: &str| row[column].parse::<Decimal>().unwrap();
        let facts = &customers[&format!("{:0>5}", row["id"])];
        let taken = |measure: &Measure| take(measure, facts, &[], "1998-06-30");
        let recency = number("recency");
        let age = taken(&Measure::RecencyDays).map(|since| since + recency);
        let found = (taken(&days), taken(&Measure::BtydRecencyDays), age);
        let repeats = number("frequency");
        let expected = (repeats + Decimal::ONE, recency, number("T"));
        assert_eq!(
            found,
            (Some(expected.0), Some(expected.1), Some(expected.2))
        );
        let rhythm = (!repeats.is_zero()).then(|| (recency / repeats).normalize());
        assert_eq!(taken(&Measure::PurchaseIntervalDays), rhythm);
    }
}

#[test]
fn cdnow_ranks_by_midrank_and_no_order_of_rows_changes_one() {
    let Some(customers) = cdnow() else {
        return;
    };
    let window = Window::All;
    let ranks = |shuffled: bool| -> BTreeMap<String, Decimal> {
        let days = |facts: &Vec<Fact>| {
            let mut facts = facts.clone();
            if shuffled {
                facts.reverse();
            }
            take(&Measure::PurchaseDays { window }, &facts, &[], "1998-06-30").unwrap()
        };
        let mut values: Vec<Decimal> = customers.values().map(days).collect();
        if shuffled {
            values.reverse();
        }
        values.sort_unstable();
        let cuts = (1..5).map(|rank| cut(&values, rank, 5).unwrap()).collect();
        let rank = Measure::Rank {
            of: Box::new(Measure::PurchaseDays { window }),
            cuts,
            best: Best::Highest,
        };
        let ranked = |facts| take(&rank, facts, &[], "1998-06-30").unwrap();
        let customers = customers.iter();
        customers
            .map(|(id, facts)| (id.clone(), ranked(facts)))
            .collect()
    };
    let (told, again) = (ranks(false), ranks(true));
    assert_eq!(told, again);
    let mut sizes: BTreeMap<Decimal, usize> = BTreeMap::new();
    for rank in told.values() {
        *sizes.entry(*rank).or_default() += 1;
    }
    let expected = [(2, 12_054), (3, 4_040), (4, 2_205), (5, 5_271)];
    let expected = expected.map(|(rank, size)| (Decimal::from(rank), size));
    assert_eq!(sizes, BTreeMap::from(expected));
}

fn receivables() -> Option<BTreeMap<String, Vec<SettledInvoice>>> {
    let file = "ar_invoices/WA_Fn-UseC_-Accounts-Receivable.csv";
    let mut customers: BTreeMap<String, Vec<SettledInvoice>> = BTreeMap::new();
    for (number, row) in test_data::records(file)?.iter().enumerate() {
        let day = |column: &str| NaiveDate::parse_from_str(&row[column], "%m/%d/%Y").unwrap();
        let invoice = SettledInvoice {
            invoice: FactId::from_bits(number as u128),
            document: None,
            invoiced_on: day("InvoiceDate"),
            due_on: Some(day("DueDate")),
            amount: row["InvoiceAmount"].parse().unwrap(),
            open: Amount::ZERO,
            settled_on: Some(day("SettledDate")),
            disputed: row["Disputed"] == "Yes",
        };
        let customer = row["customerID"].clone();
        customers.entry(customer).or_default().push(invoice);
    }
    Some(customers)
}

#[test]
fn receivables_on_time_and_days_late() {
    let Some(customers) = receivables() else {
        return;
    };
    let window = Window::All;
    let by = |weight| Measure::OnTimeRate { window, weight };
    let shown = |measure: &Measure, invoices: &[SettledInvoice], as_of| {
        let value = take(measure, &[], invoices, as_of).unwrap();
        Measured::Number(value).shown().unwrap()
    };
    let one = &customers["0465-DTULQ"];
    assert_eq!(shown(&by(Weight::Count), one, "2014-12-31"), "46.1538");
    assert_eq!(shown(&by(Weight::Amount), one, "2014-12-31"), "50.711");

    let all: Vec<SettledInvoice> = customers.into_values().flatten().collect();
    let late = Measure::AverageDaysLate { window };
    assert_eq!(shown(&by(Weight::Count), &all, "2014-12-31"), "64.4363");
    assert_eq!(shown(&late, &all, "2014-12-31"), "3.4424");
    // Of 1,828 invoices due by then, 12 were still open and count as late.
    assert_eq!(shown(&by(Weight::Count), &all, "2013-06-30"), "62.1991");
    assert_eq!(shown(&by(Weight::Amount), &all, "2013-06-30"), "61.2572");
    // Of the 1,846 settled by then, as dunning reports count.
    let settled = |weight| Measure::SettledOnTimeRate { window, weight };
    assert_eq!(
        shown(&settled(Weight::Count), &all, "2013-06-30"),
        "63.2178"
    );
    assert_eq!(
        shown(&settled(Weight::Amount), &all, "2013-06-30"),
        "62.3433"
    );
}
