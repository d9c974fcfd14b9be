//! Settles invoices with payments and credit notes: by reference, else oldest first.

use super::ledger::{Credit, Invoice, Ledger, document_key};
use crate::fact::Fact;
use crate::ids::FactId;
use crate::scaled::Amount;
use crate::settlement::{Entry, SettledInvoice};
use chrono::NaiveDate;
use std::collections::{BTreeSet, HashMap, VecDeque};

/// A part of a credit that settled a part of an invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Allocated {
    /// The payment, credit note or negative invoice.
    pub credit: FactId,
    /// The invoice, named as in [`SettledInvoice::invoice`].
    pub invoice: FactId,
    pub amount: Amount,
    /// The later of both dates: a prepayment settles on the day of the invoice.
    pub on: NaiveDate,
}

/// What a customer's payments did to its invoices. Amounts in base currency.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allocation {
    /// Oldest first: by due date (none last), invoice date, document, fact. Documents with a negative total are credits instead.
    pub invoices: Vec<SettledInvoice>,
    /// Credit that no invoice used yet; negative where more was paid back than ever came in.
    pub unallocated: Amount,
    /// By credit, then invoice.
    pub allocations: Vec<Allocated>,
}

/// Facts from which nothing can be allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AllocationError {
    #[error("the amounts of a document or of all credits are too large to add up")]
    Overflow,
}

/// Allocates one customer's payments and credit notes to its invoices, as of the end of a day.
///
/// Only facts up to `as_of` that are not cancelled count; the order of `facts` does not matter.
/// 1. Each credit goes to the invoice that it follows, as far as that is open.
/// 2. What is left, and credits that follow no known invoice, go to the oldest open invoice at
///    the time: by due date (none last), invoice date, document id, fact. Credit that finds no
///    open invoice waits for the next one.
///
/// Money paid back (a negative payment) first undoes the payment it names, else the latest one.
/// All lines of one document are one invoice, named by its first line.
pub fn allocate(facts: &[Fact], as_of: NaiveDate) -> Result<Allocation, AllocationError> {
    let entries: Vec<Entry> = facts.iter().filter_map(Entry::of).collect();
    allocate_entries(&entries, as_of)
}

/// [`allocate`] from what is already known to owe or to settle.
pub fn allocate_entries(
    entries: &[Entry],
    as_of: NaiveDate,
) -> Result<Allocation, AllocationError> {
    let mut ledger = Ledger::of(entries, as_of);
    let mut allocations = Vec::new();
    by_reference(&mut ledger, &mut allocations)?;
    oldest_first(&mut ledger, &mut allocations)?;
    allocations.sort_unstable();
    let left = ledger.credits.iter().map(|credit| credit.left);
    let left = left.fold(0_i128, i128::saturating_add);
    Ok(Allocation {
        invoices: ledger
            .invoices
            .iter()
            .map(settled)
            .collect::<Result<_, _>>()?,
        unallocated: amount(left.saturating_sub(ledger.overdrawn))?,
        allocations,
    })
}

fn by_reference(ledger: &mut Ledger<'_>, out: &mut Vec<Allocated>) -> Result<(), AllocationError> {
    let places: HashMap<_, _> = ledger
        .invoices
        .iter()
        .enumerate()
        .filter_map(|(place, invoice)| Some((document_key(invoice.document?), place)))
        .collect();
    for credit in &mut ledger.credits {
        let place = credit
            .follows
            .and_then(|document| places.get(&document_key(document)));
        if let Some(invoice) = place.and_then(|place| ledger.invoices.get_mut(*place)) {
            out.extend(settle(invoice, credit)?);
        }
    }
    Ok(())
}

/// Walks through time: the invoices of a day appear before its credits are used.
fn oldest_first(ledger: &mut Ledger<'_>, out: &mut Vec<Allocated>) -> Result<(), AllocationError> {
    let Ledger {
        invoices, credits, ..
    } = ledger;
    let mut appearing: Vec<(NaiveDate, usize)> = invoices
        .iter()
        .enumerate()
        .filter(|(_, invoice)| invoice.open > 0)
        .map(|(place, invoice)| (invoice.invoiced_on, place))
        .collect();
    appearing.sort_unstable();
    let mut appearing = appearing.into_iter().peekable();
    let mut coming = credits
        .iter_mut()
        .filter(|credit| credit.left > 0)
        .peekable();
    // The ledger holds invoices oldest first, so the first open place is the oldest.
    let mut open: BTreeSet<usize> = BTreeSet::new();
    let mut waiting: VecDeque<&mut Credit<'_>> = VecDeque::new();
    loop {
        let next = [
            appearing.peek().map(|next| next.0),
            coming.peek().map(|next| next.on),
        ];
        let Some(day) = next.into_iter().flatten().min() else {
            return Ok(());
        };
        while let Some((_, place)) = appearing.next_if(|next| next.0 == day) {
            open.insert(place);
        }
        while let Some(credit) = coming.next_if(|credit| credit.on == day) {
            waiting.push_back(credit);
        }
        use_waiting(invoices, &mut open, &mut waiting, out)?;
    }
}

fn use_waiting(
    invoices: &mut [Invoice<'_>],
    open: &mut BTreeSet<usize>,
    waiting: &mut VecDeque<&mut Credit<'_>>,
    out: &mut Vec<Allocated>,
) -> Result<(), AllocationError> {
    while let (Some(credit), Some(place)) = (waiting.front_mut(), open.first()) {
        let Some(invoice) = invoices.get_mut(*place) else {
            break;
        };
        out.extend(settle(invoice, credit)?);
        if invoice.open == 0 {
            open.pop_first();
        }
        if credit.left == 0 {
            waiting.pop_front();
        }
    }
    Ok(())
}

/// Moves what both have; nothing where either is used up.
fn settle(
    invoice: &mut Invoice<'_>,
    credit: &mut Credit<'_>,
) -> Result<Option<Allocated>, AllocationError> {
    let part = invoice.open.min(credit.left);
    if part <= 0 {
        return Ok(None);
    }
    let on = credit.on.max(invoice.invoiced_on);
    invoice.open = invoice.open.saturating_sub(part);
    credit.left = credit.left.saturating_sub(part);
    invoice.last_settled_on = invoice.last_settled_on.max(Some(on));
    Ok(Some(Allocated {
        credit: credit.fact,
        invoice: invoice.fact,
        amount: amount(part)?,
        on,
    }))
}

fn settled(invoice: &Invoice<'_>) -> Result<SettledInvoice, AllocationError> {
    let settled_on = invoice.last_settled_on.unwrap_or(invoice.invoiced_on);
    Ok(SettledInvoice {
        invoice: invoice.fact,
        document: invoice.document.cloned(),
        invoiced_on: invoice.invoiced_on,
        due_on: invoice.due_on,
        amount: amount(invoice.amount)?,
        open: amount(invoice.open)?,
        settled_on: (invoice.open == 0).then_some(settled_on),
        disputed: invoice.disputed,
    })
}

fn amount(units: i128) -> Result<Amount, AllocationError> {
    let units = i64::try_from(units).map_err(|_| AllocationError::Overflow)?;
    Ok(Amount::from_units(units))
}
