//! Rules for at least, or fewer than, some number of base units.

use super::{Miss, MissReason, Rule};
use rust_decimal::Decimal;

pub(super) fn miss(rule: &Rule, actual: Decimal) -> Option<Miss> {
    let least = rule.least_quantity().map(|least| least.decimal());
    let below = rule.selectors.below_quantity.map(|below| below.decimal());
    let too_few = least.filter(|needed| actual < *needed);
    let too_many = below.filter(|below| actual >= *below);
    too_few
        .map(|needed| Miss::number(MissReason::QuantityBelow, needed, actual))
        .or_else(|| too_many.map(|below| Miss::number(MissReason::QuantityAbove, below, actual)))
}
