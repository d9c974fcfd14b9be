//! The formula of limits, and what is expected of the data of finance, as documents.

use super::{amount, rules};
use crate::checks::Checks;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::policy::DataRules;
use tiercel_domain::credit::proposals::{LimitFormula, Step};
use tiercel_domain::path::Path;
use tiercel_domain::scaled::{Amount, Percent};
use utoipa::ToSchema;

/// A factor of more than a hundredfold is a slip.
const MOST_FACTOR: i64 = 10_000;
/// More than ten years is a slip.
const MOST_MONTHS: u32 = 120;
/// More than a year is no expectation.
const MOST_AGE: u32 = 366 * 86_400;

/// Limits that are proposed: the tier's limit × the factor of the score × the factor of the payment
/// behaviour, rounded down and kept within bounds. Factors are per cent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitFormulaDocument {
    /// By points, rising.
    #[serde(default)]
    pub by_score: Vec<LimitStepDocument>,
    /// By mean days late of the bills due within a year, each by its amount, rising.
    #[serde(default)]
    pub by_late_days: Vec<LimitStepDocument>,
    /// Without a score, and below the first step; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_score: Option<String>,
    /// Without bills, and below the first step; 100 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_bills: Option<String>,
    /// Limits are multiples of this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_to: Option<String>,
    /// No limit below this is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub least: Option<String>,
    /// No limit above this is proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<String>,
    /// Smaller changes, in per cent of the old limit, are not proposed; 0 where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored_change_pct: Option<String>,
    /// How long a proposed limit lives, 1 to 120; absent = until it is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_months: Option<u32>,
    /// Whoever made a proposal may not approve it.
    #[serde(default)]
    pub two_people: bool,
}

/// From `from` on, `factor` per cent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitStepDocument {
    /// Points or days; not below zero.
    pub from: String,
    /// Per cent.
    pub factor: String,
}

/// What is expected of the data of finance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditDataRulesDocument {
    /// Exposure that no snapshot of finance has confirmed for longer is `degraded`; absent = never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u32>,
    /// Differences of no more than this in all are no drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerated_drift: Option<String>,
}

impl CreditDataRulesDocument {
    pub(super) fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<DataRules> {
        let plausible = self
            .max_age_seconds
            .is_none_or(|age| (1..=MOST_AGE).contains(&age));
        let detail = "is not from 1 second to 366 days";
        checks.require(
            plausible,
            &at.field("max_age_seconds"),
            "out_of_range",
            detail,
        );
        let tolerated = rules::some(&self.tolerated_drift, checks, &at.field("tolerated_drift"));
        Some(DataRules {
            max_age_seconds: self.max_age_seconds,
            tolerated_drift: tolerated?.unwrap_or(Amount::ZERO),
        })
    }
}

impl LimitFormulaDocument {
    pub(super) fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<LimitFormula> {
        let by_score = steps(&self.by_score, checks, &at.field("by_score"));
        let by_late_days = steps(&self.by_late_days, checks, &at.field("by_late_days"));
        let without_score = factor(&self.without_score, checks, &at.field("without_score"));
        let without_bills = factor(&self.without_bills, checks, &at.field("without_bills"));
        let round_to = rules::some(&self.round_to, checks, &at.field("round_to"));
        let least = rules::some(&self.least, checks, &at.field("least"));
        let most = rules::some(&self.most, checks, &at.field("most"));
        let ignored_at = at.field("ignored_change_pct");
        let ignored = match &self.ignored_change_pct {
            Some(text) => checks.percent(text, 100, &ignored_at),
            None => Some(Percent::ZERO),
        };
        let months = self.valid_months;
        let lives = months.is_none_or(|months| (1..=MOST_MONTHS).contains(&months));
        let months_at = at.field("valid_months");
        checks.require(lives, &months_at, "out_of_range", "is not from 1 to 120");
        let (least, most) = (least?.unwrap_or(Amount::ZERO), most?);
        let bounds = most.is_none_or(|most| least <= most);
        checks.require(
            bounds,
            &at.field("most"),
            "not_in_order",
            "is below `least`",
        );
        Some(LimitFormula {
            by_score: by_score?,
            by_late_days: by_late_days?,
            without_score: without_score?,
            without_bills: without_bills?,
            round_to: round_to?.unwrap_or(Amount::ZERO),
            least,
            most,
            ignored_change: ignored?,
            valid_months: months,
            two_people: self.two_people,
        })
    }
}

fn factor(text: &Option<String>, checks: &mut Checks<'_>, at: &Path) -> Option<Percent> {
    match text {
        Some(text) => checks.percent(text, MOST_FACTOR, at),
        None => Percent::from_decimal(100.into()).ok(),
    }
}

fn steps(rows: &[LimitStepDocument], checks: &mut Checks<'_>, at: &Path) -> Option<Vec<Step>> {
    let mut kept: Vec<Step> = Vec::new();
    for (place, row) in rows.iter().enumerate() {
        let at = at.index(place);
        let from = amount(&row.from, checks, &at.field("from"))?.decimal();
        let factor = checks.percent(&row.factor, MOST_FACTOR, &at.field("factor"))?;
        let rises = kept.last().is_none_or(|last| last.from < from);
        let detail = "does not begin after the one before";
        checks.require(rises, &at, "not_in_order", detail);
        kept.push(Step { from, factor });
    }
    Some(kept)
}
