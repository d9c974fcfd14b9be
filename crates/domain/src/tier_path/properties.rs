//! What is suggested is enough, one unit less is not, and nothing cheaper is.

use super::ahead::overdue;
use super::*;
use crate::evaluation::properties::{any_customer, any_model, date};
use crate::evaluation::{self, Efforts, Evaluation, Model, Subject};
use crate::fact::{Cost, DocumentRef, Fact, FactKind};
use crate::history::{History, Series, Sums};
use crate::ids::{FactId, ProductId};
use crate::profile::Profile;
use crate::scaled::Amount;
use crate::settlement::SettledInvoice;
use crate::test_facts::fact;
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

const TODAY: u64 = 500;

#[derive(Debug)]
struct World {
    model: Model,
    profile: Profile,
    facts: Vec<Fact>,
    history: History,
    invoices: Vec<SettledInvoice>,
    by: NaiveDate,
}

impl World {
    fn standing(&self) -> Standing<'_> {
        Standing {
            model: &self.model,
            profile: &self.profile,
            history: &self.history,
            edges: &self.facts,
            invoices: &self.invoices,
            today: date(TODAY),
            by: self.by,
        }
    }

    fn after(&self, moves: &Moves) -> Evaluation {
        let ahead = Ahead::after(self.standing(), moves).unwrap();
        ahead.evaluate().unwrap()
    }
}

prop_compose! {
    fn any_world()(
        model in any_model(), customer in any_customer(), days in 1_u64..40,
        open in prop::collection::vec((0_usize..20, 1_i64..200), 0..4),
    ) -> World {
        // What lies ahead is not known yet; some invoices are open.
        let facts: Vec<Fact> = customer.facts.iter().filter(|it| it.occurred_on <= date(TODAY)).cloned().collect();
        let mut invoices = customer.invoices.clone();
        invoices.retain(|it| it.invoiced_on <= date(TODAY));
        for (place, units) in open {
            if let Some(one) = invoices.get_mut(place) {
                one.open = Amount::from_units(units * 10_000);
                one.settled_on = None;
            }
        }
        World {
            model, profile: customer.profile.clone(), history: History::of(&facts).unwrap(),
            facts, invoices, by: date(TODAY + days),
        }
    }
}

fn efforts() -> impl Strategy<Value = Efforts> {
    let each = || (1_i64..100).prop_map(|units| Amount::from_units(units * 1_000));
    (each(), each(), each(), each(), each()).prop_map(
        |(amount, order, product, invoice, settled)| Efforts {
            amount,
            order,
            product,
            invoice,
            settled,
        },
    )
}

/// Few enough to try them all.
fn small() -> Bounds {
    Bounds {
        orders: 2,
        products: 1,
        invoices: 2,
        amount: Amount::from_units(40 * 50_000),
        step: Amount::from_units(50_000),
    }
}

/// Every combination of moves within the bounds.
fn all_moves(standing: &Standing<'_>, bounds: &Bounds) -> Vec<Moves> {
    let step = bounds.step.units();
    let owed = overdue(standing).units() / step;
    let mut all = Vec::new();
    for orders in 0..=bounds.orders {
        let (products, steps) = match orders {
            0 => (0, 0),
            _ => (bounds.products, bounds.amount.units() / step),
        };
        for products in 0..=products {
            for amount in 0..=steps {
                for invoices in 0..=bounds.invoices {
                    for settled in 0..=owed {
                        all.push(Moves {
                            orders,
                            products,
                            invoices,
                            amount: Amount::from_units(amount * step),
                            settled: Amount::from_units(settled * step),
                        });
                    }
                }
            }
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn brute_force_finds_nothing_cheaper(world in any_world(), efforts in efforts()) {
        let (standing, bounds) = (world.standing(), small());
        let idle = Ahead::idle(standing).evaluate().unwrap();
        let all = all_moves(&standing, &bounds);
        for target in 0..idle.tier {
            let found = ways(standing, target, &efforts, &bounds).unwrap();
            let enough = all.iter().filter(|moves| world.after(moves).tier <= target);
            let least = enough.map(|moves| efforts.of(moves)).min();
            prop_assert_eq!(found.best.as_ref().map(|way| way.effort), least);
        }
    }

    #[test]
    fn what_is_suggested_is_enough_and_one_unit_less_is_not(
        world in any_world(), efforts in efforts()
    ) {
        let bounds = Bounds { orders: 3, products: 2, invoices: 3, ..Bounds::usual(Amount::from_units(100)) };
        for target in 0..world.model.tiers().len() {
            let found = ways(world.standing(), target, &efforts, &bounds).unwrap();
            for way in found.best.iter().chain(&found.single) {
                prop_assert_eq!(&world.after(&way.moves), &way.reached);
                prop_assert!(way.reached.tier <= target);
                prop_assert_eq!(efforts.of(&way.moves), way.effort);
            }
            let all = found.best.iter().chain(&found.single);
            for less in all.flat_map(|way| way.moves.one_less(bounds.step)) {
                prop_assert!(world.after(&less).tier > target, "{:?}", less);
            }
            for way in &found.single {
                prop_assert_eq!(way.moves.kinds(), 1);
                let best = found.best.as_ref().map(|best| best.effort);
                prop_assert!(best.is_some_and(|best| best <= way.effort));
            }
        }
    }

    #[test]
    fn moves_do_what_the_same_facts_would(
        world in any_world(), orders in 0_u32..4, products in 0_u32..3, cents in 0_i64..1_000_000,
    ) {
        let worth = orders > 0;
        let moves = Moves {
            orders,
            products: if worth { products } else { 0 },
            amount: Amount::from_units(if worth { cents } else { 0 }),
            ..Moves::default()
        };
        let ahead = Ahead::after(world.standing(), &moves).unwrap();
        let facts = with_orders(&world, &moves, &ahead);
        let subject = Subject {
            profile: &world.profile,
            sums: Sums::Facts(&facts),
            series: &Series::of(&facts),
            invoices: &world.invoices,
        };
        let by_facts = evaluation::evaluate(&world.model, &subject, world.by).unwrap();
        prop_assert_eq!(ahead.evaluate().unwrap(), by_facts);
    }
}

/// The facts that the moves stand for, each recorded as a system of orders would.
fn with_orders(world: &World, moves: &Moves, ahead: &Ahead<'_>) -> Vec<Fact> {
    let mut facts = world.facts.clone();
    let days = (world.by - date(TODAY)).num_days() as u64;
    let line = |number: u64, id: u128, amount: Amount, cost: Amount| Fact {
        document: Some(DocumentRef {
            system: "path".to_owned(),
            kind: "order".to_owned(),
            id: number.to_string(),
            line: None,
        }),
        cost: Cost::Given(cost),
        ..fact(
            1_000_000 + id,
            FactKind::OrderLine,
            amount,
            world.by - Days::new(number.min(days - 1)),
        )
    };
    for number in 0..u64::from(moves.orders) {
        let amount = if number == 0 {
            moves.amount
        } else {
            Amount::ZERO
        };
        let cost = if amount.is_zero() {
            Amount::ZERO
        } else {
            ahead.cost_of(amount)
        };
        facts.push(line(number, u128::from(number), amount, cost));
    }
    for number in 0..u128::from(moves.products) {
        facts.push(Fact {
            product: Some(ProductId::from_bits(900 + number)),
            id: FactId::from_bits(2_000_000 + number),
            ..line(0, 0, Amount::ZERO, Amount::ZERO)
        });
    }
    facts
}
