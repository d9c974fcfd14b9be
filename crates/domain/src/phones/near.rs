//! Numbers that are not the same but end alike: the national number, or at least its last seven
//! digits.

use super::normalise::MatchKey;
use super::parse::parse;

/// Fewer digits in common say nothing.
const LEAST: usize = 7;

/// How near a stored number comes to that of a caller; the nearer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nearness {
    /// The same national number; the country is not certain.
    National,
    /// One ends with all of the other.
    Suffix,
}

/// The last seven digits, under which near numbers are found; none where there are fewer.
pub fn tail(key: &MatchKey) -> Option<u32> {
    let digits = digits(key);
    let from = digits.len().checked_sub(LEAST)?;
    digits.get(from..)?.parse().ok()
}

fn digits(key: &MatchKey) -> &str {
    match key {
        MatchKey::E164(number) => number.trim_start_matches('+'),
        MatchKey::AsTyped(digits) => digits,
    }
}

/// How near a stored number comes to the caller's, whose keys these are. Two valid numbers are the
/// same or not near at all.
pub fn nearness(caller: &[MatchKey], stored: &MatchKey) -> Option<Nearness> {
    let forms = caller.iter().filter_map(|key| match key {
        MatchKey::AsTyped(digits) => Some(digits.as_str()),
        MatchKey::E164(_) => None,
    });
    let valid = |key: &MatchKey| matches!(key, MatchKey::E164(_));
    if valid(stored) && caller.iter().any(valid) {
        return None;
    }
    let whole = digits(stored);
    let national = match stored {
        MatchKey::E164(number) => parse(number, None).map(|parsed| parsed.national),
        MatchKey::AsTyped(_) => None,
    };
    let near = forms.filter_map(|form| {
        let alike = whole.ends_with(form) || form.ends_with(whole);
        if !alike || form.len().min(whole.len()) < LEAST {
            return None;
        }
        match national.as_deref() == Some(form) {
            true => Some(Nearness::National),
            false => Some(Nearness::Suffix),
        }
    });
    near.min()
}

#[cfg(test)]
mod tests {
    use super::super::{caller_keys, normalise};
    use super::*;

    fn near(stored: &str, stored_in: &str, caller: &str, region: &str) -> Option<Nearness> {
        let keys = caller_keys(caller, Some(region)).unwrap();
        let stored = normalise(stored, Some(stored_in)).keys();
        assert!(
            !stored.iter().any(|key| keys.contains(key)),
            "{caller} is exact"
        );
        let tails = || keys.iter().filter_map(tail);
        let found = stored
            .iter()
            .filter(|key| tail(key).is_some_and(|it| tails().any(|t| t == it)));
        found.filter_map(|key| nearness(&keys, key)).min()
    }

    #[test]
    fn w20_short_numbers_match_where_one_ends_with_the_other() {
        use Nearness::{National, Suffix};
        for (stored, stored_in, caller, region, expected) in [
            ("+1 345 657 1234", "US", "657 1234", "US", Some(Suffix)),
            ("657 1234", "US", "+1 345 657 1234", "US", Some(Suffix)),
            ("+1 345 657 1234", "US", "345 657", "US", None),
            ("+1 345 657 1234", "US", "57 1234", "US", None),
            // 3CX with MaxLength 6 shows the last six digits only.
            ("+1 202 345 6789", "US", "456789", "US", None),
            // The national number, shown where another country is at home.
            ("+1 202 555 0123", "US", "2025550123", "CH", Some(National)),
            // The same ending in two countries are two numbers.
            ("+1 202 555 0123", "US", "+49 30 5550123", "DE", None),
            ("+1 345 657 1234", "US", "657 1235", "US", None),
        ] {
            let found = near(stored, stored_in, caller, region);
            assert_eq!(found, expected, "{caller} ({region}) for {stored}");
        }
    }

    #[test]
    fn w20_every_spelling_of_a_number_is_the_same_number() {
        for spelling in ["(202) 555-0123", "2025550123", "202.555.0123"] {
            let keys = caller_keys(spelling, Some("US")).unwrap();
            assert_eq!(
                keys.first(),
                Some(&MatchKey::E164("+12025550123".to_owned()))
            );
        }
    }

    #[test]
    fn a_tail_has_seven_digits() {
        let typed = |digits: &str| MatchKey::AsTyped(digits.to_owned());
        assert_eq!(
            tail(&MatchKey::E164("+12025550123".to_owned())),
            Some(5_550_123)
        );
        assert_eq!(tail(&typed("0000123")), Some(123));
        assert_eq!(tail(&typed("555012")), None);
    }
}
