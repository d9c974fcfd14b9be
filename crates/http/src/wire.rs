//! How values that every slice shares are spelled on the wire.

use crate::faults::Faults;
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use tiercel_domain::currency::Currency;
use tiercel_domain::digits::{as_it_is, with_decimals};
use tiercel_domain::period::is_plausible;

/// An instant: RFC 3339 in UTC, with microseconds.
pub fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// Money, all its decimals and at least those in which the currency is paid: `250.00`, `0.125`.
pub fn money(value: Decimal, currency: Currency) -> String {
    decimals(value, currency.exponent())
}

/// A number with at least `scale` decimals, none of its own cut.
pub fn decimals(value: Decimal, scale: u32) -> String {
    with_decimals(value, scale)
}

/// A number as it was written.
pub fn plain(value: Decimal) -> String {
    as_it_is(value)
}

/// A date as `2026-03-01` and in no other spelling, in the years 1900 to 2999; a fault is noted and
/// nothing returned.
pub fn date(faults: &mut Faults, pointer: &str, text: &str) -> Option<NaiveDate> {
    let read = text.parse::<NaiveDate>().ok();
    let date = read.filter(|date| date.to_string() == text && text.len() == 10);
    if date.is_none() {
        faults.add(pointer, "not_a_date", "is not a date such as `2026-03-01`");
    }
    let date = date?;
    if !is_plausible(date) {
        let detail = "must lie in the years 1900 to 2999";
        faults.add(pointer, "out_of_range", detail);
        return None;
    }
    Some(date)
}

/// A field of a merge patch, for `#[serde(default, deserialize_with = "…")]`: absent is `None`
/// (keep), null is `Some(None)` (clear).
pub fn present<'de, T, D>(from: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(from).map(Some)
}

/// A field of a merge patch that cannot be cleared: absent is `None` (keep), null is refused.
pub fn given<'de, T, D>(from: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Patch {
        #[serde(default, deserialize_with = "present")]
        name: Option<Option<String>>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let name = |text: &str| serde_json::from_str::<Patch>(text).unwrap().name;
        assert_eq!(name("{}"), None);
        assert_eq!(name(r#"{"name": null}"#), Some(None));
        assert_eq!(name(r#"{"name": "a"}"#), Some(Some("a".to_owned())));
    }

    #[test]
    fn money_shows_at_least_the_decimals_of_the_currency() {
        let text = |value: &str, currency| money(value.parse().unwrap(), currency);
        assert_eq!(text("100", Currency::EUR), "100.00");
        assert_eq!(text("0", Currency::EUR), "0.00");
        assert_eq!(text("-0.125000", Currency::EUR), "-0.125");
        assert_eq!(text("100.00", Currency::JPY), "100");
    }

    #[test]
    fn dates_have_one_spelling() {
        let mut faults = Faults::default();
        assert!(date(&mut faults, "/d", "2024-02-29").is_some() && faults.is_empty());
        for text in [
            "2023-02-29",
            "2024-2-9",
            "24-02-09",
            "+12024-02-09",
            " 2024-02-09",
            "",
            "1899-12-31",
            "3000-01-01",
        ] {
            assert_eq!(date(&mut faults, "/d", text), None, "{text}");
        }
    }

    #[test]
    fn instants_have_microseconds_and_a_z() {
        assert_eq!(instant(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }
}
