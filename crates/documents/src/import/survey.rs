//! The first pass over a file: how many rows break each check, and whether the file is refused.

use super::lookup::Lookups;
use super::mapping::{CheckedAs, CheckedOrder};
use super::plan::{Check, Plan, Rule};
use super::reader::RowReader;
use super::row::{FileFault, Row, RowReason, excerpt};
use super::value::Context;
use rust_decimal::Decimal;
use serde::Serialize;
use std::io::Read;
use tiercel_domain::money::{Rounding, round};
use utoipa::ToSchema;

const EXAMPLES: usize = 10;

/// What the first pass found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SurveyReport {
    /// Rows in the file.
    pub rows: u64,
    /// Rows that cannot be read at all.
    pub unreadable: u64,
    pub checks: Vec<CheckReport>,
}

impl SurveyReport {
    /// Whether the file must not be imported, not even in part.
    pub fn is_refused(&self) -> bool {
        self.checks.iter().any(|check| check.refuses)
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CheckReport {
    pub name: String,
    /// The rule in words.
    pub rule: String,
    /// Rows in which both values are there and readable.
    pub compared: u64,
    pub broken: u64,
    /// Of the compared rows, as a decimal, rounded up to six decimals.
    pub share: String,
    pub max_share: String,
    /// Whether the file is refused for it.
    pub refuses: bool,
    /// The first rows that break it.
    pub examples: Vec<BrokenExample>,
}

/// A row that breaks a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BrokenExample {
    pub row: u64,
    pub line: u64,
    /// What is wrong, with both values.
    pub detail: String,
}

/// Reads the whole file once and counts. Nothing is kept but the counts and a few examples.
pub fn survey<R: Read>(
    source: R,
    plan: &Plan,
    lookups: &Lookups,
) -> Result<SurveyReport, FileFault> {
    let mut tallies: Vec<Tally> = plan.checks.iter().map(|_| Tally::default()).collect();
    let (mut rows, mut unreadable) = (0, 0);
    for row in RowReader::open(source, plan)? {
        rows += 1;
        match row? {
            Err(_) => unreadable += 1,
            Ok(row) => {
                for (check, tally) in plan.checks.iter().zip(&mut tallies) {
                    tally.add(check, &row, lookups);
                }
            }
        }
    }
    let reports = plan
        .checks
        .iter()
        .zip(tallies)
        .map(|(check, tally)| tally.report(check));
    Ok(SurveyReport {
        rows,
        unreadable,
        checks: reports.collect(),
    })
}

#[derive(Default)]
struct Tally {
    compared: u64,
    broken: u64,
    examples: Vec<BrokenExample>,
}

impl Tally {
    fn add(&mut self, check: &Check, row: &Row, lookups: &Lookups) {
        // Values that cannot be read are reported when the row is converted.
        let Ok(Some(verdict)) = check.verdict(Context { row, lookups }) else {
            return;
        };
        self.compared += 1;
        if let Err(detail) = verdict {
            self.broken += 1;
            if self.examples.len() < EXAMPLES {
                self.examples.push(BrokenExample {
                    row: row.number,
                    line: row.line,
                    detail,
                });
            }
        }
    }

    fn report(self, check: &Check) -> CheckReport {
        let compared = Decimal::from(self.compared.max(1));
        let share = Decimal::from(self.broken)
            .checked_div(compared)
            .unwrap_or_default();
        CheckReport {
            name: check.name.clone(),
            rule: check.words(),
            compared: self.compared,
            broken: self.broken,
            share: round(share, 6, Rounding::Up).normalize().to_string(),
            max_share: check.max_share.normalize().to_string(),
            refuses: share > check.max_share,
            examples: self.examples,
        }
    }
}

impl Check {
    /// Why the row is to be rejected, if it is.
    pub(super) fn fault(&self, context: Context<'_>) -> Option<RowReason> {
        match self.verdict(context) {
            Ok(Some(Err(detail))) => {
                let columns = format!("{}, {}", self.left.label, self.right.label);
                let detail = format!("{}: {detail}", self.name);
                Some(RowReason::of(&columns, "check_broken", detail))
            }
            Ok(_) => None,
            Err(reason) => Some(reason),
        }
    }

    /// Whether the values keep the rule, and if not what is wrong; none where one is missing.
    fn verdict(&self, context: Context<'_>) -> Result<Option<Result<(), String>>, RowReason> {
        let distance = match self.compared_as {
            CheckedAs::Date => {
                let (left, right) = (self.left.date(context)?, self.right.date(context)?);
                left.zip(right).map(|(left, right)| {
                    let days = right.signed_duration_since(left).num_days();
                    Some(Decimal::from(days))
                })
            }
            CheckedAs::Number => {
                let (left, right) = (self.left.number(context)?, self.right.number(context)?);
                left.zip(right).map(|(left, right)| right.checked_sub(left))
            }
        };
        let Some(distance) = distance else {
            return Ok(None);
        };
        if distance.is_some_and(|distance| self.rule.allows(distance)) {
            return Ok(Some(Ok(())));
        }
        let text = |value: Option<std::borrow::Cow<'_, str>>| excerpt(&value.unwrap_or_default());
        let (left, right) = (self.left.text(context)?, self.right.text(context)?);
        let found = distance.map_or_else(
            || "too far".to_owned(),
            |distance| distance.normalize().to_string(),
        );
        Ok(Some(Err(format!(
            "{} is {}, {} is {}, {found}{} apart; {} is required",
            self.left.label,
            text(left),
            self.right.label,
            text(right),
            self.unit(),
            self.words(),
        ))))
    }

    fn unit(&self) -> &'static str {
        match self.compared_as {
            CheckedAs::Date => " days",
            CheckedAs::Number => "",
        }
    }

    /// The rule in words.
    fn words(&self) -> String {
        let (left, right) = (&self.left.label, &self.right.label);
        match self.rule {
            Rule::Order(CheckedOrder::Before) => format!("{left} < {right}"),
            Rule::Order(CheckedOrder::NotAfter) => format!("{left} <= {right}"),
            Rule::Order(CheckedOrder::Equal) => format!("{left} = {right}"),
            Rule::Distance { min, max } => {
                let bound = |bound: Option<Decimal>, word: &str| {
                    bound.map(|bound| format!(" {word} {bound}{}", self.unit()))
                };
                let bounds: Vec<String> = [bound(min, "at least"), bound(max, "at most")]
                    .into_iter()
                    .flatten()
                    .collect();
                format!("{right} - {left}{}", bounds.join(" and"))
            }
        }
    }
}

impl Rule {
    /// Whether `right − left` may be this.
    fn allows(self, distance: Decimal) -> bool {
        match self {
            Self::Order(CheckedOrder::Before) => distance > Decimal::ZERO,
            Self::Order(CheckedOrder::NotAfter) => distance >= Decimal::ZERO,
            Self::Order(CheckedOrder::Equal) => distance.is_zero(),
            Self::Distance { min, max } => {
                min.is_none_or(|min| distance >= min) && max.is_none_or(|max| distance <= max)
            }
        }
    }
}
