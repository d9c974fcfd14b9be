//! Where two decisions differ, place by place.

use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Whoever sees so many does not need more.
const MOST: usize = 100;

/// One place where a replay came out otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/decision/tier", "recorded": "high", "replayed": "low"}))]
pub struct ReplayDifference {
    /// JSON pointer into the receipt.
    pub pointer: String,
    /// What the receipt says; null where it says nothing.
    pub recorded: Value,
    /// What comes out now; null where nothing does.
    pub replayed: Value,
}

/// Every place at which two values differ, at most 100; empty where they are equal.
pub fn between(recorded: &Value, replayed: &Value) -> Vec<ReplayDifference> {
    let mut found = Vec::new();
    walk("", recorded, replayed, &mut found);
    found
}

fn walk(pointer: &str, recorded: &Value, replayed: &Value, found: &mut Vec<ReplayDifference>) {
    if recorded == replayed || found.len() >= MOST {
        return;
    }
    match (recorded, replayed) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                let (one, other) = (&recorded[key.as_str()], &replayed[key.as_str()]);
                let key = key.replace('~', "~0").replace('/', "~1");
                walk(&format!("{pointer}/{key}"), one, other, found);
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            for place in 0..one.len().max(other.len()) {
                let at = |list: &[Value]| list.get(place).cloned().unwrap_or_default();
                walk(&format!("{pointer}/{place}"), &at(one), &at(other), found);
            }
        }
        _ => found.push(ReplayDifference {
            pointer: pointer.to_owned(),
            recorded: recorded.clone(),
            replayed: replayed.clone(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_place_is_named_once() {
        let one = json!({"a": {"b/c": 1, "same": [1]}, "list": [1, 2]});
        let other = json!({"a": {"b/c": 2, "same": [1], "new": "x"}, "list": [1]});
        let pointers: Vec<String> = between(&one, &other)
            .into_iter()
            .map(|it| it.pointer)
            .collect();
        assert_eq!(pointers, ["/a/b~1c", "/a/new", "/list/1"]);
        assert!(between(&one, &one.clone()).is_empty());
    }
}
