//! How each measure of the catalogue is taken, from which facts, and when time alone changes it.
//!
//! | which    | `catalogue.rs`: what is measured, in which unit and window |
//! | how      | here, and one file per family                              |

mod attribute;
mod catalogue;
mod payment;
mod profit;
pub(super) mod rank;
mod rating;
mod rhythm;
mod sales;
mod service;
mod time;

pub use catalogue::{Best, Measure, Rates, Weight};

use super::evaluate::EvaluationError;
use super::model::Scoring;
use super::subject::Subject;
use super::value::Measured;
use crate::fact::{Fact, FactKind};
use crate::ids::FactId;
use crate::period::{Span, Window};
use chrono::NaiveDate;
use std::ops::RangeInclusive;

impl Measure {
    /// The spans of days that the value is taken from.
    pub(super) fn spans(&self, as_of: NaiveDate) -> Vec<Span> {
        match self {
            Self::Rank { of, .. } => of.spans(as_of),
            Self::RevenueTrend { window } => {
                let now = Span::new(*window, as_of);
                let before = time::span_before(*window, as_of);
                before.into_iter().chain([now]).collect()
            }
            _ => vec![Span::new(self.window().unwrap_or(Window::All), as_of)],
        }
    }

    /// Whether facts of a kind can change the value, directly or through settled invoices.
    pub fn reads(&self, kind: FactKind) -> bool {
        self.kinds().contains(&kind)
    }

    /// The spans whose sums the measure reads, and the kinds of facts that it adds up.
    pub(super) fn summed(&self, as_of: NaiveDate) -> (Vec<Span>, &'static [FactKind]) {
        let spans = match self {
            Self::Rank { of, .. } => of.summed(as_of).0,
            Self::Revenue { .. }
            | Self::AverageOrderValue { .. }
            | Self::ProfitContribution { .. }
            | Self::NetContribution { .. }
            | Self::ShareOfProfit { .. }
            | Self::Margin { .. }
            | Self::ComplaintRate { .. }
            | Self::ReturnRate { .. }
            | Self::ContactCount { .. }
            | Self::ServiceMinutes { .. }
            | Self::RevenueTrend { .. } => self.spans(as_of),
            _ => Vec::new(),
        };
        (spans, self.kinds())
    }

    /// The days whose facts are read one by one, because each customer's window begins on a day of
    /// its own.
    pub(super) fn whole(&self, as_of: NaiveDate) -> Vec<RangeInclusive<NaiveDate>> {
        let (spans, kinds) = self.summed(as_of);
        if self.window() != Some(Window::SinceFirstOrder) || kinds == [FactKind::OrderLine] {
            return Vec::new();
        }
        spans.into_iter().filter_map(Span::days).collect()
    }

    /// The days that count for this customer.
    pub(super) fn span(&self, subject: &Subject<'_>, as_of: NaiveDate) -> Span {
        Span::new(self.window_of(subject, as_of), as_of)
    }

    /// The window with the customer's first order in it.
    fn window_of(&self, subject: &Subject<'_>, as_of: NaiveDate) -> Window {
        match self.window().unwrap_or(Window::All) {
            // Before the first order there are no order lines.
            Window::SinceFirstOrder if self.kinds() == [FactKind::OrderLine] => Window::All,
            Window::SinceFirstOrder => {
                let first = subject.series.days_of(FactKind::OrderLine).first();
                let first = first.filter(|day| **day <= as_of);
                first.map_or(Window::All, |day| Window::From(*day))
            }
            window => window,
        }
    }

    /// The latest day, up to the date, of a fact that the value is taken from.
    pub(super) fn latest_day(&self, subject: &Subject<'_>, as_of: NaiveDate) -> Option<NaiveDate> {
        let span = self.span(subject, as_of);
        let days = |kind: &FactKind| subject.series.days_in(*kind, span).last().copied();
        self.kinds().iter().filter_map(days).max()
    }

    /// The first date after `as_of` on which a fact behind the value begins to count or leaves the
    /// window.
    pub(super) fn next_passage(
        &self,
        subject: &Subject<'_>,
        as_of: NaiveDate,
    ) -> Option<NaiveDate> {
        let window = self.window_of(subject, as_of);
        time::next_fact_change(self.kinds(), Some(window), subject, as_of)
    }

    /// The first date after `as_of` on which a fact that is known already begins to count.
    pub(super) fn next_coming(&self, subject: &Subject<'_>, as_of: NaiveDate) -> Option<NaiveDate> {
        time::next_fact_change(self.kinds(), None, subject, as_of)
    }

    /// The value for `subject` on `as_of`.
    pub(super) fn take(
        &self,
        subject: &Subject<'_>,
        as_of: NaiveDate,
    ) -> Result<Measured, EvaluationError> {
        let span = self.span(subject, as_of);
        match self {
            Self::Revenue { .. } => sales::revenue(subject, span),
            Self::OrderCount { .. } => sales::order_count(subject, span),
            Self::PurchaseDays { .. } => sales::purchase_days(subject, span),
            Self::RecencyDays => time::recency_days(subject, as_of),
            Self::BtydRecencyDays => rhythm::btyd_recency_days(subject, span),
            Self::PurchaseIntervalDays => rhythm::interval_days(subject, span),
            Self::RhythmOverdue => rhythm::overdue(subject, span),
            Self::AverageOrderValue { .. } => sales::average_order_value(subject, span),
            Self::ProductBreadth { .. } => sales::product_breadth(subject, span),
            Self::RevenueTrend { window } => sales::trend(subject, *window, as_of),
            Self::ProfitContribution { .. } => profit::contribution(subject, span),
            Self::Margin { .. } => profit::margin(subject, span),
            Self::OnTimeRate { weight, .. } => {
                payment::on_time_rate(payment::due(subject, span), *weight)
            }
            Self::SettledOnTimeRate { weight, .. } => {
                payment::on_time_rate(payment::settled(subject, span), *weight)
            }
            Self::AverageDaysLate { .. } => payment::average_days_late(subject, span),
            Self::WorstDaysLate { .. } => payment::worst_days_late(subject, span),
            Self::OverdueAmount => payment::overdue_amount(subject, as_of),
            Self::ComplaintRate { .. } => service::complaint_rate(subject, span),
            Self::ComplaintSeverity { .. } => service::complaint_severity(subject, span),
            Self::ContactCount { .. } => Measured::count(subject.sums.over(span).contacts),
            Self::ServiceMinutes { .. } => Measured::count(subject.sums.over(span).minutes),
            Self::ReturnRate { .. } => service::return_rate(subject, span),
            Self::TenureMonths => time::tenure_months(subject, as_of),
            Self::StaffRating { .. } => rating::staff_rating(subject, span),
            Self::FadingRating { decay, .. } => rating::fading(subject, span, *decay),
            Self::NetContribution { rates, .. } => profit::net(subject, span, rates),
            Self::ShareOfProfit { company, .. } => profit::share(subject, span, *company),
            Self::Rank { of, cuts, best } => {
                Ok(rank::ranked(of.take(subject, as_of)?, cuts, *best))
            }
            Self::CreditUsed => payment::credit_used(subject, as_of),
            Self::Attribute { code } => Ok(attribute::value(subject.profile, code)),
        }
    }

    /// The facts that the value was taken from, in no particular order; `facts` are all of the
    /// subject's.
    pub(super) fn facts(
        &self,
        subject: &Subject<'_>,
        facts: &[Fact],
        as_of: NaiveDate,
    ) -> Vec<FactId> {
        let span = self.span(subject, as_of);
        let on_day = |day: Option<NaiveDate>| {
            let on_day = day.map(|day| move |on| on == day);
            on_day.map_or_else(Vec::new, |on_day| named(facts, self.kinds(), on_day))
        };
        match self {
            Self::Rank { of, .. } => of.facts(subject, facts, as_of),
            Self::RecencyDays => on_day(time::last_purchase(subject, as_of)),
            // Where the profile tells when the relationship began, no fact does.
            Self::TenureMonths if subject.profile.since.is_some() => Vec::new(),
            Self::TenureMonths => on_day(time::began_on(subject, as_of)),
            Self::OnTimeRate { .. } | Self::AverageDaysLate { .. } | Self::WorstDaysLate { .. } => {
                payment::due(subject, span).map(|due| due.invoice).collect()
            }
            Self::OverdueAmount => {
                let overdue = payment::overdue(subject, as_of);
                overdue.map(|invoice| invoice.invoice).collect()
            }
            Self::RevenueTrend { .. } => {
                let (spans, kinds) = self.summed(as_of);
                named(facts, kinds, |on| {
                    spans.iter().any(|span| span.contains(on))
                })
            }
            Self::CreditUsed => {
                let open = payment::open(subject, as_of);
                open.map(|invoice| invoice.invoice).collect()
            }
            Self::SettledOnTimeRate { .. } => payment::settled(subject, span)
                .map(|due| due.invoice)
                .collect(),
            Self::StaffRating { .. } | Self::FadingRating { .. } => {
                let ratings = subject.series.latest_ratings(span);
                ratings.map(|rating| rating.fact).collect()
            }
            _ => named(facts, self.kinds(), |on| span.contains(on)),
        }
    }

    /// The first date after `as_of` on which time alone may move the value into another band:
    /// never later than the real change, perhaps earlier.
    pub(super) fn next_change(
        &self,
        scoring: &Scoring,
        subject: &Subject<'_>,
        as_of: NaiveDate,
    ) -> Option<NaiveDate> {
        // Settled invoices pass through the window by their due dates; of the facts behind them
        // only those to come matter.
        let window = match self {
            Self::OnTimeRate { .. }
            | Self::SettledOnTimeRate { .. }
            | Self::AverageDaysLate { .. }
            | Self::WorstDaysLate { .. } => None,
            _ => self.window(),
        };
        let facts = time::next_fact_change(self.kinds(), window, subject, as_of);
        let own_window = self.window_of(subject, as_of);
        let own = match self {
            Self::RecencyDays => time::next_recency_band(scoring, subject, as_of),
            Self::TenureMonths => time::next_tenure_band(scoring, subject, as_of),
            Self::RhythmOverdue => rhythm::next_band(scoring, subject, as_of),
            Self::RevenueTrend { window } => time::next_leaving_before(*window, subject, as_of),
            Self::OverdueAmount | Self::CreditUsed => {
                payment::next_due_change(Window::All, subject, as_of)
            }
            Self::Rank { of, cuts, .. } => {
                return of.next_change(&rank::edges(cuts), subject, as_of);
            }
            Self::FadingRating { decay, .. } => {
                rating::next_fading(subject, (own_window, as_of), *decay)
            }
            Self::OnTimeRate { .. } => payment::next_due_change(own_window, subject, as_of),
            Self::SettledOnTimeRate { .. } => {
                payment::next_settled_change(own_window, subject, as_of)
            }
            Self::AverageDaysLate { .. } => {
                let band = payment::next_mean_band(scoring, own_window, subject, as_of);
                let due = payment::next_due_change(own_window, subject, as_of);
                [due, band].into_iter().flatten().min()
            }
            Self::WorstDaysLate { .. } => {
                let band = payment::next_worst_band(scoring, own_window, subject, as_of);
                let due = payment::next_due_change(own_window, subject, as_of);
                [due, band].into_iter().flatten().min()
            }
            _ => None,
        };
        // The first order, still to come, opens a window that held everything until then.
        let opens = self.window().filter(|it| *it == Window::SinceFirstOrder);
        let first = opens.and_then(|_| subject.series.days_of(FactKind::OrderLine).first());
        let first = first.copied().filter(|day| *day > as_of);
        [facts, own, first].into_iter().flatten().min()
    }
}

/// The facts of these kinds, on these days, that were not cancelled.
fn named(facts: &[Fact], kinds: &[FactKind], on: impl Fn(NaiveDate) -> bool) -> Vec<FactId> {
    let counted = facts
        .iter()
        .filter(|fact| kinds.contains(&fact.kind) && fact.counts() && on(fact.occurred_on));
    counted.map(|fact| fact.id).collect()
}
