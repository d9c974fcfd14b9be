//! How long ago and for how long a customer buys, and when time alone changes a measure.

use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::model::Scoring;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason};
use crate::fact::FactKind;
use crate::period::{Span, Window, days_between, months_between};
use chrono::{Days, Months, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

pub(super) fn recency_days(
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    match last_purchase(subject, as_of) {
        Some(day) => Measured::count(days_between(day, as_of)),
        None => Ok(Measured::Missing(MissingReason::NoData)),
    }
}

pub(super) fn tenure_months(
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    match began_on(subject, as_of) {
        Some(day) => Measured::count(months_between(day, as_of)),
        None => Ok(Measured::Missing(MissingReason::NoData)),
    }
}

/// The first date on which a fact of these kinds begins to count or leaves the window.
pub(super) fn next_fact_change(
    kinds: &'static [FactKind],
    window: Option<Window>,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let days = kinds.iter().flat_map(|kind| subject.series.days_of(*kind));
    next_passage(days.copied(), window.unwrap_or(Window::All), as_of)
}

/// The first date on which one of `days` begins to lie in the window or leaves it.
pub(super) fn next_passage(
    days: impl Iterator<Item = NaiveDate>,
    window: Window,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let span = Span::new(window, as_of);
    let (mut oldest, mut coming) = (None::<NaiveDate>, None::<NaiveDate>);
    for day in days {
        if day > as_of {
            coming = Some(coming.map_or(day, |known| known.min(day)));
        } else if span.contains(day) {
            oldest = Some(oldest.map_or(day, |known| known.min(day)));
        }
    }
    let leaving = oldest.and_then(|day| window.leaves_on(day));
    [coming, leaving].into_iter().flatten().min()
}

/// The window of the same length that ends before the window does begin.
pub(super) fn span_before(window: Window, as_of: NaiveDate) -> Option<Span> {
    window.opens_after(as_of).map(|end| Span::new(window, end))
}

/// The first date on which an order line leaves the window before the window.
pub(super) fn next_leaving_before(
    window: Window,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let before = span_before(window, as_of)?;
    let oldest = subject
        .series
        .days_in(FactKind::OrderLine, before)
        .first()?;
    window.leaves_on(window.leaves_on(*oldest)?)
}

pub(super) fn next_recency_band(
    scoring: &Scoring,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let last = last_purchase(subject, as_of)?;
    let edge = scoring.next_edge_above(Decimal::from(days_between(last, as_of)))?;
    last.checked_add_days(Days::new(whole_above(edge)?))
}

pub(super) fn next_tenure_band(
    scoring: &Scoring,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let Some(began) = began_on(subject, as_of) else {
        return subject.profile.since.filter(|since| *since > as_of);
    };
    let edge = scoring.next_edge_above(Decimal::from(months_between(began, as_of)))?;
    let months = u32::try_from(whole_above(edge)?).ok()?;
    began.checked_add_months(Months::new(months))
}

/// The smallest whole number that is not below `edge`; `None` where no date will reach it.
pub(super) fn whole_above(edge: Decimal) -> Option<u64> {
    edge.ceil().to_u64()
}

/// The latest day with an order line.
pub(super) fn last_purchase(subject: &Subject<'_>, as_of: NaiveDate) -> Option<NaiveDate> {
    let span = Span::new(Window::All, as_of);
    let days = subject.series.days_in(FactKind::OrderLine, span);
    days.last().copied()
}

/// The day on which the relationship began, if it has.
pub(super) fn began_on(subject: &Subject<'_>, as_of: NaiveDate) -> Option<NaiveDate> {
    let began = subject.profile.since.or_else(|| subject.series.first_day());
    began.filter(|day| *day <= as_of)
}
