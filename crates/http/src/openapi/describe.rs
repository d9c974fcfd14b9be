//! What handlers leave to one place: words that mean the same everywhere, examples, page shapes.

use super::{merge, shapes};
use crate::page::MOST;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Field names and what they mean wherever a declaration does not say more: name, shape, meaning.
const VOCABULARY: &str = include_str!("vocabulary.tsv");

/// Slices, in the order people meet them.
const TAGS: [(&str, &str); 28] = [
    ("access", "Tokens and the keys that sign them"),
    ("customers", "Who is evaluated and served"),
    ("contacts", "People at a customer, and how to reach them"),
    ("phones", "Telephone numbers, as typed and in E.164"),
    ("groups", "Customer groups, a tree"),
    (
        "attributes",
        "What a profile may say: size, industry, your own",
    ),
    ("products", "What is sold, and what it costs on which date"),
    ("rates", "Dated exchange rates"),
    ("facts", "What happened: append-only, never overwritten"),
    ("receivables", "Invoices, payments, and what is open"),
    ("rollups", "Sums of facts by month"),
    ("imports", "Files in, row by row, nothing guessed"),
    ("jobs", "Long work and how far it has come"),
    (
        "evaluation-models",
        "Scorecards: drafted, checked, published, never changed",
    ),
    (
        "service-policies",
        "Discount, credit and routing policies as versioned documents",
    ),
    ("evaluations", "Score and tier of every customer, and why"),
    (
        "simulations",
        "What a draft would do to everyone, before it does",
    ),
    (
        "tier-overrides",
        "Tiers by hand: for a time, with a reason and an approver",
    ),
    (
        "discounts",
        "What a customer pays, from list price to net price",
    ),
    ("contracts", "Prices agreed with customers and groups"),
    (
        "price-approvals",
        "Prices that the policy does not give: asked for, granted, refused",
    ),
    ("credit", "Payment terms, credit limit, exposure and hold"),
    ("routing", "Where a caller goes"),
    ("receipts", "Sealed decisions: checked, and decided again"),
    (
        "entitlements",
        "What a customer has, and where each of it comes from",
    ),
    ("reports", "The company as a whole"),
    ("events", "The journal: what changed, in order"),
    (
        "operations",
        "Whether the process lives and is ready; what problems mean",
    ),
];

/// Answers for systems that read texts only: what is not known is an empty text.
const FLAT: [&str; 2] = ["FlatDiscountResponse", "RoutingResponse"];

/// What is known of a field name.
struct Word {
    /// One of those of `shapes.rs`; `-` is nothing.
    shape: &'static str,
    meaning: &'static str,
}

fn vocabulary() -> BTreeMap<&'static str, Word> {
    let words = VOCABULARY.lines().filter_map(|line| {
        let mut cells = line.splitn(3, '\t');
        let (name, shape, meaning) = (cells.next()?, cells.next()?, cells.next()?);
        Some((name, Word { shape, meaning }))
    });
    words.collect()
}

/// Completes a whole document.
pub fn complete(document: &mut Value) {
    document["servers"] =
        json!([{ "url": "/", "description": "The server you are reading this from" }]);
    let requested = requested(document);
    let schemas = &mut document["components"]["schemas"];
    if let Some(schemas) = schemas.as_object_mut() {
        merge::all_of(schemas);
        refer_pages(schemas);
        define(schemas, &requested);
    }
    let schemas = document["components"]["schemas"].clone();
    let mut used = Vec::new();
    for operation in operations(document) {
        exemplify(operation, &schemas);
        define_parameters(operation);
        let tags = operation.get("tags").and_then(Value::as_array);
        used.extend(tags.cloned().unwrap_or_default());
    }
    merge::drop_unused(document);
    document["tags"] = tags(&used);
}

/// The tags in use: those with a description first, in their order.
fn tags(used: &[Value]) -> Value {
    let known = TAGS
        .iter()
        .filter(|(name, _)| used.iter().any(|tag| tag == name))
        .map(|(name, text)| json!({ "name": name, "description": text }));
    known.collect()
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter();
    let items = paths.flat_map(|paths| paths.values_mut());
    let methods = items.filter_map(Value::as_object_mut);
    methods
        .flat_map(|item| item.iter_mut())
        .filter(|(method, _)| {
            matches!(
                method.as_str(),
                "get" | "post" | "put" | "patch" | "delete" | "head"
            )
        })
        .map(|(_, operation)| operation)
}

/// A page shows its entries by reference instead of repeating them.
fn refer_pages(schemas: &mut Map<String, Value>) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for page in &names {
        let Some(entry) = page.strip_prefix("Page_") else {
            continue;
        };
        if !names.iter().any(|name| name == entry) {
            continue;
        }
        if let Some(items) = schemas[page].pointer_mut("/properties/items/items") {
            *items = json!({ "$ref": format!("#/components/schemas/{entry}") });
        }
        if let Some(items) = schemas[page].pointer_mut("/properties/items") {
            items["maxItems"] = MOST.into();
        }
    }
}

/// Gives fields that say nothing of themselves the meaning and shape of their name. What requests
/// are made of keeps its shape: its limits are what the server refuses, which handlers declare.
fn define(schemas: &mut Map<String, Value>, requested: &BTreeSet<String>) {
    let words = vocabulary();
    for (schema, body) in schemas {
        let example = body.get("example").cloned().unwrap_or_default();
        let fields = body.get_mut("properties").and_then(Value::as_object_mut);
        for (name, field) in fields.into_iter().flatten() {
            let told = requested.contains(schema) || FLAT.contains(&schema.as_str());
            // Who wrote may be a client's id or `operator`: texts are not like their example.
            let word = words.get(name.as_str());
            let free = word.is_some_and(|word| word.shape == "text");
            if let Some(field) = field.as_object_mut().filter(|_| !told && !free) {
                shapes::like(field, &example[name]);
            }
            if let Some((word, field)) = word.zip(field.as_object_mut()) {
                field
                    .entry("description")
                    .or_insert_with(|| word.meaning.into());
                shapes::limit(field, word.shape, told);
            }
        }
    }
}

/// Names of the schemas that bodies of requests are made of.
fn requested(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting: Vec<&Value> = Vec::new();
    let paths = document["paths"].as_object();
    for item in paths.into_iter().flat_map(Map::values) {
        let operations = item.as_object().into_iter().flat_map(Map::values);
        waiting.extend(operations.filter_map(|operation| operation.get("requestBody")));
    }
    while let Some(value) = waiting.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let name = reference.rsplit('/').next().unwrap_or(reference);
            if found.insert(name.to_owned()) {
                waiting.extend(document["components"]["schemas"].get(name));
            }
        }
        match value {
            Value::Object(fields) => waiting.extend(fields.values()),
            Value::Array(entries) => waiting.extend(entries),
            _ => {}
        }
    }
    found
}

fn define_parameters(operation: &mut Value) {
    let words = vocabulary();
    let parameters = operation.get_mut("parameters");
    let parameters = parameters.and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let word = parameter["name"].as_str().and_then(|name| words.get(name));
        let Some(word) = word else { continue };
        if parameter.get("description").is_none() {
            parameter["description"] = word.meaning.into();
        }
    }
}

/// Shows the example of a schema where the operation shows none of its own.
fn exemplify(operation: &mut Value, schemas: &Value) {
    if let Some(request) = operation.get_mut("requestBody") {
        leave_files(request);
        show_all(request, schemas);
    }
    let responses = operation.get_mut("responses");
    let responses = responses.and_then(Value::as_object_mut);
    for response in responses.into_iter().flat_map(|all| all.values_mut()) {
        show_all(response, schemas);
    }
}

/// The body of a file is bytes: what they have to be is the media type's to say, not a schema's.
fn leave_files(request: &mut Value) {
    let content = request.get_mut("content").and_then(Value::as_object_mut);
    for (media, body) in content.into_iter().flatten() {
        let structured = ["/json", "+json", "x-www-form-urlencoded"];
        if !structured.iter().any(|end| media.ends_with(end)) {
            body["schema"] = json!({ "contentMediaType": media });
        }
    }
}

fn show_all(body: &mut Value, schemas: &Value) {
    let content = body.get_mut("content").and_then(Value::as_object_mut);
    for media in content.into_iter().flat_map(|content| content.values_mut()) {
        show(media, schemas);
    }
}

fn show(media: &mut Value, schemas: &Value) {
    let silent = media.get("example").is_none() && media.get("examples").is_none();
    let example = media.get("schema").and_then(|it| example_of(it, schemas));
    if let Some(example) = example.filter(|_| silent) {
        media["example"] = example;
    }
}

/// The example a schema declares, followed through references and pages.
fn example_of(schema: &Value, schemas: &Value) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let name = reference.rsplit('/').next()?;
        return example_of(schemas.get(name)?, schemas);
    }
    if let Some(kinds) = schema.get("oneOf").and_then(Value::as_array) {
        return kinds.iter().find_map(|kind| example_of(kind, schemas));
    }
    let entry = schema.pointer("/properties/items/items")?;
    let entry = example_of(entry, schemas)?;
    schema.pointer("/properties/next")?;
    Some(json!({ "items": [entry], "next": null }))
}
