//! Turns entries into invoices (what is owed) and credits (what pays it), as of a date.

use crate::fact::DocumentRef;
use crate::ids::FactId;
use crate::settlement::{Entry, EntryKind};
use chrono::NaiveDate;
use std::collections::HashMap;

/// A document without its line.
type Document<'a> = (&'a str, &'a str, &'a str);

/// All invoice facts of one document; an invoice fact without document stands alone.
pub struct Invoice<'a> {
    pub fact: FactId,
    pub document: Option<&'a DocumentRef>,
    pub follows: Option<&'a DocumentRef>,
    pub invoiced_on: NaiveDate,
    pub due_on: Option<NaiveDate>,
    pub disputed: bool,
    pub amount: i128,
    pub open: i128,
    /// The latest day on which anything of it was settled.
    pub last_settled_on: Option<NaiveDate>,
}

/// Money that settles: a payment, a credit note, or an invoice with a negative total.
pub struct Credit<'a> {
    pub fact: FactId,
    pub on: NaiveDate,
    pub document: Option<&'a DocumentRef>,
    pub follows: Option<&'a DocumentRef>,
    pub left: i128,
}

/// A customer's invoices and credits. Amounts are units of `Amount` in base currency; sums of
/// `i64` cannot exceed `i128`, so saturating arithmetic is exact here.
pub struct Ledger<'a> {
    /// Oldest first: by due date (none last), invoice date, document, fact.
    pub invoices: Vec<Invoice<'a>>,
    /// By date, then fact. What was paid back is already gone from them.
    pub credits: Vec<Credit<'a>>,
    /// Paid back though no payment was known; not negative.
    pub overdrawn: i128,
}

pub fn document_key(document: &DocumentRef) -> Document<'_> {
    (&document.system, &document.kind, &document.id)
}

impl<'a> Ledger<'a> {
    pub fn of(entries: &'a [Entry], as_of: NaiveDate) -> Self {
        let counts = |entry: &&Entry| entry.on <= as_of;
        let mut known: Vec<&Entry> = entries.iter().filter(counts).collect();
        known.sort_by_key(|entry| (entry.on, entry.fact));
        let (negative, invoices): (Vec<_>, Vec<_>) = invoices(&known)
            .into_iter()
            .partition(|invoice| invoice.amount < 0);
        let (mut credits, refunds): (Vec<_>, Vec<_>) = known
            .iter()
            .filter(|entry| entry.kind == EntryKind::Settles)
            .filter_map(|entry| Credit::of(entry))
            .chain(negative.iter().map(Credit::of_negative))
            .partition(|credit| credit.left > 0);
        credits.sort_by_key(|credit| (credit.on, credit.fact));
        let overdrawn = pay_back(&mut credits, &refunds);
        Self {
            invoices,
            credits,
            overdrawn,
        }
    }
}

impl<'a> Credit<'a> {
    fn of(entry: &'a Entry) -> Option<Self> {
        let units = i128::from(entry.amount.units());
        (units != 0).then_some(Self {
            fact: entry.fact,
            on: entry.on,
            document: entry.document.as_ref(),
            follows: entry.follows.as_ref(),
            left: units,
        })
    }

    fn of_negative(invoice: &Invoice<'a>) -> Self {
        Self {
            fact: invoice.fact,
            on: invoice.invoiced_on,
            document: invoice.document,
            follows: invoice.follows,
            left: invoice.amount.saturating_neg(),
        }
    }
}

/// One invoice per document; `known` is in order of date and fact.
fn invoices<'a>(known: &[&'a Entry]) -> Vec<Invoice<'a>> {
    let mut invoices: Vec<Invoice<'a>> = Vec::new();
    let mut places: HashMap<Document<'a>, usize> = HashMap::new();
    for entry in known.iter().filter(|entry| entry.kind == EntryKind::Owes) {
        let place = entry.document.as_ref().map(|document| {
            *places
                .entry(document_key(document))
                .or_insert(invoices.len())
        });
        match place.and_then(|place| invoices.get_mut(place)) {
            Some(invoice) => invoice.add_line(entry),
            None => invoices.push(Invoice::first_line(entry)),
        }
    }
    for invoice in &mut invoices {
        invoice.open = invoice.amount;
    }
    invoices.sort_by_key(|invoice| {
        let due = (invoice.due_on.is_none(), invoice.due_on);
        (due, invoice.invoiced_on, invoice.document, invoice.fact)
    });
    invoices
}

impl<'a> Invoice<'a> {
    fn first_line(entry: &'a Entry) -> Self {
        Self {
            fact: entry.fact,
            document: entry.document.as_ref(),
            follows: entry.follows.as_ref(),
            invoiced_on: entry.on,
            due_on: entry.due_on,
            disputed: entry.disputed,
            amount: entry.amount.units().into(),
            open: 0,
            last_settled_on: None,
        }
    }

    /// A document is due when its last line is, as it is settled when its last cent is.
    fn add_line(&mut self, entry: &'a Entry) {
        self.amount = self.amount.saturating_add(entry.amount.units().into());
        self.due_on = self.due_on.max(entry.due_on);
        self.disputed |= entry.disputed;
        self.follows = self.follows.or(entry.follows.as_ref());
    }
}

/// Money paid back undoes the payment it names (its own document, or the same one it follows),
/// else the most recent. Answers what no payment covers.
fn pay_back(credits: &mut [Credit<'_>], refunds: &[Credit<'_>]) -> i128 {
    let mut refunds: Vec<_> = refunds.iter().collect();
    refunds.sort_by_key(|refund| (refund.on, refund.fact));
    let mut named: HashMap<Document<'_>, Vec<usize>> = HashMap::new();
    let mut recent: Vec<usize> = Vec::new();
    let mut next = 0_usize;
    let mut overdrawn = 0_i128;
    for refund in refunds {
        while let Some(credit) = credits.get(next).filter(|credit| credit.on <= refund.on) {
            for document in [credit.document, credit.follows].into_iter().flatten() {
                named.entry(document_key(document)).or_default().push(next);
            }
            recent.push(next);
            next = next.saturating_add(1);
        }
        let mut wanted = refund.left.saturating_neg();
        for document in [refund.follows, refund.document].into_iter().flatten() {
            if let Some(stack) = named.get_mut(&document_key(document)) {
                wanted = take(credits, stack, wanted);
            }
        }
        wanted = take(credits, &mut recent, wanted);
        overdrawn = overdrawn.saturating_add(wanted);
    }
    overdrawn
}

/// Takes from the top of the stack down, dropping what is used up; answers what is still wanted.
fn take(credits: &mut [Credit<'_>], stack: &mut Vec<usize>, mut wanted: i128) -> i128 {
    while wanted > 0 {
        let Some(credit) = stack.last().and_then(|place| credits.get_mut(*place)) else {
            break;
        };
        let part = credit.left.min(wanted);
        credit.left = credit.left.saturating_sub(part);
        wanted = wanted.saturating_sub(part);
        if credit.left == 0 {
            stack.pop();
        }
    }
    wanted
}
