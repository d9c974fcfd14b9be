//! What a measure yields, and the exact arithmetic behind it.

use super::evaluate::EvaluationError;
use crate::money::{self, Rounding};
use rust_decimal::Decimal;

/// The value of a measure for one customer on one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Measured {
    /// Not rounded: bands are compared with this.
    Number(Decimal),
    Text(String),
    Flag(bool),
    /// There is no value; the criterion's points for a missing value count.
    Missing(MissingReason),
}

/// Why a measure has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MissingReason {
    /// Nothing is known that the measure could be taken from.
    NoData,
    /// The cost of at least one order line is not known.
    CostUnknown,
    /// A ratio without anything to divide by.
    NoDenominator,
    /// The attribute has another type than the criterion scores.
    OtherType,
}

impl MissingReason {
    /// The word used in JSON and in the database.
    pub const fn word(self) -> &'static str {
        match self {
            Self::NoData => "no_data",
            Self::CostUnknown => "cost_unknown",
            Self::NoDenominator => "no_denominator",
            Self::OtherType => "other_type",
        }
    }
}

impl Measured {
    /// The value as people read it: numbers rounded half up to four decimals. For display only.
    pub fn shown(&self) -> Option<String> {
        match self {
            Self::Number(number) => Some(
                money::round(*number, 4, Rounding::HalfUp)
                    .normalize()
                    .to_string(),
            ),
            Self::Text(text) => Some(text.clone()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Missing(_) => None,
        }
    }

    /// A count, of days, months or documents.
    pub(super) fn count(count: impl TryInto<i64>) -> Result<Self, EvaluationError> {
        let count = count.try_into().map_err(|_| EvaluationError::Overflow)?;
        Ok(Self::Number(Decimal::from(count)))
    }

    /// A sum of amounts, given in their integer units.
    pub(super) fn amount(units: i128) -> Result<Self, EvaluationError> {
        Ok(Self::Number(
            decimal(units, crate::scaled::Amount::SCALE)?.normalize(),
        ))
    }

    /// `part / whole × factor`; missing where `whole` is not positive, for then the ratio says
    /// nothing. Exact to 28 significant digits.
    pub(super) fn ratio(part: i128, whole: i128, factor: u32) -> Result<Self, EvaluationError> {
        if whole <= 0 {
            return Ok(Self::Missing(MissingReason::NoDenominator));
        }
        decimal(part, 0)?
            .checked_mul(Decimal::from(factor))
            .and_then(|scaled| {
                scaled.checked_div(Decimal::try_from_i128_with_scale(whole, 0).ok()?)
            })
            .map(|ratio| Self::Number(ratio.normalize()))
            .ok_or(EvaluationError::Overflow)
    }
}

fn decimal(units: i128, scale: u32) -> Result<Decimal, EvaluationError> {
    Decimal::try_from_i128_with_scale(units, scale).map_err(|_| EvaluationError::Overflow)
}

/// The sum of integer units. No list in memory is long enough to reach the ends of `i128`.
pub(super) fn sum(units: impl Iterator<Item = i64>) -> i128 {
    units.fold(0_i128, |sum, unit| sum.saturating_add(i128::from(unit)))
}
