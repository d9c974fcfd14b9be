//! Verifies credentials on every request: from memory, and once more where another process may
//! know better.

use crate::claims::{self, Claims, LEEWAY, Rules};
use crate::credential::Credential;
use crate::issuers::Issuers;
use crate::limit::{Limits, Meter};
use crate::scope::Scope;
use crate::token::{AUDIENCE, ISSUER, LONGEST, Principal, TOKEN_TYPE};
use crate::trust::Trust;
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, decode_header};
use moka::sync::Cache;
use std::sync::Arc;
use tiercel_domain::ids::ClientId;
use tiercel_persistence::clients::{self, Hashes};
use tiercel_persistence::keys::{MasterKey, SigningKey};
use tiercel_persistence::{DbError, Store};
use tokio::sync::Mutex;

/// The mean time between two looks for what a refused credential may be, in microseconds: as
/// often as the journal is followed anyway, so that a flood of forged credentials costs no more.
const LOOK_EVERY: i64 = 250_000;

/// How far looks may run ahead of that, so that a client made right after the clients were read is
/// known at once.
const LOOKS_AHEAD: i64 = 8 * LOOK_EVERY;

/// A token that was checked once: its signature and claims need not be checked again.
struct Verified {
    principal: Arc<Principal>,
    /// Unix seconds.
    expires_at: i64,
    origin: Origin,
}

/// Whose key signed a token.
enum Origin {
    Own { kid: String },
    Foreign { issuer: usize, kid: String },
}

/// Who calls, and where it is counted.
pub struct Caller {
    pub principal: Arc<Principal>,
    /// Absent where nothing is counted.
    pub meter: Option<Arc<Meter>>,
    /// Requests a minute.
    pub quota: Option<u32>,
}

/// The verifier of one tenant.
pub struct Verifier {
    master: MasterKey,
    limits: Limits,
    pub issuers: Issuers,
    trust: ArcSwap<Trust>,
    verified: Cache<String, Arc<Verified>>,
    /// Of callers that are no clients.
    meters: Cache<String, Arc<Meter>>,
    nobody: Hashes,
    /// Until when looks are used up, in microseconds; whoever reads clients and keys holds it, so
    /// that no older reading replaces a newer one.
    looked_until: Mutex<i64>,
}

impl Verifier {
    pub async fn load(
        store: &Store,
        master: MasterKey,
        limits: Limits,
        issuers: Issuers,
    ) -> Result<Self, DbError> {
        let verifier = Self {
            master,
            limits,
            issuers,
            trust: ArcSwap::default(),
            verified: Cache::new(10_000),
            meters: Cache::new(100_000),
            nobody: Hashes::nobody(),
            looked_until: Mutex::new(0),
        };
        verifier.refresh(store).await?;
        Ok(verifier)
    }

    /// Reads keys and clients again: after a change here, and when the journal tells of one.
    pub async fn refresh(&self, store: &Store) -> Result<(), DbError> {
        let _reading = self.looked_until.lock().await;
        self.read(store).await
    }

    async fn read(&self, store: &Store) -> Result<(), DbError> {
        let trust = Trust::read(store, &self.master, &self.trust.load()).await?;
        self.trust.store(Arc::new(trust));
        Ok(())
    }

    /// Looks for what another process made since, where that could make a refused credential good.
    pub async fn look_again(
        &self,
        store: &Store,
        credential: &Credential<'_>,
    ) -> Result<(), DbError> {
        let worth_it = match credential {
            Credential::Secret { id, .. } => id.parse::<ClientId>().is_ok(),
            Credential::Token(token) => match self.stranger(token) {
                Some(Origin::Own { .. }) => true,
                Some(Origin::Foreign { issuer, .. }) => {
                    self.issuers.look_again(issuer, store.clock().now()).await;
                    false
                }
                None => false,
            },
        };
        if worth_it {
            let mut looked_until = self.looked_until.lock().await;
            let now = store.clock().now().timestamp_micros();
            if let Some(until) = next_look(*looked_until, now) {
                *looked_until = until;
                self.read(store).await?;
            }
        }
        Ok(())
    }

    /// Where to look for what is missing of a refused token: its key, or the client it names.
    fn stranger(&self, token: &str) -> Option<Origin> {
        let trust = self.trust.load();
        if let Some(verified) = self.verified.get(token) {
            let kid = String::new();
            let alive = trust.is_alive(&verified.principal.subject);
            return (!alive).then_some(Origin::Own { kid });
        }
        if token.len() > LONGEST {
            return None;
        }
        let kid = decode_header(token).ok()?.kid?;
        if let Some(issuer) = self.issuers.of(token) {
            let unknown = !self.issuers.knows(issuer, &kid);
            return unknown.then_some(Origin::Foreign { issuer, kid });
        }
        let unknown = kid.starts_with("key_") && !trust.knows(&kid);
        unknown.then_some(Origin::Own { kid })
    }

    /// Who stands behind a credential, if all of it holds now.
    pub fn verify(&self, credential: &Credential<'_>, now: DateTime<Utc>) -> Option<Caller> {
        let principal = match credential {
            Credential::Token(token) => self.verify_token(token, now)?,
            Credential::Secret { id, secret } => self.verify_secret(id, secret, now)?,
        };
        Some(self.caller(principal))
    }

    /// A client by its secret: one hash over a short text, of clients that are all in memory.
    fn verify_secret(&self, id: &str, secret: &str, now: DateTime<Utc>) -> Option<Arc<Principal>> {
        let trust = self.trust.load();
        let Some(client) = trust.client(id) else {
            // An unknown id costs the same work as a wrong secret.
            self.nobody.hold(secret, now);
            return None;
        };
        let holds = client.hashes.hold(secret, now);
        holds.then(|| Arc::clone(&client.principal))
    }

    fn verify_token(&self, token: &str, now: DateTime<Utc>) -> Option<Arc<Principal>> {
        let trust = self.trust.load();
        let verified = match self.verified.get(token) {
            Some(verified) => verified,
            None => {
                let verified = Arc::new(self.check(&trust, token, now)?);
                self.verified.insert(token.to_owned(), verified.clone());
                verified
            }
        };
        let known = match &verified.origin {
            Origin::Own { kid } => trust.key(kid, now).is_some(),
            Origin::Foreign { issuer, kid } => self.issuers.knows(*issuer, kid),
        };
        let lives = known
            && verified.expires_at > now.timestamp()
            && trust.is_alive(&verified.principal.subject);
        lives.then(|| Arc::clone(&verified.principal))
    }

    fn check(&self, trust: &Trust, token: &str, now: DateTime<Utc>) -> Option<Verified> {
        if token.len() > LONGEST {
            return None;
        }
        if let Some(issuer) = self.issuers.of(token) {
            let accepted = self.issuers.verify(issuer, token, trust, now)?;
            let (principal, kid, expires_at) = accepted;
            return Some(Verified {
                principal: Arc::new(principal),
                expires_at: expires_at.saturating_add(LEEWAY),
                origin: Origin::Foreign { issuer, kid },
            });
        }
        let header = decode_header(token).ok()?;
        let kid = header.kid.clone()?;
        let rules = Rules {
            issuer: ISSUER,
            audience: AUDIENCE,
            algorithms: &[Algorithm::ES256],
            token_type: TOKEN_TYPE,
        };
        let claims = claims::verify(token, &header, trust.key(&kid, now)?, &rules, now)?;
        Some(Verified {
            principal: Arc::new(own_principal(&claims)?),
            expires_at: claims.expires_at()?,
            origin: Origin::Own { kid },
        })
    }

    fn caller(&self, principal: Arc<Principal>) -> Caller {
        let quota = match principal.customer {
            Some(_) => self.limits.customer,
            None => self.limits.client,
        };
        let trust = self.trust.load();
        let client = trust.client(&principal.subject);
        let client = client.filter(|_| principal.customer.is_none());
        let meter = match client {
            Some(client) => Some(Arc::clone(&client.meter)),
            None => quota.map(|_| self.meter_of(&principal)),
        };
        Caller {
            principal,
            meter,
            quota,
        }
    }

    fn meter_of(&self, principal: &Principal) -> Arc<Meter> {
        let customer = principal.customer.map(|id| id.to_string());
        let key = format!("{} {}", principal.subject, customer.unwrap_or_default());
        self.meters.get_with(key, Arc::default)
    }

    /// The key that signs tokens now.
    pub fn signer(&self, now: DateTime<Utc>) -> Result<SigningKey, DbError> {
        let trust = self.trust.load();
        let key = trust.signer(now).cloned();
        key.ok_or_else(|| DbError::Key("there is no signing key".into()))
    }

    /// Public keys for systems that verify our tokens themselves.
    pub fn jwks(&self, now: DateTime<Utc>) -> serde_json::Value {
        self.trust.load().jwks(now)
    }

    /// When this process last saw a client; Unix seconds.
    pub fn last_used(&self, client: ClientId) -> Option<i64> {
        let trust = self.trust.load();
        trust.client(&client.to_string())?.meter.last_used()
    }

    /// Stores when clients were last seen since `after`, a Unix second.
    pub async fn store_uses(&self, store: &Store, after: i64) -> Result<(), DbError> {
        let trust = self.trust.load_full();
        let seen = trust.clients().filter_map(|client| {
            let second = client.meter.last_used()?;
            (second >= after).then_some((client.id, second))
        });
        clients::mark_used(store, &seen.collect::<Vec<_>>()).await
    }
}

fn own_principal(claims: &Claims) -> Option<Principal> {
    let customer = match claims.optional("customer")? {
        Some(text) => Some(text.parse().ok()?),
        None => None,
    };
    let words = claims.words("scope");
    let scopes = words.into_iter().filter_map(Scope::from_word).collect();
    Some(Principal {
        subject: claims.text("sub")?.to_owned(),
        scopes,
        customer,
    })
}

/// Until when looks are used up after one more now; none where too many ran ahead already. An
/// instant that no look can have led to is of a clock that was put back, and does not count.
fn next_look(used_until: i64, now: i64) -> Option<i64> {
    let ahead = used_until.saturating_sub(now);
    match ahead {
        0..=LOOKS_AHEAD => Some(used_until.saturating_add(LOOK_EVERY)),
        ..0 => Some(now.saturating_add(LOOK_EVERY)),
        _ if ahead > LOOKS_AHEAD.saturating_add(LOOK_EVERY) => Some(now.saturating_add(LOOK_EVERY)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_may_come_in_a_burst_and_are_bounded_in_the_long_run() {
        let looks_within = |micros: i64| {
            let (mut used, mut looks) = (0, 0);
            for now in (1_000_000..1_000_000 + micros).step_by(1_000) {
                if let Some(until) = next_look(used, now) {
                    (used, looks) = (until, looks + 1);
                }
            }
            looks
        };
        assert_eq!(looks_within(2_000), 2, "two at once");
        assert!((48..=50).contains(&looks_within(10_000_000)));
        assert!(
            next_look(1_000_000_000, 0).is_some(),
            "the clock was put back"
        );
    }
}
