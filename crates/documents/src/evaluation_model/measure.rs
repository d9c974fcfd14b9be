//! What a criterion measures, as a document says it.

use super::parts::DecayDocument;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is measured, with the parameters that its kind takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MeasureDocument {
    pub kind: MeasureKind,
    /// For every kind but `recency_days`, `btyd_recency_days`, `purchase_interval_days`,
    /// `rhythm_overdue`, `overdue_amount`, `credit_used`, `tenure_months`, `rank` and `attribute`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowDocument>,
    /// For `on_time_rate` and `settled_on_time_rate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<WeightWord>,
    /// For `attribute`: its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "size")]
    pub attribute: Option<String>,
    /// For `staff_rating`: how a rating counts less with age. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decay: Option<DecayDocument>,
    /// For `net_contribution`: what serving a customer costs. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates: Option<RatesDocument>,
    /// For `share_of_profit`: what all customers contributed; written by freezing. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "286397.0217")]
    pub company_profit: Option<String>,
    /// For `rank`: the measure whose values are ranked. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub of: Option<Box<MeasureDocument>>,
    /// For `rank`: how many ranks there are, 2 to 100. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 5)]
    pub ranks: Option<u32>,
    /// For `rank`: which values get the highest rank. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<BestWord>,
    /// For `rank`: the lowest value of each rank but the first; written by freezing. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cuts: Option<Vec<String>>,
}

/// The catalogue of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    Revenue,
    OrderCount,
    PurchaseDays,
    RecencyDays,
    BtydRecencyDays,
    PurchaseIntervalDays,
    RhythmOverdue,
    AverageOrderValue,
    ProductBreadth,
    RevenueTrend,
    ProfitContribution,
    NetContribution,
    ShareOfProfit,
    Margin,
    OnTimeRate,
    SettledOnTimeRate,
    AverageDaysLate,
    WorstDaysLate,
    OverdueAmount,
    CreditUsed,
    ComplaintRate,
    ComplaintSeverity,
    ContactCount,
    ServiceMinutes,
    ReturnRate,
    TenureMonths,
    StaffRating,
    Rank,
    Attribute,
}

impl MeasureKind {
    /// Whether schema 1 does not know it.
    pub(super) const fn is_new(self) -> bool {
        matches!(
            self,
            Self::NetContribution | Self::ShareOfProfit | Self::CreditUsed | Self::Rank
        )
    }

    pub(super) const fn has_window(self) -> bool {
        !matches!(
            self,
            Self::RecencyDays
                | Self::BtydRecencyDays
                | Self::PurchaseIntervalDays
                | Self::RhythmOverdue
                | Self::OverdueAmount
                | Self::CreditUsed
                | Self::TenureMonths
                | Self::Rank
                | Self::Attribute
        )
    }
}

/// The stretch of time before the date of evaluation, that date included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowDocument {
    pub unit: WindowUnit,
    /// With `days` and `months`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 12)]
    pub length: Option<u32>,
    /// With `from` and `before`. Schema 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-01-01")]
    pub date: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowUnit {
    /// Everything up to the date.
    All,
    Days,
    Months,
    /// From the first of January. Schema 2.
    CalendarYear,
    /// From the customer's first order. Schema 2.
    SinceFirstOrder,
    /// From a day on. Schema 2.
    From,
    /// Before a day. Schema 2.
    Before,
}

/// By what invoices are weighted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightWord {
    Count,
    Amount,
}

/// Which values are the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum BestWord {
    Highest,
    Lowest,
}

/// What an activity costs, base currency; nothing where it is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RatesDocument {
    /// For each order document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "12.50")]
    pub order: Option<String>,
    /// For each order line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.80")]
    pub order_line: Option<String>,
    /// For each return.
    #[serde(default, rename = "return", skip_serializing_if = "Option::is_none")]
    #[schema(example = "9.00")]
    pub return_: Option<String>,
    /// For each complaint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "35.00")]
    pub complaint: Option<String>,
    /// For each contact with staff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "4.00")]
    pub contact: Option<String>,
    /// For each minute of staff time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.75")]
    pub service_minute: Option<String>,
}
