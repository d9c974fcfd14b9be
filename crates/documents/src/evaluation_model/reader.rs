//! Reads the texts of a document into values and collects what cannot be read.

use crate::fault::DocumentFault;
use std::collections::BTreeSet;
use std::str::FromStr;
use tiercel_domain::path::{Path, Step};
use tiercel_domain::scaled::{Amount, OutOfRange};

/// An unreadable value is replaced, and what the domain says about the part that holds it is not
/// passed on.
pub(super) struct Reader {
    pub(super) faults: Vec<DocumentFault>,
    doubtful: BTreeSet<Path>,
    schema: u32,
}

impl Reader {
    pub(super) const fn new(schema: u32) -> Self {
        Self {
            faults: Vec::new(),
            doubtful: BTreeSet::new(),
            schema,
        }
    }

    pub(super) fn fault(&mut self, path: &Path, code: &'static str, detail: impl Into<String>) {
        self.faults.push(DocumentFault::new(path, code, detail));
        self.doubtful.insert(part(path));
    }

    pub(super) fn doubts(&self, path: &Path) -> bool {
        self.doubtful.contains(&part(path))
    }

    /// Notes a fault where a document of schema 1 has what only schema 2 knows.
    pub(super) fn newer(&mut self, path: &Path, is_there: bool) {
        if is_there && self.schema < 2 {
            self.fault(path, "needs_schema_2", "is known from schema 2 on");
        }
    }

    pub(super) fn needed<'a, T>(&mut self, path: &Path, value: &'a Option<T>) -> Option<&'a T> {
        if value.is_none() {
            self.fault(path, "required", "is required here");
        }
        value.as_ref()
    }

    pub(super) fn unused<T>(&mut self, path: &Path, value: &Option<T>) {
        if value.is_some() {
            self.fault(path, "not_applicable", "has no meaning here");
        }
    }

    pub(super) fn number<T: FromStr<Err = OutOfRange> + Default>(
        &mut self,
        path: &Path,
        text: &str,
    ) -> T {
        text.parse().unwrap_or_else(|error: OutOfRange| {
            let code = match error {
                OutOfRange::NotANumber => "not_a_number",
                OutOfRange::TooPrecise(_) => "too_precise",
                OutOfRange::TooLarge => "too_large",
            };
            self.fault(path, code, error.to_string());
            T::default()
        })
    }

    /// The same where it may be absent.
    pub(super) fn some_number<T: FromStr<Err = OutOfRange> + Default>(
        &mut self,
        path: &Path,
        text: Option<&str>,
    ) -> Option<T> {
        text.map(|text| self.number(path, text))
    }

    /// A bound of a band or a range.
    pub(super) fn bound(
        &mut self,
        path: &Path,
        text: Option<&str>,
    ) -> Option<rust_decimal::Decimal> {
        let bound: Option<Amount> = self.some_number(path, text);
        bound.map(Amount::decimal)
    }
}

/// The part of the document that is checked as one: a criterion, or all of one list.
fn part(path: &Path) -> Path {
    match path.steps() {
        [Step::Field("criteria"), Step::Index(index), ..] => {
            Path::root().field("criteria").index(*index)
        }
        [Step::Field(field), ..] => Path::root().field(field),
        _ => Path::root(),
    }
}
