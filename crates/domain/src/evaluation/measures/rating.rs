//! What the staff think of a customer.

use crate::evaluation::decay::Decay;
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason, sum};
use crate::period::{Span, Window};
use chrono::NaiveDate;

pub(super) fn staff_rating(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let count = subject.series.latest_ratings(span).count();
    if count == 0 {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let count = i128::try_from(count).map_err(|_| EvaluationError::Overflow)?;
    let ratings = subject.series.latest_ratings(span);
    let total = sum(ratings.map(|rating| rating.value.units()));
    // The ratings' four decimals become part of the divisor.
    Measured::ratio(total, count.saturating_mul(10_000), 1)
}

/// The mean in which each author's latest rating counts by what is left of it.
pub(super) fn fading(
    subject: &Subject<'_>,
    span: Span,
    decay: Decay,
) -> Result<Measured, EvaluationError> {
    let mut total = 0_i128;
    let mut weights = 0_i128;
    for rating in subject.series.latest_ratings(span) {
        let weight = i128::from(decay.left(rating.on, span.until()).units());
        let value = i128::from(rating.value.units()).saturating_mul(weight);
        total = total.saturating_add(value);
        weights = weights.saturating_add(weight);
    }
    if weights == 0 {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::ratio(total, weights.saturating_mul(10_000), 1)
}

/// The first date after `as_of` on which one of the ratings counts less; none where the window has
/// closed, for ages are taken on its last day.
pub(super) fn next_fading(
    subject: &Subject<'_>,
    (window, as_of): (Window, NaiveDate),
    decay: Decay,
) -> Option<NaiveDate> {
    let span = Span::new(window, as_of);
    if span.until() < as_of {
        return None;
    }
    let ratings = subject.series.latest_ratings(span);
    let steps = ratings.filter_map(|rating| decay.next_step(rating.on, as_of));
    steps.min()
}
