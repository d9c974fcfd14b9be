//! Issuers other than ourselves: their keys, and what their tokens are worth here.
//!
//! Keys come from the place that the configuration names and from nowhere else: no redirect, no
//! proxy of the environment, no address out of a token.

use crate::claims::{self, Claims, Rules};
use crate::outbound;
use crate::scope::Scope;
use crate::token::Principal;
use crate::trust::Trust;
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, dangerous, decode_header};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tiercel_persistence::DbError;
use tokio::sync::Mutex;

/// The least time between two looks for an unknown key of one issuer, in seconds.
const LOOK_EVERY: i64 = 60;
/// How often keys are read again without a reason, so that a key taken back stops counting.
const REFRESH_EVERY: Duration = Duration::from_secs(300);
/// A set of keys longer than this is not read.
const LONGEST_SET: usize = 256 * 1024;
/// A subject longer than this names nobody.
const LONGEST_SUBJECT: usize = 255;

/// Where an issuer's keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    Url(String),
    File(PathBuf),
}

/// An issuer as it is configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerSettings {
    /// How its subjects are called in the journal: `oidc:<name>:<subject>`.
    pub name: String,
    pub issuer: String,
    pub audience: String,
    pub keys: KeySource,
    pub algorithms: Vec<Algorithm>,
    /// `typ` of its access tokens.
    pub token_type: String,
    /// The claim that holds scopes or roles.
    pub scope_claim: String,
    /// What its values mean here; where empty, scopes of ours count as they are, `admin` excepted.
    pub scopes: BTreeMap<String, BTreeSet<Scope>>,
    /// The claim that names a client of ours, and what its values mean.
    pub client_claim: Option<String>,
    pub clients: BTreeMap<String, String>,
}

/// The algorithms of one family; `None` for families that are not known, or share their secret.
pub fn family(word: &str) -> Option<Vec<Algorithm>> {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    Some(match word {
        "ES" => vec![ES256, ES384],
        "RS" => vec![RS256, RS384, RS512],
        "PS" => vec![PS256, PS384, PS512],
        "EdDSA" => vec![EdDSA],
        _ => return None,
    })
}

struct Issuer {
    settings: IssuerSettings,
    keys: ArcSwap<HashMap<String, DecodingKey>>,
    /// Unix second of the last look; whoever looks holds it.
    looked_at: Mutex<i64>,
}

/// All configured issuers.
pub struct Issuers {
    /// Made only where keys are fetched: it needs the certificates of the system.
    client: Option<reqwest::Client>,
    all: Vec<Issuer>,
}

/// Whose token it is: principal, key id, and when it ends.
pub type Accepted = (Principal, String, i64);

impl Issuers {
    pub fn new(all: Vec<IssuerSettings>) -> Result<Self, DbError> {
        let all = all.into_iter().map(|settings| Issuer {
            settings,
            keys: ArcSwap::default(),
            looked_at: Mutex::new(0),
        });
        let all: Vec<Issuer> = all.collect();
        let fetches = |issuer: &Issuer| matches!(issuer.settings.keys, KeySource::Url(_));
        let needed = all.iter().any(fetches);
        Ok(Self {
            client: needed.then(outbound::client).transpose()?,
            all,
        })
    }

    /// Reads all keys now and then for ever. One issuer that does not answer keeps its last keys.
    pub async fn run(&self, now: impl Fn() -> DateTime<Utc>) {
        if self.all.is_empty() {
            return;
        }
        loop {
            for issuer in &self.all {
                let mut looked_at = issuer.looked_at.lock().await;
                *looked_at = now().timestamp();
                issuer.read_keys(self.client.as_ref()).await;
            }
            tokio::time::sleep(REFRESH_EVERY).await;
        }
    }

    /// The place of the issuer that a token names, before anything of it is believed.
    pub fn of(&self, token: &str) -> Option<usize> {
        if self.all.is_empty() {
            return None;
        }
        let claims = dangerous::insecure_decode_claims::<Claims>(token).ok()?;
        let named = claims.text("iss")?;
        let mut settings = self.all.iter().map(|issuer| &issuer.settings);
        settings.position(|settings| settings.issuer == named)
    }

    pub fn knows(&self, issuer: usize, kid: &str) -> bool {
        let issuer = self.all.get(issuer);
        issuer.is_some_and(|issuer| issuer.keys.load().contains_key(kid))
    }

    /// Looks for an unknown key; at most once a minute, whatever is asked.
    pub async fn look_again(&self, issuer: usize, now: DateTime<Utc>) {
        let Some(issuer) = self.all.get(issuer) else {
            return;
        };
        let mut looked_at = issuer.looked_at.lock().await;
        if now.timestamp().saturating_sub(*looked_at) >= LOOK_EVERY {
            *looked_at = now.timestamp();
            issuer.read_keys(self.client.as_ref()).await;
        }
    }

    /// What a token of an issuer is worth.
    pub fn verify(
        &self,
        issuer: usize,
        token: &str,
        trust: &Trust,
        now: DateTime<Utc>,
    ) -> Option<Accepted> {
        let issuer = self.all.get(issuer)?;
        let header = decode_header(token).ok()?;
        let kid = header.kid.clone()?;
        let keys = issuer.keys.load();
        let settings = &issuer.settings;
        let rules = Rules {
            issuer: &settings.issuer,
            audience: &settings.audience,
            algorithms: &settings.algorithms,
            token_type: &settings.token_type,
        };
        let claims = claims::verify(token, &header, keys.get(&kid)?, &rules, now)?;
        let expires_at = claims.expires_at()?;
        Some((settings.principal(&claims, trust)?, kid, expires_at))
    }
}

impl IssuerSettings {
    /// Who the subject of a token is here: the client it is mapped to, else itself.
    fn principal(&self, claims: &Claims, trust: &Trust) -> Option<Principal> {
        let named = self.client_claim.as_deref();
        let named = named.and_then(|claim| claims.text(claim));
        if let Some(client) = named.and_then(|value| self.clients.get(value)) {
            return Some(trust.client(client)?.principal.as_ref().clone());
        }
        let subject = claims.text("sub")?;
        if subject.len() > LONGEST_SUBJECT || subject.chars().any(char::is_control) {
            return None;
        }
        let words = claims.words(&self.scope_claim);
        Some(Principal {
            subject: format!("oidc:{}:{subject}", self.name),
            scopes: words.iter().flat_map(|word| self.worth(word)).collect(),
            customer: None,
        })
    }

    fn worth(&self, word: &str) -> BTreeSet<Scope> {
        if self.scopes.is_empty() {
            let scope = Scope::from_word(word).filter(|scope| *scope != Scope::Admin);
            return scope.into_iter().collect();
        }
        self.scopes.get(word).cloned().unwrap_or_default()
    }
}

impl Issuer {
    async fn read_keys(&self, client: Option<&reqwest::Client>) {
        match self.fetch(client).await {
            Ok(keys) => self.keys.store(Arc::new(keys)),
            Err(error) => {
                let name = &self.settings.name;
                tracing::warn!(issuer = %name, error = %error, "the keys of an issuer could not be read");
            }
        }
    }

    async fn fetch(
        &self,
        client: Option<&reqwest::Client>,
    ) -> Result<HashMap<String, DecodingKey>, String> {
        let bytes = match (&self.settings.keys, client) {
            (KeySource::Url(url), Some(client)) => download(client, url).await?,
            (KeySource::Url(url), None) => return Err(format!("{url}: nothing fetches it")),
            (KeySource::File(path), _) => {
                let read = tokio::fs::read(path).await;
                read.map_err(|error| format!("{}: {error}", path.display()))?
            }
        };
        let set: JwkSet = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
        let keys = set.keys.iter().filter_map(|jwk| self.usable(jwk));
        Ok(keys.collect())
    }

    /// A key for signatures of this issuer's family, under its id. Shared secrets are none.
    fn usable(&self, jwk: &Jwk) -> Option<(String, DecodingKey)> {
        use Algorithm::{ES256, EdDSA, PS256, RS256};
        let signs = !matches!(jwk.common.public_key_use, Some(PublicKeyUse::Encryption));
        let first = self.settings.algorithms.first()?;
        let fits = match jwk.algorithm {
            AlgorithmParameters::RSA(_) => matches!(first, RS256 | PS256),
            AlgorithmParameters::EllipticCurve(_) => *first == ES256,
            AlgorithmParameters::OctetKeyPair(_) => *first == EdDSA,
            _ => false,
        };
        let kid = jwk.common.key_id.clone()?;
        let key = DecodingKey::from_jwk(jwk).ok()?;
        (signs && fits).then_some((kid, key))
    }
}

async fn download(client: &reqwest::Client, url: &str) -> Result<Vec<u8>, String> {
    let response = client.get(url).send().await;
    let response = response.map_err(|error| error.without_url().to_string())?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(format!("it answers {}", response.status()));
    }
    let mut pieces = response.bytes_stream();
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.next().await {
        bytes.extend_from_slice(&piece.map_err(|error| error.without_url().to_string())?);
        if bytes.len() > LONGEST_SET {
            return Err(format!("it is longer than {LONGEST_SET} bytes"));
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kids: &[&str]) -> String {
        let keys: Vec<_> = kids
            .iter()
            .map(|kid| {
                // The public key of RFC 7515, appendix A.3.
                serde_json::json!({
                    "kty": "EC", "crv": "P-256", "kid": kid,
                    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
                })
            })
            .collect();
        let mut keys = serde_json::json!({ "keys": keys });
        let shared = serde_json::json!({"kty": "oct", "kid": "shared", "k": "c2VjcmV0"});
        keys["keys"].as_array_mut().unwrap().push(shared);
        keys.to_string()
    }

    fn issuers(file: PathBuf) -> Issuers {
        Issuers::new(vec![IssuerSettings {
            name: "corp".into(),
            issuer: "https://login.test".into(),
            audience: "tiercel".into(),
            keys: KeySource::File(file),
            algorithms: family("ES").unwrap(),
            token_type: "at+jwt".into(),
            scope_claim: "scope".into(),
            scopes: BTreeMap::new(),
            client_claim: None,
            clients: BTreeMap::new(),
        }])
        .unwrap()
    }

    #[tokio::test]
    async fn unknown_keys_are_looked_for_once_a_minute() {
        let bits = tiercel_persistence::mint::secret::<8>().unwrap();
        let name = format!("jwks-{}.json", tiercel_persistence::crypto::hex(&bits));
        let file = std::env::temp_dir().join(name);
        let issuers = issuers(file.clone());
        let at = |second: i64| DateTime::from_timestamp(1_700_000_000 + second, 0).unwrap();
        std::fs::write(&file, set(&["k1"])).unwrap();
        issuers.look_again(0, at(0)).await;
        assert!(issuers.knows(0, "k1") && !issuers.knows(0, "shared"));
        std::fs::write(&file, set(&["k2"])).unwrap();
        issuers.look_again(0, at(59)).await;
        assert!(issuers.knows(0, "k1") && !issuers.knows(0, "k2"));
        issuers.look_again(0, at(60)).await;
        assert!(!issuers.knows(0, "k1") && issuers.knows(0, "k2"));
        std::fs::write(&file, "damaged").unwrap();
        issuers.look_again(0, at(200)).await;
        assert!(issuers.knows(0, "k2"), "the last keys are kept");
        std::fs::remove_file(&file).unwrap();
    }

    #[test]
    fn admin_is_granted_by_a_mapping_only() {
        let mut issuers = issuers(PathBuf::new());
        let settings = &mut issuers.all[0].settings;
        assert!(settings.worth("admin").is_empty());
        assert_eq!(
            settings.worth("audit:read"),
            BTreeSet::from([Scope::AuditRead])
        );
        settings
            .scopes
            .insert("root".into(), BTreeSet::from([Scope::Admin]));
        assert_eq!(settings.worth("root"), BTreeSet::from([Scope::Admin]));
        assert!(settings.worth("audit:read").is_empty());
    }
}
