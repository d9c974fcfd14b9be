//! How much and how often a customer orders.

use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::{Span, Subject};
use crate::evaluation::value::{Measured, MissingReason, sum};
use crate::fact::{Fact, FactKind};
use chrono::NaiveDate;

const ORDER_LINES: &[FactKind] = &[FactKind::OrderLine];

pub(super) fn revenue(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    if !subject.ever_ordered(span.until) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::amount(sales(subject, span))
}

pub(super) fn order_count(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    if !subject.ever_ordered(span.until) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::count(orders(subject, span))
}

pub(super) fn purchase_days(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    if !subject.ever_ordered(span.until) {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let mut days: Vec<NaiveDate> = subject
        .counted(ORDER_LINES, span)
        .map(|line| line.occurred_on)
        .collect();
    days.sort_unstable();
    days.dedup();
    Measured::count(days.len())
}

/// Net value of the order lines in the span, in units of an amount.
pub(super) fn sales(subject: &Subject<'_>, span: Span) -> i128 {
    sum(subject.counted(ORDER_LINES, span).map(base_units))
}

/// Distinct order documents in the span, plus the lines that name none.
pub(super) fn orders(subject: &Subject<'_>, span: Span) -> usize {
    let lines = subject.counted(ORDER_LINES, span);
    let (mut named, mut alone) = (Vec::new(), 0_usize);
    for line in lines {
        match &line.document {
            Some(document) => named.push((&document.system, &document.kind, &document.id)),
            None => alone = alone.saturating_add(1),
        }
    }
    named.sort_unstable();
    named.dedup();
    named.len().saturating_add(alone)
}

/// The amount in base currency in integer units; a fact without amount is worth nothing.
pub(super) fn base_units(fact: &Fact) -> i64 {
    fact.base_amount().unwrap_or_default().units()
}
