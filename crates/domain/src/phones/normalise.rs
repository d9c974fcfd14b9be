//! E.164 where a number is valid; otherwise the number stays as typed and is matched as typed.

use super::clean::{clean, digits, without_extension};
use super::parse::{Parsed, parse};

/// What two numbers have in common when they mean the same line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MatchKey {
    /// A valid number: `+` and up to 15 digits.
    E164(String),
    /// The digits of a number that is not valid: as typed, or in another form of the same number.
    AsTyped(String),
}

/// A phone number, made comparable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Normalised {
    /// The number exists in its country's plan; `+` and up to 15 digits, no extension.
    E164(String),
    /// The number is not valid. It is found only by a caller who shows the same digits.
    AsTyped {
        /// The digits as typed; empty where there are none.
        digits: String,
        /// Country code and national number, where a country could be told.
        international: Option<String>,
        /// The national number without trunk prefix, where a country could be told.
        national: Option<String>,
    },
}

impl Normalised {
    /// The number in E.164; nothing where it is not valid.
    pub fn e164(&self) -> Option<&str> {
        match self {
            Self::E164(number) => Some(number),
            Self::AsTyped { .. } => None,
        }
    }

    /// The keys under which the number is found, most exact first, none twice.
    pub fn keys(&self) -> Vec<MatchKey> {
        match self {
            Self::E164(number) => vec![MatchKey::E164(number.clone())],
            Self::AsTyped {
                digits,
                international,
                national,
            } => as_typed_keys([Some(digits), international.as_ref(), national.as_ref()]),
        }
    }
}

/// Reads `raw` in `region` (ISO 3166-1 alpha-2, any case; an unknown one counts as none).
///
/// Valid means: a country's numbering plan knows it, not only that its length fits. A number that
/// names another country's code is read in that country. Extensions are left out.
pub fn normalise(raw: &str, region: Option<&str>) -> Normalised {
    let number = clean(raw);
    match parse(without_extension(&number), region) {
        Some(parsed) if parsed.is_valid() => Normalised::E164(e164(&parsed)),
        parsed => Normalised::AsTyped {
            digits: digits(&number),
            international: parsed.as_ref().map(Parsed::international),
            national: parsed.map(|parsed| parsed.national),
        },
    }
}

/// The as-typed keys of digit strings; fewer than three digits identify nobody.
pub(super) fn as_typed_keys<'a>(
    forms: impl IntoIterator<Item = Option<&'a String>>,
) -> Vec<MatchKey> {
    let mut keys = Vec::new();
    for form in forms.into_iter().flatten().filter(|form| form.len() >= 3) {
        let key = MatchKey::AsTyped(form.clone());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

pub(super) fn e164(number: &Parsed) -> String {
    format!("+{}", number.international())
}
