//! The most that discounts may take: a share of the list price, an amount, or both.

use super::answer::LineError;
use super::question::Question;
use crate::currency::Currency;
use crate::money::percent_of;
use crate::scaled::{Percent, UnitPrice};
use rust_decimal::Decimal;

/// A bound on discounts; where both are told, the tighter one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limit {
    /// Of the list price.
    pub percent: Option<Percent>,
    /// Of a whole line, or of the whole document.
    pub amount: Option<UnitPrice>,
    /// Of the amount; none = that of the quote.
    pub currency: Option<Currency>,
}

/// What a cap bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CapScope {
    Rule,
    Group,
    Line,
    Document,
}

impl CapScope {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Group => "group",
            Self::Line => "line",
            Self::Document => "document",
        }
    }
}

impl Limit {
    /// The most that may go off goods whose list amount is `list`, in the currency of the quote.
    pub(super) fn most(&self, list: Decimal, question: &Question) -> Result<Decimal, LineError> {
        let share = match self.percent {
            Some(percent) => Some(percent_of(list, percent.decimal()).ok_or(LineError::Overflow)?),
            None => None,
        };
        let amount = match self.amount {
            Some(amount) => Some(question.exchanged(amount.decimal(), self.currency)?),
            None => None,
        };
        let most = [share, amount].into_iter().flatten().min();
        Ok(most.unwrap_or(list))
    }

    /// The most that may go off one unit of `list`, of which there are `quantity`.
    pub(super) fn most_of_unit(
        &self,
        list: Decimal,
        quantity: Decimal,
        question: &Question,
    ) -> Result<Decimal, LineError> {
        let share = Self {
            amount: None,
            ..*self
        };
        let share = share.most(list, question)?;
        let Some(amount) = self.amount else {
            return Ok(share);
        };
        let amount = question.exchanged(amount.decimal(), self.currency)?;
        let unit = amount.checked_div(quantity).ok_or(LineError::Overflow)?;
        Ok(share.min(super::rules::benefit::calculated_down(unit)))
    }
}
