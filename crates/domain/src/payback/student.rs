//! The quantile of Student's t that leaves 2.5 % above it.

use rust_decimal::Decimal;

/// For 1 to 30 degrees of freedom, in thousandths: NIST/SEMATECH e-Handbook of Statistical Methods,
/// 1.3.6.7.2, column 0.975.
const TABLE: [i64; 30] = [
    12_706, 4_303, 3_182, 2_776, 2_571, 2_447, 2_365, 2_306, 2_262, 2_228, 2_201, 2_179, 2_160,
    2_145, 2_131, 2_120, 2_110, 2_101, 2_093, 2_086, 2_080, 2_074, 2_069, 2_064, 2_060, 2_056,
    2_052, 2_048, 2_045, 2_042,
];

/// The quantile for so many degrees of freedom, 1 or more; for a part of a degree that of the whole
/// ones below it, which is never too small.
pub(super) fn quantile(degrees: Decimal) -> Option<Decimal> {
    let above = degrees > Decimal::from(30);
    if above {
        return expanded(degrees);
    }
    let whole = usize::try_from(degrees.trunc().mantissa()).ok()?;
    let thousandths = TABLE.get(whole.max(1).checked_sub(1)?)?;
    Some(Decimal::new(*thousandths, 3))
}

/// Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5, its first three terms: right
/// to five decimals above 30 degrees of freedom.
fn expanded(degrees: Decimal) -> Option<Decimal> {
    let normal = Decimal::new(1_959_963_985, 9);
    let power = |exponent: u32| {
        (0..exponent).try_fold(Decimal::ONE, |product, _| product.checked_mul(normal))
    };
    // Each term: coefficients of odd powers from the first on, its divisor, its power of 1 ÷ ν.
    let terms: [(&[i64], i64, u32); 3] = [
        (&[1, 1], 4, 1),
        (&[3, 16, 5], 96, 2),
        (&[-15, 17, 19, 3], 384, 3),
    ];
    let mut sum = normal;
    for (coefficients, divisor, order) in terms {
        let mut term = Decimal::ZERO;
        for (exponent, coefficient) in (1..).step_by(2).zip(coefficients) {
            let part = power(exponent)?.checked_mul(Decimal::from(*coefficient))?;
            term = term.checked_add(part)?;
        }
        term = term.checked_div(Decimal::from(divisor))?;
        for _ in 0..order {
            term = term.checked_div(degrees)?;
        }
        sum = sum.checked_add(term)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Rounding, round};

    #[test]
    fn quantiles_are_those_of_published_tables() {
        // The same handbook, and the normal distribution at the end.
        for (degrees, expected) in [
            ("1", "12.706"),
            ("1.99", "12.706"),
            ("10.5", "2.228"),
            ("30", "2.042"),
            ("31", "2.040"),
            ("40", "2.021"),
            ("60", "2.000"),
            ("100", "1.984"),
            ("1000000000", "1.960"),
        ] {
            let found = quantile(degrees.parse().unwrap()).unwrap();
            let found = round(found, 3, Rounding::HalfUp);
            assert_eq!(found, expected.parse().unwrap(), "{degrees}");
        }
    }

    #[test]
    fn the_expansion_continues_the_table() {
        let found = expanded(Decimal::from(30)).unwrap();
        assert_eq!(round(found, 3, Rounding::HalfUp), Decimal::new(2_042, 3));
    }
}
