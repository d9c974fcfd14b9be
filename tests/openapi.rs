//! The recorded contract is the code's contract.

use crate::support::{Database, data};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Rewrite it with `cargo run -- openapi > openapi/v1.json`.
#[test]
fn the_recorded_document_is_what_the_code_says() {
    let recorded = std::fs::read_to_string(data::root().join("openapi/v1.json")).unwrap();
    let current = Database::sqlite().tiercel(&["openapi"]);
    assert!(
        recorded.trim() == current,
        "run `cargo run -- openapi > openapi/v1.json` and review the difference"
    );
}

#[test]
fn every_operation_has_a_name_a_tag_an_answer_and_a_problem() {
    let document: serde_json::Value =
        serde_json::from_str(&Database::sqlite().tiercel(&["openapi"])).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{name} twice");
            assert!(operation["tags"][0].is_string(), "{method} {path}");
            assert!(
                operation["summary"].is_string(),
                "{method} {path} has no summary"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses
                    .keys()
                    .any(|status| status.starts_with('2') || status.starts_with('3')),
                "{method} {path}"
            );
            assert!(responses.contains_key("500"), "{method} {path}");
        }
    }
}

#[test]
fn every_measure_is_described_with_its_unit() {
    let recorded = std::fs::read_to_string(data::root().join("openapi/v1.json")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&recorded).unwrap();
    let catalogue = std::fs::read_to_string(data::root().join("docs/measures.md")).unwrap();
    let kinds = document["components"]["schemas"]["MeasureKind"]["enum"].clone();
    let kinds = kinds.as_array().unwrap();
    let rows = catalogue.lines().filter(|line| line.starts_with("| `"));
    assert_eq!(kinds.len(), rows.count());
    for kind in kinds {
        let row = format!("\n| `{}` | ", kind.as_str().unwrap());
        assert!(catalogue.contains(&row), "{kind}");
    }
}

/// Whatever answers with `items` to a GET may have many, and is read in pages.
#[test]
fn every_list_is_paged() {
    let document: serde_json::Value =
        serde_json::from_str(&Database::sqlite().tiercel(&["openapi"])).unwrap();
    let mut lists = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let get = &item["get"];
        let schema = &get["responses"]["200"]["content"]["application/json"]["schema"];
        let named = schema["$ref"].as_str().unwrap_or_default();
        let schema = document
            .pointer(named.trim_start_matches('#'))
            .unwrap_or(schema);
        // As many as the model has criteria.
        let bounded = path == "/v1/customers/{id}/measures";
        if bounded || schema["properties"]["items"]["type"] != "array" {
            continue;
        }
        lists += 1;
        let parameters = get["parameters"].as_array().into_iter().flatten();
        let names: Vec<_> = parameters.filter_map(|it| it["name"].as_str()).collect();
        assert!(
            names.contains(&"limit") && names.contains(&"after"),
            "{path}: {names:?}"
        );
        assert!(schema["properties"]["next"].is_object(), "{path}");
    }
    assert!(lists >= 20, "{lists}");
}

/// Two types of one name would silently become one schema: whichever comes last describes both.
#[test]
fn no_two_types_have_one_schema() {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for crate_name in ["http", "documents"] {
        let root = data::root().join(format!("crates/{crate_name}/src"));
        for file in sources(&root) {
            let text = std::fs::read_to_string(&file).unwrap();
            for name in schemas(&text) {
                found
                    .entry(name)
                    .or_default()
                    .push(file.display().to_string());
            }
        }
    }
    assert!(found.len() > 250, "{}", found.len());
    found.retain(|_, files| files.len() > 1);
    assert!(found.is_empty(), "rename all but one of {found:#?}");
    // What is looked for is what is found.
    let twice = "#[derive(Debug, ToSchema)]\n#[schema(example = json!({}))]\npub struct A {\n}\n\
                 #[derive(\n    ToSchema,\n)]\nenum B<T> {\n}\n\
                 #[derive(ToSchema)]\n#[schema(as = C, title = \"x\")]\npub struct D;\n";
    assert_eq!(schemas(twice), ["A", "B", "C"]);
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// The names under which the types of a file are schemas.
fn schemas(text: &str) -> Vec<String> {
    let is_letter = |letter: char| letter.is_alphanumeric() || letter == '_';
    let word = |rest: &str| -> String { rest.chars().take_while(|it| is_letter(*it)).collect() };
    let mut found = Vec::new();
    for (at, _) in text.match_indices("#[derive(") {
        let (derived, rest) = text[at..].split_once(")]").unwrap_or_default();
        let mut words = derived.split(|letter: char| !is_letter(letter));
        if !words.any(|it| it == "ToSchema") {
            continue;
        }
        let attributes = rest.lines().take_while(|line| declared(line).is_none());
        let given = attributes.filter_map(|line| line.strip_prefix("#[schema(as = "));
        let own = rest.lines().find_map(declared);
        found.extend(given.chain(own).next().map(word));
    }
    found
}

/// What stands behind `struct` or `enum` where a line declares a type.
fn declared(line: &str) -> Option<&str> {
    let (head, name) = line
        .split_once("struct ")
        .or_else(|| line.split_once("enum "))?;
    (head.is_empty() || head.starts_with("pub")).then_some(name)
}
