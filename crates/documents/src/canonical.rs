//! The one spelling of a document: equal documents have equal bytes and one hash.

use aws_lc_rs::digest::{SHA256, digest};
use serde::Serialize;

/// A document as it is stored, sent and hashed: keys sorted, no blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Canonical {
    pub bytes: Vec<u8>,
    /// SHA-256 of the bytes, 64 hexadecimal digits in lower case.
    pub sha256: String,
}

/// The canonical form of any serialisable document. Fails only for values that JSON cannot hold,
/// such as maps whose keys are no texts.
pub fn canonical<T: Serialize>(document: &T) -> Result<Canonical, serde_json::Error> {
    let mut value = serde_json::to_value(document)?;
    value.sort_all_objects();
    let bytes = serde_json::to_vec(&value)?;
    let sha256 = sha256_hex(&bytes);
    Ok(Canonical { bytes, sha256 })
}

/// SHA-256 of `bytes`, 64 hexadecimal digits in lower case.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| char::from_digit(u32::from(nibble), 16))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_does_not_matter_and_the_order_of_lists_does() {
        let one = canonical(&json!({"b": {"y": 1, "x": [2, 1]}, "a": "ü"})).unwrap();
        let two = canonical(&json!({"a": "ü", "b": {"x": [2, 1], "y": 1}})).unwrap();
        assert_eq!(one, two);
        assert_eq!(one.bytes, r#"{"a":"ü","b":{"x":[2,1],"y":1}}"#.as_bytes());
        let other = canonical(&json!({"a": "ü", "b": {"x": [1, 2], "y": 1}})).unwrap();
        assert_ne!(one.sha256, other.sha256);
    }

    #[test]
    fn the_hash_is_sha_256() {
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
