//! The lowest unit price that leaves the margin the policy asks for.

use super::answer::LineError;
use super::policy::{DocumentFloorRule, FloorBasis, FloorRule};
use super::question::Question;
use super::rules::Case;
use crate::category::CategoryPath;
use crate::money::{Rounding, percent_of, round};
use rust_decimal::Decimal;

/// The floor of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    pub basis: FloorBasis,
    /// As written in the policy: per cent, or an amount per base unit.
    pub value: Decimal,
    /// Rounded up, so that rounding never undercuts it.
    pub unit_floor: Decimal,
    /// Whether the discounts alone would have gone below it.
    pub binding: bool,
}

impl FloorRule {
    /// The value for the line: that of the exception that says most about it.
    pub(super) fn value_for(&self, case: Case<'_>) -> Decimal {
        let path = case.line.category.as_ref();
        let within = |category: &CategoryPath| path.is_some_and(|path| path.is_within(category));
        let holding = self.exceptions.iter().filter(|it| {
            it.category.as_ref().is_none_or(within)
                && it
                    .margin_class
                    .is_none_or(|class| class == case.line.margin_class)
                && it.tier.as_ref().is_none_or(|tier| tier == case.tier)
        });
        let says = holding.max_by_key(|it| {
            let depth = it.category.as_ref().map_or(0, CategoryPath::depth);
            (depth, it.margin_class.is_some(), it.tier.is_some())
        });
        says.map_or(self.value, |exception| exception.value)
    }

    /// The exact floor of one unit of the line, with the value it follows; nothing where it needs
    /// the cost and nobody knows it.
    pub(super) fn exact(&self, case: Case<'_>) -> Result<Option<(Decimal, Decimal)>, LineError> {
        let value = self.value_for(case);
        let cost = case.line.unit_cost.amount();
        if cost.is_some_and(|cost| cost.is_negative()) {
            return Err(LineError::CostNegative);
        }
        let asked = match self.basis.is_amount() {
            true => {
                let base = case.question.exchanged(value, self.currency)?;
                let unit = base.checked_mul(case.line.base_units.decimal());
                unit.ok_or(LineError::Overflow)?
            }
            false => value,
        };
        let exact = match (self.basis, cost) {
            (FloorBasis::Absolute, _) => Some(asked),
            (basis, Some(cost)) => exact_floor(basis, asked, cost.decimal()),
            (_, None) => return Ok(None),
        };
        let exact = exact.ok_or(LineError::Overflow)?;
        Ok(Some((exact, value)))
    }
}

/// The price at which goods of `cost` leave exactly what `value` asks; none where no price does.
pub fn exact_floor(basis: FloorBasis, value: Decimal, cost: Decimal) -> Option<Decimal> {
    match basis {
        FloorBasis::Markup => cost.checked_add(percent_of(cost, value)?),
        FloorBasis::GrossMargin => {
            let left = Decimal::ONE_HUNDRED.checked_sub(value)?;
            if left <= Decimal::ZERO {
                return None;
            }
            cost.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(left)
        }
        FloorBasis::AmountOverCost => cost.checked_add(value),
        FloorBasis::Absolute => Some(value),
    }
}

/// The least that a document of `cost` may come to; nothing where its cost is needed and unknown.
pub(super) fn of_document(
    rule: DocumentFloorRule,
    cost: Option<Decimal>,
    question: &Question,
) -> Result<Option<Decimal>, LineError> {
    let asked = match rule.basis.is_amount() {
        true => question.exchanged(rule.value, rule.currency)?,
        false => rule.value,
    };
    let exact = match (rule.basis, cost) {
        (FloorBasis::Absolute, _) => Some(asked),
        (basis, Some(cost)) => exact_floor(basis, asked, cost),
        (_, None) => return Ok(None),
    };
    let exact = exact.ok_or(LineError::Overflow)?;
    let scale = question.currency.exponent();
    Ok(Some(round(exact, scale, Rounding::Up)))
}

/// `exact` rounded up to `scale`. Where only rounding would lift it above `most`, that will do.
pub(super) fn tellable(exact: Decimal, most: Decimal, scale: u32) -> Decimal {
    let up = round(exact, scale, Rounding::Up);
    if exact <= most { up.min(most) } else { up }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basis_makes_the_difference() {
        let floor = |basis| {
            let exact = exact_floor(basis, 15.into(), "82.50".parse().unwrap());
            tellable(exact.unwrap(), Decimal::ONE_HUNDRED, 2).to_string()
        };
        assert_eq!(floor(FloorBasis::GrossMargin), "97.06");
        assert_eq!(floor(FloorBasis::Markup), "94.88");
        assert_eq!(floor(FloorBasis::AmountOverCost), "97.50");
        assert_eq!(floor(FloorBasis::Absolute), "15");
    }

    #[test]
    fn no_price_leaves_a_whole_gross_margin() {
        let all = Decimal::ONE_HUNDRED;
        assert_eq!(
            exact_floor(FloorBasis::GrossMargin, all, Decimal::ONE),
            None
        );
    }

    #[test]
    fn rounding_alone_never_asks_for_more_than_list() {
        let list: Decimal = "97.059".parse().unwrap();
        assert_eq!(tellable("97.0588".parse().unwrap(), list, 2), list);
        let above: Decimal = "97.07".parse().unwrap();
        assert_eq!(tellable("97.0601".parse().unwrap(), list, 2), above);
    }
}
