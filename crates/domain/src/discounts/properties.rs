//! What holds for every quote, whatever the policy.

// A test that overflows should fail, and panicking operators do that.
#![allow(clippy::arithmetic_side_effects)]

use super::policy::*;
use super::rules::{Rule, RuleKind, Selectors};
use super::{Decision, Facts, Line, Question, UnitCost, decide};
use crate::currency::Currency;
use crate::decision::PolicyRef;
use crate::incoming::MarginClass;
use crate::money::Rounding;
use crate::scaled::{Percent, Quantity, UnitPrice};
use proptest::prelude::*;
use rust_decimal::Decimal;

fn percent() -> impl Strategy<Value = Percent> {
    (0_i64..=1_000_000).prop_map(Percent::from_units)
}

fn rules() -> impl Strategy<Value = Vec<Rule>> {
    let tier = prop_oneof![Just(None), Just(Some("high")), Just(Some("low"))];
    let quantity = proptest::option::of(0_i64..20_000_000);
    let rule = (percent(), 0_u32..3, tier, quantity);
    proptest::collection::vec(rule, 0..6).prop_map(|rows| {
        let rows = rows.into_iter().enumerate();
        rows.map(|(index, (percent, sequence, tier, quantity))| Rule {
            id: format!("r{index}"),
            sequence,
            selectors: Selectors {
                tiers: tier.map(str::to_owned).into_iter().collect(),
                min_quantity: quantity.map(Quantity::from_units),
                ..Selectors::default()
            },
            kind: RuleKind::Percent(percent),
        })
        .collect()
    })
}

fn groups() -> impl Strategy<Value = Vec<StackGroup>> {
    let mode = prop_oneof![
        Just(Mode::BestForCustomer),
        Just(Mode::MostSpecific),
        Just(Mode::Compound)
    ];
    let basis = prop_oneof![Just(Basis::List), Just(Basis::Running)];
    let group = (mode, basis, rules()).prop_map(|(mode, basis, rules)| StackGroup {
        code: "g".to_owned(),
        mode,
        basis,
        rules,
    });
    proptest::collection::vec(group, 0..4)
}

fn rounding() -> impl Strategy<Value = PriceRounding> {
    let mode = prop_oneof![
        Just(Rounding::HalfUp),
        Just(Rounding::HalfEven),
        Just(Rounding::Up),
        Just(Rounding::Down)
    ];
    let level = prop_oneof![Just(RoundingLevel::Unit), Just(RoundingLevel::Line)];
    (mode, level, proptest::option::of(0_u32..=6)).prop_map(|(mode, level, scale)| PriceRounding {
        mode,
        level,
        scale,
    })
}

fn floor() -> impl Strategy<Value = FloorRule> {
    let basis = prop_oneof![Just(FloorBasis::GrossMargin), Just(FloorBasis::Markup)];
    (basis, 0_i64..990_000).prop_map(|(basis, percent)| FloorRule {
        basis,
        percent: Percent::from_units(percent),
        by_category: Vec::new(),
        missing_cost: MissingCost::Approve,
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let cap = proptest::option::of(percent());
    let floor = proptest::option::of(floor());
    (groups(), rounding(), cap, floor).prop_map(|(groups, rounding, cap, floor)| Policy {
        reference: PolicyRef {
            id: "p".to_owned(),
            version: 1,
        },
        default_tier: "low".to_owned(),
        groups,
        rounding,
        cap,
        floor,
    })
}

fn line(
    prices: impl Strategy<Value = i64>,
    quantity: impl Strategy<Value = i64>,
) -> impl Strategy<Value = Line> {
    let share = proptest::option::of(0_i64..120);
    (prices, quantity, share).prop_map(|(list, quantity, share)| Line {
        line_id: "1".to_owned(),
        sku: None,
        category: None,
        margin_class: MarginClass::Neutral,
        quantity: Quantity::from_units(quantity),
        list_unit_price: Some(UnitPrice::from_units(list)),
        unit_cost: share.map_or(UnitCost::Missing, |share| {
            UnitCost::Given(UnitPrice::from_units((list / 100).saturating_mul(share)))
        }),
    })
}

fn decide_for(lines: Vec<Line>, policy: &Policy) -> Decision {
    let question = Question {
        currency: Currency::EUR,
        today: "2025-03-01".parse().unwrap(),
        lines,
    };
    let facts = Facts {
        tier: Some("high".to_owned()),
        ..Facts::default()
    };
    decide(&question, &facts, policy)
}

proptest! {
    #[test]
    fn the_price_stays_between_floor_and_list_and_the_steps_sum(
        policy in policy(),
        line in line(0_i64..2_000_000_000, 1_i64..50_000_000),
    ) {
        let quantity = line.quantity.decimal();
        let decision = decide_for(vec![line], &policy);
        let line = decision.lines[0].outcome.as_ref().unwrap();
        prop_assert!(line.net_unit_price <= line.list_unit_price);
        prop_assert!(line.net_unit_price >= Decimal::ZERO);
        let steps: Decimal = line.adjustments.iter().map(|step| step.amount).sum();
        prop_assert_eq!(line.list_unit_price + steps, line.net_unit_price);
        for (before, after) in line.adjustments.iter().zip(line.adjustments.iter().skip(1)) {
            prop_assert_eq!(before.unit_after + after.amount, after.unit_after);
        }
        if let Some(floor) = line.floor && line.approval.is_empty() {
            prop_assert!(line.net_unit_price >= floor.unit_floor);
            let least = (floor.unit_floor * quantity).min(line.list_amount.amount());
            prop_assert!(line.net_amount.amount() >= least);
        }
        if let Some(cap) = line.cap {
            prop_assert!(line.net_unit_price >= cap.unit_cap);
        }
        prop_assert!(line.net_amount.amount() <= line.list_amount.amount());
        prop_assert_eq!(line.net_unit_price * quantity + line.line_rounding, line.net_amount.amount());
        prop_assert_eq!(decision.totals.list, line.list_amount);
        prop_assert_eq!(decision.totals.net.checked_add(decision.totals.discount).unwrap(), line.list_amount);
    }

    #[test]
    fn stored_order_never_matters(
        policy in policy(),
        line in line(0_i64..2_000_000_000, 1_i64..50_000_000),
        turn in 0_usize..6,
    ) {
        let mut turned = policy.clone();
        for group in &mut turned.groups {
            group.rules.reverse();
            let by = turn.min(group.rules.len());
            group.rules.rotate_left(by);
        }
        prop_assert_eq!(decide_for(vec![line.clone()], &policy), decide_for(vec![line], &turned));
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
        line in line(0_i64..2_000_000_000, 1_i64..50_000_000),
        percent in percent(),
        sequence in 0_u32..3,
    ) {
        policy.groups.iter_mut().for_each(|group| group.mode = Mode::Compound);
        let before = decide_for(vec![line.clone()], &policy);
        let Some(group) = policy.groups.first_mut() else { return Ok(()) };
        group.rules.push(Rule {
            id: "more".to_owned(),
            sequence,
            selectors: Selectors::default(),
            kind: RuleKind::Percent(percent),
        });
        let after = decide_for(vec![line], &policy);
        let net = |decision: &Decision| decision.lines[0].outcome.as_ref().unwrap().net_unit_price;
        prop_assert!(net(&after) <= net(&before));
    }
}
