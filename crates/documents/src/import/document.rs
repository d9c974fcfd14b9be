//! How a mapping document is read: TOML for people, JSON for programs, one meaning.

use super::mapping::ImportMapping;
use crate::fault::{self, DocumentFault};

/// Reads a mapping in TOML. Dates in it are strings.
pub fn read_toml(text: &str) -> Result<ImportMapping, Vec<DocumentFault>> {
    let value: serde_json::Value = toml::from_str(text).map_err(not_toml)?;
    read_json(value.to_string().as_bytes())
}

/// Reads a mapping in JSON.
pub fn read_json(bytes: &[u8]) -> Result<ImportMapping, Vec<DocumentFault>> {
    fault::read(bytes)
}

fn not_toml(error: toml::de::Error) -> Vec<DocumentFault> {
    vec![DocumentFault {
        pointer: String::new(),
        code: "not_toml",
        detail: error.to_string(),
    }]
}
