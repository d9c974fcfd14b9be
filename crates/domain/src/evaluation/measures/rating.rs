//! What the staff think of a customer.

use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::subject::{Span, Subject};
use crate::evaluation::value::{Measured, MissingReason, sum};
use crate::fact::{Fact, FactKind};
use crate::scaled::Amount;
use std::collections::BTreeMap;

pub(super) fn staff_rating(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    let ratings: Vec<Amount> = latest(subject, span)
        .filter_map(|fact| fact.rating)
        .collect();
    if ratings.is_empty() {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let count = i128::try_from(ratings.len()).map_err(|_| EvaluationError::Overflow)?;
    let total = sum(ratings.into_iter().map(Amount::units));
    // The ratings' four decimals become part of the divisor.
    Measured::ratio(total, count.saturating_mul(10_000), 1)
}

/// The latest rating of each author; of several on one day the one recorded under the highest id.
pub(super) fn latest<'a>(subject: &Subject<'a>, span: Span) -> impl Iterator<Item = &'a Fact> {
    let mut latest: BTreeMap<Option<&str>, &Fact> = BTreeMap::new();
    let ratings = subject.counted(&[FactKind::StaffRating], span);
    for rating in ratings.filter(|fact| fact.rating.is_some()) {
        latest
            .entry(rating.author.as_deref())
            .and_modify(|known| {
                if (known.occurred_on, known.id) < (rating.occurred_on, rating.id) {
                    *known = rating;
                }
            })
            .or_insert(rating);
    }
    latest.into_values()
}
