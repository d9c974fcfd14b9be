//! The customer's own rhythm of buying, and how far it has been left behind.

use super::time::whole_above;
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::model::Scoring;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason};
use crate::fact::FactKind;
use crate::period::{Span, Window, days_between};
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

/// From the first to the latest day with an order line.
struct Purchases {
    first: NaiveDate,
    last: NaiveDate,
    /// How many days have order lines.
    days: usize,
}

impl Purchases {
    fn of(subject: &Subject<'_>, span: Span) -> Option<Self> {
        let days = subject.series.days_in(FactKind::OrderLine, span);
        Some(Self {
            first: *days.first()?,
            last: *days.last()?,
            days: days.len(),
        })
    }

    fn length(&self) -> i64 {
        days_between(self.first, self.last)
    }

    fn intervals(&self) -> i128 {
        i128::try_from(self.days).map_or(0, |days| days.saturating_sub(1))
    }
}

const NOTHING: Measured = Measured::Missing(MissingReason::NoData);

pub(super) fn btyd_recency_days(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    Purchases::of(subject, span).map_or(Ok(NOTHING), |bought| Measured::count(bought.length()))
}

pub(super) fn interval_days(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    Purchases::of(subject, span).map_or(Ok(NOTHING), |bought| {
        Measured::ratio(bought.length().into(), bought.intervals(), 1)
    })
}

pub(super) fn overdue(subject: &Subject<'_>, span: Span) -> Result<Measured, EvaluationError> {
    Purchases::of(subject, span).map_or(Ok(NOTHING), |bought| {
        let since = i128::from(days_between(bought.last, span.until()));
        let since = since.saturating_mul(bought.intervals());
        Measured::ratio(since, bought.length().into(), 100)
    })
}

/// The first date on which waiting alone is long enough for another band.
pub(super) fn next_band(
    scoring: &Scoring,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let span = Span::new(Window::All, as_of);
    let bought = Purchases::of(subject, span)?;
    let Ok(Measured::Number(now)) = overdue(subject, span) else {
        return None;
    };
    let edge = scoring.next_edge_above(now)?;
    let days = || {
        let per_day = bought.intervals().checked_mul(100)?;
        let days = edge.checked_mul(Decimal::from(bought.length()))?;
        days.checked_div(Decimal::try_from_i128_with_scale(per_day, 0).ok()?)
    };
    // Where the exact day cannot be calculated, tomorrow is never too late.
    let tomorrow = as_of.succ_opt()?;
    let Some(days) = days() else {
        return Some(tomorrow);
    };
    let reached = bought.last.checked_add_days(Days::new(whole_above(days)?));
    reached.map(|day| day.max(tomorrow))
}
