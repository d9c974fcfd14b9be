//! A real ledger of 2,466 invoices, against figures computed with other people's tools.

use super::*;
use crate::fact::{DocumentStatus, Fact, FactKind};
use crate::scaled::Amount;
use crate::settlement::SettledInvoice;
use crate::test_data;
use crate::test_facts::{document, fact};
use chrono::NaiveDate;
use std::collections::{BTreeMap, HashMap};

fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%m/%d/%Y").unwrap()
}

fn row_to_facts(place: usize, row: &HashMap<String, String>) -> [Fact; 2] {
    let amount: Amount = row["InvoiceAmount"].parse().unwrap();
    let own = document(&row["invoiceNumber"]);
    let disputed = row["Disputed"] == "Yes";
    let id = place as u128 * 2;
    let invoice = Fact {
        document: Some(own.clone()),
        due_on: Some(day(&row["DueDate"])),
        status: if disputed {
            DocumentStatus::Disputed
        } else {
            DocumentStatus::Open
        },
        ..fact(id, FactKind::Invoice, amount, day(&row["InvoiceDate"]))
    };
    let payment = Fact {
        follows: Some(own),
        ..fact(id + 1, FactKind::Payment, amount, day(&row["SettledDate"]))
    };
    [invoice, payment]
}

/// The ledger of every customer as of a day.
fn ledger(as_of: NaiveDate) -> Option<Vec<(String, Allocation)>> {
    let rows = test_data::records("ar_invoices/WA_Fn-UseC_-Accounts-Receivable.csv")?;
    let mut customers: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        let facts = customers.entry(row["customerID"].clone()).or_default();
        facts.extend(row_to_facts(place, row));
    }
    let allocated =
        |(customer, facts): (String, Vec<Fact>)| (customer, allocate(&facts, as_of).unwrap());
    Some(customers.into_iter().map(allocated).collect())
}

fn settled(ledger: &[(String, Allocation)]) -> Vec<&SettledInvoice> {
    let all = ledger
        .iter()
        .flat_map(|(_, allocation)| &allocation.invoices);
    all.filter(|invoice| invoice.settled_on.is_some()).collect()
}

fn on_time(invoice: &SettledInvoice) -> bool {
    invoice.settled_on <= invoice.due_on
}

/// The shares of settled invoices paid on time, by count and by amount, in millionths.
fn on_time_shares(settled: &[&SettledInvoice]) -> (i64, i64) {
    let share = |part: i64, whole: i64| (part * 1_000_000 + whole / 2) / whole;
    let timely: Vec<_> = settled.iter().filter(|invoice| on_time(invoice)).collect();
    let units = |invoice: &SettledInvoice| invoice.amount.units();
    let by_count = share(timely.len() as i64, settled.len() as i64);
    let paid = settled.iter().map(|invoice| units(invoice)).sum();
    (
        by_count,
        share(timely.iter().map(|invoice| units(invoice)).sum(), paid),
    )
}

#[test]
fn late_payers_are_as_late_as_they_were() {
    let Some(ledger) = ledger(day("12/31/2014")) else {
        return;
    };
    let settled = settled(&ledger);
    assert_eq!(settled.len(), 2_466);
    assert_eq!(
        settled.iter().filter(|invoice| !on_time(invoice)).count(),
        877
    );
    assert_eq!(
        settled.iter().filter(|invoice| invoice.disputed).count(),
        561
    );
    assert!(
        ledger
            .iter()
            .all(|(_, allocation)| allocation.unallocated.is_zero())
    );
    let one: Vec<_> = ledger
        .into_iter()
        .filter(|(id, _)| id == "0465-DTULQ")
        .collect();
    assert_eq!(on_time_shares(&self::settled(&one)), (461_538, 507_110));
}

#[test]
fn open_items_and_ageing_are_right_in_the_middle_of_the_story() {
    let as_of = day("6/30/2013");
    let Some(ledger) = ledger(as_of) else {
        return;
    };
    let open: Vec<_> = ledger
        .iter()
        .flat_map(|(_, allocation)| open_items(allocation))
        .collect();
    let total = |overdue: std::ops::RangeInclusive<i64>| {
        let items = || {
            open.iter()
                .filter(|item| overdue.contains(&item.days_overdue(as_of)))
        };
        let units = items().map(|item| item.open.units()).sum();
        (items().count(), Amount::from_units(units).to_string())
    };
    assert_eq!(total(0..=i64::MAX), (84, "5119.85".to_owned()));
    assert_eq!(total(0..=0), (72, "4284.29".to_owned()));
    assert_eq!(total(1..=30), (12, "835.56".to_owned()));
    let settled = settled(&ledger);
    assert_eq!(settled.len(), 1_846);
    assert_eq!(on_time_shares(&settled), (632_178, 623_433));
}
