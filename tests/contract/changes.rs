//! Nothing that clients rely on is taken away unmarked: every breaking difference to the contract
//! of the last release stands in `openapi/breaking.toml`, with its reason.

use super::{RECORDED, succeeds};
use crate::support::data;
use crate::support::tools::Tools;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// One breaking difference, as `redocly diff` tells it.
#[derive(Debug)]
struct Change {
    rule: String,
    /// Place in the contract, as a pointer.
    at: String,
    message: String,
}

/// Says that a difference is meant. `*` stands for any text.
struct Mark {
    rule: String,
    at: String,
    message: String,
}

impl Mark {
    fn covers(&self, change: &Change) -> bool {
        self.rule == change.rule
            && like(&self.at, &change.at)
            && like(&self.message, &change.message)
    }
}

/// Whether a text is as a pattern says, in which `*` stands for any text.
fn like(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(left) = text.strip_prefix(start) else {
        return false;
    };
    (0..=left.len()).any(|at| left.get(at..).is_some_and(|end| like(rest, end)))
}

/// The contract of the last release; files are named by version.
fn last_release() -> PathBuf {
    let files = std::fs::read_dir(data::root().join("openapi/releases")).unwrap();
    let version = |path: &Path| -> Option<Vec<u32>> {
        let name = path.file_stem()?.to_str()?.strip_prefix('v')?;
        name.split('.').map(|part| part.parse().ok()).collect()
    };
    let files = files.map(|entry| entry.unwrap().path());
    files.max_by_key(|path| version(path)).unwrap()
}

fn marks() -> Vec<Mark> {
    let file = std::fs::read_to_string(data::root().join("openapi/breaking.toml")).unwrap();
    let file: toml::Table = file.parse().unwrap();
    let marks = file["change"].as_array().unwrap().iter();
    let text = |mark: &toml::Value, key: &str| mark[key].as_str().unwrap().to_owned();
    marks
        .map(|mark| {
            assert!(!text(mark, "why").is_empty(), "{mark}");
            Mark {
                rule: text(mark, "rule"),
                at: text(mark, "at"),
                message: text(mark, "message"),
            }
        })
        .collect()
}

/// What breaks clients of the last release in a contract.
fn breaking(tools: &Tools, contract: &Path) -> Vec<Change> {
    let mut diff = tools.command("redocly");
    diff.args(["diff", "--format", "json", "--fail-on", "none"])
        .args(["--lint-config", "off"])
        .arg(last_release())
        .arg(contract);
    let told: Value = serde_json::from_str(&succeeds(&mut diff)).unwrap();
    let changes = told["changes"].as_array().unwrap().iter();
    let verdicts = changes.flat_map(|change| {
        let verdicts = change["verdicts"].as_array().into_iter().flatten();
        verdicts.map(|verdict| (change["path"].as_str().unwrap().to_owned(), verdict))
    });
    let contract: Value =
        serde_json::from_str(&std::fs::read_to_string(data::root().join(contract)).unwrap())
            .unwrap();
    verdicts
        .filter(|(_, verdict)| verdict["impact"] == "major")
        .map(|(at, verdict)| Change {
            rule: verdict["ruleId"].as_str().unwrap().to_owned(),
            at,
            message: verdict["message"].as_str().unwrap().to_owned(),
        })
        .filter(|change| change.rule != "parameter-removed" || !has_parameter(&contract, change))
        .collect()
}

/// Whether the parameter that a difference is about is still there: where others were added or
/// moved, `redocly diff` now and then says that it is not.
fn has_parameter(contract: &Value, change: &Change) -> bool {
    let operation: Vec<&str> = change.at.split('/').take(4).collect();
    let operation = operation.join("/").trim_start_matches('#').to_owned();
    let name = change.message.split('`').nth(1).unwrap_or_default();
    let parameters = contract.pointer(&operation).map(|it| &it["parameters"]);
    let mut parameters = parameters.and_then(Value::as_array).into_iter().flatten();
    parameters.any(|parameter| parameter["name"] == name)
}

#[test]
fn nothing_breaks_unmarked_and_every_mark_is_needed() {
    let Some(tools) = Tools::with(&["redocly"]) else {
        return;
    };
    let (marks, found) = (marks(), breaking(&tools, Path::new(RECORDED)));
    let unmarked: Vec<_> = found
        .iter()
        .filter(|change| !marks.iter().any(|mark| mark.covers(change)))
        .collect();
    assert!(unmarked.is_empty(), "mark or undo: {unmarked:#?}");
    for mark in &marks {
        let needed = found.iter().any(|change| mark.covers(change));
        assert!(needed, "marks nothing: {} {}", mark.at, mark.message);
    }
}

#[test]
fn what_is_taken_away_is_seen() {
    let Some(tools) = Tools::with(&["redocly"]) else {
        return;
    };
    let recorded = std::fs::read_to_string(data::root().join(RECORDED)).unwrap();
    let mut poorer: Value = serde_json::from_str(&recorded).unwrap();
    let paths = poorer["paths"].as_object_mut().unwrap();
    paths.remove("/v1/routing/lookup").unwrap();
    let terms = &mut poorer["components"]["schemas"]["CreditTermsResponse"];
    terms["properties"].as_object_mut().unwrap().remove("tier");
    terms["required"] = serde_json::json!(["currency"]);
    let file = tempfile::Builder::new().suffix(".json").tempfile().unwrap();
    std::fs::write(file.path(), poorer.to_string()).unwrap();
    let marks = marks();
    let unmarked: Vec<_> = breaking(&tools, file.path())
        .into_iter()
        .filter(|change| !marks.iter().any(|mark| mark.covers(change)))
        .collect();
    for place in ["~1v1~1routing~1lookup", "credit-terms"] {
        let seen = unmarked.iter().any(|change| change.at.contains(place));
        assert!(seen, "{place}: {unmarked:#?}");
    }
}
