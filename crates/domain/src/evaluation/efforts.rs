//! What a model says the way to a better tier costs a customer.

use crate::scaled::Amount;

/// What moves are weighed with, in units of an amount: one per unit of base currency, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Efforts {
    /// Of ordering for one unit of base currency.
    pub amount: Amount,
    /// Of one order, whatever it is worth.
    pub order: Amount,
    /// Of ordering one product for the first time.
    pub product: Amount,
    /// Of paying one invoice on time.
    pub invoice: Amount,
    /// Of settling one overdue unit of base currency, which is owed anyway.
    pub settled: Amount,
}

impl Default for Efforts {
    /// Used where the model declares none.
    fn default() -> Self {
        Self {
            amount: Amount::from_units(10_000),
            order: Amount::from_units(500_000),
            product: Amount::from_units(500_000),
            invoice: Amount::from_units(500_000),
            settled: Amount::from_units(2_000),
        }
    }
}

impl Efforts {
    /// Each with its name in the document.
    pub(super) const fn named(&self) -> [(&'static str, Amount); 5] {
        [
            ("amount", self.amount),
            ("order", self.order),
            ("product", self.product),
            ("invoice", self.invoice),
            ("settled", self.settled),
        ]
    }
}
