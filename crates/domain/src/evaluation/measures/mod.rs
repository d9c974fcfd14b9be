//! The catalogue of measures: what is taken from a customer's facts, in which unit and window.
//!
//! For all of them: cancelled facts and facts after the date of evaluation never count, amounts
//! are in base currency, a ratio without a positive denominator is missing and not zero.

mod attribute;
mod payment;
mod profit;
mod rating;
mod rhythm;
mod sales;
mod service;
mod time;

use super::evaluate::EvaluationError;
use super::model::Scoring;
use super::subject::Subject;
use super::value::Measured;
use crate::fact::{Fact, FactKind};
use crate::ids::FactId;
use crate::period::{Span, Window};
use chrono::NaiveDate;

/// By what invoices are weighted in the on-time rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Each invoice counts once.
    Count,
    /// Each invoice counts by its amount.
    Amount,
}

/// What a criterion measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measure {
    /// Net value of the order lines in the window, base currency. Returns are not subtracted: they
    /// show in the return rate and in the profit contribution. Invoices never count as revenue, so
    /// an order that was also billed counts once; a customer without any order line has none.
    Revenue { window: Window },
    /// Distinct order documents with an order line in the window; a line without document counts
    /// as an order of its own. Missing for a customer without any order line.
    OrderCount { window: Window },
    /// Distinct days with an order line in the window. Missing for a customer without any.
    PurchaseDays { window: Window },
    /// Days from the latest order line to the date of evaluation, 0 on the day itself.
    RecencyDays,
    /// Days from the first to the latest day with an order line, 0 where there is but one: what the
    /// buy-till-you-die models call recency.
    BtydRecencyDays,
    /// The customer's own rhythm: mean of the days between one day with an order line and the next.
    /// Missing where there are fewer than two.
    PurchaseIntervalDays,
    /// Days since the latest order line / the customer's own rhythm, per cent: above 100 the next
    /// order is overdue.
    RhythmOverdue,
    /// Order lines in the window / orders in the window (as in the order count), base currency.
    /// Returns are not subtracted.
    AverageOrderValue { window: Window },
    /// Distinct products with an order line in the window; lines without product do not count.
    /// Missing for a customer without any order line.
    ProductBreadth { window: Window },
    /// (revenue in the window − revenue in the window of the same length before it) / the latter,
    /// per cent. Missing where there was none before, as it is where the window has no beginning.
    RevenueTrend { window: Window },
    /// Order lines − their cost − returns (net of the cost that came back into stock) − expenses in
    /// the window, base currency. Missing where the cost of one order line in the window is unknown
    /// or the customer has no order line at all. A return whose cost is unknown brings none back.
    ProfitContribution { window: Window },
    /// (order lines − their cost) / order lines in the window, per cent. Missing where the cost of
    /// one of them is unknown. Returns and expenses are left to the profit contribution.
    Margin { window: Window },
    /// Share of the invoices due in the window that were settled by their due date, per cent. What
    /// is open past its due date is late; what is not yet due, or due on the date itself and open,
    /// does not count yet.
    OnTimeRate { window: Window, weight: Weight },
    /// Share of the invoices settled in the window (by the day of settlement) that were settled by
    /// their due date, per cent. What is still open does not count, however late it is: the figure
    /// that dunning reports usually show, beside the stricter [`Measure::OnTimeRate`].
    SettledOnTimeRate { window: Window, weight: Weight },
    /// Mean over the same invoices of the days between due date and settlement, early payment
    /// counting 0 and open invoices up to the date of evaluation.
    AverageDaysLate { window: Window },
    /// The largest of the days late that the average is taken from.
    WorstDaysLate { window: Window },
    /// What is open of invoices whose due date has passed, base currency. Missing for a customer
    /// without any invoice.
    OverdueAmount,
    /// Complaints in the window per 100 orders in the window (orders as in the order count).
    ComplaintRate { window: Window },
    /// Mean severity of the complaints in the window that have one, 1 (slight) to 5 (grave).
    ComplaintSeverity { window: Window },
    /// Contacts with staff in the window; zero where there was none.
    ContactCount { window: Window },
    /// Minutes of staff time in the contacts in the window; zero where there was none.
    ServiceMinutes { window: Window },
    /// Returned value / order lines in the window, per cent, clamped to 0 … 100: returns of older
    /// orders may exceed what was ordered since.
    ReturnRate { window: Window },
    /// Whole months since the relationship began: as the profile tells, else since the first fact.
    /// Missing where neither lies on or before the date of evaluation.
    TenureMonths,
    /// Mean of the latest rating of each author in the window, in the rating's own scale. Ratings
    /// without author count as those of one author.
    StaffRating { window: Window },
    /// A profile attribute: numbers are scored by bands, texts and flags (`true`, `false`) by
    /// categories.
    Attribute { code: String },
}

impl Measure {
    /// The word used in documents and answers.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Revenue { .. } => "revenue",
            Self::OrderCount { .. } => "order_count",
            Self::PurchaseDays { .. } => "purchase_days",
            Self::RecencyDays => "recency_days",
            Self::BtydRecencyDays => "btyd_recency_days",
            Self::PurchaseIntervalDays => "purchase_interval_days",
            Self::RhythmOverdue => "rhythm_overdue",
            Self::AverageOrderValue { .. } => "average_order_value",
            Self::ProductBreadth { .. } => "product_breadth",
            Self::RevenueTrend { .. } => "revenue_trend",
            Self::ProfitContribution { .. } => "profit_contribution",
            Self::Margin { .. } => "margin",
            Self::OnTimeRate { .. } => "on_time_rate",
            Self::SettledOnTimeRate { .. } => "settled_on_time_rate",
            Self::AverageDaysLate { .. } => "average_days_late",
            Self::WorstDaysLate { .. } => "worst_days_late",
            Self::OverdueAmount => "overdue_amount",
            Self::ComplaintRate { .. } => "complaint_rate",
            Self::ComplaintSeverity { .. } => "complaint_severity",
            Self::ContactCount { .. } => "contact_count",
            Self::ServiceMinutes { .. } => "service_minutes",
            Self::ReturnRate { .. } => "return_rate",
            Self::TenureMonths => "tenure_months",
            Self::StaffRating { .. } => "staff_rating",
            Self::Attribute { .. } => "attribute",
        }
    }

    /// The unit of the value; none for attributes.
    pub const fn unit(&self) -> Option<&'static str> {
        match self {
            Self::Revenue { .. }
            | Self::ProfitContribution { .. }
            | Self::AverageOrderValue { .. }
            | Self::OverdueAmount => Some("base_currency"),
            Self::OrderCount { .. } => Some("orders"),
            Self::ProductBreadth { .. } => Some("products"),
            Self::ContactCount { .. } => Some("contacts"),
            Self::ServiceMinutes { .. } => Some("minutes"),
            Self::ComplaintSeverity { .. } => Some("severity"),
            Self::PurchaseDays { .. }
            | Self::RecencyDays
            | Self::BtydRecencyDays
            | Self::PurchaseIntervalDays
            | Self::AverageDaysLate { .. }
            | Self::WorstDaysLate { .. } => Some("days"),
            Self::Margin { .. }
            | Self::RhythmOverdue
            | Self::RevenueTrend { .. }
            | Self::OnTimeRate { .. }
            | Self::SettledOnTimeRate { .. }
            | Self::ReturnRate { .. } => Some("percent"),
            Self::ComplaintRate { .. } => Some("complaints_per_100_orders"),
            Self::TenureMonths => Some("months"),
            Self::StaffRating { .. } => Some("rating"),
            Self::Attribute { .. } => None,
        }
    }

    /// The window, for measures that have one.
    pub const fn window(&self) -> Option<Window> {
        match self {
            Self::Revenue { window }
            | Self::OrderCount { window }
            | Self::PurchaseDays { window }
            | Self::AverageOrderValue { window }
            | Self::ProductBreadth { window }
            | Self::RevenueTrend { window }
            | Self::WorstDaysLate { window }
            | Self::ComplaintSeverity { window }
            | Self::ContactCount { window }
            | Self::ServiceMinutes { window }
            | Self::ProfitContribution { window }
            | Self::Margin { window }
            | Self::OnTimeRate { window, .. }
            | Self::SettledOnTimeRate { window, .. }
            | Self::AverageDaysLate { window }
            | Self::ComplaintRate { window }
            | Self::ReturnRate { window }
            | Self::StaffRating { window } => Some(*window),
            Self::RecencyDays
            | Self::BtydRecencyDays
            | Self::PurchaseIntervalDays
            | Self::RhythmOverdue
            | Self::OverdueAmount
            | Self::TenureMonths
            | Self::Attribute { .. } => None,
        }
    }

    /// Whether the measure yields numbers only, so that it can be scored by nothing but bands.
    pub const fn is_numeric(&self) -> bool {
        !matches!(self, Self::Attribute { .. })
    }

    /// The kinds of facts that the measure is taken from, directly or through settled invoices.
    const fn kinds(&self) -> &'static [FactKind] {
        use FactKind::{Complaint, Contact, CreditNote, Expense, Invoice, OrderLine, Payment};
        use FactKind::{Return, StaffRating};
        match self {
            Self::Revenue { .. }
            | Self::OrderCount { .. }
            | Self::PurchaseDays { .. }
            | Self::RecencyDays
            | Self::BtydRecencyDays
            | Self::PurchaseIntervalDays
            | Self::RhythmOverdue
            | Self::AverageOrderValue { .. }
            | Self::ProductBreadth { .. }
            | Self::RevenueTrend { .. }
            | Self::Margin { .. } => &[OrderLine],
            Self::ProfitContribution { .. } => &[OrderLine, Return, Expense],
            Self::ComplaintRate { .. } => &[OrderLine, Complaint],
            Self::ComplaintSeverity { .. } => &[Complaint],
            Self::ContactCount { .. } | Self::ServiceMinutes { .. } => &[Contact],
            Self::ReturnRate { .. } => &[OrderLine, Return],
            Self::StaffRating { .. } => &[StaffRating],
            Self::TenureMonths => FactKind::ALL,
            Self::OnTimeRate { .. }
            | Self::SettledOnTimeRate { .. }
            | Self::AverageDaysLate { .. }
            | Self::WorstDaysLate { .. }
            | Self::OverdueAmount => &[Invoice, Payment, CreditNote],
            Self::Attribute { .. } => &[],
        }
    }

    /// Whether facts of a kind can change the value, directly or through settled invoices.
    pub fn reads(&self, kind: FactKind) -> bool {
        self.kinds().contains(&kind)
    }

    /// The spans whose sums the measure reads, and the kinds of facts that it adds up.
    pub(super) fn summed(&self, as_of: NaiveDate) -> (Vec<Span>, &'static [FactKind]) {
        let spans = match self {
            Self::Revenue { window }
            | Self::AverageOrderValue { window }
            | Self::ProfitContribution { window }
            | Self::Margin { window }
            | Self::ComplaintRate { window }
            | Self::ReturnRate { window }
            | Self::ContactCount { window }
            | Self::ServiceMinutes { window } => vec![Span::new(*window, as_of)],
            Self::RevenueTrend { window } => {
                let now = Span::new(*window, as_of);
                let before = time::span_before(*window, as_of);
                before.into_iter().chain([now]).collect()
            }
            _ => Vec::new(),
        };
        (spans, self.kinds())
    }

    /// The value for `subject` on `as_of`.
    pub(super) fn take(
        &self,
        subject: &Subject<'_>,
        as_of: NaiveDate,
    ) -> Result<Measured, EvaluationError> {
        let span = Span::new(self.window().unwrap_or(Window::All), as_of);
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
        let span = Span::new(self.window().unwrap_or(Window::All), as_of);
        let on_day = |day: Option<NaiveDate>| {
            let on_day = day.map(|day| move |on| on == day);
            on_day.map_or_else(Vec::new, |on_day| named(facts, self.kinds(), on_day))
        };
        match self {
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
            Self::SettledOnTimeRate { .. } => payment::settled(subject, span)
                .map(|due| due.invoice)
                .collect(),
            Self::StaffRating { .. } => {
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
        let own = match self {
            Self::RecencyDays => time::next_recency_band(scoring, subject, as_of),
            Self::TenureMonths => time::next_tenure_band(scoring, subject, as_of),
            Self::RhythmOverdue => rhythm::next_band(scoring, subject, as_of),
            Self::RevenueTrend { window } => time::next_leaving_before(*window, subject, as_of),
            Self::OverdueAmount => payment::next_due_change(Window::All, subject, as_of),
            Self::OnTimeRate { window, .. } => payment::next_due_change(*window, subject, as_of),
            Self::SettledOnTimeRate { window, .. } => {
                payment::next_settled_change(*window, subject, as_of)
            }
            Self::AverageDaysLate { window } => {
                let band = payment::next_mean_band(scoring, *window, subject, as_of);
                let due = payment::next_due_change(*window, subject, as_of);
                [due, band].into_iter().flatten().min()
            }
            Self::WorstDaysLate { window } => {
                let band = payment::next_worst_band(scoring, *window, subject, as_of);
                let due = payment::next_due_change(*window, subject, as_of);
                [due, band].into_iter().flatten().min()
            }
            _ => None,
        };
        [facts, own].into_iter().flatten().min()
    }
}

/// The facts of these kinds, on these days, that were not cancelled.
fn named(facts: &[Fact], kinds: &[FactKind], on: impl Fn(NaiveDate) -> bool) -> Vec<FactId> {
    let counted = facts
        .iter()
        .filter(|fact| kinds.contains(&fact.kind) && fact.counts() && on(fact.occurred_on));
    counted.map(|fact| fact.id).collect()
}
