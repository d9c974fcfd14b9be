//! Customers of one kind, one after the other: how many, their sum, and how much they vary.

use crate::scaled::Amount;
use rust_decimal::Decimal;

/// Sums are exact; mean and variance are as exact as a decimal can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    pub customers: u64,
    /// In units of an amount.
    pub sum: i128,
    mean: Decimal,
    /// The squares of the distances from the mean (Welford 1962).
    squares: Decimal,
}

impl Sample {
    /// Adds a customer that brings so many units of an amount. None where it does not fit.
    #[must_use]
    pub fn with(&self, units: i128) -> Option<Self> {
        let value = Decimal::try_from_i128_with_scale(units, Amount::SCALE).ok()?;
        let customers = self.customers.checked_add(1)?;
        let off = value.checked_sub(self.mean)?;
        let step = off.checked_div(Decimal::from(customers))?;
        let mean = self.mean.checked_add(step)?;
        let square = off.checked_mul(value.checked_sub(mean)?)?;
        Some(Self {
            customers,
            sum: self.sum.checked_add(units)?,
            mean,
            squares: self.squares.checked_add(square)?,
        })
    }

    /// Of each customer; none where there is none.
    pub fn mean(&self) -> Option<Decimal> {
        (self.customers > 0).then_some(self.mean)
    }

    /// The variance of the customers, and their degrees of freedom; none for fewer than two.
    pub(super) fn variance(&self) -> Option<(Decimal, Decimal)> {
        let degrees = Decimal::from(self.customers.checked_sub(1).filter(|it| *it > 0)?);
        Some((self.squares.checked_div(degrees)?, degrees))
    }
}
