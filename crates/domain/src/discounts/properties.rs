//! What holds for every quote, whatever the policy.

// A test that overflows should fail, and panicking operators do that.
#![allow(clippy::arithmetic_side_effects)]

mod given;

use super::index::RuleSet;
use super::policy::*;
use super::rules::{Case, Selectors, Verdict};
use super::sums::Sums;
use super::{Decision, Line, PricedLine, decide};
use crate::money::Rounding;
use given::{facts, line, policy, question, quote, rule};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;

fn decide_for(lines: Vec<Line>, policy: &Policy) -> Decision {
    decide(&question(lines), &facts(), policy)
}

/// What binds in a decision: floor, cap, an approval that is needed, one that was granted.
type Bound = [bool; 4];

/// Everything that must hold of an answer.
fn check(asked: &[Line], decision: &Decision) -> Bound {
    let mut net = Decimal::ZERO;
    let mut bound = [
        false,
        false,
        decision.document.approval.is_required(),
        false,
    ];
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
            && line.approval.reasons.is_empty()
        {
            assert!(line.net_unit_price >= floor.unit_floor);
            assert!(line.net_amount.amount() >= line.lowest_amount.amount());
            let most = crate::money::round(start * quantity, 2, Rounding::Down);
            assert!(line.net_amount.amount() >= (floor.unit_floor * quantity).min(most));
        }
        for cap in &line.caps {
            let granted = line.approval.granted.is_some() || cap.scope.word() != "line";
            assert!(granted || line.net_unit_price >= cap.unit_cap);
        }
        check_approval(asked, line);
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
        bound[0] |= line.floor.is_some_and(|floor| floor.binding);
        bound[1] |= line.caps.iter().any(|cap| cap.binding);
        bound[2] |= line.approval.is_required();
        bound[3] |= line.approval.granted.is_some();
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
    if document.approval.reasons.is_empty() {
        assert!(document.floor.is_none_or(|floor| net >= floor.amount));
        let discount = decision.totals.discount.amount();
        assert!(document.cap.is_none_or(|cap| discount <= cap.amount));
    }
    bound
}

/// Only what was granted goes below the floor, and only as far as it was granted.
fn check_approval(asked: &Line, line: &PricedLine) {
    let approval = &line.approval;
    if approval.granted.is_some() {
        let lowest = asked.approved.map(|approved| approved.lowest);
        assert!(!approval.reasons.is_empty() && lowest.is_some_and(|it| it <= line.net_unit_price));
        return;
    }
    let below = line
        .floor
        .is_some_and(|floor| line.net_unit_price < floor.unit_floor);
    assert!(!below || approval.is_required());
    assert_eq!(approval.level.is_some(), approval.is_required());
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
    let mut bound = [0_usize; 4];
    for _ in 0..QUOTES {
        let (policy, lines) = asked.new_tree(&mut runner).unwrap().current();
        let binding = check(&lines, &decide_for(lines.clone(), &policy));
        for (count, binds) in bound.iter_mut().zip(binding) {
            *count += usize::from(binds);
        }
    }
    // Each of floor, cap and both kinds of approval must bind often enough to have been tested at all.
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
