//! Conditions on a customer: whom a model is for, and when a veto holds.

use super::evaluate::EvaluationError;
use super::measures::Measure;
use super::model::{Band, Scoring};
use super::subject::Subject;
use super::value::Measured;
use crate::profile::{AttributeValue, CustomerKind, Profile};
use crate::scaled::Points;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// The numbers from `from` (included) up to `to` (excluded).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: Option<Decimal>,
    pub to: Option<Decimal>,
}

impl Range {
    pub fn holds(&self, value: Decimal) -> bool {
        self.from.is_none_or(|from| from <= value) && self.to.is_none_or(|to| value < to)
    }
}

/// A condition holds or does not; what is not known of a customer does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Kind(CustomerKind),
    /// The customer's group or one above it has this code.
    InGroup(String),
    /// A text or flag (`true`, `false`) is one of these.
    Is {
        attribute: String,
        values: BTreeSet<String>,
    },
    /// A number lies in the range.
    Between {
        attribute: String,
        range: Range,
    },
    /// A measure lies in the range. For vetoes only: it changes with facts and time.
    Measured {
        measure: Box<Measure>,
        range: Range,
    },
}

impl Condition {
    /// Whether it holds of a profile alone; what is measured does not.
    pub fn fits(&self, profile: &Profile) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.fits(profile)),
            Self::Any(parts) => parts.iter().any(|part| part.fits(profile)),
            Self::Not(part) => !part.fits(profile),
            Self::Kind(kind) => profile.kind == *kind,
            Self::InGroup(code) => profile.groups.contains(code),
            Self::Is { attribute, values } => match profile.attributes.get(attribute) {
                Some(AttributeValue::Text(text)) => values.contains(text),
                Some(AttributeValue::Flag(flag)) => values.contains(word(*flag)),
                _ => false,
            },
            Self::Between { attribute, range } => match profile.attributes.get(attribute) {
                Some(AttributeValue::Number(number)) => range.holds(*number),
                _ => false,
            },
            Self::Measured { .. } => false,
        }
    }

    /// Whether it holds of a subject on a date.
    pub(super) fn holds(
        &self,
        subject: &Subject<'_>,
        as_of: NaiveDate,
    ) -> Result<bool, EvaluationError> {
        Ok(match self {
            Self::All(parts) => {
                for part in parts {
                    if !part.holds(subject, as_of)? {
                        return Ok(false);
                    }
                }
                true
            }
            Self::Any(parts) => {
                for part in parts {
                    if part.holds(subject, as_of)? {
                        return Ok(true);
                    }
                }
                false
            }
            Self::Not(part) => !part.holds(subject, as_of)?,
            Self::Measured { measure, range } => match measure.take(subject, as_of)? {
                Measured::Number(number) => range.holds(number),
                _ => false,
            },
            _ => self.fits(subject.profile),
        })
    }

    /// The measures in it, with the edges at which they begin or cease to hold as bands.
    pub(super) fn measured(&self) -> Vec<(&Measure, Scoring)> {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::measured).collect(),
            Self::Not(part) => part.measured(),
            Self::Measured { measure, range } => vec![(measure, edges(*range))],
            _ => Vec::new(),
        }
    }

    /// How many conditions stand within each other at most.
    pub fn depth(&self) -> usize {
        let below = match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::depth).max(),
            Self::Not(part) => Some(part.depth()),
            _ => None,
        };
        below.unwrap_or(0).saturating_add(1)
    }
}

pub(super) const fn word(flag: bool) -> &'static str {
    if flag { "true" } else { "false" }
}

fn edges(range: Range) -> Scoring {
    let band = |from: Option<Decimal>| Band {
        from,
        to: None,
        points: Points::ZERO,
    };
    let from = [None, range.from, range.to];
    let bands = from.into_iter().enumerate();
    let bands = bands.filter(|(place, from)| *place == 0 || from.is_some());
    Scoring::Bands(bands.map(|(_, from)| band(from)).collect())
}
