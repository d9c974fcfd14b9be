//! How much and how often a customer orders.

use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason};
use crate::fact::FactKind;
use crate::period::Span;

pub(super) fn revenue(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    if !ever_ordered(subject, span) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::amount(subject.sums.over(span).revenue)
}

pub(super) fn order_count(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    if !ever_ordered(subject, span) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::count(subject.series.orders_in(span))
}

pub(super) fn purchase_days(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    if !ever_ordered(subject, span) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let days = subject.series.days_in(FactKind::OrderLine, span);
    Measured::count(days.len())
}

/// Whether the customer ordered anything up to the end of the span, within it or before.
pub(super) fn ever_ordered(subject: &Subject<'_>, span: Span) -> bool {
    let first = subject.series.days_of(FactKind::OrderLine).first();
    first.is_some_and(|day| *day <= span.until())
}
