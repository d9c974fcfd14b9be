//! Payable money, and the one door through which an exact amount becomes payable.

use crate::currency::Currency;
use crate::digits::{self, with_decimals};
use crate::scaled::Percent;
use rust_decimal::{Decimal, RoundingStrategy};

/// How a computed amount becomes payable. Declared by the policy that computes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Half away from zero: 0.125 → 0.13, −0.125 → −0.13. What invoices use unless told otherwise.
    #[default]
    HalfUp,
    /// Half to the even neighbour: 0.125 → 0.12, 0.135 → 0.14.
    HalfEven,
    /// Away from zero. For floors: a floor is never undercut by rounding.
    Up,
    /// Towards zero.
    Down,
}

impl Rounding {
    fn strategy(self) -> RoundingStrategy {
        match self {
            Self::HalfUp => RoundingStrategy::MidpointAwayFromZero,
            Self::HalfEven => RoundingStrategy::MidpointNearestEven,
            Self::Up => RoundingStrategy::AwayFromZero,
            Self::Down => RoundingStrategy::ToZero,
        }
    }
}

/// Rounds `value` to `scale` decimals. Every rounding in Tiercel happens here.
pub fn round(value: Decimal, scale: u32, rounding: Rounding) -> Decimal {
    short(value, scale, rounding).unwrap_or_else(|| long(value, scale, rounding))
}

#[allow(clippy::disallowed_methods)] // This is the door the lint guards.
fn long(value: Decimal, scale: u32, rounding: Rounding) -> Decimal {
    value.round_dp_with_strategy(scale, rounding.strategy())
}

/// The same where 64 bits hold the digits, as they do of nearly all prices. None for others, and
/// where nothing is left: the sign of a zero is the decimal type's own affair.
fn short(value: Decimal, scale: u32, rounding: Rounding) -> Option<Decimal> {
    let cut = value.scale().checked_sub(scale)?;
    let magnitude = u64::try_from(value.mantissa().unsigned_abs()).ok()?;
    let unit = 10_u64.checked_pow(cut)?;
    let (kept, rest) = (magnitude.checked_div(unit)?, magnitude.checked_rem(unit)?);
    let half = rest.cmp(&(unit / 2));
    let up = cut > 0
        && match rounding {
            Rounding::HalfUp => half.is_ge(),
            Rounding::HalfEven => half.is_gt() || (half.is_eq() && kept & 1 == 1),
            Rounding::Up => rest > 0,
            Rounding::Down => false,
        };
    let kept = kept.checked_add(u64::from(up))?;
    (kept > 0).then(|| digits::decimal(value.is_sign_negative(), kept, scale))
}

/// An amount that can be paid: no more decimals than its currency has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

/// A calculation that money cannot follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("the amount is too large to calculate with")]
    Overflow,
    #[error("{0} and {1} cannot be added without a rate")]
    CurrencyMismatch(Currency, Currency),
    #[error("{0} has fewer decimals than the amount")]
    NotPayable(Currency),
}

impl Money {
    pub const fn zero(currency: Currency) -> Self {
        Self {
            amount: Decimal::ZERO,
            currency,
        }
    }

    /// An amount that is payable as it stands.
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        if amount.normalize().scale() > currency.exponent() {
            return Err(MoneyError::NotPayable(currency));
        }
        Ok(Self { amount, currency })
    }

    pub const fn amount(self) -> Decimal {
        self.amount
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_add)
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, Decimal::checked_sub)
    }

    fn combine(
        self,
        other: Self,
        operate: fn(Decimal, Decimal) -> Option<Decimal>,
    ) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch(self.currency, other.currency));
        }
        let amount = operate(self.amount, other.amount).ok_or(MoneyError::Overflow)?;
        Ok(Self {
            amount,
            currency: self.currency,
        })
    }

    /// `percent` of this amount, exact.
    pub fn share(self, percent: Percent) -> Result<ExactMoney, MoneyError> {
        let amount = percent_of(self.amount, percent.decimal()).ok_or(MoneyError::Overflow)?;
        Ok(ExactMoney {
            amount,
            currency: self.currency,
        })
    }

    /// The amount as it is written on a bill: always with the currency's decimals (`12.50`).
    pub fn to_text(self) -> String {
        if self.amount.is_zero() {
            let mut amount = self.amount;
            amount.rescale(self.currency.exponent());
            return amount.to_string();
        }
        with_decimals(self.amount, self.currency.exponent())
    }
}

/// `percent` per cent of `value`, exact; nothing where the result does not fit.
pub fn percent_of(value: Decimal, percent: Decimal) -> Option<Decimal> {
    value
        .checked_mul(percent)?
        .checked_div(Decimal::ONE_HUNDRED)
}

/// An amount that is not payable yet; its only way out is [`ExactMoney::round`].
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExactMoney {
    amount: Decimal,
    currency: Currency,
}

impl ExactMoney {
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The nearest payable amount.
    pub fn round(self, rounding: Rounding) -> Money {
        Money {
            amount: round(self.amount, self.currency.exponent(), rounding),
            currency: self.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn few_digits_are_rounded_as_many_are(
            mantissa in prop_oneof![any::<i64>(), -10_000_i64..10_000],
            has in 0_u32..=28,
            scale in 0_u32..=14,
            mode in 0_usize..4,
        ) {
            let value = Decimal::from_i128_with_scale(mantissa.into(), has);
            let mode = [Rounding::HalfUp, Rounding::HalfEven, Rounding::Up, Rounding::Down][mode];
            let (rounded, plainly) = (round(value, scale, mode), long(value, scale, mode));
            prop_assert_eq!(rounded.serialize(), plainly.serialize());
        }
    }

    fn eur(text: &str) -> Money {
        Money::new(text.parse().unwrap(), Currency::EUR).unwrap()
    }

    #[test]
    fn half_a_cent_rounds_away_from_zero() {
        let share = eur("10.20").share("2.5".parse().unwrap()).unwrap();
        assert_eq!(share.round(Rounding::HalfUp).to_text(), "0.26");
        assert_eq!(share.round(Rounding::Down).to_text(), "0.25");
    }

    #[test]
    fn money_shows_the_decimals_of_its_currency() {
        assert_eq!(eur("12.5").to_text(), "12.50");
        assert_eq!(Money::zero(Currency::JPY).to_text(), "0");
        assert!(Money::new("0.5".parse().unwrap(), Currency::JPY).is_err());
    }

    #[test]
    fn currencies_do_not_mix_and_overflow_is_an_error() {
        assert!(eur("1").checked_add(Money::zero(Currency::USD)).is_err());
        let most = Money::new(Decimal::MAX, Currency::EUR).unwrap();
        assert_eq!(most.checked_add(eur("1")), Err(MoneyError::Overflow));
    }
}
