//! Pages of lists: keyset cursors that cannot be forged, and limits that are not negotiable.

use crate::problem::{FieldError, Kind, Problem};
use crate::tenant::TenantHandle;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tiercel_persistence::crypto;
use utoipa::ToSchema;

const DEFAULT: u32 = 50;
pub const MOST: u32 = 200;

/// One page of a list.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Send this as `after` for the next page; null on the last one.
    pub next: Option<String>,
    /// How many there are in all; only on `?count=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

/// How many items a page has (default 50, at most 200).
pub fn limit(asked: Option<u32>) -> Result<u64, Problem> {
    match asked.unwrap_or(DEFAULT) {
        asked @ 1..=MOST => Ok(u64::from(asked)),
        _ => Err(Problem::invalid(vec![FieldError::new(
            "limit",
            "range",
            format!("must be 1 to {MOST}"),
        )])),
    }
}

/// A cursor for `list` (its path and filters) that continues after `key`.
pub fn cursor(tenant: &TenantHandle, list: &str, key: &[String]) -> String {
    let text = serde_json::json!(key).to_string();
    let seal = tenant
        .keys()
        .sealing
        .seal("cursor", format!("{list}\n{text}").as_bytes());
    URL_SAFE_NO_PAD.encode(format!("{}{text}", &seal[..32]))
}

/// The key inside a cursor that was issued for the same list.
pub fn open_cursor(
    tenant: &TenantHandle,
    list: &str,
    cursor: &str,
) -> Result<Vec<String>, Problem> {
    let refused = || {
        Problem::new(
            Kind::BadCursor,
            "take `next` of the page before, with the same filters",
        )
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
    let text = String::from_utf8(bytes).map_err(|_| refused())?;
    let (seal, key) = text.split_at_checked(32).ok_or_else(refused)?;
    let fits = tenant.keys().known_sealing.iter().any(|known| {
        crypto::same(
            &known.seal("cursor", format!("{list}\n{key}").as_bytes())[..32],
            seal,
        )
    });
    if !fits {
        return Err(refused());
    }
    serde_json::from_str(key).map_err(|_| refused())
}
