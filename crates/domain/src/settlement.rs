//! What payments and credit notes did to an invoice, as of a date.

use crate::fact::{DocumentRef, DocumentStatus, Fact, FactKind};
use crate::ids::FactId;
use crate::scaled::Amount;
use chrono::NaiveDate;

/// A fact that owes or settles, as far as settling reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub fact: FactId,
    pub kind: EntryKind,
    pub on: NaiveDate,
    pub document: Option<DocumentRef>,
    pub follows: Option<DocumentRef>,
    /// Invoices only.
    pub due_on: Option<NaiveDate>,
    pub disputed: bool,
    /// In base currency; negative where an invoice is credited or a payment is paid back.
    pub amount: Amount,
}

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EntryKind {
    /// An invoice or a line of one.
    Owes,
    /// A payment or a credit note.
    Settles,
}

impl Entry {
    /// None for a fact that neither owes nor settles, or that was cancelled.
    pub fn of(fact: &Fact) -> Option<Self> {
        let kind = match fact.kind {
            FactKind::Invoice => EntryKind::Owes,
            FactKind::Payment | FactKind::CreditNote => EntryKind::Settles,
            _ => return None,
        };
        if !fact.counts() {
            return None;
        }
        Some(Self {
            fact: fact.id,
            kind,
            on: fact.occurred_on,
            document: fact.document.clone(),
            follows: fact.follows.clone(),
            due_on: fact.due_on.filter(|_| kind == EntryKind::Owes),
            disputed: fact.status == DocumentStatus::Disputed,
            amount: fact.base_amount()?,
        })
    }
}

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
