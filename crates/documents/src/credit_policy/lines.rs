//! Payment terms in parts, as a document.

use crate::checks::Checks;
use serde::{Deserialize, Serialize};
use tiercel_domain::credit::schedule::{DueRule, Portion, TermLine, agree, check};
use tiercel_domain::path::Path;
use tiercel_domain::scaled::{Amount, Percent};
use utoipa::ToSchema;

/// One part of a bill and when it is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TermLineDocument {
    pub portion: PortionDocument,
    /// With `percent_of_rest` and `percent_of_total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<String>,
    /// 100 divided by the percentage, where a source gives both: they must agree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub divisor: Option<String>,
    /// With `fixed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    #[serde(default)]
    pub due: DueDocument,
}

/// How much a part is. The last part, and no other, is the remainder; it absorbs the cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PortionDocument {
    PercentOfRest,
    PercentOfTotal,
    Fixed,
    Remainder,
}

/// Counted from the date of the invoice: months, then the day of that month, then days, then the
/// end of the month reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DueDocument {
    pub months: u32,
    pub days: u32,
    /// 1 to 31; a shorter month has it on its last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_of_month: Option<u32>,
    pub end_of_month: bool,
}

/// More than a century is a slip.
const MOST_MONTHS: u32 = 1_200;
const MOST_DAYS: u32 = 36_500;

pub(super) fn read(
    lines: &[TermLineDocument],
    checks: &mut Checks<'_>,
    at: &Path,
) -> Option<Vec<TermLine>> {
    let each = lines.iter().enumerate();
    let read: Vec<Option<TermLine>> = each
        .map(|(place, line)| line.read(checks, &at.index(place)))
        .collect();
    let lines: Vec<TermLine> = read.into_iter().collect::<Option<_>>()?;
    if let Err((place, fault)) = check(&lines) {
        checks.fault(&at.index(place), "not_a_term", fault.to_string());
        return None;
    }
    Some(lines)
}

impl TermLineDocument {
    fn read(&self, checks: &mut Checks<'_>, at: &Path) -> Option<TermLine> {
        let due = &self.due;
        let near = due.months <= MOST_MONTHS && due.days <= MOST_DAYS;
        checks.require(
            near,
            &at.field("due"),
            "out_of_range",
            "is over a century away",
        );
        let portion = self.portion(checks, at)?;
        Some(TermLine {
            portion,
            due: DueRule {
                months: due.months,
                days: due.days,
                day_of_month: due.day_of_month,
                end_of_month: due.end_of_month,
            },
        })
    }

    fn portion(&self, checks: &mut Checks<'_>, at: &Path) -> Option<Portion> {
        let given = (&self.percent, &self.amount);
        match (self.portion, given) {
            (PortionDocument::Remainder, (None, None)) => Some(Portion::Remainder),
            (PortionDocument::Fixed, (None, Some(text))) => {
                let amount: Amount = checks.read(text, &at.field("amount"))?;
                Some(Portion::Fixed(amount.decimal()))
            }
            (PortionDocument::PercentOfRest, (Some(text), None)) => {
                self.share(text, checks, at).map(Portion::PercentOfRest)
            }
            (PortionDocument::PercentOfTotal, (Some(text), None)) => {
                self.share(text, checks, at).map(Portion::PercentOfTotal)
            }
            _ => {
                let detail =
                    "a percentage needs `percent`, `fixed` needs `amount`, and nothing else";
                checks.fault(at, "not_allowed", detail);
                None
            }
        }
    }

    fn share(&self, text: &str, checks: &mut Checks<'_>, at: &Path) -> Option<Percent> {
        let percent = checks.percent(text, 100, &at.field("percent"))?;
        let Some(divisor) = &self.divisor else {
            return Some(percent);
        };
        let at = at.field("divisor");
        let divisor: Percent = checks.read(divisor, &at)?;
        let agreed = agree(percent, divisor.decimal());
        if let Err(fault) = agreed {
            checks.fault(&at, "wrong_divisor", fault.to_string());
            return None;
        }
        Some(percent)
    }
}
