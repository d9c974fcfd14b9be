//! What a customer leaves the company after cost, returns and expenses.

use super::sales::ever_ordered;
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::measures::Rates;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason};
use crate::period::Span;
use crate::scaled::Amount;

pub(super) fn contribution(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    match contributed(subject, span) {
        Ok(units) => Measured::amount(units),
        Err(reason) => Ok(Measured::Missing(reason)),
    }
}

/// The contribution less every activity in the span at its rate.
pub(super) fn net(
    subject: &Subject<'_>,
    span: Span,
    rates: &Rates,
) -> Result<Measured, EvaluationError> {
    let contributed = match contributed(subject, span) {
        Ok(units) => units,
        Err(reason) => return Ok(Measured::Missing(reason)),
    };
    let sums = subject.sums.over(span);
    let activities = [
        (rates.order, i128::from(subject.series.orders_in(span))),
        (rates.order_line, sums.lines),
        (rates.return_, sums.returns),
        (rates.complaint, sums.complaints),
        (rates.contact, sums.contacts),
        (rates.service_minute, sums.minutes),
    ];
    let served = activities.iter().fold(0_i128, |sum, (rate, times)| {
        sum.saturating_add(i128::from(rate.units()).saturating_mul(*times))
    });
    Measured::amount(contributed.saturating_sub(served))
}

pub(super) fn share(
    subject: &Subject<'_>,
    span: Span,
    company: Amount,
) -> Result<Measured, EvaluationError> {
    match contributed(subject, span) {
        Ok(units) => Measured::ratio(units, company.units().into(), 100),
        Err(reason) => Ok(Measured::Missing(reason)),
    }
}

/// In units of an amount, or why it is not known.
fn contributed(subject: &Subject<'_>, span: Span) -> Result<i128, MissingReason> {
    if !ever_ordered(subject, span) {
        return Err(MissingReason::NoData);
    }
    let sums = subject.sums.over(span);
    if sums.lines_without_cost > 0 {
        return Err(MissingReason::CostUnknown);
    }
    // Goods whose cost is unknown are taken as worthless when they come back.
    let returned = sums.returned.saturating_sub(sums.returned_cost);
    let profit = sums.revenue.saturating_sub(sums.cost);
    Ok(profit
        .saturating_sub(returned)
        .saturating_sub(sums.expenses))
}

pub(super) fn margin(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let sums = subject.sums.over(span);
    if sums.lines_without_cost > 0 {
        return Ok(Measured::Missing(MissingReason::CostUnknown));
    }
    Measured::ratio(sums.revenue.saturating_sub(sums.cost), sums.revenue, 100)
}
