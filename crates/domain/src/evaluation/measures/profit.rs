//! What a customer leaves the company after cost, returns and expenses.

use super::sales::base_units;
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::{Span, Subject};
use crate::evaluation::value::{Measured, MissingReason};
use crate::fact::FactKind;

pub(super) fn contribution(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    if !subject.ever_ordered(span.until) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let kinds = &[FactKind::OrderLine, FactKind::Return, FactKind::Expense];
    let mut contribution = 0_i128;
    for fact in subject.counted(kinds, span) {
        let amount = i128::from(base_units(fact));
        let cost = fact.cost.amount().map(|cost| i128::from(cost.units()));
        let effect = match (fact.kind, cost) {
            (FactKind::OrderLine, Some(cost)) => amount.saturating_sub(cost),
            (FactKind::OrderLine, None) => {
                return Ok(Measured::Missing(MissingReason::CostUnknown));
            }
            // Goods whose cost is unknown are taken as worthless when they come back.
            (FactKind::Return, cost) => cost.unwrap_or(0).saturating_sub(amount),
            _ => amount.saturating_neg(),
        };
        contribution = contribution.saturating_add(effect);
    }
    Measured::amount(contribution)
}

pub(super) fn margin(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let (mut sales, mut profit) = (0_i128, 0_i128);
    for line in subject.counted(&[FactKind::OrderLine], span) {
        let Some(cost) = line.cost.amount() else {
            return Ok(Measured::Missing(MissingReason::CostUnknown));
        };
        let amount = i128::from(base_units(line));
        sales = sales.saturating_add(amount);
        profit = profit
            .saturating_add(amount)
            .saturating_sub(i128::from(cost.units()));
    }
    Measured::ratio(profit, sales, 100)
}
