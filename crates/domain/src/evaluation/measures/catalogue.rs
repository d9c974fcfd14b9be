//! The catalogue of measures: what is taken from a customer's facts, in which unit and window.
//!
//! For all of them: cancelled facts and facts after the date of evaluation never count, amounts
//! are in base currency, a ratio without a positive denominator is missing and not zero.

use crate::evaluation::decay::Decay;
use crate::fact::FactKind;
use crate::period::Window;
use crate::scaled::Amount;
use rust_decimal::Decimal;

/// By what invoices are weighted in the on-time rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Each invoice counts once.
    Count,
    /// Each invoice counts by its amount.
    Amount,
}

/// Which values are the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Best {
    Highest,
    Lowest,
}

/// What an activity costs, base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rates {
    pub order: Amount,
    pub order_line: Amount,
    pub return_: Amount,
    pub complaint: Amount,
    pub contact: Amount,
    pub service_minute: Amount,
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
    /// The same mean, in which a rating counts less with age.
    FadingRating { window: Window, decay: Decay },
    /// The profit contribution less what serving the customer costs: each activity in the window
    /// at its rate. Order lines are net of discounts, so these are subtracted already.
    NetContribution { window: Window, rates: Rates },
    /// The profit contribution per cent of `company`, what all customers contributed when the
    /// model's references were frozen. Missing where that is not positive.
    ShareOfProfit { window: Window, company: Amount },
    /// The rank of another measure's value among `cuts`, ascending values frozen in the model:
    /// from 1, the worst, to one more than there are cuts. Equal values have equal ranks.
    Rank {
        of: Box<Self>,
        cuts: Vec<Decimal>,
        best: Best,
    },
    /// What is open of invoices per cent of the profile's `credit_limit`. Missing without limit.
    CreditUsed,
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
            Self::StaffRating { .. } | Self::FadingRating { .. } => "staff_rating",
            Self::NetContribution { .. } => "net_contribution",
            Self::ShareOfProfit { .. } => "share_of_profit",
            Self::Rank { .. } => "rank",
            Self::CreditUsed => "credit_used",
            Self::Attribute { .. } => "attribute",
        }
    }

    /// The unit of the value; none for attributes.
    pub const fn unit(&self) -> Option<&'static str> {
        match self {
            Self::Revenue { .. }
            | Self::ProfitContribution { .. }
            | Self::NetContribution { .. }
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
            | Self::ReturnRate { .. }
            | Self::ShareOfProfit { .. }
            | Self::CreditUsed => Some("percent"),
            Self::Rank { .. } => Some("rank"),
            Self::ComplaintRate { .. } => Some("complaints_per_100_orders"),
            Self::TenureMonths => Some("months"),
            Self::StaffRating { .. } | Self::FadingRating { .. } => Some("rating"),
            Self::Attribute { .. } => None,
        }
    }

    /// The window, for measures that have one.
    pub fn window(&self) -> Option<Window> {
        match self {
            Self::Rank { of, .. } => of.window(),
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
            | Self::StaffRating { window }
            | Self::FadingRating { window, .. }
            | Self::NetContribution { window, .. }
            | Self::ShareOfProfit { window, .. } => Some(*window),
            Self::RecencyDays
            | Self::BtydRecencyDays
            | Self::PurchaseIntervalDays
            | Self::RhythmOverdue
            | Self::OverdueAmount
            | Self::TenureMonths
            | Self::CreditUsed
            | Self::Attribute { .. } => None,
        }
    }

    /// Whether the measure yields numbers only, so that it can be scored by nothing but bands.
    pub const fn is_numeric(&self) -> bool {
        !matches!(self, Self::Attribute { .. })
    }

    /// The kinds of facts that the measure is taken from, directly or through settled invoices.
    pub(super) fn kinds(&self) -> &'static [FactKind] {
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
            Self::ProfitContribution { .. } | Self::ShareOfProfit { .. } => {
                &[OrderLine, Return, Expense]
            }
            Self::NetContribution { .. } => &[OrderLine, Return, Expense, Complaint, Contact],
            Self::Rank { of, .. } => of.kinds(),
            Self::ComplaintRate { .. } => &[OrderLine, Complaint],
            Self::ComplaintSeverity { .. } => &[Complaint],
            Self::ContactCount { .. } | Self::ServiceMinutes { .. } => &[Contact],
            Self::ReturnRate { .. } => &[OrderLine, Return],
            Self::StaffRating { .. } | Self::FadingRating { .. } => &[StaffRating],
            Self::TenureMonths => FactKind::ALL,
            Self::OnTimeRate { .. }
            | Self::SettledOnTimeRate { .. }
            | Self::AverageDaysLate { .. }
            | Self::WorstDaysLate { .. }
            | Self::CreditUsed
            | Self::OverdueAmount => &[Invoice, Payment, CreditNote],
            Self::Attribute { .. } => &[],
        }
    }

    /// Whether the measure shows what things cost or earn: not for everyone's eyes.
    pub fn shows_costs(&self) -> bool {
        match self {
            Self::Rank { of, .. } => of.shows_costs(),
            Self::ProfitContribution { .. }
            | Self::NetContribution { .. }
            | Self::ShareOfProfit { .. }
            | Self::Margin { .. } => true,
            _ => false,
        }
    }

    /// Whether some facts behind it can be looked at alone: not where payments are allocated.
    pub fn takes_filter(&self) -> bool {
        let payment = self.kinds().contains(&FactKind::Invoice);
        self.reads_facts() && !payment
    }

    /// Whether its value is taken from facts that have a day.
    pub fn reads_facts(&self) -> bool {
        !self.kinds().is_empty() && !matches!(self, Self::TenureMonths)
    }

    /// Whether nothing of the kind is zero for a customer who ordered something else.
    pub(in crate::evaluation) fn counts_from_zero(&self) -> bool {
        matches!(
            self,
            Self::Revenue { .. }
                | Self::OrderCount { .. }
                | Self::PurchaseDays { .. }
                | Self::ProductBreadth { .. }
                | Self::ProfitContribution { .. }
                | Self::NetContribution { .. }
                | Self::ShareOfProfit { .. }
        )
    }
}
