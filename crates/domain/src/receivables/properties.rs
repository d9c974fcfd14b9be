//! What holds for payment allocation whatever the facts are.

use super::*;
use crate::fact::{DocumentStatus, Fact, FactKind};
use crate::scaled::Amount;
use crate::test_facts::{date, document, fact};
use chrono::Days;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn any_fact(id: u128) -> impl Strategy<Value = Fact> {
    let kinds = vec![
        FactKind::Invoice,
        FactKind::Invoice,
        FactKind::Payment,
        FactKind::CreditNote,
    ];
    let status = vec![
        DocumentStatus::Open,
        DocumentStatus::Disputed,
        DocumentStatus::Cancelled,
    ];
    let what = (
        prop::sample::select(kinds),
        -300_i64..1_000,
        prop::sample::select(status),
    );
    let when = (0_u64..60, prop::option::of(0_u64..40));
    let papers = (prop::option::of(0_u8..8), prop::option::of(0_u8..8));
    (what, when, papers).prop_map(move |((kind, units, status), (day, due), (own, other))| {
        let on = date("2024-01-01") + Days::new(day);
        Fact {
            status,
            document: own.map(|name| document(&format!("D{name}"))),
            follows: other.map(|name| document(&format!("D{name}"))),
            due_on: due.map(|days| on + Days::new(days)),
            ..fact(id, kind, Amount::from_units(units), on)
        }
    })
}

fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec(any_fact(0), 0..24).prop_map(|mut facts| {
        for (place, fact) in facts.iter_mut().enumerate() {
            fact.id = crate::ids::FactId::from_bits(place as u128);
        }
        facts
    })
}

fn total(amounts: impl Iterator<Item = Amount>) -> i64 {
    amounts.map(Amount::units).sum()
}

proptest! {
    #[test]
    fn the_order_of_facts_does_not_matter(facts in any_facts().prop_flat_map(|facts| {
        (Just(facts.clone()), Just(facts).prop_shuffle())
    })) {
        let as_of = date("2024-12-31");
        prop_assert_eq!(allocate(&facts.0, as_of), allocate(&facts.1, as_of));
    }

    #[test]
    fn open_and_settled_add_up_at_every_date(facts in any_facts(), day in 0_u64..70) {
        let as_of = date("2024-01-01") + Days::new(day);
        let result = allocate(&facts, as_of).unwrap();
        let mut parts = BTreeMap::new();
        for part in &result.allocations {
            prop_assert!(part.amount.units() > 0 && part.on <= as_of);
            *parts.entry(part.invoice).or_insert(0) += part.amount.units();
        }
        for invoice in &result.invoices {
            let settled = parts.remove(&invoice.invoice).unwrap_or(0);
            prop_assert_eq!(settled + invoice.open.units(), invoice.amount.units());
            prop_assert!(!invoice.open.is_negative());
            prop_assert_eq!(invoice.settled_on.is_some(), invoice.open.is_zero());
            prop_assert!(invoice.settled_on.is_none_or(|on| on >= invoice.invoiced_on));
        }
        prop_assert!(parts.is_empty());
    }

    #[test]
    fn what_is_owed_less_what_came_in_is_what_is_open(facts in any_facts(), day in 0_u64..70) {
        let as_of = date("2024-01-01") + Days::new(day);
        let result = allocate(&facts, as_of).unwrap();
        let known = || facts.iter().filter(|fact| fact.counts() && fact.occurred_on <= as_of);
        let of = |invoices: bool| total(
            known()
                .filter(|fact| (fact.kind == FactKind::Invoice) == invoices)
                .filter_map(Fact::base_amount),
        );
        let open = total(result.invoices.iter().map(|invoice| invoice.open));
        prop_assert_eq!(of(true) - of(false), open - result.unallocated.units());
    }

    #[test]
    fn credit_waits_only_while_nothing_is_open(facts in any_facts()) {
        let result = allocate(&facts, date("2024-12-31")).unwrap();
        prop_assert!(open_items(&result).is_empty() || result.unallocated.units() <= 0);
    }
}
