//! The difference of two means and the interval in which it lies, without assuming that both kinds
//! of customers vary alike.
//!
//! Welch, B. L. (1947): The generalization of "Student's" problem when several different population
//! variances are involved. Biometrika 34, 28–35; the degrees of freedom after Satterthwaite (1946),
//! as in the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.5.3.

use super::sample::Sample;
use super::student::quantile;
use rust_decimal::Decimal;

/// What customers with a benefit bring more than customers without, per customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    pub difference: Decimal,
    /// Of 100 such intervals, 95 hold the true difference.
    pub low: Decimal,
    pub high: Decimal,
}

/// What may be said of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Pays,
    Costs,
    /// It may as well be nothing.
    Inconclusive,
}

impl Verdict {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pays => "pays",
            Self::Costs => "costs",
            Self::Inconclusive => "inconclusive",
        }
    }

    /// An interval that holds zero, or none at all, says nothing.
    pub fn of(interval: Option<&Interval>) -> Self {
        match interval {
            Some(it) if it.low > Decimal::ZERO => Self::Pays,
            Some(it) if it.high < Decimal::ZERO => Self::Costs,
            _ => Self::Inconclusive,
        }
    }
}

/// None for fewer than two customers on a side, and where nobody varies: then nothing says how much
/// of the difference is chance.
pub fn welch(with: &Sample, without: &Sample) -> Option<Interval> {
    let difference = with.mean()?.checked_sub(without.mean()?)?;
    let [one, other] = [with, without].map(|sample| {
        let (variance, degrees) = sample.variance()?;
        let of_mean = variance.checked_div(Decimal::from(sample.customers))?;
        Some((of_mean, degrees))
    });
    let ((one, one_degrees), (other, other_degrees)) = one.zip(other)?;
    let both = one.checked_add(other)?;
    // As shares of the sum, because squares of variances of money do not fit.
    let share = one.checked_div(both)?;
    let rest = Decimal::ONE.checked_sub(share)?;
    let part = share.checked_mul(share)?.checked_div(one_degrees)?;
    let more = rest.checked_mul(rest)?.checked_div(other_degrees)?;
    let degrees = Decimal::ONE.checked_div(part.checked_add(more)?)?;
    let reach = quantile(degrees)?.checked_mul(root(both)?)?;
    Some(Interval {
        difference,
        low: difference.checked_sub(reach)?,
        high: difference.checked_add(reach)?,
    })
}

/// The square root, by Newton's method from above.
fn root(square: Decimal) -> Option<Decimal> {
    let mut root = square.max(Decimal::ONE);
    loop {
        let next = root.checked_add(square.checked_div(root)?)?;
        let next = next.checked_div(Decimal::TWO)?;
        if next >= root {
            return Some(root);
        }
        root = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Rounding, round};

    fn sample(values: &[&str]) -> Sample {
        let values = values.iter().map(|text| {
            let amount: crate::scaled::Amount = text.parse().unwrap();
            i128::from(amount.units())
        });
        let mut values = values;
        values
            .try_fold(Sample::default(), |sample, units| sample.with(units))
            .unwrap()
    }

    fn shown(value: Decimal) -> String {
        round(value, 2, Rounding::HalfUp).to_string()
    }

    #[test]
    fn roots_are_square_roots() {
        let root = |text: &str| root(text.parse().unwrap()).unwrap();
        assert_eq!(shown(root("2")), "1.41");
        assert_eq!(root("144"), Decimal::from(12));
        assert_eq!(shown(root("0.0625")), "0.25");
        assert_eq!(root("1000000000000000000"), Decimal::from(1_000_000_000));
    }

    #[test]
    fn the_interval_is_that_of_the_formula() {
        // Computed apart, with the statistics of Python's library and the same table.
        let with = sample(&[
            "27.5", "21.0", "19.0", "23.6", "17.0", "17.9", "16.9", "20.1", "21.9", "22.6", "23.1",
            "19.6", "19.0", "21.7", "21.4",
        ]);
        let without = sample(&[
            "27.1", "22.0", "20.8", "23.4", "23.4", "23.5", "25.8", "22.0", "24.8", "20.2", "21.9",
            "22.1", "22.9", "30.5", "24.4",
        ]);
        let found = welch(&with, &without).unwrap();
        assert_eq!(shown(found.difference), "-2.83");
        assert_eq!(
            (shown(found.low), shown(found.high)),
            ("-4.87".to_owned(), "-0.80".to_owned())
        );
        assert_eq!(Verdict::of(Some(&found)), Verdict::Costs);
        assert_eq!(Verdict::of(welch(&without, &with).as_ref()), Verdict::Pays);
    }

    #[test]
    fn what_does_not_vary_or_is_alone_proves_nothing() {
        let steady = sample(&["5", "5", "5"]);
        let other = sample(&["1", "1"]);
        assert_eq!(welch(&steady, &other), None);
        assert_eq!(welch(&steady, &sample(&["1"])), None);
        assert_eq!(Verdict::of(None), Verdict::Inconclusive);
    }
}
