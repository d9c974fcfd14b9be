//! What a customer can do, and what it costs it.

use crate::evaluation::Efforts;
use crate::scaled::Amount;

/// What a customer does between the day it is looked at and the day it is evaluated.
///
/// Orders lie on the last days of that time, one a day as far as the days suffice; the whole amount
/// is that of the last one, so that the others may be of any amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moves {
    /// Further orders.
    pub orders: u32,
    /// What they are worth together, base currency; only with orders.
    pub amount: Amount,
    /// Products in them that the customer never ordered; only with orders.
    pub products: u32,
    /// Invoices paid on their due date: first those that are open and fall due, then new ones of
    /// the mean amount.
    pub invoices: u32,
    /// What is settled of invoices that are overdue now, oldest first, base currency.
    pub settled: Amount,
}

impl Moves {
    /// How many kinds of moves there are among them: an amount makes the order that carries it.
    pub fn kinds(&self) -> usize {
        let counted = u32::from(!self.amount.is_zero() || self.products > 0);
        let kinds = [
            self.orders > counted,
            !self.amount.is_zero(),
            self.products > 0,
            self.invoices > 0,
            !self.settled.is_zero(),
        ];
        kinds.into_iter().filter(|made| *made).count()
    }
}

impl Moves {
    /// The moves with one unit less of one kind, wherever there is one to spare.
    pub(super) fn one_less(&self, step: Amount) -> Vec<Self> {
        let less = |amount: Amount| amount.checked_sub(step).unwrap_or_default();
        let carries = !self.amount.is_zero() || self.products > 0;
        let needed = u32::from(carries);
        let mut all = Vec::new();
        if self.orders > needed {
            all.push(Self {
                orders: self.orders.saturating_sub(1),
                ..*self
            });
        }
        if !self.amount.is_zero() {
            all.push(Self {
                amount: less(self.amount),
                ..*self
            });
        }
        if self.products > 0 {
            all.push(Self {
                products: self.products.saturating_sub(1),
                ..*self
            });
        }
        if self.invoices > 0 {
            all.push(Self {
                invoices: self.invoices.saturating_sub(1),
                ..*self
            });
        }
        if !self.settled.is_zero() {
            all.push(Self {
                settled: less(self.settled),
                ..*self
            });
        }
        all
    }
}

/// What moves cost in all, eight decimals; `i128` holds it for any bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Effort(i128);

impl Effort {
    /// Decimals kept.
    pub const SCALE: u32 = 8;

    pub const fn units(self) -> i128 {
        self.0
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Efforts {
    pub fn of(&self, moves: &Moves) -> Effort {
        let amounts = [(moves.amount, self.amount), (moves.settled, self.settled)];
        let counts = [
            (moves.orders, self.order),
            (moves.products, self.product),
            (moves.invoices, self.invoice),
        ];
        let units = |amount: Amount| i128::from(amount.units());
        let paid = amounts.map(|(amount, each)| units(amount).saturating_mul(units(each)));
        let done = counts.map(|(count, each)| {
            let whole = i128::from(count).saturating_mul(10_000);
            whole.saturating_mul(units(each))
        });
        let all = paid.into_iter().chain(done);
        Effort(all.fold(0, i128::saturating_add))
    }
}

/// What is thought of at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub orders: u32,
    pub products: u32,
    pub invoices: u32,
    /// In all orders together.
    pub amount: Amount,
    /// Amounts are multiples of this: the smallest that is paid in the base currency.
    pub step: Amount,
}

impl Bounds {
    /// Twelve orders, six products, twelve invoices, a thousand million.
    pub const fn usual(step: Amount) -> Self {
        Self {
            orders: 12,
            products: 6,
            invoices: 12,
            amount: Amount::from_units(10_000_000_000_000),
            step,
        }
    }
}
