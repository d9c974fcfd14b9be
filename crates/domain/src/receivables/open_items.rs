//! What a customer still has to pay, invoice by invoice.

use super::allocate::Allocation;
use crate::fact::DocumentRef;
use crate::ids::FactId;
use crate::period::days_between;
use crate::scaled::Amount;
use chrono::NaiveDate;

/// An invoice of which something is still to be paid. Amounts in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    pub document: Option<DocumentRef>,
    pub invoice: FactId,
    /// The last day on which payment is on time; none where the source told none.
    pub due_on: Option<NaiveDate>,
    pub invoiced_on: NaiveDate,
    pub amount: Amount,
    pub open: Amount,
    pub disputed: bool,
}

impl OpenItem {
    /// Whole days since the due date; zero where it is not passed or not known.
    pub fn days_overdue(&self, today: NaiveDate) -> i64 {
        self.due_on
            .map_or(0, |due_on| days_between(due_on, today).max(0))
    }
}

/// The invoices of an allocation that are not settled, oldest first.
pub fn open_items(allocation: &Allocation) -> Vec<OpenItem> {
    let open = allocation
        .invoices
        .iter()
        .filter(|invoice| !invoice.open.is_zero());
    open.map(|invoice| OpenItem {
        document: invoice.document.clone(),
        invoice: invoice.invoice,
        due_on: invoice.due_on,
        invoiced_on: invoice.invoiced_on,
        amount: invoice.amount,
        open: invoice.open,
        disputed: invoice.disputed,
    })
    .collect()
}
