//! Hashes, seals and envelopes; thin names over one audited library.

use crate::error::DbError;
use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::{digest, hmac};

/// SHA-256 as lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-256 of bytes that come in pieces.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Default for Sha256 {
    fn default() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }
}

impl Sha256 {
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// As lower-case hex.
    pub fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half & 15)]);
    let pairs = bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)]);
    let mut text = String::with_capacity(bytes.len().saturating_mul(2));
    text.extend(pairs);
    text
}

/// HMAC-SHA-256 as lower-case hex.
pub fn hmac_hex(key: &[u8], bytes: &[u8]) -> String {
    hex(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), bytes).as_ref())
}

/// Compares two texts in constant time.
pub fn same(left: &str, right: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

const NONCE: usize = 12;

/// Encrypts under a 256-bit key: nonce, then ciphertext and tag.
pub fn seal(key: &[u8], plain: &[u8]) -> Result<Vec<u8>, DbError> {
    let key = cipher(key)?;
    let mut sealed = plain.to_vec();
    let nonce = key
        .seal_in_place_append_tag(Aad::empty(), &mut sealed)
        .map_err(|_| broken())?;
    Ok([nonce.as_ref().as_slice(), &sealed].concat())
}

/// Opens what [`seal`] closed.
pub fn open(key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, DbError> {
    let (nonce, rest) = sealed.split_at_checked(NONCE).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let mut buffer = rest.to_vec();
    let plain = cipher(key)?
        .open_in_place(nonce, Aad::empty(), &mut buffer)
        .map_err(|_| broken())?;
    Ok(plain.to_vec())
}

fn cipher(key: &[u8]) -> Result<RandomizedNonceKey, DbError> {
    RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| broken())
}

fn broken() -> DbError {
    DbError::Key("a sealed value cannot be opened with this key".into())
}
