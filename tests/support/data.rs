//! The real data sets: beside the repository, never in it.

use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A file of a data set; where it is absent, that is said and the test has nothing to check.
pub fn file(path: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TIERCEL_TEST_DATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let file = folder.join(path);
    if file.exists() {
        return Some(file);
    }
    super::skipped(&format!(
        "data set {path}: not found in {}",
        folder.display()
    ));
    None
}
