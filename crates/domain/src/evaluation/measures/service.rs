//! How often and how gravely a customer complains, and how much comes back.

use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::Measured;
use crate::period::Span;
use rust_decimal::Decimal;

pub(super) fn complaint_rate(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    let orders = i128::from(subject.series.orders_in(span));
    Measured::ratio(subject.sums.over(span).complaints, orders, 100)
}

pub(super) fn complaint_severity(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    let (sum, count) = subject.series.severities_in(span);
    Measured::ratio(sum.into(), count.into(), 1)
}

pub(super) fn return_rate(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let sums = subject.sums.over(span);
    let rate = Measured::ratio(sums.returned, sums.revenue, 100)?;
    Ok(match rate {
        Measured::Number(rate) => Measured::Number(rate.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED)),
        other => other,
    })
}
