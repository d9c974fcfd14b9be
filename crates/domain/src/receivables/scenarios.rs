//! Checks `scenarios.toml`.

use super::*;
use crate::fact::{DocumentRef, DocumentStatus, Fact, FactKind};
use crate::scaled::Amount;
use crate::test_facts::{date, document, fact};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Scenarios {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    as_of: String,
    facts: Vec<Row>,
    #[serde(default)]
    open: BTreeMap<String, String>,
    #[serde(default)]
    settled: BTreeMap<String, String>,
    #[serde(default)]
    disputed: Vec<String>,
    unallocated: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    invoice: Option<String>,
    payment: Option<String>,
    credit_note: Option<String>,
    amount: String,
    on: String,
    due: Option<String>,
    r#for: Option<String>,
    status: Option<String>,
}

fn row_to_fact((place, row): (usize, &Row)) -> Fact {
    let (kind, id) = match (&row.invoice, &row.payment, &row.credit_note) {
        (Some(id), None, None) => (FactKind::Invoice, id),
        (None, Some(id), None) => (FactKind::Payment, id),
        (None, None, Some(id)) => (FactKind::CreditNote, id),
        _ => panic!("a fact is one of invoice, payment, credit_note"),
    };
    let status = row.status.as_deref().unwrap_or("open");
    Fact {
        document: Some(document(id)),
        follows: row.r#for.as_deref().map(document),
        status: DocumentStatus::from_word(status).unwrap(),
        due_on: row.due.as_deref().map(date),
        ..fact(
            place as u128,
            kind,
            row.amount.parse().unwrap(),
            date(&row.on),
        )
    }
}

fn check(scenario: &Scenario) {
    let facts: Vec<Fact> = scenario.facts.iter().enumerate().map(row_to_fact).collect();
    let allocation = allocate(&facts, date(&scenario.as_of)).unwrap();
    let id = |document: &Option<DocumentRef>| document.as_ref().unwrap().id.clone();
    let items = open_items(&allocation);
    let open: BTreeMap<_, _> = items
        .iter()
        .map(|item| (id(&item.document), item.open.to_string()))
        .collect();
    let settled: BTreeMap<_, _> = allocation
        .invoices
        .iter()
        .filter_map(|invoice| Some((id(&invoice.document), invoice.settled_on?.to_string())))
        .collect();
    let disputed: Vec<_> = items
        .iter()
        .filter(|item| item.disputed)
        .map(|item| id(&item.document))
        .collect();
    assert_eq!(open, scenario.open, "{}", scenario.name);
    assert_eq!(settled, scenario.settled, "{}", scenario.name);
    assert_eq!(disputed, scenario.disputed, "{}", scenario.name);
    let unallocated = scenario.unallocated.as_deref().unwrap_or("0");
    assert_eq!(
        allocation.unallocated,
        unallocated.parse().unwrap(),
        "{}",
        scenario.name
    );
}

#[test]
fn every_scenario_holds() {
    let all: Scenarios = toml::from_str(include_str!("scenarios.toml")).unwrap();
    all.scenario.iter().for_each(check);
}

#[test]
fn sums_that_do_not_fit_are_an_error() {
    let most = Amount::from_units(i64::MAX);
    let on = date("2024-01-01");
    let payments = [1, 2].map(|id| fact(id, FactKind::Payment, most, on));
    assert_eq!(allocate(&payments, on), Err(AllocationError::Overflow));
}

#[test]
fn a_hundred_thousand_facts_take_no_time() {
    let on = date("2024-01-01");
    let facts: Vec<Fact> = (0..100_000_u32)
        .map(|n| {
            let kind = if n % 2 == 0 {
                FactKind::Invoice
            } else {
                FactKind::Payment
            };
            let day = on
                .checked_add_days(chrono::Days::new(u64::from(n % 997)))
                .unwrap();
            fact(
                n.into(),
                kind,
                Amount::from_units(i64::from(n % 89 + 1)),
                day,
            )
        })
        .collect();
    let allocation = allocate(&facts, date("2030-01-01")).unwrap();
    assert_eq!(allocation.invoices.len(), 50_000);
}
