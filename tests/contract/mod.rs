//! The contract, held against tools that nobody here wrote: linters, a difference to the last
//! release, generators of clients, and a fuzzer.

mod changes;
mod clients;
mod fuzzer;
mod lint;

use crate::support::{Database, data};
use std::process::{Command, Output};

/// The contract as it is recorded; another test holds it against the code.
const RECORDED: &str = "openapi/v1.json";

/// Runs a tool in the repository's root and returns what it says.
fn run(command: &mut Command) -> Output {
    command.current_dir(data::root()).output().unwrap()
}

/// Runs a tool that must find nothing.
#[track_caller]
pub fn succeeds(command: &mut Command) -> String {
    let output = run(command);
    let (told, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{command:?}\n{told}\n{errors}");
    told.into_owned()
}

/// The small company of the README, evaluated as of the end of its history.
pub fn load_company(database: &Database) {
    for file in ["customers", "products", "order_lines", "invoices"] {
        let file = data::root().join("examples/company").join(file);
        let (rows, mapping) = (file.with_extension("csv"), file.with_extension("toml"));
        let (rows, mapping) = (rows.to_str().unwrap(), mapping.to_str().unwrap());
        database.tiercel(&["import", rows, "--map", mapping]);
    }
    database.tiercel(&["evaluate", "--as-of", "2025-12-31"]);
}
