//! The recorded contract against the real server, by a fuzzer: schemathesis, all checks, also
//! stateful. `TIERCEL_TEST_FUZZ_SECONDS` says how long it runs (120 where it is absent).

use super::{load_company, run};
use crate::support::tools::Tools;
use crate::support::{Api, Server, both, data};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// At least so many of 100 operations must do what they are for, at least once.
const SUCCEEDING: usize = 60;

both!(
    no_answer_is_outside_of_the_contract,
    async |server: &Server| {
        let Some(tools) = Tools::with(&["schemathesis"]) else {
            return;
        };
        load_company(&server.database);
        make_what_examples_name(&server.admin()).await;
        let seconds = std::env::var("TIERCEL_TEST_FUZZ_SECONDS").unwrap_or("120".to_owned());
        let token = server.database.token("admin");
        let report = server.database.data().join("fuzzed.ndjson");
        let mut fuzzer = tools.command("schemathesis");
        fuzzer
            .arg("--config-file")
            .arg(data::root().join("openapi/schemathesis.toml"))
            .args(["run", &format!("{}/openapi/v1.json", server.base())])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args(["--checks", "all", "--max-examples", "5", "--workers", "1"])
            .args(["--phases", "examples,coverage,fuzzing,stateful"])
            .args(["--max-time", &seconds, "--seed", "7", "--no-color"])
            .args(["--report", "ndjson", "--report-ndjson-path"])
            .arg(&report);
        let output = run(&mut fuzzer);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.contains("Test cases:"), "{text}");
        let faults = [text.find("= FAILURES ="), text.find("= ERRORS =")];
        let found = faults.into_iter().flatten().min().map(|at| &text[at..]);
        assert!(found.is_none(), "{}", found.unwrap_or_default());
        assert!(output.status.success(), "{text}");
        many_operations_succeed(&report);
    }
);

/// The customer and the product that the examples of the contract speak of.
async fn make_what_examples_name(api: &Api) {
    let customer = json!({"kind": "organisation", "name": "Muster AG"});
    let path = "/v1/customers/by-external/erp1/C-1042";
    api.put(path, customer).await.expect(201);
    let product = json!({"name": "Servo", "list_price": "189.50", "currency": "EUR"});
    let path = "/v1/products/by-sku/SRV-200";
    api.put(path, product).await.expect(201);
}

/// Reads from the report that most operations were not only refused.
fn many_operations_succeed(report: &Path) {
    let contract = std::fs::read_to_string(data::root().join(super::RECORDED)).unwrap();
    let contract: Value = serde_json::from_str(&contract).unwrap();
    let paths = contract["paths"].as_object().unwrap().iter();
    let operations: BTreeSet<(String, String)> = paths
        .flat_map(|(path, item)| {
            let methods = item.as_object().unwrap().keys();
            methods.map(|method| (method.to_uppercase(), path.clone()))
        })
        .collect();
    let answers = answers(report);
    let succeeded = |operation: &(String, String)| {
        let mut statuses = answers.get(operation).into_iter().flatten();
        statuses.any(|status| (200..300).contains(status))
    };
    let (good, refused): (Vec<_>, Vec<_>) = operations.iter().partition(|it| succeeded(it));
    assert!(
        good.len() * 100 >= operations.len() * SUCCEEDING,
        "{} of {} operations succeeded; not {refused:#?}",
        good.len(),
        operations.len()
    );
}

/// The statuses that each operation answered with.
fn answers(report: &Path) -> BTreeMap<(String, String), BTreeSet<u64>> {
    let mut answers: BTreeMap<_, BTreeSet<u64>> = BTreeMap::new();
    for line in std::fs::read_to_string(report).unwrap().lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let recorder = &event["ScenarioFinished"]["recorder"];
        for (case, exchange) in recorder["interactions"].as_object().into_iter().flatten() {
            let asked = &recorder["cases"][case]["value"];
            let status = exchange["response"]["status_code"].as_u64();
            let operation = (asked["method"].as_str(), asked["path"].as_str());
            if let ((Some(method), Some(path)), Some(status)) = (operation, status) {
                let key = (method.to_owned(), path.to_owned());
                answers.entry(key).or_default().insert(status);
            }
        }
    }
    answers
}
