//! What is read by months equals what is read from every fact, on any date.

use super::*;
use crate::fact::{Cost, DocumentRef, DocumentStatus, Fact, FactKind};
use crate::ids::{FactId, ProductId};
use crate::period::{Span, Window};
use crate::scaled::Amount;
use crate::test_facts::{date, fact};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn any_fact(id: u128) -> impl Strategy<Value = Fact> {
    let what = (
        prop::sample::select(FactKind::ALL),
        prop::sample::select(DocumentStatus::ALL),
        -500_i64..5_000,
        prop::option::weighted(0.9, 0_i64..3_000),
    );
    let place = (
        0_u64..900,
        prop::option::of(0_u8..9),
        prop::option::of(0_u8..3),
    );
    (what, place).prop_map(
        move |((kind, status, units, cost), (day, order, author))| Fact {
            status,
            cost: cost.map_or(Cost::Missing, |cost| Cost::Given(Amount::from_units(cost))),
            document: order.map(|order| DocumentRef {
                line: Some(id.to_string()),
                ..crate::test_facts::document(&order.to_string())
            }),
            rating: (units > 0).then(|| Amount::from_units(units)),
            author: author.map(|author| author.to_string()),
            product: order.map(|order| ProductId::from_bits(u128::from(order % 4))),
            severity: author.map(|author| author + 1),
            minutes: author.map(u32::from),
            ..fact(
                id,
                kind,
                Amount::from_units(units),
                date("2023-01-20") + Days::new(day),
            )
        },
    )
}

fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    prop::collection::vec(any_fact(0), 0..60).prop_map(|mut facts| {
        for (place, fact) in facts.iter_mut().enumerate() {
            fact.id = FactId::from_bits(place as u128);
        }
        facts
    })
}

/// Any day, and often one on which months are cut in a special way.
fn any_day() -> impl Strategy<Value = NaiveDate> {
    let special = [
        "2023-12-31",
        "2024-01-01",
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
        "2024-03-30",
        "2024-03-31",
        "2024-12-31",
        "2025-02-28",
    ];
    prop_oneof![
        (0_u64..1_000).prop_map(|days| date("2023-01-01") + Days::new(days)),
        prop::sample::select(special.map(date).to_vec()),
    ]
}

fn any_window() -> impl Strategy<Value = Window> {
    prop_oneof![
        Just(Window::All),
        (1_u32..800).prop_map(Window::Days),
        (1_u32..30).prop_map(Window::Months),
    ]
}

proptest! {
    #[test]
    fn sums_by_months_equal_sums_by_facts(
        facts in any_facts(), window in any_window(), as_of in any_day()
    ) {
        let span = Span::new(window, as_of);
        let history = History::of(&facts).unwrap();
        let by_facts = Sums::Facts(&facts).over(span);
        let edges: Vec<Fact> = facts
            .iter()
            .filter(|fact| span.edges().iter().any(|edge| edge.contains(&fact.occurred_on)))
            .cloned()
            .collect();
        for edges in [&edges, &facts] {
            let by_months = Sums::Months { months: &history.months, edges };
            prop_assert_eq!(by_months.over(span), by_facts);
        }
    }

    #[test]
    fn days_orders_and_ratings_are_those_of_the_facts(
        facts in any_facts(), window in any_window(), as_of in any_day()
    ) {
        let span = Span::new(window, as_of);
        let series = Series::of(&facts);
        let counted = |kind| {
            let wanted = move |fact: &&Fact| fact.kind == kind && fact.counts();
            facts.iter().filter(wanted).filter(|fact| span.contains(fact.occurred_on))
        };
        for kind in FactKind::ALL {
            let days: BTreeSet<NaiveDate> = counted(*kind).map(|fact| fact.occurred_on).collect();
            prop_assert_eq!(series.days_in(*kind, span), days.into_iter().collect::<Vec<_>>());
        }
        let lines = || counted(FactKind::OrderLine);
        let orders: BTreeSet<&str> = lines().filter_map(|it| Some(it.document.as_ref()?.id.as_str())).collect();
        let alone = lines().filter(|line| line.document.is_none()).count();
        prop_assert_eq!(series.orders_in(span), (orders.len() + alone) as u64);
        let products: BTreeSet<_> = lines().filter_map(|line| line.product).collect();
        prop_assert_eq!(series.products_in(span), products.len() as u64);
        let severities = || counted(FactKind::Complaint).filter_map(|it| it.severity);
        let severities = (severities().map(u64::from).sum(), severities().count() as u64);
        prop_assert_eq!(series.severities_in(span), severities);
        let rated = || counted(FactKind::StaffRating).filter(|fact| fact.rating.is_some());
        let latest = |one: &Fact| {
            rated().filter(|other| other.author == one.author).all(|other| {
                (other.occurred_on, other.id) <= (one.occurred_on, one.id)
            })
        };
        let latest: BTreeSet<FactId> = rated().filter(|one| latest(one)).map(|one| one.id).collect();
        let found: BTreeSet<FactId> = series.latest_ratings(span).map(|one| one.fact).collect();
        prop_assert_eq!(found, latest);
    }

    #[test]
    fn the_order_of_facts_does_not_matter((one, other) in any_facts().prop_flat_map(|facts| {
        (Just(facts.clone()), Just(facts).prop_shuffle())
    })) {
        prop_assert_eq!(History::of(&one), History::of(&other));
    }
}
