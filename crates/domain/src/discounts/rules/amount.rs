//! Rules for at least, or less than, some amount at list prices.

use super::{Miss, MissReason, Rule};
use crate::discounts::answer::LineError;
use crate::discounts::question::Question;
use crate::scaled::UnitPrice;
use rust_decimal::Decimal;

/// What is needed is told in the currency of the quote.
pub(super) fn miss(
    rule: &Rule,
    actual: Decimal,
    question: &Question,
) -> Result<Option<Miss>, LineError> {
    let bound = |amount: Option<UnitPrice>| {
        let amount = amount.map(|amount| question.exchanged(amount.decimal(), rule.currency));
        amount.transpose()
    };
    let too_little = bound(rule.selectors.min_amount)?.filter(|needed| actual < *needed);
    let too_much = bound(rule.selectors.below_amount)?.filter(|below| actual >= *below);
    Ok(too_little
        .map(|needed| Miss::number(MissReason::AmountBelow, needed, actual))
        .or_else(|| too_much.map(|below| Miss::number(MissReason::AmountAbove, below, actual))))
}
