//! A rule of a document group and the lines that it is about.

use super::answer::LineError;
use super::document::Work;
use super::policy::{Basis, Mode, Policy, StackGroup};
use super::question::Question;
use super::rules::benefit::Taken;
use super::rules::{Benefit, Rule, Specificity, Verdict};
use super::stack::{NotApplied, not_applied};
use super::sums::Total;
use crate::category::CategoryPath;
use crate::money::{percent_of, round};
use rust_decimal::Decimal;
use std::cmp::Reverse;
use std::collections::BTreeSet;

/// A rule that matches some lines. Its quantities and amounts are those of all of them together.
pub(super) struct Offer<'p> {
    pub rule: &'p Rule,
    pub lines: BTreeSet<usize>,
    total: Total,
}

/// The rules that match, and those that fail exactly one selector, by rule id.
pub(super) fn sort_out<'p>(
    group: &'p StackGroup,
    lines: &[Work<'_>],
) -> Result<(Vec<Offer<'p>>, Vec<NotApplied>), LineError> {
    let mut offers = Vec::new();
    let mut near = Vec::new();
    for rule in group.rules.all() {
        let mut offer = Offer {
            rule,
            lines: BTreeSet::new(),
            total: Total::default(),
        };
        let mut missed = None;
        for (place, line) in lines.iter().enumerate() {
            match rule.judge_goods(line.case) {
                Verdict::Matches => {
                    offer.lines.insert(place);
                    offer
                        .total
                        .add(Total::of(line.case.line).unwrap_or_default());
                }
                Verdict::Near(miss) => missed = missed.or(Some(miss)),
                Verdict::Far => {}
            }
        }
        let Some(first) = lines.first().filter(|_| !offer.lines.is_empty()) else {
            near.extend(missed.map(|miss| not_applied(group, rule, miss)));
            continue;
        };
        let (quantity, amount) = rule.judge_total(offer.total, first.case.question);
        match (quantity, amount?) {
            (None, None) => offers.push(offer),
            (Some(miss), None) | (None, Some(miss)) => near.push(not_applied(group, rule, miss)),
            (Some(_), Some(_)) => {}
        }
    }
    near.sort_by(|one, other| one.rule.cmp(&other.rule));
    Ok((offers, near))
}

impl Offer<'_> {
    /// The total order on which every tie is broken.
    pub(super) fn rank(&self) -> (Reverse<Specificity>, u32, String) {
        let depths = self.rule.selectors.categories.iter();
        let depth = depths.map(CategoryPath::depth).max().unwrap_or(0);
        let specificity = self.rule.specificity_at(depth);
        (
            Reverse(specificity),
            self.rule.sequence,
            self.rule.id.clone(),
        )
    }

    /// What the rule takes off its lines together, payable; `entry` are all lines' nets when the
    /// group began.
    pub(super) fn taken(
        &self,
        group: &StackGroup,
        lines: &[Work<'_>],
        entry: &[Decimal],
        question: &Question,
        policy: &Policy,
    ) -> Result<Taken, LineError> {
        let sum = |amount: &dyn Fn(&Work<'_>, Decimal) -> Decimal| {
            let mut mine = lines.iter().zip(entry).enumerate();
            let sum = mine.try_fold(Decimal::ZERO, |sum, (place, (line, entry))| {
                match self.lines.contains(&place) {
                    true => sum.checked_add(amount(line, *entry)),
                    false => Some(sum),
                }
            });
            sum.ok_or(LineError::Overflow)
        };
        let list = sum(&|line, _| line.list)?;
        let net = sum(&|line, _| line.net)?;
        let begun = sum(&|_, entry| entry)?;
        let basis = match (group.basis, group.mode) {
            (Basis::List, _) => list,
            (Basis::Running, Mode::Additive) => begun,
            (Basis::Running, _) => net,
        };
        let rule = self.rule;
        let value = rule.schedule.value_at(self.total.quantity);
        let value = value.ok_or(LineError::Overflow)?;
        let exact = match rule.benefit {
            Benefit::Percent => percent_of(basis, value).ok_or(LineError::Overflow)?,
            // Nothing else is published for documents.
            _ => question.exchanged(value, rule.currency)?,
        };
        let scale = question.currency.exponent();
        let wanted = round(exact, scale, policy.rounding.mode).min(net);
        let amount = match &rule.cap {
            Some(cap) => wanted.min(cap.most(list, question)?),
            None => wanted,
        };
        Ok(Taken {
            amount,
            value,
            wanted,
        })
    }
}
