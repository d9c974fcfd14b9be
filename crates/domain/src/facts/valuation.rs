//! What amounts are worth in base currency, and what goods cost.

use crate::money::{self, Rounding};
use crate::scaled::{Amount, Quantity, Rate, UnitPrice};
use rust_decimal::Decimal;

/// `amount` × `rate`, rounded half up to the four decimals of an amount; nothing where that does
/// not fit. `rate` is units of the base currency for one unit of the amount's currency.
pub fn convert(amount: Amount, rate: Rate) -> Option<Amount> {
    let scale = Amount::SCALE.saturating_add(Rate::SCALE);
    multiply(amount.units(), rate.units(), scale)
}

/// `unit_cost` × `quantity` in the currency of the cost, rounded half up to the four decimals of
/// an amount; nothing where that does not fit.
pub fn line_cost(unit_cost: UnitPrice, quantity: Quantity) -> Option<Amount> {
    let scale = UnitPrice::SCALE.saturating_add(Quantity::SCALE);
    multiply(unit_cost.units(), quantity.units(), scale)
}

/// Exact until the one rounding: a product that a decimal cannot hold is no amount either.
fn multiply(left: i64, right: i64, scale: u32) -> Option<Amount> {
    let product = i128::from(left).checked_mul(i128::from(right))?;
    let exact = Decimal::try_from_i128_with_scale(product, scale).ok()?;
    Amount::from_decimal(money::round(exact, Amount::SCALE, Rounding::HalfUp)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_last_decimal_rounds_away_from_zero() {
        let convert = |amount: &str, rate: &str| {
            convert(amount.parse().unwrap(), rate.parse().unwrap()).map(|it| it.to_string())
        };
        assert_eq!(convert("0.0001", "0.5").as_deref(), Some("0.0001"));
        assert_eq!(convert("-0.0001", "0.5").as_deref(), Some("-0.0001"));
        assert_eq!(convert("0.0001", "0.49999999").as_deref(), Some("0"));
        assert_eq!(convert("100", "1.08765432").as_deref(), Some("108.7654"));
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        let most = Amount::from_units(i64::MAX);
        assert_eq!(convert(most, Rate::from_units(100_000_001)), None);
        assert_eq!(convert(most, Rate::from_units(100_000_000)), Some(most));
        assert_eq!(convert(most, Rate::from_units(i64::MAX)), None);
        let cost = line_cost("0.333333".parse().unwrap(), "3".parse().unwrap());
        assert_eq!(cost, Some(Amount::from_units(10_000)));
    }
}
