//! The lowest unit price that leaves the margin the policy asks for.

use super::policy::{FloorBasis, FloorRule};
use super::question::Line;
use crate::money::{Rounding, percent_of, round};
use crate::scaled::{Percent, UnitPrice};
use rust_decimal::Decimal;

/// The floor of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Floor {
    pub basis: FloorBasis,
    pub percent: Percent,
    /// Rounded up, so that rounding never undercuts it.
    pub unit_floor: Decimal,
    /// Whether the discounts alone would have gone below it.
    pub binding: bool,
}

impl FloorRule {
    /// The percentage for the line: that of the deepest category that holds it.
    pub(super) fn percent_for(&self, line: &Line) -> Percent {
        let path = line.category.as_ref();
        let holding = self
            .by_category
            .iter()
            .filter(|floor| path.is_some_and(|path| path.is_within(&floor.category)));
        holding
            .max_by_key(|floor| floor.category.depth())
            .map_or(self.percent, |floor| floor.percent)
    }
}

/// The price at which a unit of `cost` leaves exactly `percent`; none where no price does.
pub fn exact_floor(basis: FloorBasis, percent: Percent, cost: UnitPrice) -> Option<Decimal> {
    let (cost, percent) = (cost.decimal(), percent.decimal());
    match basis {
        FloorBasis::Markup => cost.checked_add(percent_of(cost, percent)?),
        FloorBasis::GrossMargin => {
            let left = Decimal::ONE_HUNDRED.checked_sub(percent)?;
            if left <= Decimal::ZERO {
                return None;
            }
            cost.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(left)
        }
    }
}

/// `exact` rounded up to `scale`. Where only rounding would lift it above `list`, list will do.
pub(super) fn tellable(exact: Decimal, list: Decimal, scale: u32) -> Decimal {
    let up = round(exact, scale, Rounding::Up);
    if exact <= list { up.min(list) } else { up }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_basis_makes_the_difference() {
        let floor = |basis| {
            let exact = exact_floor(basis, "15".parse().unwrap(), "82.50".parse().unwrap());
            tellable(exact.unwrap(), Decimal::ONE_HUNDRED, 2).to_string()
        };
        assert_eq!(floor(FloorBasis::GrossMargin), "97.06");
        assert_eq!(floor(FloorBasis::Markup), "94.88");
    }

    #[test]
    fn no_price_leaves_a_whole_gross_margin() {
        let all = "100".parse().unwrap();
        let cost = "1".parse().unwrap();
        assert_eq!(exact_floor(FloorBasis::GrossMargin, all, cost), None);
    }

    #[test]
    fn rounding_alone_never_asks_for_more_than_list() {
        let list: Decimal = "97.059".parse().unwrap();
        assert_eq!(tellable("97.0588".parse().unwrap(), list, 2), list);
        let above: Decimal = "97.07".parse().unwrap();
        assert_eq!(tellable("97.0601".parse().unwrap(), list, 2), above);
    }
}
