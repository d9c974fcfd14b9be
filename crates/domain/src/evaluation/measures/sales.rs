//! How much and how often a customer orders.

use super::time::span_before;
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason};
use crate::fact::FactKind;
use crate::period::{Span, Window};
use chrono::NaiveDate;

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

pub(super) fn average_order_value(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    let orders = i128::from(subject.series.orders_in(span));
    // The amounts' four decimals become part of the divisor.
    let revenue = subject.sums.over(span).revenue;
    Measured::ratio(revenue, orders.saturating_mul(10_000), 1)
}

pub(super) fn product_breadth(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    if !ever_ordered(subject, span) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::count(subject.series.products_in(span))
}

pub(super) fn trend(
    subject: &Subject<'_>,
    window: Window,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    let Some(before) = span_before(window, as_of) else {
        return Ok(Measured::Missing(MissingReason::NoDenominator));
    };
    let before = subject.sums.over(before).revenue;
    let now = subject.sums.over(Span::new(window, as_of)).revenue;
    Measured::ratio(now.saturating_sub(before), before, 100)
}

/// Whether the customer ordered anything up to the end of the span, within it or before.
pub(super) fn ever_ordered(subject: &Subject<'_>, span: Span) -> bool {
    let first = subject.series.days_of(FactKind::OrderLine).first();
    first.is_some_and(|day| *day <= span.until())
}
