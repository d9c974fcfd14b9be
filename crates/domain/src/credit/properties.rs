//! What holds for any sequence of movements: nothing negative, nothing twice, nothing lost.

use super::authorization::{Authorization, Stage, State, Told};
use super::chain;
use crate::fact::{Fact, FactKind};
use crate::scaled::Amount;
use crate::test_facts::{date, document, fact};
use proptest::prelude::*;

/// A movement of one authorisation.
#[derive(Debug, Clone)]
enum Move {
    Commit(i64, Stage, Stage, bool),
    Adjust(i64),
    Release,
    Expire,
    Told(i64, i64, i64),
}

fn stage() -> impl Strategy<Value = Stage> {
    prop_oneof![
        Just(Stage::Reserved),
        Just(Stage::Ordered),
        Just(Stage::Delivered),
        Just(Stage::Invoiced)
    ]
}

fn movement() -> impl Strategy<Value = Move> {
    let commit = (0..200_i64, stage(), stage(), prop::bool::weighted(0.1));
    prop_oneof![
        4 => commit.prop_map(|(amount, from, to, last)| Move::Commit(amount, from, to, last)),
        2 => (0..200_i64).prop_map(Move::Adjust),
        1 => Just(Move::Release),
        1 => Just(Move::Expire),
        3 => (0..200_i64, 0..200_i64, 0..200_i64).prop_map(|(a, b, c)| Move::Told(a, b, c)),
    ]
}

fn units(units: i64) -> Amount {
    Amount::from_units(units)
}

fn apply(before: Authorization, movement: &Move) -> Option<Authorization> {
    match movement {
        Move::Commit(amount, from, to, last) => {
            before.commit(units(*amount), *from, *to, *last).ok()
        }
        Move::Adjust(to) => before.adjust(units(*to)).ok(),
        Move::Release => before.release().ok(),
        Move::Expire => before.expire().ok(),
        Move::Told(ordered, delivered, invoiced) => Some(Authorization {
            told: Told {
                ordered: units(*ordered),
                delivered: units(*delivered),
                invoiced: units(*invoiced),
            },
            ..before
        }),
    }
}

fn total(it: &Authorization) -> i64 {
    let held = it.held();
    held.pending.units().saturating_add(held.posted.units())
}

proptest! {
    /// I1, and the clamp: what is held with what was billed is never more than the larger of
    /// what was authorised and what was billed.
    #[test]
    fn nothing_is_negative_and_nothing_is_held_twice(
        start in 0..200_i64, moves in prop::collection::vec(movement(), 0..20),
    ) {
        let mut it = Authorization::of(units(start), Told::default());
        for movement in &moves {
            let Some(after) = apply(it, movement) else { continue };
            it = after;
            let (held, buckets) = (it.held(), it.buckets());
            prop_assert!(!held.pending.is_negative() && !held.posted.is_negative());
            let parts = [buckets.reserved, buckets.ordered, buckets.delivered_unbilled, buckets.billed];
            prop_assert!(parts.iter().all(|part| !part.is_negative()), "{:?}", buckets);
            let sum: i64 = parts.iter().map(|part| part.units()).sum();
            prop_assert_eq!(sum, total(&it), "{:?} {:?}", it, buckets);
            let most = it.authorized.max(it.told.invoiced).max(it.committed());
            let counted = total(&it).saturating_add(it.told.invoiced.units());
            prop_assert!(counted <= most.units());
            prop_assert!(it.committed() <= it.authorized, "{:?}", it);
        }
    }

    /// I5: the end of a reservation gives back exactly what was reserved, and nothing else moves.
    #[test]
    fn release_and_expiry_restore_exactly_what_was_reserved(
        start in 0..200_i64, moves in prop::collection::vec(movement(), 0..12), expires: bool,
    ) {
        let mut it = Authorization::of(units(start), Told::default());
        for movement in &moves {
            it = apply(it, movement).unwrap_or(it);
        }
        let ended = if expires { it.expire() } else { it.release() };
        prop_assert_eq!(ended.is_ok(), it.state == State::Open);
        let Ok(ended) = ended else { return Ok(()) };
        prop_assert_eq!(ended.held().posted, it.held().posted);
        prop_assert!(ended.held().pending.is_zero());
        prop_assert!(ended.release().is_err() && ended.expire().is_err(), "terminal once");
    }

    /// A commit moves: what is held in all stays as it was, unless it is the last.
    #[test]
    fn a_commit_never_adds(
        start in 0..200_i64, moves in prop::collection::vec(movement(), 0..12),
        amount in 0..200_i64, from in stage(), to in stage(),
    ) {
        let mut it = Authorization::of(units(start), Told::default());
        for movement in &moves {
            it = apply(it, movement).unwrap_or(it);
        }
        if let Ok(after) = it.commit(units(amount), from, to, false) {
            prop_assert_eq!(total(&after), total(&it), "{:?}", it);
        }
    }
}

#[test]
fn a_bill_counts_once_whatever_it_names() {
    let (order, delivery, bill) = (document("SO-1"), document("D-1"), document("I-1"));
    let on = date("2025-01-10");
    let amount = |text: &str| text.parse::<Amount>().unwrap();
    let with = |id, kind, sum: &str, own: &_, follows: Option<&_>| Fact {
        document: Some(Clone::clone(own)),
        follows: follows.cloned(),
        ..fact(id, kind, amount(sum), on)
    };
    let facts = [
        with(1, FactKind::OrderLine, "100", &order, None),
        with(2, FactKind::Delivery, "60", &delivery, Some(&order)),
        with(3, FactKind::Invoice, "60", &bill, Some(&delivery)),
        with(4, FactKind::Invoice, "7", &document("I-2"), None),
    ];
    let told = chain::told(std::slice::from_ref(&order), &facts, on);
    let expected = ["100", "60", "60"].map(amount);
    assert_eq!([told.ordered, told.delivered, told.invoiced], expected);
    let of_bill = chain::told(std::slice::from_ref(&bill), &facts, on);
    assert_eq!(of_bill.invoiced, amount("60"));
    let before = chain::told(std::slice::from_ref(&order), &facts, date("2025-01-09"));
    assert_eq!(before, Told::default());
}
