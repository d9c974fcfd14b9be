//! How punctually a customer pays.

use super::time::{next_passage, whole_above};
use crate::evaluation::evaluate::EvaluationError;
use crate::evaluation::measures::Weight;
use crate::evaluation::model::Scoring;
use crate::evaluation::subject::Subject;
use crate::evaluation::value::{Measured, MissingReason, sum};
use crate::ids::FactId;
use crate::period::{Span, Window, days_between};
use crate::profile::AttributeValue;
use crate::scaled::Amount;
use crate::settlement::SettledInvoice;
use chrono::{Days, NaiveDate};
use rust_decimal::Decimal;

/// An invoice whose punctuality is known on the date of evaluation.
pub(super) struct Due {
    pub(super) invoice: FactId,
    amount: i64,
    /// Days after the due date until it was settled, or until the date of evaluation.
    days_late: i64,
    open: bool,
}

pub(super) fn on_time_rate(
    invoices: impl Iterator<Item = Due> + Clone,
    weight: Weight,
) -> Result<Measured, EvaluationError> {
    let weigh = |due: &Due| match weight {
        Weight::Count => 1,
        Weight::Amount => due.amount,
    };
    if invoices.clone().next().is_none() {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let punctual = invoices.clone().filter(|due| due.days_late == 0);
    let part = sum(punctual.map(|due| weigh(&due)));
    let whole = sum(invoices.map(|due| weigh(&due)));
    Measured::ratio(part, whole, 100)
}

pub(super) fn average_days_late(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    let lateness = Lateness::of(subject, span);
    if lateness.invoices == 0 {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    Measured::ratio(lateness.days, lateness.invoices, 1)
}

pub(super) fn worst_days_late(
    subject: &Subject<'_>,
    span: Span,
) -> Result<Measured, EvaluationError> {
    let worst = due(subject, span).map(|due| due.days_late).max();
    worst.map_or(
        Ok(Measured::Missing(MissingReason::NoData)),
        Measured::count,
    )
}

pub(super) fn overdue_amount(
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    if subject
        .invoices
        .iter()
        .all(|invoice| invoice.invoiced_on > as_of)
    {
        return Ok(Measured::Missing(MissingReason::NoData));
    }
    let open = overdue(subject, as_of).map(|invoice| invoice.open.units());
    Measured::amount(sum(open))
}

/// What is open per cent of the limit that the profile tells.
pub(super) fn credit_used(
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Result<Measured, EvaluationError> {
    let Some(AttributeValue::Number(limit)) = subject.profile.attributes.get("credit_limit") else {
        return Ok(Measured::Missing(MissingReason::NoData));
    };
    let units = Amount::from_decimal(*limit).map_err(|_| EvaluationError::Overflow)?;
    let open = open(subject, as_of).map(|invoice| invoice.open.units());
    Measured::ratio(sum(open), units.units().into(), 100)
}

/// The invoices with something open.
pub(super) fn open<'a>(
    subject: &Subject<'a>,
    as_of: NaiveDate,
) -> impl Iterator<Item = &'a SettledInvoice> + use<'a> {
    let known = move |invoice: &&SettledInvoice| invoice.invoiced_on <= as_of;
    let invoices = subject.invoices.iter().filter(known);
    invoices.filter(|invoice| !invoice.open.is_zero())
}

/// The invoices with something open whose due date has passed.
pub(super) fn overdue<'a>(
    subject: &Subject<'a>,
    as_of: NaiveDate,
) -> impl Iterator<Item = &'a SettledInvoice> + use<'a> {
    subject.invoices.iter().filter(move |invoice| {
        let is_late = invoice.due_on.is_some_and(|due_on| due_on < as_of);
        is_late && invoice.invoiced_on <= as_of && !invoice.open.is_zero()
    })
}

/// The invoices due in the span of which it is known whether they were paid on time.
pub(super) fn due<'a>(
    subject: &Subject<'a>,
    span: Span,
) -> impl Iterator<Item = Due> + Clone + use<'a> {
    let judge = move |invoice: &SettledInvoice| judged(invoice, span);
    subject.invoices.iter().filter_map(judge)
}

/// The invoices settled in the span, with how late that was.
pub(super) fn settled<'a>(
    subject: &Subject<'a>,
    span: Span,
) -> impl Iterator<Item = Due> + Clone + use<'a> {
    subject.invoices.iter().filter_map(move |invoice| {
        let settled_on = invoice.settled_on.filter(|day| span.contains(*day))?;
        Some(Due {
            invoice: invoice.invoice,
            amount: invoice.amount.units(),
            days_late: days_between(invoice.due_on?, settled_on).max(0),
            open: false,
        })
    })
}

/// The first date on which a settlement begins to count or leaves the window.
pub(super) fn next_settled_change(
    window: Window,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let days = || {
        subject
            .invoices
            .iter()
            .filter_map(|invoice| invoice.settled_on)
    };
    let coming = days().filter(|day| *day > as_of).min();
    [next_passage(days(), window, as_of), coming]
        .into_iter()
        .flatten()
        .min()
}

fn judged(invoice: &SettledInvoice, span: Span) -> Option<Due> {
    let due_on = invoice.due_on.filter(|day| span.contains(*day))?;
    if invoice.invoiced_on > span.until() {
        return None;
    }
    let settled_on = invoice.settled_on.filter(|day| *day <= span.until());
    // Due today and open: the day is not over, so it is neither late nor on time.
    if settled_on.is_none() && due_on == span.until() {
        return None;
    }
    Some(Due {
        invoice: invoice.invoice,
        amount: invoice.amount.units(),
        days_late: days_between(due_on, settled_on.unwrap_or(span.until())).max(0),
        open: settled_on.is_none(),
    })
}

/// The first date on which an invoice begins to count, is settled, or leaves the window.
pub(super) fn next_due_change(
    window: Window,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let due_days = || subject.invoices.iter().filter_map(|invoice| invoice.due_on);
    let passing = next_passage(due_days(), window, as_of);
    let falling_late = due_days()
        .filter_map(|due_on| due_on.succ_opt())
        .filter(|day| *day > as_of)
        .min();
    let told = |invoice: &SettledInvoice| [Some(invoice.invoiced_on), invoice.settled_on];
    let coming = subject.invoices.iter().flat_map(told).flatten();
    let coming = coming.filter(|day| *day > as_of).min();
    [passing, falling_late, coming].into_iter().flatten().min()
}

/// The first date on which open invoices, later by a day each day, lift the mean into another band.
pub(super) fn next_mean_band(
    scoring: &Scoring,
    window: Window,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let lateness = Lateness::of(subject, Span::new(window, as_of));
    let tomorrow = as_of.succ_opt()?;
    if lateness.open == 0 {
        return None;
    }
    // Where the exact day cannot be calculated, tomorrow is never too late.
    let Ok(Measured::Number(mean)) = Measured::ratio(lateness.days, lateness.invoices, 1) else {
        return Some(tomorrow);
    };
    let edge = scoring.next_edge_above(mean)?;
    let Some(days) = lateness.days_until(edge) else {
        return Some(tomorrow);
    };
    as_of.checked_add_days(Days::new(days.max(1)))
}

/// The first date on which the oldest open invoice is late enough to move the worst into another
/// band.
pub(super) fn next_worst_band(
    scoring: &Scoring,
    window: Window,
    subject: &Subject<'_>,
    as_of: NaiveDate,
) -> Option<NaiveDate> {
    let span = Span::new(window, as_of);
    let worst = due(subject, span).map(|due| due.days_late).max()?;
    let open = due(subject, span).filter(|due| due.open);
    let open = open.map(|due| due.days_late).max()?;
    let edge = whole_above(scoring.next_edge_above(Decimal::from(worst))?)?;
    let days = edge.saturating_sub(u64::try_from(open).unwrap_or(0));
    as_of.checked_add_days(Days::new(days.max(1)))
}

/// Days late in total, over how many invoices, and how many of them are still open.
struct Lateness {
    days: i128,
    invoices: i128,
    open: i128,
}

impl Lateness {
    fn of(subject: &Subject<'_>, span: Span) -> Self {
        let none = Self {
            days: 0,
            invoices: 0,
            open: 0,
        };
        due(subject, span).fold(none, |sum, due| Self {
            days: sum.days.saturating_add(i128::from(due.days_late)),
            invoices: sum.invoices.saturating_add(1),
            open: sum.open.saturating_add(i128::from(due.open)),
        })
    }

    /// After how many days the mean is `edge` or more: `(days + n × open) / invoices ≥ edge`.
    fn days_until(&self, edge: Decimal) -> Option<u64> {
        let decimal = |value: i128| Decimal::try_from_i128_with_scale(value, 0).ok();
        let lacking = edge
            .checked_mul(decimal(self.invoices)?)?
            .checked_sub(decimal(self.days)?)?;
        whole_above(lacking.checked_div(decimal(self.open)?)?)
    }
}
