//! What is wrong with a document, and where, as a JSON pointer.

use crate::strict::Strict;
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use serde_path_to_error::Segment;
use tiercel_domain::path::{Path, Step};

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFault {
    /// RFC 6901; empty for the whole document.
    pub pointer: String,
    /// A stable word for programs, e.g. `overlap`.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
}

impl DocumentFault {
    pub fn new(path: &Path, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer(path),
            code,
            detail: detail.into(),
        }
    }
}

/// Reads a document of type `T`. A document that cannot be read at all has one fault, with the
/// pointer to where reading stopped; `code` is `not_json` or `not_this_document`.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Vec<DocumentFault>> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let document = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let pointer = error.path().iter().map(token).collect();
        unreadable(pointer, error.inner())
    })?;
    reader
        .end()
        .map_err(|error| unreadable(String::new(), &error))?;
    Ok(document)
}

fn unreadable(pointer: String, error: &serde_json::Error) -> Vec<DocumentFault> {
    let code = match error.classify() {
        Category::Data => "not_this_document",
        Category::Io | Category::Syntax | Category::Eof => "not_json",
    };
    vec![DocumentFault {
        pointer,
        code,
        detail: error.to_string(),
    }]
}

/// The JSON pointer of a way through the domain's value.
pub fn pointer(path: &Path) -> String {
    path.steps()
        .iter()
        .map(|step| match step {
            Step::Field(name) => escaped(name),
            Step::Index(index) => format!("/{index}"),
            Step::Key(key) => escaped(key),
        })
        .collect()
}

fn token(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => escaped(key),
        Segment::Enum { .. } | Segment::Unknown => String::new(),
    }
}

fn escaped(key: &str) -> String {
    format!("/{}", key.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn pointers_are_escaped() {
        let path = Path::root().field("bands").index(2).key("a/b~c");
        assert_eq!(pointer(&path), "/bands/2/a~1b~0c");
        assert_eq!(pointer(&Path::root()), "");
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        type Lists = BTreeMap<String, Vec<u8>>;
        let fault = |text: &str| read::<Lists>(text.as_bytes()).unwrap_err().remove(0);
        assert_eq!(fault(r#"{"a": [1, "x"]}"#).pointer, "/a/1");
        assert_eq!(fault(r#"{"a": [1, "x"]}"#).code, "not_this_document");
        assert_eq!(fault(r#"{"a": [1"#).code, "not_json");
        assert_eq!(fault(r#"{"a": [1]} x"#).code, "not_json");
    }
}
