//! Decimal quantities as scaled integers: exact, bounded, and the same on every database.
//!
//! A value keeps as many decimals as its type says; a text with more is refused, never rounded.
//! Sums are taken in `i128`, so that no portfolio overflows them.

use crate::digits::{self, Digits};
use rust_decimal::Decimal;
use std::fmt;
use std::str::FromStr;

/// A number that does not fit its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    #[error("is not a decimal number")]
    NotANumber,
    #[error("has more than {0} decimals")]
    TooPrecise(u32),
    #[error("is too large")]
    TooLarge,
}

/// Reads plain decimal notation (`-12.50`): no exponent, no blanks, no separators.
fn parse(text: &str, scale: u32) -> Result<i64, OutOfRange> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let dangling = digits.ends_with('.');
    if whole.is_empty() || dangling || !plain(whole) || !plain(fraction) {
        return Err(OutOfRange::NotANumber);
    }
    let kept = fraction.trim_end_matches('0');
    let places = usize::try_from(scale).unwrap_or(usize::MAX);
    if kept.len() > places {
        return Err(OutOfRange::TooPrecise(scale));
    }
    let padding = places.saturating_sub(kept.len());
    let zeros = std::iter::repeat_n(b'0', padding);
    let magnitude =
        whole
            .bytes()
            .chain(kept.bytes())
            .chain(zeros)
            .try_fold(0_i64, |value, byte| {
                value
                    .checked_mul(10)?
                    .checked_add(i64::from(byte.checked_sub(b'0')?))
            });
    let magnitude = magnitude.ok_or(OutOfRange::TooLarge)?;
    Ok(if negative {
        magnitude.saturating_neg()
    } else {
        magnitude
    })
}

/// The units of a number of few digits; none where it does not fit, or only perhaps.
fn short(value: Decimal, scale: u32) -> Option<i64> {
    let magnitude = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
    let (magnitude, found) = digits::trimmed(magnitude, value.scale(), scale);
    let missing = scale.checked_sub(found)?;
    let units = magnitude.checked_mul(10_u64.checked_pow(missing)?)?;
    let units = i64::try_from(units).ok()?;
    Some(match value.is_sign_negative() {
        true => units.saturating_neg(),
        false => units,
    })
}

macro_rules! scaled {
    ($($(#[$doc:meta])* $name:ident: $scale:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(i64);

        impl $name {
            /// Decimals kept.
            pub const SCALE: u32 = $scale;
            pub const ZERO: Self = Self(0);

            /// From the integer that the database holds.
            pub const fn from_units(units: i64) -> Self { Self(units) }
            /// The integer that the database holds: the value times 10 to the power of the scale.
            pub const fn units(self) -> i64 { self.0 }

            /// The same number as a decimal, trailing zeros dropped.
            pub fn decimal(self) -> Decimal {
                let (magnitude, scale) = digits::trimmed(self.0.unsigned_abs(), $scale, 0);
                digits::decimal(self.is_negative(), magnitude, scale)
            }

            /// A decimal that has no more decimals than the scale and fits.
            pub fn from_decimal(value: Decimal) -> Result<Self, OutOfRange> {
                if let Some(units) = short(value, $scale) {
                    return Ok(Self(units));
                }
                let value = value.normalize();
                if value.scale() > $scale {
                    return Err(OutOfRange::TooPrecise($scale));
                }
                let shift = 10_i128.checked_pow(Self::SCALE.saturating_sub(value.scale()));
                let units = shift.and_then(|factor| value.mantissa().checked_mul(factor));
                units
                    .and_then(|units| i64::try_from(units).ok())
                    .map(Self)
                    .ok_or(OutOfRange::TooLarge)
            }

            pub const fn is_negative(self) -> bool { self.0 < 0 }
            pub const fn is_zero(self) -> bool { self.0 == 0 }
            pub fn checked_add(self, other: Self) -> Option<Self> { self.0.checked_add(other.0).map(Self) }
            pub fn checked_sub(self, other: Self) -> Option<Self> { self.0.checked_sub(other.0).map(Self) }
            pub fn checked_neg(self) -> Option<Self> { self.0.checked_neg().map(Self) }
        }
        impl FromStr for $name {
            type Err = OutOfRange;
            fn from_str(text: &str) -> Result<Self, OutOfRange> { parse(text, $scale).map(Self) }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                let (magnitude, scale) = digits::trimmed(self.0.unsigned_abs(), $scale, 0);
                let digits = Digits::new(false, magnitude, scale);
                out.pad_integral(!self.is_negative(), "", digits.as_str())
            }
        }
    )*};
}

scaled! {
    /// An amount of a fact, in the currency that travels beside it; four decimals, kept as given.
    Amount: 4,
    /// A price or a cost of one unit; six decimals.
    UnitPrice: 6,
    /// A quantity in the unit of measure that travels beside it; six decimals.
    Quantity: 6,
    /// Units of the base currency for one unit of another; eight decimals.
    Rate: 8,
    /// Per cent: `12.5` means 12.5 %. For display and as a rule's parameter; a price is never
    /// derived from a rounded percentage.
    Percent: 4,
    /// Points of a scorecard; four decimals.
    Points: 4,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_value_reads_back(units: i64) {
            prop_assume!(units != i64::MIN);
            let amount = Amount::from_units(units);
            prop_assert_eq!(amount.to_string().parse::<Amount>(), Ok(amount));
            prop_assert_eq!(Amount::from_decimal(amount.decimal()), Ok(amount));
            let plain = Decimal::new(units, Amount::SCALE).normalize();
            prop_assert_eq!(amount.decimal().serialize(), plain.serialize());
            prop_assert_eq!(amount.to_string(), plain.to_string());
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        use OutOfRange::*;
        for (text, error) in [
            ("1.23456", TooPrecise(4)),
            ("1e3", NotANumber),
            ("", NotANumber),
            ("-", NotANumber),
            (".5", NotANumber),
            ("5.", NotANumber),
            ("+5", NotANumber),
            ("1 000", NotANumber),
            ("NaN", NotANumber),
            ("99999999999999999999999999999", TooLarge),
            ("922337203685477.5808", TooLarge),
        ] {
            assert_eq!(text.parse::<Amount>(), Err(error), "{text}");
        }
        assert_eq!(
            "12345678901234.5678".parse::<Amount>().unwrap().to_string(),
            "12345678901234.5678"
        );
        assert_eq!("1.50000000".parse::<Amount>().unwrap().units(), 15_000);
    }
}
