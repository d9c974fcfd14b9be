//! The customer that is evaluated, and which of the facts count on a date.

use crate::fact::{Fact, FactKind};
use crate::period::Window;
use crate::profile::Profile;
use crate::settlement::SettledInvoice;
use chrono::NaiveDate;

/// What evaluation reads of one customer. The order of facts and invoices does not matter.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub profile: &'a Profile,
    /// The current version of each fact of the customer. Cancelled facts and facts after the date
    /// of evaluation may be among them and never count.
    pub facts: &'a [Fact],
    /// The customer's invoices that are not cancelled, settled as of the date of evaluation.
    pub invoices: &'a [SettledInvoice],
}

/// The days of a window that ends with the date of evaluation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    after: Option<NaiveDate>,
    pub(super) until: NaiveDate,
}

impl Span {
    pub(super) fn new(window: Window, as_of: NaiveDate) -> Self {
        Self {
            after: window.opens_after(as_of),
            until: as_of,
        }
    }

    pub(super) fn contains(self, day: NaiveDate) -> bool {
        day <= self.until && self.after.is_none_or(|before| day > before)
    }
}

impl<'a> Subject<'a> {
    /// Facts of these kinds that were not cancelled, past and future.
    pub(super) fn standing(&self, kinds: &'static [FactKind]) -> impl Iterator<Item = &'a Fact> {
        let wanted = move |fact: &&Fact| kinds.contains(&fact.kind) && fact.counts();
        self.facts.iter().filter(wanted)
    }

    /// Facts of these kinds that count in the span.
    pub(super) fn counted(
        &self,
        kinds: &'static [FactKind],
        span: Span,
    ) -> impl Iterator<Item = &'a Fact> {
        self.standing(kinds)
            .filter(move |fact| span.contains(fact.occurred_on))
    }

    /// Whether the customer ordered anything up to the date, whatever the window.
    pub(super) fn ever_ordered(&self, as_of: NaiveDate) -> bool {
        self.standing(&[FactKind::OrderLine])
            .any(|fact| fact.occurred_on <= as_of)
    }
}
