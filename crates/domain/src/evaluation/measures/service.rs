//! How often a customer complains and how much comes back.

use super::sales::{base_units, orders, sales};
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::{Span, Subject};
use crate::evaluation::value::{Measured, sum};
use crate::fact::FactKind;
use rust_decimal::Decimal;

pub(super) fn complaint_rate(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    let complaints = subject.counted(&[FactKind::Complaint], span).count();
    let units = |count: usize| i128::try_from(count).map_err(|_| EvaluationError::Overflow);
    Measured::ratio(units(complaints)?, units(orders(subject, span))?, 100)
}

pub(super) fn return_rate(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let returned = sum(subject.counted(&[FactKind::Return], span).map(base_units));
    let rate = Measured::ratio(returned, sales(subject, span), 100)?;
    Ok(match rate {
        Measured::Number(rate) => Measured::Number(rate.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED)),
        other => other,
    })
}
