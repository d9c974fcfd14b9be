//! What the readers of all policies check alike, noting every fault instead of the first.

use crate::fault::DocumentFault;
use std::collections::BTreeSet;
use std::fmt::Display;
use std::str::FromStr;
use tiercel_domain::path::Path;
use tiercel_domain::scaled::Percent;

/// The version of the shape of documents that have known no other.
const SCHEMA: u32 = 1;

/// The faults found so far, and what checks compare with.
pub(crate) struct Checks<'a> {
    faults: Vec<DocumentFault>,
    /// The tiers that the evaluation model knows; none = not to be checked.
    known_tiers: Option<&'a BTreeSet<String>>,
}

impl<'a> Checks<'a> {
    pub(crate) fn new(schema: u32, known_tiers: Option<&'a BTreeSet<String>>) -> Self {
        Self::up_to(SCHEMA, schema, known_tiers)
    }

    /// For documents whose newest shape is `newest`; all older ones are read too.
    pub(crate) fn up_to(
        newest: u32,
        schema: u32,
        known_tiers: Option<&'a BTreeSet<String>>,
    ) -> Self {
        let mut checks = Self {
            faults: Vec::new(),
            known_tiers,
        };
        if !(1..=newest).contains(&schema) {
            let detail = format!("schema {schema} is not known here; this is schema {newest}");
            checks.fault(&Path::root().field("schema"), "unknown_schema", detail);
        }
        checks
    }

    /// `value` where it is there and nothing was wrong, else all faults.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Vec<DocumentFault>> {
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(self.faults),
        }
    }

    pub(crate) fn fault(&mut self, at: &Path, code: &'static str, detail: impl Into<String>) {
        self.faults.push(DocumentFault::new(at, code, detail));
    }

    /// Notes a fault unless `holds`.
    pub(crate) fn require(&mut self, holds: bool, at: &Path, code: &'static str, detail: &str) {
        if !holds {
            self.fault(at, code, detail);
        }
    }

    /// A value in the spelling of the domain.
    pub(crate) fn read<T>(&mut self, text: &str, at: &Path) -> Option<T>
    where
        T: FromStr,
        T::Err: Display,
    {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                let shown: String = text.chars().take(80).collect();
                self.fault(at, "not_a_value", format!("`{shown}`: {error}"));
                None
            }
        }
    }

    /// The same where it may be absent; the outer `None` means a fault.
    pub(crate) fn read_some<T>(&mut self, text: Option<&str>, at: &Path) -> Option<Option<T>>
    where
        T: FromStr,
        T::Err: Display,
    {
        match text {
            Some(text) => self.read(text, at).map(Some),
            None => Some(None),
        }
    }

    /// A percentage from 0 to `most`, both included.
    pub(crate) fn percent(&mut self, text: &str, most: i64, at: &Path) -> Option<Percent> {
        let percent: Percent = self.read(text, at)?;
        let fits = !percent.is_negative() && percent.decimal() <= most.into();
        self.require(
            fits,
            at,
            "out_of_range",
            &format!("is not from 0 to {most}"),
        );
        fits.then_some(percent)
    }

    /// All values of a list; a fault in one leaves nothing.
    pub(crate) fn read_all<T, C>(&mut self, texts: &[String], at: &Path) -> Option<C>
    where
        T: FromStr,
        T::Err: Display,
        C: FromIterator<T>,
    {
        let values = texts.iter().enumerate();
        let values: Vec<Option<T>> = values
            .map(|(index, text)| self.read(text, &at.index(index)))
            .collect();
        values.into_iter().collect()
    }

    /// A code that programs compare: 1 to 64 of `a–z 0–9 _ - .`, upper case allowed.
    pub(crate) fn code(&mut self, text: &str, at: &Path) {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let fits = (1..=64).contains(&text.len()) && text.chars().all(plain);
        let detail = "is not 1 to 64 letters, digits, `_`, `-` or `.`";
        self.require(fits, at, "not_a_code", detail);
    }

    /// A text for people or for another system: 1 to 120 characters, no blanks around it.
    pub(crate) fn text(&mut self, text: &str, at: &Path) {
        let fits = (1..=120).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        let detail = "is empty, longer than 120 characters, or has blanks around it";
        self.require(fits, at, "not_a_text", detail);
    }

    /// A tier code that the evaluation model has.
    pub(crate) fn tier(&mut self, tier: &str, at: &Path) {
        self.code(tier, at);
        if let Some(known) = self.known_tiers
            && !known.contains(tier)
        {
            let detail = format!("the evaluation model has no tier `{tier}`");
            self.fault(at, "unknown_tier", detail);
        }
    }

    /// Notes a fault for every value that came before; `at` tells where each value is.
    pub(crate) fn distinct<T: Ord + Display>(
        &mut self,
        values: impl IntoIterator<Item = (T, Path)>,
    ) {
        let mut seen = BTreeSet::new();
        for (value, at) in values {
            let detail = format!("`{value}` is there twice");
            let first = seen.insert(value);
            self.require(first, &at, "duplicate", &detail);
        }
    }
}
