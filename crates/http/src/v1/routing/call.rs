//! A call as it shows up, and as it is looked for.

use crate::book::{self, Book};
use chrono::NaiveDate;
use std::borrow::Cow;
use tiercel_domain::phones::{MatchKey, NoCaller, caller_keys, normalise};
use tiercel_domain::routing::{Caller, Facts, Match};

/// The numbers of a call, in any spelling.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shown<'a> {
    pub caller: Option<&'a str>,
    pub called: Option<&'a str>,
    /// How a number without country code is read.
    pub region: Option<&'a str>,
}

/// A call as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub caller: Caller,
    /// The first of them that anybody has decides.
    pub keys: Vec<MatchKey>,
    /// In E.164 where it could be read.
    pub called: Option<String>,
    /// Where nobody has one of the keys, numbers that end alike count: the national number, else
    /// seven digits that one customer alone has. Receipts from before this was so look for the keys
    /// alone.
    pub near: bool,
}

impl Call {
    pub fn of(shown: &Shown<'_>, default_region: &str) -> Self {
        let region = Some(shown.region.unwrap_or(default_region));
        let caller = number(shown.caller.unwrap_or_default());
        let called = shown.called.map(number);
        let called = called.and_then(|it| normalise(&it, region).e164().map(str::to_owned));
        let (caller, keys) = match caller_keys(&caller, region) {
            Ok(keys) => (Caller::Number, keys),
            Err(NoCaller::Withheld) => (Caller::Withheld, Vec::new()),
            Err(NoCaller::Missing | NoCaller::NotANumber) => (Caller::Unparsable, Vec::new()),
        };
        Self {
            caller,
            keys,
            called,
            near: true,
        }
    }

    /// What the book knows of the call on a day.
    pub fn facts(&self, book: &Book, on: NaiveDate) -> Facts {
        Facts {
            caller: self.caller,
            matches: self.matches(book, on),
            called: self.called.clone(),
        }
    }

    fn matches(&self, book: &Book, on: NaiveDate) -> Vec<Match> {
        match book.by_phone(&self.keys) {
            Some((key, owners)) => book::matches(key, owners, on),
            None if self.near => book.near(&self.keys, on),
            None => Vec::new(),
        }
    }
}

/// A `+` that nobody encoded arrives as a blank: a number that begins with one had a `+`.
fn number(raw: &str) -> Cow<'_, str> {
    match raw.strip_prefix(' ') {
        Some(rest) if rest.starts_with(|letter: char| letter.is_ascii_digit()) => {
            Cow::Owned(format!("+{rest}"))
        }
        _ => Cow::Borrowed(raw),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_that_nobody_encoded_is_a_plus() {
        assert_eq!(number(" 14155550100"), "+14155550100");
        assert_eq!(number("+14155550100"), "+14155550100");
        assert_eq!(number(" (415) 555-0100"), " (415) 555-0100");
        assert_eq!(number("4155550100"), "4155550100");
        assert_eq!(number(""), "");
    }
}
