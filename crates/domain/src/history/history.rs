//! Everything that evaluation may need of one customer, as small as it can be kept.

use super::series::Series;
use crate::fact::Fact;
use crate::rollups::{Rollup, RollupError, by_month};
use crate::settlement::Entry;
use chrono::NaiveDate;
use std::collections::BTreeMap;

/// One customer's facts, past and future, without what was cancelled. A pure function of the
/// facts, in which their order does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Sums by the first day of the month.
    pub months: BTreeMap<NaiveDate, Rollup>,
    pub series: Series,
    /// What owes and what settles, by day, kind and amount.
    pub entries: Vec<Entry>,
}

impl History {
    /// # Errors
    /// Where the sums of a month are too large to keep.
    pub fn of(facts: &[Fact]) -> Result<Self, RollupError> {
        let mut entries: Vec<Entry> = facts.iter().filter_map(Entry::of).collect();
        entries.sort_by_key(|entry| (entry.on, entry.kind, entry.amount, entry.fact));
        Ok(Self {
            months: by_month(facts)?,
            series: Series::of(facts),
            entries,
        })
    }

    /// Whether nothing is known of the customer.
    pub fn is_empty(&self) -> bool {
        self.series == Series::default()
    }
}
