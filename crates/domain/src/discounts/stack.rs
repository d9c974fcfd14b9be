//! Which rules of a stack group apply to a line, and which nearly did.

use super::answer::{Cap, LineError};
use super::limit::CapScope;
use super::policy::{Basis, Mode, StackGroup};
use super::rules::benefit::{Standing, Taken};
use super::rules::{Case, Miss, MissReason, Rule, Verdict};
use super::waterfall::{AdjustmentKind, Cause, Waterfall};
use crate::money::{Rounding, round};
use rust_decimal::Decimal;
use std::cmp::Reverse;

/// A rule that did not apply though only one thing was missing, or though it matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotApplied {
    pub rule: String,
    pub group: String,
    pub miss: Miss,
}

/// What a group left behind beside the price.
#[derive(Default)]
pub(super) struct Applied {
    /// By rule id.
    pub near: Vec<NotApplied>,
    /// Those that bound.
    pub caps: Vec<Cap>,
}

/// Decimals and mode where each step is rounded.
pub(super) type StepRounding = Option<(u32, Rounding)>;

/// Applies the rules of `group` that its mode chooses.
pub(super) fn apply(
    group: &StackGroup,
    case: Case<'_>,
    step: StepRounding,
    fall: &mut Waterfall,
) -> Result<Applied, LineError> {
    let (mut matching, near) = sort_out(group, case)?;
    // The total order on which every tie is broken; ids are unique, so stored order is forgotten.
    matching.sort_by_cached_key(|rule| {
        let specificity = rule.specificity(case.line);
        (Reverse(specificity), rule.sequence, rule.id.clone())
    });
    let entry = fall.unit;
    let taken = |rule: &Rule| rule.taken(case, standing(group, step, entry, fall));
    let chosen = choose(group.mode, &matching, taken)?;
    let mut applied = Applied {
        near,
        caps: Vec::new(),
    };
    for rule in &chosen {
        snap(step, fall).ok_or(LineError::Overflow)?;
        let taken = rule.taken(case, standing(group, step, entry, fall))?;
        let after = fall.unit.checked_sub(taken.amount);
        let cause = cause(group, rule, taken, case);
        let moved = after.and_then(|unit| fall.move_to(unit, cause));
        moved.ok_or(LineError::Overflow)?;
        applied.caps.extend(rule_cap(rule, taken, fall));
    }
    bound(group, case, step, entry, fall, &mut applied)?;
    if let Some(winner) = chosen.first() {
        let losers = matching.iter().filter(|rule| !chosen.contains(rule));
        let outranked = losers.map(|loser| outranked(group, loser, winner));
        applied.near.extend(outranked);
    }
    applied.near.sort_by(|one, other| one.rule.cmp(&other.rule));
    Ok(applied)
}

/// The rules that match, and those that fail exactly one selector.
fn sort_out<'p>(
    group: &'p StackGroup,
    case: Case<'_>,
) -> Result<(Vec<&'p Rule>, Vec<NotApplied>), LineError> {
    let mut matching = Vec::new();
    let mut near = Vec::new();
    for rule in group.rules.about(case) {
        match rule.judge(case)? {
            Verdict::Matches => matching.push(rule),
            Verdict::Near(miss) => near.push(not_applied(group, rule, miss)),
            Verdict::Far => {}
        }
    }
    Ok((matching, near))
}

/// `matching` comes sorted by the tie-breaking order; `taken` is what a rule alone would take.
pub(super) fn choose<'p>(
    mode: Mode,
    matching: &[&'p Rule],
    taken: impl Fn(&Rule) -> Result<Taken, LineError>,
) -> Result<Vec<&'p Rule>, LineError> {
    let by_sequence = || {
        let mut all = matching.to_vec();
        all.sort_by(|one, other| (one.sequence, &one.id).cmp(&(other.sequence, &other.id)));
        all
    };
    let one = |rule: Option<&'p Rule>| Ok(rule.into_iter().collect());
    let sizes = || {
        let sizes = matching.iter().map(|rule| Ok((*rule, taken(rule)?.amount)));
        sizes.collect::<Result<Vec<_>, LineError>>()
    };
    match mode {
        Mode::Unique | Mode::MostSpecific => one(matching.first().copied()),
        Mode::Priority => one(by_sequence().first().copied()),
        Mode::BestForCustomer => {
            // `max_by_key` keeps the last of equals, so the best-placed rule has to come last.
            let best = sizes()?.into_iter().rev().max_by_key(|(_, size)| *size);
            one(best.map(|(rule, _)| rule))
        }
        Mode::BestForMargin => {
            let least = sizes()?.into_iter().min_by_key(|(_, size)| *size);
            one(least.map(|(rule, _)| rule))
        }
        Mode::Compound | Mode::Additive | Mode::AlwaysLast => Ok(by_sequence()),
    }
}

fn standing(group: &StackGroup, step: StepRounding, entry: Decimal, fall: &Waterfall) -> Standing {
    Standing {
        basis: match (group.basis, group.mode) {
            (Basis::List, _) => fall.list,
            (Basis::Running, Mode::Additive) => entry,
            (Basis::Running, _) => fall.unit,
        },
        running: fall.unit,
        list: fall.start,
        step,
    }
}

/// Where steps are rounded, a price with more decimals is cut before the first rule moves it: else
/// a slightly higher price could come out lower.
fn snap(step: StepRounding, fall: &mut Waterfall) -> Option<()> {
    let Some((scale, _)) = step else {
        return Some(());
    };
    let cut = round(fall.unit, scale, Rounding::Down);
    if cut == fall.unit {
        return Some(());
    }
    fall.move_to(cut, Cause::bound(AdjustmentKind::Rounding, None))
}

/// Gives back what the rules of the group took beyond its cap.
fn bound(
    group: &StackGroup,
    case: Case<'_>,
    step: StepRounding,
    entry: Decimal,
    fall: &mut Waterfall,
    applied: &mut Applied,
) -> Result<(), LineError> {
    let Some(limit) = &group.cap else {
        return Ok(());
    };
    let quantity = case.line.quantity.decimal();
    let most = limit.most_of_unit(fall.start, quantity, case.question)?;
    let most = match step {
        Some((scale, _)) => round(most, scale, Rounding::Down),
        None => most,
    };
    let least = entry.checked_sub(most).ok_or(LineError::Overflow)?;
    if fall.unit < least {
        let cause = Cause {
            group: Some(group.code.clone()),
            ..Cause::bound(AdjustmentKind::Cap, limit.percent.map(|it| it.decimal()))
        };
        fall.move_to(least, cause).ok_or(LineError::Overflow)?;
        applied.caps.push(Cap {
            scope: CapScope::Group,
            name: Some(group.code.clone()),
            limit: *limit,
            unit_cap: least,
            binding: true,
        });
    }
    Ok(())
}

fn rule_cap(rule: &Rule, taken: Taken, fall: &Waterfall) -> Option<Cap> {
    let limit = rule.cap.filter(|_| taken.amount < taken.wanted)?;
    Some(Cap {
        scope: CapScope::Rule,
        name: Some(rule.id.clone()),
        limit,
        unit_cap: fall.unit,
        binding: true,
    })
}

fn cause(group: &StackGroup, rule: &Rule, taken: Taken, case: Case<'_>) -> Cause {
    let foreign = rule.currency.filter(|it| *it != case.question.currency);
    Cause {
        kind: AdjustmentKind::Rule(rule.benefit),
        rule: Some(rule.id.clone()),
        rule_version: Some(rule.version),
        group: Some(group.code.clone()),
        value: Some(taken.value),
        currency: foreign.filter(|_| rule.benefit.is_amount()),
        basis: Some(group.basis),
        approval: None,
    }
}

pub(super) fn not_applied(group: &StackGroup, rule: &Rule, miss: Miss) -> NotApplied {
    NotApplied {
        rule: rule.id.clone(),
        group: group.code.clone(),
        miss,
    }
}

/// `needed` names the rule that was chosen instead, `actual` the mode that chose it.
pub(super) fn outranked(group: &StackGroup, loser: &Rule, winner: &Rule) -> NotApplied {
    let miss = Miss {
        reason: MissReason::Outranked,
        needed: winner.id.clone(),
        actual: group.mode.word().to_owned(),
        delta: None,
    };
    not_applied(group, loser, miss)
}
