//! Where tests find the public data sets: `TIERCEL_TEST_DATA`, else beside the repository.

use std::path::PathBuf;

/// The file at `path` within the data sets; says so and answers nothing where it is absent.
#[allow(clippy::disallowed_methods)] // Tests have no configuration to read it from.
pub fn file(path: &str) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let root = std::env::var("TIERCEL_TEST_DATA").unwrap_or_else(|_| beside.to_owned());
    let file = PathBuf::from(root).join(path);
    if file.is_file() {
        return Some(file);
    }
    eprintln!("SKIPPED: no data set at {}", file.display());
    None
}

/// The records of a CSV file with a header, by column name.
pub fn records(path: &str) -> Option<Vec<std::collections::HashMap<String, String>>> {
    let mut reader = csv::Reader::from_path(file(path)?).unwrap();
    Some(reader.deserialize().map(Result::unwrap).collect())
}
