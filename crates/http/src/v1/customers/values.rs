//! Values of attributes on the wire: texts, numbers and dates as strings, flags as booleans.

use crate::faults::Faults;
use crate::wire::date;
use rust_decimal::Decimal;
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use tiercel_domain::profile::{AttributeType, AttributeValue, Attributes};
use tiercel_persistence::attributes::Definitions;

/// A string or a boolean; a JSON number is refused, for it may not be exact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum AttributeInput {
    Text(String),
    Flag(bool),
}

impl<'de> Deserialize<'de> for AttributeInput {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = AttributeInput;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a string (numbers and dates too) or a boolean")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AttributeInput, E> {
                Ok(AttributeInput::Text(text.to_owned()))
            }

            fn visit_bool<E: Error>(self, flag: bool) -> Result<AttributeInput, E> {
                Ok(AttributeInput::Flag(flag))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// Reads a value as its attribute is defined; a fault is noted and nothing returned.
pub fn read_attribute(
    faults: &mut Faults,
    definitions: &Definitions,
    code: &str,
    value: AttributeInput,
) -> Option<AttributeValue> {
    let pointer = format!("/attributes/{}", code.replace('~', "~0").replace('/', "~1"));
    let Some(definition) = definitions.get(code) else {
        let shown: String = code.chars().take(64).collect();
        let detail = format!("the attribute `{shown}` is not defined");
        faults.add(pointer, "unknown_attribute", detail);
        return None;
    };
    let read = match (definition.kind, value) {
        (AttributeType::Text, AttributeInput::Text(text)) => Some(AttributeValue::Text(text)),
        (AttributeType::Flag, AttributeInput::Flag(flag)) => Some(AttributeValue::Flag(flag)),
        (AttributeType::Date, AttributeInput::Text(text)) => {
            return date(faults, &pointer, &text).map(AttributeValue::Date);
        }
        (AttributeType::Number, AttributeInput::Text(text)) => {
            decimal(&text).map(AttributeValue::Number)
        }
        _ => None,
    };
    if read.is_none() {
        let detail = format!("`{code}` is a {}", definition.kind.word());
        faults.add(pointer, "wrong_type", detail);
    }
    read
}

/// Plain notation of up to 28 digits: no exponent, no blanks, no separators.
fn decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let fits = plain(whole) && plain(fraction) && whole.len() + fraction.len() <= 28;
    fits.then(|| Decimal::from_str_exact(text).ok()).flatten()
}

/// Attributes as an answer shows them.
pub fn shown(attributes: &Attributes) -> BTreeMap<String, AttributeInput> {
    attributes
        .iter()
        .map(|(code, value)| {
            let value = match value {
                AttributeValue::Text(text) => AttributeInput::Text(text.clone()),
                AttributeValue::Flag(flag) => AttributeInput::Flag(*flag),
                AttributeValue::Date(day) => AttributeInput::Text(day.to_string()),
                AttributeValue::Number(number) => {
                    AttributeInput::Text(number.normalize().to_string())
                }
            };
            (code.clone(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain() {
        assert_eq!(decimal("-12.50"), Some(Decimal::new(-1250, 2)));
        for text in ["1e3", "1_000", "", "-", ".5", "5.", "+5", "NaN", " 5"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }
}
