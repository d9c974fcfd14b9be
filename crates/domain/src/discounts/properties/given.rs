//! Random policies and quotes.

// A test that overflows should fail, and panicking operators do that.
#![allow(clippy::arithmetic_side_effects)]

use crate::currency::Currency;
use crate::decision::PolicyRef;
use crate::discounts::approval::{ApprovalRule, Approved};
use crate::discounts::index::RuleSet;
use crate::discounts::limit::Limit;
use crate::discounts::policy::*;
use crate::discounts::rules::{Aggregate, Benefit, Break, Rule, Schedule, Selectors, Tiering};
use crate::discounts::{Contract, Facts, Line, Question, UnitCost};
use crate::ids::{CustomerId, GroupId, PriceApprovalId};
use crate::incoming::MarginClass;
use crate::money::Rounding;
use crate::scaled::{Percent, Quantity, UnitPrice};
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

fn percent() -> impl Strategy<Value = Percent> {
    (0_i64..=1_000_000).prop_map(Percent::from_units)
}

fn limit() -> impl Strategy<Value = Option<Limit>> {
    let amount = proptest::option::of((0_i64..500_000_000).prop_map(UnitPrice::from_units));
    proptest::option::of((proptest::option::of(percent()), amount)).prop_map(|limit| {
        limit.map(|(percent, amount)| Limit {
            percent,
            amount,
            currency: None,
        })
    })
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = BTreeSet<String>> {
    proptest::option::of(proptest::sample::select(words))
        .prop_map(|word| word.map(str::to_owned).into_iter().collect())
}

fn selectors() -> impl Strategy<Value = Selectors> {
    let named = (
        one_of(&["high", "low"]),
        one_of(&["A", "B", "C"]),
        one_of(&["drives", "drives/servo", "pumps"]),
        one_of(&["K-1", "K-2"]),
    );
    let numbers = (
        proptest::option::of(0_i64..20_000_000),
        proptest::option::of(0_i64..200_000_000),
        proptest::option::of(1_u128..4),
        proptest::option::of(1_u128..4),
    );
    (named, numbers).prop_map(|((tiers, skus, categories, contracts), numbers)| {
        let (quantity, amount, customer, group) = numbers;
        Selectors {
            tiers,
            skus,
            contracts,
            categories: categories
                .iter()
                .map(|path| path.parse().unwrap())
                .collect(),
            customers: customer.map(CustomerId::from_bits).into_iter().collect(),
            customer_groups: group.map(GroupId::from_bits).into_iter().collect(),
            min_quantity: quantity.map(Quantity::from_units),
            min_amount: amount.map(UnitPrice::from_units),
            ..Selectors::default()
        }
    })
}

/// Discounts only: percentages, amounts and net prices, flat or by quantity.
pub(super) fn rule() -> impl Strategy<Value = Rule> {
    let benefit = proptest::sample::select(&[Benefit::Percent, Benefit::Amount, Benefit::NetPrice]);
    let aggregate =
        proptest::sample::select(&[Aggregate::Line, Aggregate::Category, Aggregate::Document]);
    let breaks = proptest::option::of((0_i64..100, 1_i64..30, any::<bool>()));
    // Half of the rules are for everybody, so that most quotes meet some.
    let selectors = prop_oneof![Just(Selectors::default()), selectors()];
    let parts = (benefit, aggregate, breaks, selectors);
    (parts, 0_i64..100, 0_u32..3, limit()).prop_map(|(parts, value, sequence, cap)| {
        let (benefit, aggregate, breaks, selectors) = parts;
        let value = Decimal::from(value);
        Rule {
            id: String::new(),
            version: 1,
            sequence,
            selectors,
            benefit,
            schedule: match breaks {
                Some((other, from, graduated)) => Schedule::Breaks {
                    tiering: if graduated {
                        Tiering::Graduated
                    } else {
                        Tiering::Volume
                    },
                    steps: vec![
                        Break {
                            from: Quantity::from_units(1_000_000),
                            value,
                        },
                        Break {
                            from: Quantity::from_units((from + 1) * 1_000_000),
                            value: Decimal::from(other),
                        },
                    ],
                },
                None => Schedule::Flat(value),
            },
            currency: None,
            aggregate,
            cap,
            hold_out: None,
        }
    })
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    proptest::collection::vec(rule(), 0..6).prop_map(|mut rules| {
        for (place, rule) in rules.iter_mut().enumerate() {
            rule.id = format!("r{place}");
        }
        rules
    })
}

fn groups() -> impl Strategy<Value = Vec<StackGroup>> {
    let mode = proptest::sample::select(&[
        Mode::Unique,
        Mode::Priority,
        Mode::MostSpecific,
        Mode::BestForCustomer,
        Mode::BestForMargin,
        Mode::Compound,
        Mode::Additive,
        Mode::AlwaysLast,
    ]);
    let basis = prop_oneof![Just(Basis::List), Just(Basis::Running)];
    let group = (mode, basis, rules(), limit()).prop_map(|(mode, basis, rules, cap)| StackGroup {
        code: "g".to_owned(),
        mode,
        basis,
        cap,
        rules: RuleSet::new(rules),
    });
    proptest::collection::vec(group, 0..4)
}

/// For documents: percentages and amounts.
fn document_groups() -> impl Strategy<Value = Vec<StackGroup>> {
    groups().prop_map(|mut groups| {
        groups.truncate(1);
        for group in &mut groups {
            let mut rules = group.rules.all().to_vec();
            for rule in &mut rules {
                if rule.benefit == Benefit::NetPrice {
                    rule.benefit = Benefit::Amount;
                }
            }
            group.rules = RuleSet::new(rules);
        }
        groups
    })
}

fn rounding() -> impl Strategy<Value = PriceRounding> {
    let mode = prop_oneof![
        Just(Rounding::HalfUp),
        Just(Rounding::HalfEven),
        Just(Rounding::Up),
        Just(Rounding::Down)
    ];
    let level = proptest::sample::select(&[
        RoundingLevel::Step,
        RoundingLevel::Unit,
        RoundingLevel::Line,
        RoundingLevel::Document,
    ]);
    (mode, level, proptest::option::of(0_u32..=6)).prop_map(|(mode, level, scale)| PriceRounding {
        mode,
        level,
        scale,
        ending: None,
    })
}

fn floor() -> impl Strategy<Value = FloorRule> {
    let basis = proptest::sample::select(&[
        FloorBasis::GrossMargin,
        FloorBasis::Markup,
        FloorBasis::AmountOverCost,
        FloorBasis::Absolute,
    ]);
    (basis, 0_i64..40).prop_map(|(basis, value)| FloorRule {
        basis,
        value: value.into(),
        currency: None,
        exceptions: Vec::new(),
        missing_cost: MissingCost::Approve,
    })
}

/// Some prices asked for are free, most are not.
fn approvals() -> impl Strategy<Value = ApprovalRule> {
    proptest::option::of((0_i64..300_000).prop_map(Percent::from_units)).prop_map(|free| {
        ApprovalRule {
            free,
            ..ApprovalRule::default()
        }
    })
}

pub(super) fn policy() -> impl Strategy<Value = Policy> {
    let bounds = (limit(), limit(), proptest::option::of(floor()));
    let contract = (any::<bool>(), any::<bool>(), approvals());
    (groups(), document_groups(), rounding(), bounds, contract).prop_map(
        |(groups, document_groups, rounding, (cap, document_cap, floor), contract)| Policy {
            reference: PolicyRef {
                id: "p".to_owned(),
                version: 1,
            },
            engine: Engine::Two,
            default_tier: "low".to_owned(),
            groups,
            document_groups,
            rounding,
            cap,
            document_cap,
            document_floor: floor.as_ref().map(|floor| DocumentFloorRule {
                basis: floor.basis,
                value: floor.value,
                currency: None,
                missing_cost: MissingCost::Approve,
            }),
            floor,
            contract: ContractRule {
                wins: if contract.0 {
                    ContractWins::Always
                } else {
                    ContractWins::WhereCheaper
                },
                beats_floor: contract.1,
            },
            approvals: contract.2,
        },
    )
}

pub(super) fn line(
    prices: impl Strategy<Value = i64>,
    quantity: impl Strategy<Value = i64>,
) -> impl Strategy<Value = Line> {
    let share = proptest::option::weighted(0.9, 30_i64..110);
    let goods = (
        proptest::sample::select(&["A", "B", "D"]),
        proptest::sample::select(&["drives/servo", "drives/stepper", "pumps", "x"]),
        proptest::option::weighted(0.3, 60_i64..110),
        proptest::option::weighted(0.5, 10_i64..110),
        proptest::option::weighted(0.5, 0_i64..60),
    );
    (prices, quantity, share, goods).prop_map(|(list, quantity, share, goods)| {
        let (sku, category, contract, asked, granted) = goods;
        let part = |share: i64| UnitPrice::from_units((list / 100).saturating_mul(share));
        Line {
            line_id: "1".to_owned(),
            sku: Some(sku.to_owned()),
            category: Some(category.parse().unwrap()),
            margin_class: MarginClass::Neutral,
            quantity: Quantity::from_units(quantity),
            base_units: Quantity::from_units(1_000_000),
            list_unit_price: Some(UnitPrice::from_units(list)),
            unit_cost: share.map_or(UnitCost::Missing, |share| UnitCost::Given(part(share))),
            contract: contract.map(|share| Contract {
                reference: "K-1".to_owned(),
                unit_price: Some(part(share)),
            }),
            requested_unit_price: asked.map(part),
            approved: granted.map(|share| approved(part(share))),
        }
    })
}

fn approved(lowest: UnitPrice) -> Approved {
    Approved {
        id: PriceApprovalId::from_bits(1),
        lowest: lowest.decimal(),
    }
}

pub(super) fn quote() -> impl Strategy<Value = Vec<Line>> {
    proptest::collection::vec(line(0_i64..400_000_000, 1_i64..50_000_000), 1..4)
}

pub(super) fn question(lines: Vec<Line>) -> Question {
    Question {
        currency: Currency::EUR,
        today: "2025-03-01".parse().unwrap(),
        lines,
        rates: BTreeMap::new(),
        approved: None,
    }
}

pub(super) fn facts() -> Facts {
    Facts {
        tier: Some("high".to_owned()),
        customer: Some(CustomerId::from_bits(1)),
        groups: [1, 2].map(GroupId::from_bits).into(),
        ..Facts::default()
    }
}
