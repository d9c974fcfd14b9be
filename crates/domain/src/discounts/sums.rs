//! What the lines of a quote come to together, at list prices: all that rules see of other lines.

use super::question::{Line, Question};
use crate::category::CategoryPath;
use crate::scaled::Amount;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Base units and the list amount of some lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    pub quantity: Decimal,
    pub amount: Decimal,
}

/// The totals that rules may count over.
#[derive(Debug, Default)]
pub struct Sums {
    document: Total,
    /// By every category that holds a line.
    categories: BTreeMap<String, Total>,
}

impl Total {
    /// Nothing for a line that cannot be priced.
    pub fn of(line: &Line) -> Option<Self> {
        let list = line.list_unit_price.filter(|list| !list.is_negative())?;
        let sold = line.quantity.decimal();
        if sold <= Decimal::ZERO {
            return None;
        }
        let amount = list.decimal().checked_mul(sold)?;
        let fits = amount <= Amount::from_units(i64::MAX).decimal();
        fits.then_some(Self {
            quantity: sold.checked_mul(line.base_units.decimal())?,
            amount,
        })
    }

    /// Each part is bounded, so only billions of lines could saturate.
    pub(super) fn add(&mut self, other: Self) {
        self.quantity = self.quantity.saturating_add(other.quantity);
        self.amount = self.amount.saturating_add(other.amount);
    }
}

impl Sums {
    pub(super) fn of(question: &Question) -> Self {
        let mut sums = Self::default();
        for line in &question.lines {
            let Some(total) = Total::of(line) else {
                continue;
            };
            sums.document.add(total);
            let Some(path) = &line.category else { continue };
            for ancestor in path.with_ancestors() {
                match sums.categories.get_mut(ancestor) {
                    Some(sum) => sum.add(total),
                    None => drop(sums.categories.insert(ancestor.to_owned(), total)),
                }
            }
        }
        sums
    }

    pub(super) const fn document(&self) -> Total {
        self.document
    }

    /// The lines of a category and of everything below it.
    pub(super) fn category(&self, path: &CategoryPath) -> Total {
        let sum = self.categories.get(path.as_str());
        sum.copied().unwrap_or_default()
    }
}
