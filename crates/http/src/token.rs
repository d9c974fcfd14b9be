//! Tokens: issued after a client has shown its secret, verified on every request, cached.

use crate::scope::Scope;
use arc_swap::ArcSwap;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tiercel_domain::ids::{ClientId, KeyId};
use tiercel_persistence::keys::{self, SigningKey};
use tiercel_persistence::{DbError, Store, clients};

/// Issuer and audience: tokens of one database serve that database.
pub const ISSUER: &str = "tiercel";
const AUDIENCE: &str = "tiercel";
/// RFC 9068: access tokens say that they are.
const TOKEN_TYPE: &str = "at+jwt";
/// How long an issued token lives, in seconds.
pub const LIFETIME: i64 = 900;
/// How far two clocks may differ, in seconds.
const LEEWAY: u64 = 30;
/// A token longer than this is refused unread.
const LONGEST: usize = 8 * 1024;
/// The subject of tokens made by `tiercel token`, which already had the database in its hands.
pub const OPERATOR: &str = "operator";

/// What a verified token says.
#[derive(Debug, Clone)]
pub struct Principal {
    /// A client's id, or `operator`.
    pub subject: String,
    pub scopes: BTreeSet<Scope>,
    expires_at: i64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    scope: String,
}

/// Issues a token for `lifetime` seconds.
pub fn issue(
    key: &SigningKey,
    subject: &str,
    scopes: &BTreeSet<Scope>,
    now: DateTime<Utc>,
    lifetime: i64,
) -> Result<String, DbError> {
    let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
    let claims = Claims {
        iss: ISSUER.into(),
        aud: AUDIENCE.into(),
        sub: subject.to_owned(),
        iat: now.timestamp(),
        nbf: now.timestamp(),
        exp: now.timestamp() + lifetime,
        jti: format!("{:032x}", tiercel_persistence::mint::bits(now)),
        scope: words.join(" "),
    };
    let header = Header {
        typ: Some(TOKEN_TYPE.into()),
        kid: Some(key.id.to_string()),
        ..Header::new(Algorithm::ES256)
    };
    encode(&header, &claims, &EncodingKey::from_ec_der(&key.pkcs8))
        .map_err(|_| DbError::Key("the token could not be signed".into()))
}

/// What is needed to verify: known keys and living clients, swapped whole.
#[derive(Default)]
struct Trust {
    keys: HashMap<String, DecodingKey>,
    clients: HashSet<String>,
    /// Public keys as a JSON Web Key Set.
    jwks: serde_json::Value,
}

/// The verifier of one tenant.
pub struct Verifier {
    trust: ArcSwap<Trust>,
    verified: Cache<String, Arc<Principal>>,
    /// Unix second of the last look for unknown keys: a flood of forged tokens costs one a second.
    looked_at: AtomicI64,
}

impl Verifier {
    pub async fn load(store: &Store) -> Result<Self, DbError> {
        let verifier = Self {
            trust: ArcSwap::default(),
            verified: Cache::new(10_000),
            looked_at: AtomicI64::new(0),
        };
        verifier.refresh(store).await?;
        Ok(verifier)
    }

    /// Reads keys and clients again: after a change here, and when the journal tells of one.
    pub async fn refresh(&self, store: &Store) -> Result<(), DbError> {
        let public = keys::public_signing_keys(store).await?;
        let clients = clients::all(store).await?;
        let living = clients
            .into_iter()
            .filter(|client| client.revoked_at.is_none());
        let mut trust = Trust {
            clients: living
                .map(|client| client.id.to_string())
                .chain([OPERATOR.to_owned()])
                .collect(),
            ..Trust::default()
        };
        let mut set = Vec::new();
        for (id, point) in public {
            if let Some((x, y)) = coordinates(&point) {
                let key = DecodingKey::from_ec_components(&x, &y)
                    .map_err(|_| DbError::Key(format!("the public key {id} is damaged")))?;
                trust.keys.insert(id.to_string(), key);
                set.push(jwk(id, &x, &y));
            }
        }
        trust.jwks = serde_json::json!({ "keys": set });
        self.trust.store(Arc::new(trust));
        Ok(())
    }

    /// Public keys for systems that verify our tokens themselves.
    pub fn jwks(&self) -> serde_json::Value {
        self.trust.load().jwks.clone()
    }

    /// Whether a token may be good although it is refused here: its key, or the client it was
    /// issued to, may have been made by another process a moment ago.
    pub fn is_foreign(&self, token: &str) -> bool {
        if let Some(principal) = self.verified.get(token) {
            return !self.trust.load().clients.contains(&principal.subject);
        }
        let header = (token.len() <= LONGEST)
            .then(|| decode_header(token).ok())
            .flatten();
        let kid = header.and_then(|header| header.kid);
        kid.is_some_and(|kid| kid.starts_with("key_") && !self.trust.load().keys.contains_key(&kid))
    }

    /// Makes a client that has just shown its secret known here at once.
    pub async fn welcome(&self, store: &Store, client: ClientId) -> Result<(), DbError> {
        if self.trust.load().clients.contains(&client.to_string()) {
            return Ok(());
        }
        self.refresh(store).await
    }

    /// Looks for a key that another process made since; at most once a second.
    pub async fn look_again(&self, store: &Store) -> Result<(), DbError> {
        let second = store.clock().now().timestamp();
        if self.looked_at.swap(second, Ordering::Relaxed) == second {
            return Ok(());
        }
        self.refresh(store).await
    }

    /// The principal behind a token, if all of it holds now.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Principal>> {
        let trust = self.trust.load();
        let principal = match self.verified.get(token) {
            Some(principal) => principal,
            None => {
                let principal = Arc::new(check(&trust, token)?);
                self.verified.insert(token.to_owned(), principal.clone());
                principal
            }
        };
        let lives =
            principal.expires_at > now.timestamp() && trust.clients.contains(&principal.subject);
        lives.then_some(principal)
    }
}

fn check(trust: &Trust, token: &str) -> Option<Principal> {
    if token.len() > LONGEST {
        return None;
    }
    let header = decode_header(token).ok()?;
    let typed = header
        .typ
        .as_deref()
        .is_some_and(|typ| typ.eq_ignore_ascii_case(TOKEN_TYPE));
    if !typed || header.alg != Algorithm::ES256 || header.extras.inner().contains_key("crit") {
        return None;
    }
    let key = trust.keys.get(&header.kid?)?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY;
    let claims = decode::<Claims>(token, key, &rules).ok()?.claims;
    Some(Principal {
        subject: claims.sub,
        scopes: claims
            .scope
            .split(' ')
            .filter_map(Scope::from_word)
            .collect(),
        expires_at: claims.exp,
    })
}

/// The coordinates of an uncompressed point, base64url as RFC 7518 wants them.
fn coordinates(point: &str) -> Option<(String, String)> {
    let bytes: Option<Vec<u8>> = (0..point.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(point.get(at..at + 2)?, 16).ok())
        .collect();
    let bytes = bytes.filter(|bytes| bytes.len() == 65 && bytes[0] == 4)?;
    Some((
        URL_SAFE_NO_PAD.encode(&bytes[1..33]),
        URL_SAFE_NO_PAD.encode(&bytes[33..]),
    ))
}

fn jwk(id: KeyId, x: &str, y: &str) -> serde_json::Value {
    serde_json::json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id.to_string(), "x": x, "y": y
    })
}
