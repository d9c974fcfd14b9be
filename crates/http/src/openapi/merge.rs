//! Schemas that are others and something more, as one schema: what is generated from them has one
//! type with all fields instead of a composition that every generator reads in its own way.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Replaces `allOf` of objects by the object with the fields of all of them.
pub fn all_of(schemas: &mut Map<String, Value>) {
    let merged: Vec<(String, Value)> = schemas
        .iter()
        .filter(|(_, schema)| schema.get("allOf").is_some())
        .map(|(name, schema)| (name.clone(), whole(schema, schemas)))
        .collect();
    schemas.extend(merged);
}

/// A schema with the fields of everything it is made of; what it says of itself stays.
fn whole(schema: &Value, schemas: &Map<String, Value>) -> Value {
    let mut fields = Map::new();
    let mut required = Vec::new();
    gather(schema, schemas, &mut fields, &mut required);
    let mut whole = json!({ "type": "object", "required": required, "properties": fields });
    for (key, value) in schema.as_object().into_iter().flatten() {
        if key != "allOf" && whole.get(key).is_none() {
            whole[key] = value.clone();
        }
    }
    whole
}

fn gather(
    schema: &Value,
    schemas: &Map<String, Value>,
    fields: &mut Map<String, Value>,
    required: &mut Vec<Value>,
) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next().unwrap_or(reference);
        if let Some(schema) = schemas.get(name) {
            gather(schema, schemas, fields, required);
        }
    }
    let parts = schema.get("allOf").and_then(Value::as_array);
    for part in parts.into_iter().flatten() {
        gather(part, schemas, fields, required);
    }
    let own = schema.get("properties").and_then(Value::as_object);
    fields.extend(own.cloned().unwrap_or_default());
    let needed = schema.get("required").and_then(Value::as_array);
    required.extend(needed.cloned().unwrap_or_default());
}

/// Takes out the schemas that nothing refers to any more.
pub fn drop_unused(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        references(document, &mut used);
        let schemas = document["components"]["schemas"].as_object_mut();
        let Some(schemas) = schemas else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(name));
        if schemas.len() == before {
            return;
        }
    }
}

/// The names of all schemas that are referred to.
fn references(value: &Value, used: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            let name = reference.and_then(|it| it.strip_prefix("#/components/schemas/"));
            used.extend(name.map(str::to_owned));
            fields.values().for_each(|field| references(field, used));
        }
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, used)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{all_of, drop_unused};
    use serde_json::json;

    #[test]
    fn a_composition_becomes_one_schema_and_its_part_goes_where_nothing_else_needs_it() {
        let mut document = json!({"components": {"schemas": {
            "Part": {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}},
            "Whole": {
                "allOf": [
                    {"$ref": "#/components/schemas/Part"},
                    {"type": "object", "required": ["b"], "properties": {"b": {"type": "integer"}}},
                ],
                "description": "Both.",
            },
        }}, "paths": {"$ref": "#/components/schemas/Whole"}});
        if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
            all_of(schemas);
        }
        drop_unused(&mut document);
        let whole = json!({
            "type": "object",
            "required": ["a", "b"],
            "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
            "description": "Both.",
        });
        assert_eq!(document["components"]["schemas"], json!({ "Whole": whole }));
    }
}
