//! What a rule does to the price of a unit.

use super::{Case, Rule};
use crate::discounts::answer::LineError;
use crate::money::{Rounding, percent_of, round};
use rust_decimal::Decimal;

/// Decimals of the calculation. One percentage of a list price is exact at this scale, and thirteen
/// whole digits of price still fit beside it, so that adjustments always sum exactly.
const SCALE: u32 = 12;

/// `exact` to the twelve decimals of the calculation.
pub(in crate::discounts) fn calculated(exact: Decimal) -> Decimal {
    round(exact, SCALE, Rounding::HalfUp)
}

/// The same, never more than `exact` where that is above zero.
pub(in crate::discounts) fn calculated_down(exact: Decimal) -> Decimal {
    round(exact, SCALE, Rounding::Down)
}

/// What the rule's value means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Benefit {
    /// A share of the price is taken off.
    Percent,
    /// An amount per base unit is taken off, never more than there is.
    Amount,
    /// A base unit costs this, unless it is cheaper already.
    NetPrice,
    /// A share of the price is put on.
    SurchargePercent,
    /// An amount per base unit is put on.
    SurchargeAmount,
}

impl Benefit {
    const ALL: [Self; 5] = [
        Self::Percent,
        Self::Amount,
        Self::NetPrice,
        Self::SurchargePercent,
        Self::SurchargeAmount,
    ];

    pub const fn word(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Amount => "amount",
            Self::NetPrice => "net_price",
            Self::SurchargePercent => "surcharge_pct",
            Self::SurchargeAmount => "surcharge_amount",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether the value is money instead of a percentage.
    pub const fn is_amount(self) -> bool {
        matches!(self, Self::Amount | Self::NetPrice | Self::SurchargeAmount)
    }

    pub const fn is_surcharge(self) -> bool {
        matches!(self, Self::SurchargePercent | Self::SurchargeAmount)
    }
}

/// The price of a unit that a rule is asked about.
#[derive(Debug, Clone, Copy)]
pub(in crate::discounts) struct Standing {
    /// What percentages are percentages of.
    pub basis: Decimal,
    pub running: Decimal,
    pub list: Decimal,
    /// Decimals and mode where each step is rounded.
    pub step: Option<(u32, Rounding)>,
}

/// What a rule takes off a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::discounts) struct Taken {
    /// Never more than the running price; below zero for a surcharge.
    pub amount: Decimal,
    /// The number written in the policy for the quantity at hand.
    pub value: Decimal,
    /// What the rule would have taken but for its own cap.
    pub wanted: Decimal,
}

impl Rule {
    pub(in crate::discounts) fn taken(
        &self,
        case: Case<'_>,
        at: Standing,
    ) -> Result<Taken, LineError> {
        let quantity = self.counted(case).quantity;
        let value = self
            .schedule
            .value_at(quantity)
            .ok_or(LineError::Overflow)?;
        let wanted = self.wanted(case, at, value)?;
        let wanted = match at.step {
            Some((scale, mode)) => round(wanted, scale, mode),
            None => wanted,
        };
        let wanted = wanted.min(at.running);
        let amount = match &self.cap {
            Some(cap) => {
                let quantity = case.line.quantity.decimal();
                let most = cap.most_of_unit(at.list, quantity, case.question)?;
                wanted.min(match at.step {
                    Some((scale, _)) => round(most, scale, Rounding::Down),
                    None => most,
                })
            }
            None => wanted,
        };
        Ok(Taken {
            amount,
            value,
            wanted,
        })
    }

    fn wanted(&self, case: Case<'_>, at: Standing, value: Decimal) -> Result<Decimal, LineError> {
        let share = || {
            let share = percent_of(at.basis, value).ok_or(LineError::Overflow)?;
            Ok(calculated(share))
        };
        let money = || {
            let base = case.question.exchanged(value, self.currency)?;
            let unit = base.checked_mul(case.line.base_units.decimal());
            unit.map(calculated).ok_or(LineError::Overflow)
        };
        Ok(match self.benefit {
            Benefit::Percent => share()?,
            Benefit::Amount => money()?,
            Benefit::NetPrice => {
                let off = at.running.checked_sub(money()?);
                off.ok_or(LineError::Overflow)?.max(Decimal::ZERO)
            }
            Benefit::SurchargePercent => negated(share()?),
            Benefit::SurchargeAmount => negated(money()?),
        })
    }
}

fn negated(mut value: Decimal) -> Decimal {
    value.set_sign_negative(!value.is_zero());
    value
}
