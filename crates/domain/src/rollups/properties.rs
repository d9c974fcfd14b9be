//! Rollups equal a recomputation from facts, whatever the facts are.

use super::*;
use crate::fact::{Cost, DocumentStatus, Fact, FactKind};
use crate::ids::CustomerId;
use crate::scaled::Amount;
use crate::test_facts::{date, fact};
use chrono::{Days, Months, NaiveDate};
use proptest::prelude::*;
use std::ops::RangeInclusive;

fn any_fact() -> impl Strategy<Value = Fact> {
    let kind = prop::sample::select(FactKind::ALL);
    let status = prop::sample::select(DocumentStatus::ALL);
    let amounts = (-1_000_i64..5_000, prop::option::of(-500_i64..3_000));
    let place = (
        0_u64..400,
        0_u128..4,
        prop::option::of("a|b|a/x"),
        0_u32..90,
    );
    (kind, status, amounts, place).prop_map(
        |(kind, status, (amount, cost), (day, customer, category, minutes))| Fact {
            customer: CustomerId::from_bits(customer),
            status,
            category: category.map(|path| path.parse().unwrap()),
            cost: cost.map_or(Cost::Missing, |units| {
                Cost::Given(Amount::from_units(units))
            }),
            minutes: Some(minutes),
            ..fact(
                1,
                kind,
                Amount::from_units(amount),
                date("2024-01-15") + Days::new(day),
            )
        },
    )
}

fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec(any_fact(), 0..60)
}

/// A stretch of whole months.
fn any_months() -> impl Strategy<Value = RangeInclusive<NaiveDate>> {
    (0_u32..16, 0_u32..16).prop_map(|(from, length)| {
        let first = date("2023-12-01") + Months::new(from);
        first..=first + Months::new(length)
    })
}

/// The measures of facts that occurred in whole months, added up one by one.
fn directly<'a>(
    facts: impl Iterator<Item = &'a Fact>,
    months: &RangeInclusive<NaiveDate>,
) -> Rollup {
    let days = *months.start()..*months.end() + Months::new(1);
    let mut sum = Rollup::default();
    let add = |one: &mut Amount, other: Option<Amount>| {
        *one = one.checked_add(other.unwrap_or_default()).unwrap();
    };
    for fact in facts.filter(|fact| days.contains(&fact.occurred_on)) {
        if fact.status == DocumentStatus::Cancelled {
            continue;
        }
        let amount = fact.base_amount();
        match fact.kind {
            FactKind::OrderLine => {
                sum.lines += 1;
                add(&mut sum.revenue, amount);
                add(&mut sum.cost, fact.cost.amount());
                if fact.cost == Cost::Missing {
                    sum.lines_without_cost += 1;
                    add(&mut sum.revenue_without_cost, amount);
                }
            }
            FactKind::Return => {
                sum.returns += 1;
                add(&mut sum.returned, amount);
                add(&mut sum.returned_cost, fact.cost.amount());
            }
            FactKind::Expense => add(&mut sum.expenses, amount),
            FactKind::Invoice => add(&mut sum.invoiced, amount),
            FactKind::Payment => add(&mut sum.paid, amount),
            FactKind::CreditNote => add(&mut sum.credited, amount),
            FactKind::Complaint => sum.complaints += 1,
            FactKind::Contact => {
                sum.contacts += 1;
                sum.minutes += i64::from(fact.minutes.unwrap());
            }
            FactKind::Delivery | FactKind::StaffRating => {}
        }
    }
    sum
}

fn total<'a>(rollups: impl IntoIterator<Item = &'a Rollup>) -> Rollup {
    let add = |sum: Rollup, part: &Rollup| merge(&sum, part).unwrap();
    rollups.into_iter().fold(Rollup::default(), add)
}

proptest! {
    #[test]
    fn any_months_equal_a_recomputation(facts in any_facts(), months in any_months()) {
        let kept = rollup(&facts).unwrap();
        prop_assert_eq!(summary(&kept, &months).unwrap(), directly(facts.iter(), &months));
    }

    #[test]
    fn by_customer_and_by_category_add_up_to_the_total(
        facts in any_facts(),
        months in any_months(),
    ) {
        let kept = rollup(&facts).unwrap();
        let whole = summary(&kept, &months).unwrap();
        let by_customer = summarise_by(&kept, &months, |key| key.customer).unwrap();
        let by_category = summarise_by(&kept, &months, |key| key.category.clone()).unwrap();
        prop_assert_eq!(total(by_customer.values()), whole);
        prop_assert_eq!(total(by_category.values()), whole);
        for (customer, sum) in by_customer {
            let own = facts.iter().filter(|fact| fact.customer == customer);
            prop_assert_eq!(sum, directly(own, &months));
        }
    }

    #[test]
    fn facts_in_two_parts_merge_to_the_whole(facts in any_facts(), cut in 0_usize..60) {
        let (one, other) = facts.split_at(cut.min(facts.len()));
        let mut merged = rollup(one).unwrap();
        for (key, part) in rollup(other).unwrap() {
            let sum = merged.entry(key).or_default();
            *sum = merge(sum, &part).unwrap();
        }
        prop_assert_eq!(merged, rollup(&facts).unwrap());
    }

    #[test]
    fn units_read_back(units: [i64; MEASURES]) {
        prop_assert_eq!(Rollup::from_units(units).units(), units);
    }
}

#[test]
fn cancelled_facts_leave_no_trace() {
    let on = date("2024-01-15");
    let cancelled = FactKind::ALL.iter().map(|kind| Fact {
        status: DocumentStatus::Cancelled,
        ..fact(1, *kind, Amount::from_units(1), on)
    });
    assert!(rollup(&cancelled.collect::<Vec<_>>()).unwrap().is_empty());
}

#[test]
fn a_sum_too_large_is_an_error_but_its_way_may_be() {
    let most = |id, kind, units| fact(id, kind, Amount::from_units(units), date("2024-01-15"));
    let mut facts = vec![
        most(1, FactKind::Payment, i64::MAX),
        most(2, FactKind::Payment, i64::MAX),
    ];
    assert_eq!(rollup(&facts), Err(RollupError::Overflow));
    facts.push(most(3, FactKind::Payment, -i64::MAX));
    assert_eq!(
        rollup(&facts)
            .unwrap()
            .values()
            .next()
            .unwrap()
            .paid
            .units(),
        i64::MAX
    );
}
