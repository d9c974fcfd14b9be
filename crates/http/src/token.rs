//! Tokens that we issue, and who stands behind a credential.

use crate::scope::Scope;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::DbError;
use tiercel_persistence::keys::SigningKey;

/// Issuer and audience: tokens of one database serve that database.
pub const ISSUER: &str = "tiercel";
pub const AUDIENCE: &str = "tiercel";
/// RFC 9068: access tokens say that they are.
pub const TOKEN_TYPE: &str = "at+jwt";
/// How long an issued token lives, in seconds.
pub const LIFETIME: i64 = 900;
/// How long the operator's own tokens may live, in seconds; no token lives longer.
pub const LONGEST_LIFETIME: i64 = 86_400;
/// A token longer than this is refused unread.
pub const LONGEST: usize = 8 * 1024;
/// The subject of tokens made by `tiercel token`, which already had the database in its hands.
pub const OPERATOR: &str = "operator";

/// Who stands behind a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// A client's id, `operator`, or `oidc:<issuer>:<subject>`.
    pub subject: String,
    pub scopes: BTreeSet<Scope>,
    /// The one customer that the credential is bound to; it has no scopes then.
    pub customer: Option<CustomerId>,
}

#[derive(Debug, Serialize)]
struct Issued<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
}

/// Issues a token for `lifetime` seconds.
pub fn issue(
    key: &SigningKey,
    principal: &Principal,
    now: DateTime<Utc>,
    lifetime: i64,
) -> Result<String, DbError> {
    let words: Vec<&str> = principal.scopes.iter().map(|scope| scope.word()).collect();
    let claims = Issued {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: &principal.subject,
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: now.timestamp().saturating_add(lifetime),
        jti: format!("{:032x}", tiercel_persistence::mint::bits(now)),
        scope: words.join(" "),
        customer: principal.customer.map(|id| id.to_string()),
    };
    let header = Header {
        typ: Some(TOKEN_TYPE.into()),
        kid: Some(key.id.to_string()),
        ..Header::new(Algorithm::ES256)
    };
    encode(&header, &claims, &EncodingKey::from_ec_der(&key.pkcs8))
        .map_err(|_| DbError::Key("the token could not be signed".into()))
}
