//! Two versions of a document, field by field.

use super::wire::FieldChange;
use serde_json::Value;

/// What differs, in the order of the first document's fields.
pub fn changes(before: &Value, after: &Value) -> Vec<FieldChange> {
    let mut changes = Vec::new();
    walk(String::new(), Some(before), Some(after), &mut changes);
    changes
}

/// Lists are compared by the `code` of their entries where all have one, else place by place.
fn walk(at: String, before: Option<&Value>, after: Option<&Value>, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (Some(one), Some(other)) if one == other => {}
        (Some(Value::Object(one)), Some(Value::Object(other))) => {
            for (key, value) in one {
                walk(below(&at, key), Some(value), other.get(key), changes);
            }
            for (key, value) in other.iter().filter(|(key, _)| !one.contains_key(*key)) {
                walk(below(&at, key), None, Some(value), changes);
            }
        }
        (Some(Value::Array(one)), Some(Value::Array(other))) => {
            if let (Some(ones), Some(others)) = (codes(one), codes(other)) {
                for (place, (code, value)) in ones.iter().enumerate() {
                    let found = others.iter().position(|(other, _)| other == code);
                    let moved = found.and_then(|place| other.get(place));
                    let place = found.unwrap_or(place);
                    walk(format!("{at}/{place}"), Some(value), moved, changes);
                }
                for (place, (code, value)) in others.iter().enumerate() {
                    if !ones.iter().any(|(one, _)| one == code) {
                        walk(format!("{at}/{place}"), None, Some(value), changes);
                    }
                }
                order(&at, &ones, &others, changes);
                return;
            }
            for place in 0..one.len().max(other.len()) {
                walk(
                    format!("{at}/{place}"),
                    one.get(place),
                    other.get(place),
                    changes,
                );
            }
        }
        (before, after) => changes.push(FieldChange {
            pointer: at,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

/// The entries by their codes; none where one has no code or two have the same.
fn codes(list: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let coded = list
        .iter()
        .map(|entry| Some((entry.get("code")?.as_str()?, entry)));
    let coded: Vec<(&str, &Value)> = coded.collect::<Option<_>>()?;
    let distinct: std::collections::BTreeSet<&str> = coded.iter().map(|(code, _)| *code).collect();
    (distinct.len() == coded.len()).then_some(coded)
}

/// Entries that both have may have changed places: the order matters, so it is told.
fn order(
    at: &str,
    ones: &[(&str, &Value)],
    others: &[(&str, &Value)],
    changes: &mut Vec<FieldChange>,
) {
    let shared = |list: &[(&str, &Value)], with: &[(&str, &Value)]| -> Vec<Value> {
        let both = list
            .iter()
            .filter(|(code, _)| with.iter().any(|(other, _)| other == code));
        both.map(|(code, _)| Value::from(*code)).collect()
    };
    let (before, after) = (shared(ones, others), shared(others, ones));
    if before != after {
        changes.push(FieldChange {
            pointer: at.to_owned(),
            before: Some(Value::from(before)),
            after: Some(Value::from(after)),
        });
    }
}

fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(before: &Value, after: &Value) -> Vec<(String, Option<Value>, Option<Value>)> {
        let changes = changes(before, after).into_iter();
        changes
            .map(|change| (change.pointer, change.before, change.after))
            .collect()
    }

    #[test]
    fn entries_with_codes_are_found_again_wherever_they_stand() {
        let before = json!({"a": 1, "list": [{"code": "x", "n": 1}, {"code": "y", "n": 2}]});
        let after = json!({"list": [{"code": "z"}, {"code": "x", "n": 3}], "b/c": null});
        let expected = [
            ("/a".to_owned(), Some(json!(1)), None),
            ("/list/1/n".to_owned(), Some(json!(1)), Some(json!(3))),
            (
                "/list/1".to_owned(),
                Some(json!({"code": "y", "n": 2})),
                None,
            ),
            ("/list/0".to_owned(), None, Some(json!({"code": "z"}))),
            ("/b~1c".to_owned(), None, Some(json!(null))),
        ];
        assert_eq!(told(&before, &after), expected);
        assert_eq!(told(&before, &before), []);
    }

    #[test]
    fn a_changed_order_is_a_change() {
        let before = json!([{"code": "x"}, {"code": "y"}]);
        let after = json!([{"code": "y"}, {"code": "x"}]);
        let order = (
            String::new(),
            Some(json!(["x", "y"])),
            Some(json!(["y", "x"])),
        );
        assert_eq!(told(&before, &after), [order]);
        let lists = told(&json!(["a", "b"]), &json!(["a"]));
        assert_eq!(lists, [("/1".to_owned(), Some(json!("b")), None)]);
    }
}
