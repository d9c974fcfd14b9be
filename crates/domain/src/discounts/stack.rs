//! Which rules of a stack group apply to a line, and which nearly did.

use super::policy::{Basis, Mode, StackGroup};
use super::rules::{Case, Miss, MissReason, Rule};
use super::waterfall::{AdjustmentKind, Cause, Waterfall};
use rust_decimal::Decimal;
use std::cmp::Reverse;

/// A rule that did not apply though only one thing was missing, or though it matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplied {
    pub rule: String,
    pub group: String,
    pub miss: Miss,
}

/// Applies the rules of `group` that its mode chooses; returns the near misses, by rule id. None
/// where the price cannot be calculated.
pub(super) fn apply(
    group: &StackGroup,
    case: Case<'_>,
    fall: &mut Waterfall,
) -> Option<Vec<NotApplied>> {
    let (mut matching, mut near) = sort_out(group, case);
    // The total order on which every tie is broken; ids are unique, so stored order is forgotten.
    matching.sort_by_cached_key(|rule| {
        let specificity = rule.selectors.specificity(case.line);
        (Reverse(specificity), rule.sequence, rule.id.clone())
    });
    let basis = basis_price(group.basis, fall);
    let chosen = choose(group.mode, &matching, basis, fall.unit);
    for rule in &chosen {
        let taken = rule
            .kind
            .reduction(basis_price(group.basis, fall), fall.unit)?;
        fall.move_to(fall.unit.checked_sub(taken)?, cause(group, rule))?;
    }
    if let Some(winner) = chosen.first() {
        let losers = matching.iter().filter(|rule| !chosen.contains(rule));
        near.extend(losers.map(|loser| outranked(group, loser, winner)));
    }
    near.sort_by(|one, other| one.rule.cmp(&other.rule));
    Some(near)
}

/// The rules that match, and those that fail exactly one selector.
fn sort_out<'p>(group: &'p StackGroup, case: Case<'_>) -> (Vec<&'p Rule>, Vec<NotApplied>) {
    let mut matching = Vec::new();
    let mut near = Vec::new();
    for rule in &group.rules {
        let mut misses = rule.selectors.misses(case);
        match (misses.next(), misses.next()) {
            (None, _) => matching.push(rule),
            (Some(miss), None) => near.push(not_applied(group, rule, miss)),
            (Some(_), Some(_)) => {}
        }
    }
    (matching, near)
}

/// `matching` comes sorted by the tie-breaking order.
fn choose<'p>(
    mode: Mode,
    matching: &[&'p Rule],
    basis: Decimal,
    running: Decimal,
) -> Vec<&'p Rule> {
    match mode {
        Mode::MostSpecific => matching.first().copied().into_iter().collect(),
        Mode::BestForCustomer => {
            let reduction = |rule: &&Rule| rule.kind.reduction(basis, running);
            // `max_by_key` keeps the last of equals, so the best-placed rule has to come last.
            let best = matching.iter().rev().copied().max_by_key(reduction);
            best.into_iter().collect()
        }
        Mode::Compound => {
            let mut all = matching.to_vec();
            all.sort_by(|one, other| (one.sequence, &one.id).cmp(&(other.sequence, &other.id)));
            all
        }
    }
}

const fn basis_price(basis: Basis, fall: &Waterfall) -> Decimal {
    match basis {
        Basis::Running => fall.unit,
        Basis::List => fall.list,
    }
}

fn cause(group: &StackGroup, rule: &Rule) -> Cause {
    Cause {
        kind: AdjustmentKind::Percent,
        rule: Some(rule.id.clone()),
        group: Some(group.code.clone()),
        value: Some(rule.kind.value()),
        basis: Some(group.basis),
    }
}

fn not_applied(group: &StackGroup, rule: &Rule, miss: Miss) -> NotApplied {
    NotApplied {
        rule: rule.id.clone(),
        group: group.code.clone(),
        miss,
    }
}

/// `needed` names the rule that was chosen instead, `actual` the mode that chose it.
fn outranked(group: &StackGroup, loser: &Rule, winner: &Rule) -> NotApplied {
    let miss = Miss {
        reason: MissReason::Outranked,
        needed: winner.id.clone(),
        actual: group.mode.word().to_owned(),
        delta: None,
    };
    not_applied(group, loser, miss)
}
