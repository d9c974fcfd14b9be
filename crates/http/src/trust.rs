//! What is believed right now: living clients and published keys, read whole and swapped whole.

use crate::limit::Meter;
use crate::scope::Scope;
use crate::token::{OPERATOR, Principal};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::DecodingKey;
use std::collections::HashMap;
use std::sync::Arc;
use tiercel_domain::ids::ClientId;
use tiercel_persistence::clients::{self, Client, Hashes};
use tiercel_persistence::keys::{self, MasterKey, PublicKey, SigningKey};
use tiercel_persistence::{DbError, Store};

/// A client that was not revoked.
pub struct Living {
    pub id: ClientId,
    pub principal: Arc<Principal>,
    pub hashes: Hashes,
    /// The same across readings, so that nothing counted is forgotten.
    pub meter: Arc<Meter>,
}

struct Verifying {
    key: DecodingKey,
    until: Option<DateTime<Utc>>,
    jwk: serde_json::Value,
}

/// One reading of clients and keys.
#[derive(Default)]
pub struct Trust {
    keys: HashMap<String, Verifying>,
    /// Ids of published keys, the newest first.
    published: Vec<String>,
    signing: Vec<SigningKey>,
    clients: HashMap<String, Living>,
}

impl Trust {
    /// Reads everything again; meters are taken over from the reading before.
    pub async fn read(store: &Store, master: &MasterKey, before: &Self) -> Result<Self, DbError> {
        let mut trust = Self {
            signing: keys::signing_keys(store, master).await?,
            ..Self::default()
        };
        for (client, hashes) in clients::with_hashes(store).await? {
            if client.revoked_at.is_none() {
                let living = living(&client, hashes, before);
                trust.clients.insert(client.id.to_string(), living);
            }
        }
        for public in keys::public_signing_keys(store).await? {
            if let Some(verifying) = verifying(&public)? {
                let id = public.id.to_string();
                trust.published.push(id.clone());
                trust.keys.insert(id, verifying);
            }
        }
        Ok(trust)
    }

    pub fn client(&self, id: &str) -> Option<&Living> {
        self.clients.get(id)
    }

    pub fn clients(&self) -> impl Iterator<Item = &Living> {
        self.clients.values()
    }

    /// Whether what this subject was given still counts; subjects of external issuers are theirs.
    pub fn is_alive(&self, subject: &str) -> bool {
        subject == OPERATOR || subject.starts_with("oidc:") || self.clients.contains_key(subject)
    }

    pub fn knows(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// The key of this id, if what it signed is accepted now.
    pub fn key(&self, id: &str, now: DateTime<Utc>) -> Option<&DecodingKey> {
        let found = self.keys.get(id)?;
        is_published(found, now).then_some(&found.key)
    }

    /// The key that signs now.
    pub fn signer(&self, now: DateTime<Utc>) -> Option<&SigningKey> {
        keys::signer(&self.signing, now)
    }

    /// The published keys as a JSON Web Key Set.
    pub fn jwks(&self, now: DateTime<Utc>) -> serde_json::Value {
        let keys = self.published.iter().filter_map(|id| self.keys.get(id));
        let keys = keys.filter(|key| is_published(key, now));
        let keys: Vec<_> = keys.map(|key| key.jwk.clone()).collect();
        serde_json::json!({ "keys": keys })
    }
}

fn is_published(key: &Verifying, now: DateTime<Utc>) -> bool {
    key.until.is_none_or(|until| now < until)
}

fn living(client: &Client, hashes: Hashes, before: &Trust) -> Living {
    let subject = client.id.to_string();
    let known = before.clients.get(&subject);
    let scopes = client.scopes.iter();
    Living {
        id: client.id,
        hashes,
        meter: known.map_or_else(Arc::default, |known| Arc::clone(&known.meter)),
        principal: Arc::new(Principal {
            subject,
            scopes: scopes.filter_map(|word| Scope::from_word(word)).collect(),
            customer: None,
        }),
    }
}

fn verifying(public: &PublicKey) -> Result<Option<Verifying>, DbError> {
    let Some((x, y)) = coordinates(&public.point) else {
        return Ok(None);
    };
    let key = DecodingKey::from_ec_components(&x, &y)
        .map_err(|_| DbError::Key(format!("the public key {} is damaged", public.id)))?;
    let jwk = serde_json::json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
        "kid": public.id.to_string(), "x": x, "y": y,
    });
    Ok(Some(Verifying {
        key,
        until: public.until,
        jwk,
    }))
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
