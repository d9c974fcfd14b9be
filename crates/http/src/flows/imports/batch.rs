//! The records of a chunk as they are stored: each once, with the lines that told it.

use super::feed::Line;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use tiercel_documents::import::{ImportRecord, RowReason};
use tiercel_domain::incoming::{ExternalRef, IncomingCustomer, IncomingFact, IncomingProduct};

/// What became of a record or a row; of many the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) enum Outcome {
    #[default]
    Unchanged,
    Updated,
    Created,
}

/// Records of one kind, and for each the line that told it.
pub(super) struct Told<T> {
    pub records: Vec<T>,
    lines: Vec<usize>,
}

/// The records of a chunk by kind. One that repeats what an earlier line said last about the same
/// thing is left out: it changes nothing.
#[derive(Default)]
pub(super) struct Batch {
    pub customers: Told<IncomingCustomer>,
    pub products: Told<IncomingProduct>,
    pub facts: Told<IncomingFact>,
}

/// What became of the lines of a chunk.
pub(super) struct Fates {
    outcomes: Vec<Outcome>,
    pub refused: BTreeMap<usize, Vec<RowReason>>,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self {
            records: Vec::new(),
            lines: Vec::new(),
        }
    }
}

impl<T> Told<T> {
    fn add(&mut self, line: usize, record: T) {
        self.records.push(record);
        self.lines.push(line);
    }

    /// The answers of the database with the lines they are for.
    pub(super) fn answered<A>(&self, answers: Vec<A>) -> impl Iterator<Item = (usize, A)> {
        self.lines.iter().copied().zip(answers)
    }

    /// Records with their lines.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &T)> {
        self.lines.iter().copied().zip(&self.records)
    }
}

impl Batch {
    /// The records of all lines but those that are left out.
    pub(super) fn of(lines: &[Line], left_out: &BTreeMap<usize, Vec<RowReason>>) -> Self {
        let mut batch = Self::default();
        let mut customers: BTreeMap<&ExternalRef, &IncomingCustomer> = BTreeMap::new();
        let mut products: BTreeMap<&str, &IncomingProduct> = BTreeMap::new();
        let kept = lines.iter().enumerate();
        let kept = kept.filter(|(index, _)| !left_out.contains_key(index));
        for (index, line) in kept {
            for record in &line.records {
                match record {
                    ImportRecord::Customer(it) => {
                        if customers.insert(&it.external, it) != Some(it) {
                            batch.customers.add(index, it.clone());
                        }
                    }
                    ImportRecord::Product(it) => {
                        if products.insert(&it.sku, it) != Some(it) {
                            batch.products.add(index, it.clone());
                        }
                    }
                    ImportRecord::Fact(it) => batch.facts.add(index, (**it).clone()),
                }
            }
        }
        batch
    }
}

impl Fates {
    pub(super) fn new(lines: usize) -> Self {
        Self {
            outcomes: vec![Outcome::default(); lines],
            refused: BTreeMap::new(),
        }
    }

    pub(super) fn done(&mut self, line: usize, outcome: Outcome) {
        if let Some(known) = self.outcomes.get_mut(line) {
            *known = outcome.max(*known);
        }
    }

    pub(super) fn refuse(&mut self, line: usize, reasons: impl IntoIterator<Item = RowReason>) {
        self.refused.entry(line).or_default().extend(reasons);
    }

    /// Whether a refused line told something else too, which must not stay.
    pub(super) fn leave_something(&self, lines: &[Line]) -> bool {
        let told = |line: &usize| lines.get(*line).map_or(0, |line| line.records.len());
        self.refused.keys().any(|line| told(line) > 1)
    }

    /// The outcomes of the lines that are neither refused nor left out.
    pub(super) fn outcomes(&self, left_out: &BTreeSet<usize>) -> impl Iterator<Item = Outcome> {
        let kept = self.outcomes.iter().enumerate();
        let kept =
            kept.filter(|(line, _)| !left_out.contains(line) && !self.refused.contains_key(line));
        kept.map(|(_, outcome)| *outcome)
    }
}

/// Why a record was not stored, as a reason of its row; `field` is that of the record.
pub(super) fn reason(field: &str, code: &'static str, detail: &str) -> RowReason {
    RowReason {
        column: Some(field.to_owned()),
        code: Cow::Borrowed(code),
        detail: detail.to_owned(),
    }
}
