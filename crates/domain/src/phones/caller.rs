//! What to look for, in order, when a call shows a number.

use super::clean::{clean, digits, without_extension};
use super::normalise::{MatchKey, as_typed_keys, e164};
use super::parse::{Parsed, parse};

/// Why a call shows nothing that could be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoCaller {
    /// The text is empty.
    Missing,
    /// The caller or the network hides the number.
    Withheld,
    /// There is no number in the text.
    NotANumber,
}

impl NoCaller {
    /// The word used in answers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Withheld => "withheld",
            Self::NotANumber => "not_a_number",
        }
    }
}

/// What exchanges send in place of a hidden number.
const WITHHELD: &[&str] = &[
    "anonymous",
    "anonym",
    "blocked",
    "no caller id",
    "no number",
    "private",
    "private number",
    "restricted",
    "unavailable",
    "unknown",
    "withheld",
];

/// The keys to try for a caller, in order; the first that anybody has decides.
///
/// A valid number is looked for in E.164. Then, valid or not, its digits as shown, with country
/// code, and without trunk prefix: so it finds customers whose number was not valid when typed.
/// What ends alike is near and not the same: see `near.rs`. `region` (ISO 3166-1 alpha-2) tells how to read a number
/// without country code.
pub fn caller_keys(raw: &str, region: Option<&str>) -> Result<Vec<MatchKey>, NoCaller> {
    let number = clean(raw);
    if number.is_empty() {
        return Err(NoCaller::Missing);
    }
    if WITHHELD.contains(&number.to_ascii_lowercase().as_str()) {
        return Err(NoCaller::Withheld);
    }
    let parsed = parse(without_extension(&number), region);
    let typed = digits(&number);
    let full = parsed.as_ref().map(Parsed::international);
    let national = parsed.as_ref().map(|parsed| &parsed.national);
    let mut keys = as_typed_keys([Some(&typed), full.as_ref(), national]);
    if let Some(valid) = parsed.as_ref().filter(|parsed| parsed.is_valid()) {
        keys.insert(0, MatchKey::E164(e164(valid)));
    }
    if keys.is_empty() {
        return Err(NoCaller::NotANumber);
    }
    Ok(keys)
}
