//! What a customer leaves the company after cost, returns and expenses.

use super::sales::ever_ordered;
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason};
use crate::period::Span;

pub(super) fn contribution(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    if !ever_ordered(subject, span) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let sums = subject.sums.over(span);
    if sums.lines_without_cost > 0 {
        return Ok(Measured::Missing(MissingReason::CostUnknown));
    }
    // Goods whose cost is unknown are taken as worthless when they come back.
    let returned = sums.returned.saturating_sub(sums.returned_cost);
    let profit = sums.revenue.saturating_sub(sums.cost);
    Measured::amount(
        profit
            .saturating_sub(returned)
            .saturating_sub(sums.expenses),
    )
}

pub(super) fn margin(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let sums = subject.sums.over(span);
    if sums.lines_without_cost > 0 {
        return Ok(Measured::Missing(MissingReason::CostUnknown));
    }
    Measured::ratio(sums.revenue.saturating_sub(sums.cost), sums.revenue, 100)
}
