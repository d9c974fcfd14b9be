//! Prices in the currency of a quote, by the dated rates.

use chrono::NaiveDate;
use rust_decimal::Decimal;
use tiercel_domain::currency::Currency;
use tiercel_domain::ids::RateId;
use tiercel_domain::money::{Rounding, round};
use tiercel_domain::scaled::UnitPrice;
use tiercel_persistence::rates::RateTable;

/// Turns prices of one day into one currency.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    pub rates: &'a RateTable,
    /// The rates tell what one unit of a currency is worth in this one.
    pub base: Currency,
    pub into: Currency,
    pub on: NaiveDate,
}

/// What one unit of a currency is worth in another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    pub rate: Decimal,
    /// The rates of the table behind it.
    pub ids: Vec<RateId>,
}

/// No rate, or an amount that no unit price holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoExchange {
    RateMissing,
    Overflow,
}

impl Exchange<'_> {
    /// The price in the currency asked for, six decimals, half away from zero.
    pub fn price(&self, price: UnitPrice, currency: Currency) -> Result<UnitPrice, NoExchange> {
        if currency == self.into {
            return Ok(price);
        }
        let from = self.rate(currency)?;
        let into = self.rate(self.into)?;
        let exact = price
            .decimal()
            .checked_mul(from)
            .and_then(|base| base.checked_div(into))
            .ok_or(NoExchange::Overflow)?;
        let rounded = round(exact, UnitPrice::SCALE, Rounding::HalfUp);
        UnitPrice::from_decimal(rounded).map_err(|_| NoExchange::Overflow)
    }

    /// What one unit of a currency is worth in the one asked for, and by which rates; as exact as a
    /// decimal can be.
    pub fn factor(&self, currency: Currency) -> Result<Factor, NoExchange> {
        let rate = self.rate(currency)?.checked_div(self.rate(self.into)?);
        let dated = |currency| self.rates.on(currency, self.on).map(|(id, _)| id);
        let read = [currency, self.into]
            .into_iter()
            .filter(|it| *it != self.base);
        Ok(Factor {
            rate: rate.ok_or(NoExchange::Overflow)?,
            ids: read.filter_map(dated).collect(),
        })
    }

    fn rate(&self, currency: Currency) -> Result<Decimal, NoExchange> {
        if currency == self.base {
            return Ok(Decimal::ONE);
        }
        let found = self.rates.on(currency, self.on);
        found
            .map(|(_, rate)| rate.decimal())
            .ok_or(NoExchange::RateMissing)
    }
}

impl NoExchange {
    /// The word used in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::RateMissing => "currency_rate_missing",
            Self::Overflow => "overflow",
        }
    }
}

impl From<NoExchange> for &'static str {
    fn from(error: NoExchange) -> Self {
        error.code()
    }
}
