//! Currencies of ISO 4217 and the number of decimals in which each is paid.

use std::fmt;
use std::str::FromStr;

/// An ISO 4217 currency that is in use; its alphabetic code in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that is no ISO 4217 code with a minor unit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an ISO 4217 currency code")]
pub struct UnknownCurrency(pub String);

impl Currency {
    pub const EUR: Self = Self(*b"EUR");
    pub const USD: Self = Self(*b"USD");
    pub const JPY: Self = Self(*b"JPY");

    /// The alphabetic code, e.g. `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimals of a payable amount: JPY 0, EUR 2, KWD 3.
    pub fn exponent(self) -> u32 {
        iso_currency::Currency::from_code(self.code())
            .and_then(|currency| currency.exponent())
            .map_or(2, u32::from)
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let unknown = || UnknownCurrency(text.chars().take(16).collect());
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| unknown())?;
        let known = iso_currency::Currency::from_code(text).ok_or_else(unknown)?;
        // Metals, test codes and units of account have no minor unit and cannot be paid.
        known.exponent().map(|_| Self(bytes)).ok_or_else(unknown)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_follow_iso_4217() {
        for (code, exponent) in [("JPY", 0), ("EUR", 2), ("KWD", 3), ("USD", 2)] {
            assert_eq!(code.parse::<Currency>().unwrap().exponent(), exponent);
        }
        for wrong in ["eur", "EURO", "XXX", "XAU", ""] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }
}
