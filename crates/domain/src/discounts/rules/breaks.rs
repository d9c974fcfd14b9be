//! How much a rule gives, and how that grows with the quantity.

use super::benefit::calculated;
use crate::scaled::Quantity;
use rust_decimal::Decimal;

/// A value, or one by quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    Flat(Decimal),
    /// From low to high without gaps, at least one. Below the first the rule gives nothing.
    Breaks {
        tiering: Tiering,
        steps: Vec<Break>,
    },
}

/// From this quantity on (included), until the next break.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Break {
    pub from: Quantity,
    pub value: Decimal,
}

/// Thirty pieces where 10 %, 20 % from ten and 30 % from twenty on are given: by volume 30 % of
/// all, graduated 10 % of nine, 20 % of ten and 30 % of eleven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tiering {
    /// The break that the quantity reaches holds for all of it.
    Volume,
    /// Each break holds for the part of the quantity that lies within it.
    Graduated,
}

impl Tiering {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Volume => "volume",
            Self::Graduated => "graduated",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Volume, Self::Graduated]
            .into_iter()
            .find(|tiering| tiering.word() == word)
    }
}

impl Schedule {
    /// The quantity below which there is nothing.
    pub(super) fn begins_at(&self) -> Option<Quantity> {
        match self {
            Self::Flat(_) => None,
            Self::Breaks { steps, .. } => steps.first().map(|step| step.from),
        }
    }

    /// The value for `quantity`; for graduated breaks the average over all of it, twelve decimals.
    /// None where that cannot be calculated or the quantity is below the first break.
    pub fn value_at(&self, quantity: Decimal) -> Option<Decimal> {
        match self {
            Self::Flat(value) => Some(*value),
            Self::Breaks { tiering, steps } => match tiering {
                Tiering::Volume => {
                    let reached = steps.iter().rev().find(|it| it.from.decimal() <= quantity);
                    reached.map(|step| step.value)
                }
                Tiering::Graduated => graduated(steps, quantity),
            },
        }
    }
}

/// Where all breaks begin at whole numbers from 1 on, units are counted: the break at ten begins
/// with the tenth unit, after nine. Else a break begins where it says.
fn graduated(steps: &[Break], quantity: Decimal) -> Option<Decimal> {
    let counts =
        |step: &Break| step.from.decimal().is_integer() && step.from.decimal() >= Decimal::ONE;
    let before = if steps.iter().all(counts) {
        Decimal::ONE
    } else {
        Decimal::ZERO
    };
    let mut sum = Decimal::ZERO;
    for (place, step) in steps.iter().enumerate() {
        let begin = step.from.decimal().checked_sub(before)?;
        let next = steps.get(place.checked_add(1)?);
        let end = match next {
            Some(next) => next.from.decimal().checked_sub(before)?.min(quantity),
            None => quantity,
        };
        let part = end.checked_sub(begin)?.max(Decimal::ZERO);
        sum = sum.checked_add(part.checked_mul(step.value)?)?;
    }
    if quantity.is_zero() {
        return Some(Decimal::ZERO);
    }
    sum.checked_div(quantity).map(calculated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(froms: [&str; 3]) -> Vec<Break> {
        let values = [10, 20, 30];
        let steps = froms.iter().zip(values);
        steps
            .map(|(from, value)| Break {
                from: from.parse().unwrap(),
                value: value.into(),
            })
            .collect()
    }

    #[test]
    fn whole_units_are_counted_and_weights_are_measured() {
        let average = |froms, quantity: &str| {
            let value = graduated(&steps(froms), quantity.parse().unwrap()).unwrap();
            value.normalize().to_string()
        };
        // 9 × 10 + 10 × 20 + 11 × 30 = 620, over 30.
        assert_eq!(average(["1", "10", "20"], "30"), "20.666666666667");
        // 10 × 10 + 10 × 20 + 10 × 30 = 600, over 30.
        assert_eq!(average(["0", "10", "20"], "30"), "20");
        assert_eq!(average(["1", "10", "20"], "9"), "10");
        assert_eq!(average(["0.5", "1", "2"], "0.75"), "3.333333333333");
    }
}
