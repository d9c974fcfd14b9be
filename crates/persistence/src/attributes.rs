//! Attributes of customers: which there are, of what type, and how their values are stored.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::refused::{Fault, Refused, check_region, check_text};
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeMap;
use tiercel_domain::profile::{AttributeType, AttributeValue, Attributes};

/// What may stand in an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    pub code: String,
    pub kind: AttributeType,
    /// What it means, for people.
    pub label: String,
    /// The values that a text may have; empty where any may stand.
    pub allowed: Vec<String>,
    /// Whether values are personal data, which erasing a customer deletes.
    pub personal: bool,
    /// Whether Tiercel defines it.
    pub built_in: bool,
    pub created_at: DateTime<Utc>,
}

/// An attribute to define.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDefinition {
    /// A lower-case letter, then lower-case letters, digits and `_`.
    pub code: String,
    pub kind: AttributeType,
    pub label: String,
    pub allowed: Vec<String>,
    pub personal: bool,
}

/// All attributes there are, by code.
pub type Definitions = BTreeMap<String, Definition>;

/// Codes that stand for something else in models and may not be defined.
const RESERVED: [&str; 1] = ["contact_position"];

/// Defines an attribute, for good: values refer to it.
pub async fn define(tx: &Tx, wanted: &NewDefinition) -> Result<Definition, Refused> {
    let mut faults = Vec::new();
    check_code(&mut faults, &wanted.code);
    check_text(&mut faults, "label", &wanted.label, 200);
    check_allowed(&mut faults, wanted);
    if !faults.is_empty() {
        return Err(Refused::Invalid(faults));
    }
    if definitions(tx).await?.contains_key(&wanted.code) {
        let detail = format!("the attribute `{}` is defined already", wanted.code);
        return Err(Refused::Taken(detail));
    }
    let text = "INSERT INTO attribute_definition \
                (code, kind, label, allowed, personal, built_in, write_id, created_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let allowed = serde_json::json!(wanted.allowed).to_string();
    let values = vec![
        wanted.code.clone().into(),
        wanted.kind.word().into(),
        wanted.label.clone().into(),
        allowed.into(),
        wanted.personal.into(),
        false.into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    tx.note(Change {
        entity: "attribute_definition",
        id: wanted.code.clone(),
        version: 1,
        what: "created",
        customer: None,
        content: None,
        detail: vec![("kind", wanted.kind.word().to_owned())],
    });
    Ok(Definition {
        code: wanted.code.clone(),
        kind: wanted.kind,
        label: wanted.label.clone(),
        allowed: wanted.allowed.clone(),
        personal: wanted.personal,
        built_in: false,
        created_at: tx.at(),
    })
}

fn check_code(faults: &mut Vec<Fault>, code: &str) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let starts = code
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase());
    if !starts || code.len() > 64 || !code.bytes().all(plain) {
        let detail = "must be a lower-case letter, then letters, digits and `_`; at most 64";
        faults.push(Fault::new("code", "code", detail));
    }
    if RESERVED.contains(&code) {
        let detail = format!("`{code}` is derived by Tiercel");
        faults.push(Fault::new("code", "reserved", detail));
    }
}

fn check_allowed(faults: &mut Vec<Fault>, wanted: &NewDefinition) {
    if !wanted.allowed.is_empty() && wanted.kind != AttributeType::Text {
        let detail = "only a text can be restricted to values";
        faults.push(Fault::new("allowed", "not_a_text", detail));
    }
    if wanted.allowed.len() > 200 {
        faults.push(Fault::new(
            "allowed",
            "length",
            "must have at most 200 values",
        ));
    }
    for (place, value) in wanted.allowed.iter().enumerate() {
        check_text(faults, &format!("allowed/{place}"), value, 200);
    }
}

/// What is wrong with giving the attribute this value, or with clearing it.
pub(crate) fn check(
    definitions: &Definitions,
    code: &str,
    value: Option<&AttributeValue>,
) -> Vec<Fault> {
    let field = format!("attributes/{}", code.replace('~', "~0").replace('/', "~1"));
    let Some(definition) = definitions.get(code) else {
        let code: String = code.chars().take(64).collect();
        let detail = format!("the attribute `{code}` is not defined");
        return vec![Fault::new(field, "unknown_attribute", detail)];
    };
    let mut faults = Vec::new();
    match value {
        Some(value) if value.kind() != definition.kind => {
            let detail = format!("`{code}` is a {}", definition.kind.word());
            faults.push(Fault::new(field, "wrong_type", detail));
        }
        Some(AttributeValue::Text(text)) => {
            check_text(&mut faults, &field, text, 1000);
            if code == "country" {
                check_region(&mut faults, &field, text);
            }
            if !definition.allowed.is_empty() && !definition.allowed.contains(text) {
                let detail = format!("must be one of: {}", definition.allowed.join(", "));
                faults.push(Fault::new(field, "not_allowed", detail));
            }
        }
        _ => {}
    }
    faults
}

/// The personal attributes and the others.
pub(crate) fn split(all: &Attributes, definitions: &Definitions) -> (Attributes, Attributes) {
    let personal = |code: &String| definitions.get(code).is_some_and(|known| known.personal);
    all.clone()
        .into_iter()
        .partition(|(code, _)| personal(code))
}

/// Reads all definitions; there are few.
pub async fn definitions(source: &impl Source) -> Result<Definitions, DbError> {
    let text = "SELECT code, kind, label, allowed, personal, built_in, created_at \
                FROM attribute_definition ORDER BY code";
    let rows = sql::rows(source, text, Vec::new()).await?;
    rows.iter()
        .map(|row| {
            let code: String = row.try_get("", "code")?;
            let kind: String = row.try_get("", "kind")?;
            let allowed: String = row.try_get("", "allowed")?;
            let corrupt = |detail: String| DbError::corrupt("attribute_definition", detail);
            let definition = Definition {
                kind: AttributeType::from_word(&kind)
                    .ok_or_else(|| corrupt(format!("`{code}` has the kind `{kind}`")))?,
                label: row.try_get("", "label")?,
                allowed: serde_json::from_str(&allowed)
                    .map_err(|error| corrupt(format!("`{code}`: {error}")))?,
                personal: row.try_get("", "personal")?,
                built_in: row.try_get("", "built_in")?,
                created_at: from_micros(row.try_get("", "created_at")?),
                code: code.clone(),
            };
            Ok((code, definition))
        })
        .collect()
}

/// Canonical JSON: keys sorted, numbers as strings without trailing zeros, dates ISO.
pub(crate) fn encode(attributes: &Attributes) -> String {
    let fields: serde_json::Map<String, serde_json::Value> = attributes
        .iter()
        .map(|(code, value)| (code.clone(), json_of(value)))
        .collect();
    serde_json::Value::Object(fields).to_string()
}

/// The text that stands in [`encode`]'s answer exactly where the attribute has the value: quotes
/// inside values are escaped, so it stands nowhere else.
pub(crate) fn fragment(code: &str, value: &AttributeValue) -> String {
    format!("\"{code}\":{}", json_of(value))
}

fn json_of(value: &AttributeValue) -> serde_json::Value {
    match value {
        AttributeValue::Text(text) => text.clone().into(),
        AttributeValue::Number(number) => number.normalize().to_string().into(),
        AttributeValue::Flag(flag) => (*flag).into(),
        AttributeValue::Date(date) => date.to_string().into(),
    }
}

/// Reads what [`encode`] wrote.
pub(crate) fn decode(
    text: &str,
    definitions: &Definitions,
    table: &'static str,
) -> Result<Attributes, DbError> {
    let fields: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| DbError::corrupt(table, error))?;
    fields
        .into_iter()
        .map(|(code, value)| {
            let value = definitions
                .get(&code)
                .and_then(|definition| value_of(definition.kind, &value))
                .ok_or_else(|| DbError::corrupt(table, format!("the attribute `{code}`")))?;
            Ok((code, value))
        })
        .collect()
}

fn value_of(kind: AttributeType, value: &serde_json::Value) -> Option<AttributeValue> {
    let text = value.as_str();
    match kind {
        AttributeType::Text => text.map(|text| AttributeValue::Text(text.to_owned())),
        AttributeType::Number => Some(AttributeValue::Number(text?.parse().ok()?)),
        AttributeType::Flag => value.as_bool().map(AttributeValue::Flag),
        AttributeType::Date => Some(AttributeValue::Date(text?.parse::<NaiveDate>().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_stands_only_where_the_value_does() {
        let text = |value: &str| AttributeValue::Text(value.to_owned());
        let attributes = Attributes::from([
            ("industry".to_owned(), text("\"size\":\"large\"")),
            ("size".to_owned(), text("small")),
        ]);
        let encoded = encode(&attributes);
        assert!(encoded.contains(&fragment("size", &text("small"))));
        assert!(!encoded.contains(&fragment("size", &text("large"))));
        assert!(!encoded.contains(&fragment("size", &text("smal"))));
    }

    #[test]
    fn numbers_are_canonical() {
        let number = |value: &str| AttributeValue::Number(value.parse().unwrap());
        let held = Attributes::from([("annual_profit".to_owned(), number("12.50"))]);
        assert_eq!(encode(&held), r#"{"annual_profit":"12.5"}"#);
    }
}
