//! Compares an answer with what a page shows of it.

use super::pages::Answer;
use serde_json::Value;

/// What differs. Text must be equal. JSON may be shortened in the page: a member that is shown must
/// be there and equal, a list as long. Ids and moments are compared by their shape, as are days after
/// the year of the example company, because they come from the run; `…` stands for any rest.
pub fn compare(shown: &Answer, real: &str) -> Result<(), String> {
    if shown.language != "json" {
        let (shown, real) = (shown.text.trim_end(), real.trim_end());
        return same(shown == real, || format!("shown is\n{shown}\n\nreal is"));
    }
    let (shown, real) = (documents(&shown.text)?, documents(real)?);
    same(shown.len() == real.len(), || {
        format!("{} documents are shown", shown.len())
    })?;
    shown
        .iter()
        .zip(&real)
        .try_for_each(|(shown, real)| like(shown, real, ""))
}

fn documents(text: &str) -> Result<Vec<Value>, String> {
    let found = serde_json::Deserializer::from_str(text).into_iter();
    found
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

fn like(shown: &Value, real: &Value, place: &str) -> Result<(), String> {
    match (shown, real) {
        (Value::Object(shown), Value::Object(real)) => {
            shown.iter().try_for_each(|(name, value)| {
                let place = format!("{place}/{name}");
                let real = real.get(name).ok_or(format!("{place} is not there"))?;
                like(value, real, &place)
            })
        }
        (Value::Array(shown), Value::Array(real)) => {
            same(shown.len() == real.len(), || {
                format!("{place} has another length")
            })?;
            let pairs = shown.iter().zip(real).enumerate();
            pairs
                .into_iter()
                .try_for_each(|(at, (shown, real))| like(shown, real, &format!("{place}/{at}")))
        }
        (Value::String(shown), Value::String(real)) => same(alike(shown, real), || {
            format!("{place} is shown as `{shown}`, real is `{real}`")
        }),
        _ => same(shown == real, || {
            format!("{place} is shown as {shown}, real is {real}")
        }),
    }
}

fn alike(shown: &str, real: &str) -> bool {
    if let Some(start) = shown.strip_suffix('…') {
        return real.starts_with(start) && real.len() > start.len();
    }
    let of_this_run = shape(shown).is_some_and(|shape| shape != "9999-99-99") || shown >= "2026";
    shown == real || (of_this_run && shape(shown).is_some() && shape(shown) == shape(real))
}

/// `dec_` for an id, `9999-99-99…` for a day or a moment; nothing for other texts.
fn shape(text: &str) -> Option<String> {
    let is_id = |rest: &str| {
        rest.len() == 26
            && rest
                .bytes()
                .all(|it| it.is_ascii_digit() || it.is_ascii_lowercase())
    };
    // With `type` in front of it an id may stand in a path.
    if let Some(at) = text.find('_')
        && let Some(rest) = text.get(at + 1..at + 27)
        && is_id(rest)
    {
        return Some(text.replacen(rest, "", 1));
    }
    let digits: String = text
        .chars()
        .map(|it| if it.is_ascii_digit() { '9' } else { it })
        .collect();
    digits.starts_with("9999-99-99").then_some(digits)
}

fn same(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

#[test]
fn only_what_a_run_makes_may_differ() {
    let told = |shown: &str, real: &str| {
        let shown = Answer {
            language: "json".to_owned(),
            text: shown.to_owned(),
        };
        compare(&shown, real).is_ok()
    };
    let id = "dec_01m81refnrf7h9h6rfqmscze1h";
    let other = "dec_01m81j1wd4em3bq4ah9emv7ywb";
    assert!(told(
        &format!("{{\"a\":\"{id}\"}}"),
        &format!("{{\"a\":\"{other}\",\"b\":1}}")
    ));
    assert!(!told(
        &format!("\"{id}\""),
        &format!("\"{}\"", other.replace("dec", "cus"))
    ));
    assert!(told("\"2026-11-22\"", "\"2027-01-01\""));
    assert!(!told("\"2025-12-31\"", "\"2025-12-30\""));
    assert!(!told("\"2026-11-22\"", "\"soon\""));
    assert!(!told("\"88.00\"", "\"88.01\""));
    assert!(!told("{\"a\":1}", "{\"b\":1}") && !told("[1]", "[1,2]"));
    assert!(told("\"eyJ…\"", "\"eyJ0\"") && !told("\"eyJ…\"", "\"abc\""));
}
