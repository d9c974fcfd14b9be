//! Sums over a span of days.

use crate::fact::Fact;
use crate::period::{Span, month_of};
use crate::rollups::Rollup;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// Where the sums of a customer come from. Both give the same for every span.
#[derive(Debug, Clone, Copy)]
pub enum Sums<'a> {
    /// From the current version of every fact.
    Facts(&'a [Fact]),
    /// From whole months, and from the facts of the months that the span cuts.
    Months {
        months: &'a BTreeMap<NaiveDate, Rollup>,
        /// At least the facts in the [edges](Span::edges) of every span that is asked for.
        edges: &'a [Fact],
    },
}

/// What adds up, in base currency. In units of an amount; `i128` holds any sum of `i64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Net value of the order lines.
    pub revenue: i128,
    /// Cost of the order lines whose cost is known.
    pub cost: i128,
    pub lines: i128,
    pub lines_without_cost: i128,
    pub returns: i128,
    /// Value returned.
    pub returned: i128,
    /// Value of what came back into stock.
    pub returned_cost: i128,
    pub expenses: i128,
    pub complaints: i128,
    pub contacts: i128,
    /// Minutes of staff time in contacts.
    pub minutes: i128,
}

impl Totals {
    fn add(&mut self, part: &Rollup) {
        let add = |sum: &mut i128, units: i64| *sum = sum.saturating_add(units.into());
        add(&mut self.revenue, part.revenue.units());
        add(&mut self.cost, part.cost.units());
        add(&mut self.lines, part.lines);
        add(&mut self.lines_without_cost, part.lines_without_cost);
        add(&mut self.returns, part.returns);
        add(&mut self.returned, part.returned.units());
        add(&mut self.returned_cost, part.returned_cost.units());
        add(&mut self.expenses, part.expenses.units());
        add(&mut self.complaints, part.complaints);
        add(&mut self.contacts, part.contacts);
        add(&mut self.minutes, part.minutes);
    }
}

impl<'a> Sums<'a> {
    /// The facts at hand.
    pub const fn given(&self) -> &'a [Fact] {
        match self {
            Self::Facts(facts) => facts,
            Self::Months { edges, .. } => edges,
        }
    }

    /// The sums of the facts in the span that were not cancelled.
    pub fn over(&self, span: Span) -> Totals {
        let mut totals = Totals::default();
        match self {
            Self::Facts(facts) => {
                let counted = facts.iter().filter(|fact| span.contains(fact.occurred_on));
                counted.for_each(|fact| totals.add(&Rollup::of(fact)));
            }
            Self::Months { months, edges } => {
                let whole = months.iter().filter(|(first, _)| span.holds_month(**first));
                whole.for_each(|(_, rollup)| totals.add(rollup));
                let cut = |fact: &&Fact| {
                    let day = fact.occurred_on;
                    span.contains(day) && !span.holds_month(month_of(day))
                };
                let cut = edges.iter().filter(cut);
                cut.for_each(|fact| totals.add(&Rollup::of(fact)));
            }
        }
        totals
    }
}
