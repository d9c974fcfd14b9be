//! Splitting a payable amount so that the parts are payable and add up.

use crate::money::{Rounding, round};
use rust_decimal::Decimal;
use std::cmp::Reverse;

/// Splits `total` in proportion to `weights`, by largest remainder, ties to the earlier. Weights are
/// payable and not below zero, and no part exceeds its weight while `total` does not exceed their
/// sum. Nothing where that cannot be calculated.
pub(super) fn spread(total: Decimal, weights: &[Decimal], scale: u32) -> Option<Vec<Decimal>> {
    let sum = weights
        .iter()
        .try_fold(Decimal::ZERO, |sum, weight| sum.checked_add(*weight))?;
    if sum.is_zero() || total.is_zero() {
        return Some(vec![Decimal::ZERO; weights.len()]);
    }
    let share = |weight: &Decimal| match total.checked_mul(*weight) {
        Some(product) => product.checked_div(sum),
        None => weight.checked_div(sum)?.checked_mul(total),
    };
    let shares: Option<Vec<Decimal>> = weights.iter().map(share).collect();
    apportion(total, &shares?, weights, scale)
}

/// Cuts `shares` to payable parts and gives what is left of `total` to the largest remainders, one
/// unit each, ties to the earlier; no part goes beyond its `most`.
pub(super) fn apportion(
    total: Decimal,
    shares: &[Decimal],
    most: &[Decimal],
    scale: u32,
) -> Option<Vec<Decimal>> {
    let unit = Decimal::new(1, scale);
    let cut = |(share, most): (&Decimal, &Decimal)| round(*share, scale, Rounding::Down).min(*most);
    let mut parts: Vec<Decimal> = shares.iter().zip(most).map(cut).collect();
    let mut left = total;
    let mut order = Vec::new();
    for (place, (part, share)) in parts.iter().zip(shares).enumerate() {
        left = left.checked_sub(*part)?;
        order.push((Reverse(share.checked_sub(*part)?), place));
    }
    order.sort_unstable();
    for (_, place) in order {
        let more = parts.get(place)?.checked_add(unit)?;
        if left < unit {
            break;
        }
        if more <= *most.get(place)? {
            *parts.get_mut(place)? = more;
            left = left.checked_sub(unit)?;
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cents(values: &[i64]) -> Vec<Decimal> {
        values.iter().map(|value| Decimal::new(*value, 2)).collect()
    }

    #[test]
    fn ties_go_to_the_earlier_line() {
        let parts = spread(Decimal::new(102, 2), &cents(&[106, 206, 306, 406]), 2);
        assert_eq!(parts.unwrap(), cents(&[11, 21, 30, 40]));
    }

    proptest! {
        #[test]
        fn the_parts_sum_and_none_exceeds_its_weight(
            weights in proptest::collection::vec(0_i64..1_000_000_000_000, 1..20),
            share in 0_i64..=100,
        ) {
            let sum: i64 = weights.iter().sum();
            let total = Decimal::new(sum.checked_div(100).and_then(|it| it.checked_mul(share)).unwrap(), 2);
            let weights = cents(&weights);
            let parts = spread(total, &weights, 2).unwrap();
            prop_assert_eq!(parts.iter().sum::<Decimal>(), total);
            prop_assert!(parts.iter().zip(&weights).all(|(part, weight)| part <= weight));
        }
    }
}
