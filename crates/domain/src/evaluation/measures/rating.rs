//! What the staff think of a customer.

use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason, sum};
use crate::period::Span;

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
