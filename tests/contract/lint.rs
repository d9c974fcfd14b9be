//! The linters of two vendors find nothing, and the score of one is high.

use super::{RECORDED, succeeds};
use crate::support::tools::Tools;

/// What the contract must score of 100.
const SCORE: f64 = 85.0;

#[test]
fn redocly_finds_no_fault() {
    let Some(tools) = Tools::with(&["redocly"]) else {
        return;
    };
    let mut lint = tools.command("redocly");
    lint.args(["lint", "--config", "openapi/redocly.yaml", RECORDED]);
    succeeds(&mut lint);
}

#[test]
fn spectral_finds_no_fault_and_nothing_to_warn_of() {
    let Some(tools) = Tools::with(&["spectral"]) else {
        return;
    };
    let mut lint = tools.command("spectral");
    lint.args(["lint", "--ruleset", "openapi/spectral.yaml"])
        .args(["--fail-severity", "warn", RECORDED]);
    succeeds(&mut lint);
}

#[test]
fn the_score_is_high() {
    let Some(tools) = Tools::with(&["redocly"]) else {
        return;
    };
    let mut score = tools.command("redocly");
    score.args([
        "score",
        "--format",
        "json",
        "--lint-config",
        "off",
        RECORDED,
    ]);
    let told: serde_json::Value = serde_json::from_str(&succeeds(&mut score)).unwrap();
    let score = told["agentReadiness"].as_f64().unwrap();
    assert!(score >= SCORE, "{score}: {:#}", told["hotspots"]);
}
