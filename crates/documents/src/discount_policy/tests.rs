//! Reading, refusing and linting discount policies.

use super::*;
use crate::canonical::canonical;
use crate::fault::DocumentFault;
use crate::fault::read;
use std::collections::BTreeSet;
use tiercel_domain::decision::PolicyRef;
use tiercel_domain::discounts::policy::Engine;

fn reference() -> PolicyRef {
    PolicyRef {
        id: "discount".to_owned(),
        version: 1,
    }
}

fn faults(text: &str) -> Vec<String> {
    let document: DiscountPolicyDocument = read(text.as_bytes()).unwrap();
    let known = BTreeSet::from(["high".to_owned(), "low".to_owned()]);
    let faults = document.to_policy(reference(), Some(&known)).unwrap_err();
    let told = faults.into_iter();
    told.map(|fault| format!("{} {}", fault.pointer, fault.code))
        .collect()
}

#[test]
fn the_default_policy_has_no_fault_and_reads_back() {
    let document: DiscountPolicyDocument = read(DEFAULT.as_bytes()).unwrap();
    let tiers = ["high", "general", "low"].map(str::to_owned);
    let policy = document.to_policy(reference(), Some(&BTreeSet::from(tiers)));
    assert_eq!(policy.unwrap().groups.len(), 2);
    let bytes = canonical(&document).unwrap().bytes;
    assert_eq!(read::<DiscountPolicyDocument>(&bytes).unwrap(), document);
}

#[test]
fn every_fault_is_told_with_its_place() {
    let text = r#"{"schema": 1, "name": " ", "default_tier": "gold",
        "groups": [
          {"code": "a", "mode": "compound", "basis": "list", "rules": [
            {"id": "r", "kind": "percent", "value": "101", "select": {"tiers": ["vip"]}},
            {"id": "r", "kind": "percent", "value": "1e1",
             "select": {"categories": ["a//b"], "customer_groups": ["grp_1"]}},
            {"id": "s", "kind": "percent", "value": "5", "select": {
              "min_quantity": "0", "valid_from": "2025-02-01", "valid_until": "2025-01-31"}}
          ]},
          {"code": "a", "mode": "compound", "basis": "list", "rules": []}
        ],
        "rounding": {"mode": "half_up", "level": "unit", "scale": 7},
        "cap_pct": "-1",
        "floor": {"basis": "gross_margin_pct", "value": "100", "missing_cost": "block",
          "by_category": [{"category": "x", "value": "1"}, {"category": "x", "value": "2"}]}}"#;
    assert_eq!(
        faults(text),
        [
            "/name not_a_text",
            "/default_tier unknown_tier",
            "/groups/1/code duplicate",
            "/groups/0/rules/1/id duplicate",
            "/groups/0/rules/0/select/tiers/0 unknown_tier",
            "/groups/0/rules/0/value out_of_range",
            "/groups/0/rules/1/select/customer_groups/0 not_a_value",
            "/groups/0/rules/1/select/categories/0 not_a_value",
            "/groups/0/rules/1/value not_a_value",
            "/groups/0/rules/2/select/min_quantity out_of_range",
            "/groups/0/rules/2/select/valid_until never_valid",
            "/rounding/scale out_of_range",
            "/cap_pct out_of_range",
            "/floor/value out_of_range",
            "/floor/by_category/1/category duplicate",
        ]
    );
}

#[test]
fn numbers_for_percentages_and_unknown_fields_are_not_read() {
    let place = |text: &str| read::<DiscountPolicyDocument>(text.as_bytes()).unwrap_err();
    let cap = r#"{"schema": 1, "name": "n", "default_tier": "low", "groups": [],
        "rounding": {"mode": "half_up", "level": "unit"}, "cap_pct": 30}"#;
    assert_eq!(place(cap)[0].pointer, "/cap_pct");
    let field = r#"{"schema": 1, "rounding": {"mode": "half_up", "levl": "unit"}}"#;
    assert_eq!(place(field)[0].code, "not_this_document");
}

#[test]
fn a_document_of_schema_1_keeps_its_bytes_and_knows_nothing_newer() {
    let old = r#"{"cap_pct":"30","default_tier":"low","floor":{"basis":"markup_pct","by_category":[],"missing_cost":"ignore","value":"15"},"groups":[{"basis":"running","code":"tier","mode":"most_specific","rules":[{"id":"t","kind":"percent","select":{"categories":[],"channels":[],"customer_groups":[],"margin_classes":[],"min_quantity":null,"skus":[],"tiers":["low"],"valid_from":null,"valid_until":null},"sequence":10,"value":"12"}]}],"name":"Old","rounding":{"level":"unit","mode":"half_up","scale":null},"schema":1}"#;
    let document: DiscountPolicyDocument = read(old.as_bytes()).unwrap();
    assert_eq!(canonical(&document).unwrap().bytes, old.as_bytes());
    let policy = document.to_policy(reference(), None).unwrap();
    assert_eq!(policy.engine, Engine::One);
    let newer = r#"{"schema": 1, "name": "n", "default_tier": "low", "currency": "EUR",
        "groups": [{"code": "g", "mode": "unique", "basis": "list", "rules": [
          {"id": "a", "kind": "amount", "value": "5", "select": {"segments": ["s"]}}]}],
        "rounding": {"mode": "half_up", "level": "step"}}"#;
    assert_eq!(
        faults(newer),
        [
            "/currency needs_schema_2",
            "/rounding/level needs_schema_2",
            "/groups/0/mode needs_schema_2",
            "/groups/0/rules/0/kind needs_schema_2",
            "/groups/0/rules/0/select/segments needs_schema_2",
        ]
    );
}

fn lint(groups: &str) -> Lint {
    let text = format!(
        r#"{{"schema": 2, "name": "n", "default_tier": "low", "groups": {groups},
            "rounding": {{"mode": "half_up", "level": "unit"}}}}"#
    );
    let document: DiscountPolicyDocument = read(text.as_bytes()).unwrap();
    document.lint(&Known {
        tiers: Some(BTreeSet::from(["high".to_owned(), "low".to_owned()])),
        categories: Some(BTreeSet::from(["drives/servo".parse().unwrap()])),
    })
}

#[test]
fn unique_rules_that_meet_are_refused_with_an_example() {
    let found = lint(
        r#"[{"code": "g", "mode": "unique", "basis": "list", "rules": [
            {"id": "a", "kind": "percent", "value": "5",
             "select": {"tiers": ["high", "low"], "categories": ["drives"], "valid_until": "2026-06-30"}},
            {"id": "b", "kind": "percent", "value": "6",
             "select": {"tiers": ["low"], "categories": ["drives/servo"], "min_quantity": "10",
                        "valid_from": "2026-06-30"}},
            {"id": "c", "kind": "percent", "value": "7",
             "select": {"tiers": ["high"], "categories": ["drives/servo"], "valid_from": "2026-07-01"}}
        ]}]"#,
    );
    assert_eq!(found.errors.len(), 1);
    assert_eq!(found.errors[0].pointer, "/groups/0/rules/1");
    assert_eq!(
        found.errors[0].detail,
        "`a` and `b` both match tier `low`, category `drives/servo`, quantity `10`, date `2026-06-30`"
    );
}

#[test]
fn rules_that_are_never_reached_and_categories_that_nothing_is_in_are_told() {
    let found = lint(
        r#"[{"code": "p", "mode": "priority", "basis": "list", "rules": [
            {"id": "late", "sequence": 2, "kind": "percent", "value": "5", "select": {"tiers": ["low"]}},
            {"id": "all", "sequence": 1, "kind": "percent", "value": "1"}]},
            {"code": "b", "mode": "best_for_customer", "basis": "list", "rules": [
            {"id": "less", "kind": "percent", "value": "5", "select": {"categories": ["pumps"]}},
            {"id": "more", "kind": "percent", "value": "9"}]}]"#,
    );
    let told = |faults: &[DocumentFault]| -> Vec<String> {
        let faults = faults.iter();
        faults
            .map(|it| format!("{} {}", it.pointer, it.code))
            .collect()
    };
    assert_eq!(told(&found.errors), ["/groups/0/rules/0 unreachable"]);
    assert_eq!(
        told(&found.warnings),
        [
            "/groups/1/rules/0 unreachable",
            "/groups/1/rules/0/select/categories unknown_category",
        ]
    );
}

#[test]
fn breaks_have_neither_gaps_nor_overlaps() {
    let found = lint(
        r#"[{"code": "g", "mode": "compound", "basis": "list", "rules": [
            {"id": "a", "kind": "percent", "breaks": {"tiering": "volume", "steps": [
              {"from": "1", "below": "9", "value": "1"}, {"from": "10", "below": "30", "value": "2"},
              {"from": "20", "below": "40", "value": "3"}]}},
            {"id": "b", "kind": "amount", "value": "1"},
            {"id": "c", "kind": "percent", "value": "1", "breaks": {"tiering": "volume", "steps": []}}
        ]}]"#,
    );
    let told = found
        .errors
        .iter()
        .map(|it| format!("{} {}", it.pointer, it.code));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [
            "/groups/0/rules/0/breaks/steps/0/below gap",
            "/groups/0/rules/0/breaks/steps/1 overlap",
            "/groups/0/rules/0/breaks/steps/2/below gap",
            "/groups/0/rules/1/currency currency_missing",
            "/groups/0/rules/2/value one_of",
        ]
    );
}
