//! Attributes of customers: which there are, of what type, and how their values are stored.

use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
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

/// All attributes there are, by code.
pub type Definitions = BTreeMap<String, Definition>;

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
