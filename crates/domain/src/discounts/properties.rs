//! What holds for every quote, whatever the policy.

// A test that overflows should fail, and panicking operators do that.
#![allow(clippy::arithmetic_side_effects)]

use super::index::RuleSet;
use super::limit::Limit;
use super::policy::*;
use super::rules::{Aggregate, Benefit, Break, Case, Rule, Schedule, Selectors, Tiering, Verdict};
use super::sums::Sums;
use super::{Contract, Decision, Facts, Line, Question, UnitCost, decide};
use crate::currency::Currency;
use crate::decision::PolicyRef;
use crate::ids::{CustomerId, GroupId};
use crate::incoming::MarginClass;
use crate::money::Rounding;
use crate::scaled::{Percent, Quantity, UnitPrice};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
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
fn rule() -> impl Strategy<Value = Rule> {
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

fn policy() -> impl Strategy<Value = Policy> {
    let bounds = (limit(), limit(), proptest::option::of(floor()));
    let contract = (any::<bool>(), any::<bool>());
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
        },
    )
}

fn line(
    prices: impl Strategy<Value = i64>,
    quantity: impl Strategy<Value = i64>,
) -> impl Strategy<Value = Line> {
    let share = proptest::option::weighted(0.9, 30_i64..110);
    let goods = (
        proptest::sample::select(&["A", "B", "D"]),
        proptest::sample::select(&["drives/servo", "drives/stepper", "pumps", "x"]),
        proptest::option::weighted(0.3, 60_i64..110),
    );
    (prices, quantity, share, goods).prop_map(|(list, quantity, share, goods)| {
        let (sku, category, contract) = goods;
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
            requested_unit_price: None,
        }
    })
}

fn quote() -> impl Strategy<Value = Vec<Line>> {
    proptest::collection::vec(line(0_i64..400_000_000, 1_i64..50_000_000), 1..4)
}

fn question(lines: Vec<Line>) -> Question {
    Question {
        currency: Currency::EUR,
        today: "2025-03-01".parse().unwrap(),
        lines,
        rates: BTreeMap::new(),
    }
}

fn facts() -> Facts {
    Facts {
        tier: Some("high".to_owned()),
        customer: Some(CustomerId::from_bits(1)),
        groups: [1, 2].map(GroupId::from_bits).into(),
        ..Facts::default()
    }
}

fn decide_for(lines: Vec<Line>, policy: &Policy) -> Decision {
    decide(&question(lines), &facts(), policy)
}

/// What binds in a decision: floor, cap, approval.
type Bound = (bool, bool, bool);

/// Everything that must hold of an answer.
fn check(asked: &[Line], decision: &Decision) -> Bound {
    let mut net = Decimal::ZERO;
    let mut bound = (false, false, !decision.document.approval.is_empty());
    for (asked, line) in asked.iter().zip(&decision.lines) {
        let line = line.outcome.as_ref().unwrap();
        let quantity = asked.quantity.decimal();
        let start = line
            .adjustments
            .first()
            .filter(|step| step.cause.kind.word() == "contract");
        let start = start.map_or(line.list_unit_price, |step| step.unit_after);
        assert!((Decimal::ZERO..=start).contains(&line.net_unit_price));
        let steps: Decimal = line.adjustments.iter().map(|step| step.amount).sum();
        assert_eq!(line.list_unit_price + steps, line.net_unit_price);
        if let Some(floor) = line.floor
            && line.approval.is_empty()
        {
            assert!(line.net_unit_price >= floor.unit_floor);
            assert!(line.net_amount.amount() >= line.lowest_amount.amount());
            let most = crate::money::round(start * quantity, 2, Rounding::Down);
            assert!(line.net_amount.amount() >= (floor.unit_floor * quantity).min(most));
        }
        for cap in &line.caps {
            assert!(cap.scope.word() != "line" || line.net_unit_price >= cap.unit_cap);
        }
        let shares: Decimal = line
            .document_shares
            .iter()
            .map(|share| share.amount())
            .sum();
        let told = line.net_unit_price * quantity + line.line_rounding - shares;
        assert_eq!(told, line.net_amount.amount());
        let parts = line.net_amount.checked_add(line.discount_amount).unwrap();
        assert_eq!(parts, line.list_amount);
        net += line.net_amount.amount();
        bound.0 |= line.floor.is_some_and(|floor| floor.binding);
        bound.1 |= line.caps.iter().any(|cap| cap.binding);
        bound.2 |= !line.approval.is_empty();
    }
    assert_eq!(decision.totals.net.amount(), net);
    let document = &decision.document;
    for (place, rule) in document.adjustments.iter().enumerate() {
        let lines = decision
            .lines
            .iter()
            .map(|line| line.outcome.as_ref().unwrap());
        let shares: Decimal = lines.map(|line| line.document_shares[place].amount()).sum();
        assert_eq!(shares, rule.amount);
        assert_eq!(rule.amount + rule.unplaced, rule.wanted);
    }
    if document.approval.is_empty() {
        assert!(document.floor.is_none_or(|floor| net >= floor.amount));
        let discount = decision.totals.discount.amount();
        assert!(document.cap.is_none_or(|cap| discount <= cap.amount));
    }
    bound
}

/// The full length is that of a release build: `cargo test --release -p tiercel-domain`.
const QUOTES: usize = if cfg!(debug_assertions) {
    4_000
} else {
    100_000
};

#[test]
fn no_answer_is_below_its_floor_without_an_approval() {
    let mut runner = TestRunner::deterministic();
    let asked = (policy(), quote());
    let mut bound = [0_usize; 3];
    for _ in 0..QUOTES {
        let (policy, lines) = asked.new_tree(&mut runner).unwrap().current();
        let (floor, cap, approval) = check(&lines, &decide_for(lines.clone(), &policy));
        for (count, binds) in bound.iter_mut().zip([floor, cap, approval]) {
            *count += usize::from(binds);
        }
    }
    // Each of floor, cap and approval must bind often enough to have been tested at all.
    assert!(
        bound.iter().all(|count| count * 10 >= QUOTES),
        "{bound:?} of {QUOTES}"
    );
}

#[test]
fn a_line_asks_few_of_ten_thousand_rules() {
    let mut runner = TestRunner::deterministic();
    let mut one = rule().new_tree(&mut runner).unwrap().current();
    one.selectors = Selectors::default();
    let rules = (0..10_000).map(|place| {
        let mut rule = one.clone();
        rule.id = format!("r{place}");
        // By article and category: a hundred share the category, nobody the article.
        rule.selectors.skus = [format!("S{place}"), format!("T{place}")].into();
        rule.selectors.categories = [format!("c{}", place / 100).parse().unwrap()].into();
        rule
    });
    let rules = RuleSet::new(rules.collect());
    let mut line = line(Just(1_000_000), Just(1_000_000))
        .new_tree(&mut runner)
        .unwrap()
        .current();
    line.sku = Some("T4711".to_owned());
    line.category = Some("c47/deep".parse().unwrap());
    let question = question(vec![line]);
    let case = Case {
        engine: Engine::Two,
        tier: "high",
        facts: &facts(),
        line: &question.lines[0],
        question: &question,
        sums: &Sums::of(&question),
    };
    assert_eq!(rules.about(case), [&rules.all()[4711]]);
}

proptest! {
    #[test]
    fn stored_order_never_matters(policy in policy(), lines in quote(), turn in 0_usize..6) {
        let mut turned = policy.clone();
        for group in turned.groups.iter_mut().chain(&mut turned.document_groups) {
            let mut rules = group.rules.all().to_vec();
            rules.reverse();
            let by = turn.min(rules.len());
            rules.rotate_left(by);
            group.rules = RuleSet::new(rules);
        }
        prop_assert_eq!(decide_for(lines.clone(), &policy), decide_for(lines, &turned));
    }

    #[test]
    fn no_rule_that_the_index_leaves_out_is_near(policy in policy(), lines in quote()) {
        let question = question(lines);
        let (facts, sums) = (facts(), Sums::of(&question));
        for line in &question.lines {
            let case = Case {
                engine: Engine::Two,
                tier: "high",
                facts: &facts,
                line,
                question: &question,
                sums: &sums,
            };
            for group in &policy.groups {
                let about = group.rules.about(case);
                for rule in group.rules.all() {
                    let asked = about.iter().filter(|other| other.id == rule.id).count();
                    prop_assert!(asked <= 1);
                    prop_assert!(asked == 1 || rule.judge(case) == Ok(Verdict::Far));
                }
            }
        }
    }

    #[test]
    fn nothing_is_too_large_to_answer(
        policy in policy(),
        lines in proptest::collection::vec(line(any::<i64>(), any::<i64>()), 0..4),
    ) {
        let asked = lines.len();
        prop_assert_eq!(decide_for(lines, &policy).lines.len(), asked);
    }

    #[test]
    fn one_more_discount_in_a_compound_group_never_raises_a_price(
        mut policy in policy(),
        lines in quote(),
        mut more in rule(),
    ) {
        policy.groups.iter_mut().for_each(|group| group.mode = Mode::Compound);
        let before = decide_for(lines.clone(), &policy);
        let Some(group) = policy.groups.first_mut() else { return Ok(()) };
        more.id = "more".to_owned();
        let mut rules = group.rules.all().to_vec();
        rules.push(more);
        group.rules = RuleSet::new(rules);
        let after = decide_for(lines, &policy);
        for (before, after) in before.lines.iter().zip(&after.lines) {
            let net = |line: &super::LineDecision| line.outcome.as_ref().unwrap().net_unit_price;
            prop_assert!(net(after) <= net(before));
        }
    }
}
