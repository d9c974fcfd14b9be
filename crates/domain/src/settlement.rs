//! What payments and credit notes did to an invoice, as of a date.

use crate::fact::DocumentRef;
use crate::ids::FactId;
use crate::scaled::Amount;
use chrono::NaiveDate;

/// An invoice and how far it is settled. Amounts in base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledInvoice {
    pub invoice: FactId,
    pub document: Option<DocumentRef>,
    pub invoiced_on: NaiveDate,
    /// The last day on which payment is on time; none where the source told none.
    pub due_on: Option<NaiveDate>,
    pub amount: Amount,
    /// What is still to be paid.
    pub open: Amount,
    /// The day on which the last cent was settled; none while something is open.
    pub settled_on: Option<NaiveDate>,
    pub disputed: bool,
}
