//! The shapes that words of the vocabulary give to fields, as limits of a schema.

use serde_json::{Map, Value};

/// What a schema may say of a value; a field that says one of them keeps what it says.
const LIMITS: [&str; 6] = [
    "format",
    "enum",
    "pattern",
    "minimum",
    "minLength",
    "maxLength",
];

/// How answers spell decimals. What requests may spell differently stays open.
const DECIMAL: &str = r"^-?[0-9]+(\.[0-9]+)?$";

/// Adds the limits of a shape, unless the field has some of its own: `count` and `ordinal` of
/// numbers; of texts `text` (not empty), `id` (ours), `word` (of a closed list, or empty), `hash`
/// (SHA-256 in hexadecimal), `currency`, `decimal`, `date` and `date-time`.
pub fn limit(field: &mut Map<String, Value>, shape: &str, requested: bool) {
    let is = |kind: &str| match field.get("type") {
        Some(Value::String(one)) => one == kind,
        Some(Value::Array(several)) => several.iter().any(|one| one == kind),
        _ => false,
    };
    let bare = LIMITS.iter().all(|limit| !field.contains_key(*limit));
    let (text, number) = (is("string") && bare, is("integer"));
    let answered = text && !requested;
    let (limit, value): (&str, Value) = match shape {
        "count" | "ordinal" if number && !requested && !field.contains_key("minimum") => {
            ("minimum", i64::from(shape == "ordinal").into())
        }
        "text" if answered => ("minLength", 1.into()),
        "id" if answered => ("pattern", "^[a-z]{3,4}_[0-9a-z]{26}$".into()),
        "word" if answered => ("pattern", "^[a-z0-9_-]*$".into()),
        "hash" if answered => ("pattern", "^[0-9a-f]{64}$".into()),
        "currency" if text => ("pattern", "^[A-Z]{3}$".into()),
        "date" | "date-time" | "decimal" if text => ("format", shape.into()),
        _ => return,
    };
    field.insert(limit.into(), value);
    if answered && shape == "decimal" {
        field.insert("pattern".into(), DECIMAL.into());
    }
}

/// Our ids have a shape that the example of the field shows: `cus_` and 26 letters or digits.
pub fn like(field: &mut Map<String, Value>, example: &Value) {
    let id = example.as_str().and_then(|text| text.split_once('_'));
    let id = id.filter(|(prefix, rest)| prefix.len() == 3 && rest.len() == 26);
    let bare = LIMITS.iter().all(|limit| !field.contains_key(*limit));
    if let Some((prefix, _)) = id.filter(|_| bare) {
        let pattern = format!("^({prefix}_[0-9a-z]{{26}})?$");
        field.insert("pattern".into(), pattern.into());
    }
}
