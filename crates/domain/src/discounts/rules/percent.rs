//! A share of the price is taken off.

use crate::money::{Rounding, percent_of, round};
use crate::scaled::Percent;
use rust_decimal::Decimal;

/// Decimals of the calculation. One percentage of a list price is exact at this scale, and thirteen
/// whole digits of price still fit beside it, so that adjustments always sum exactly.
pub(in crate::discounts) const SCALE: u32 = 12;

/// `percent` of `basis`, to twelve decimals.
pub(super) fn reduction(percent: Percent, basis: Decimal) -> Option<Decimal> {
    percent_of(basis, percent.decimal()).map(|amount| round(amount, SCALE, Rounding::HalfUp))
}
