//! What a signed token claims, read strictly: the library checks the signature, this file the rest.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use std::fmt;

/// How far two clocks may differ, in seconds.
pub const LEEWAY: i64 = 30;

/// The claims of a token; a name that stands there twice makes it unreadable.
#[derive(Debug, Clone, Default)]
pub struct Claims(Map<String, Value>);

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Once)
    }
}

struct Once;

impl<'de> Visitor<'de> for Once {
    type Value = Claims;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Claims, A::Error> {
        let mut claims = Map::new();
        while let Some((name, value)) = fields.next_entry::<String, Value>()? {
            if claims.insert(name, value).is_some() {
                return Err(A::Error::custom("a claim stands there twice"));
            }
        }
        Ok(Claims(claims))
    }
}

impl Claims {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// A claim that may be absent, but must be a text where it stands.
    pub fn optional(&self, name: &str) -> Option<Option<&str>> {
        self.0
            .get(name)
            .map_or(Some(None), |value| value.as_str().map(Some))
    }

    /// The words of a claim: a text with blanks between them, or a list of texts.
    pub fn words(&self, name: &str) -> Vec<&str> {
        match self.0.get(name) {
            Some(Value::String(text)) => text.split_whitespace().collect(),
            Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// When the token ends, in Unix seconds; a time is a whole number and nothing else.
    pub fn expires_at(&self) -> Option<i64> {
        self.0.get("exp")?.as_i64()
    }

    /// Whether a time that may be absent is a whole number that has come.
    fn has_come(&self, name: &str, now: i64) -> bool {
        match self.0.get(name) {
            None => true,
            Some(value) => value
                .as_i64()
                .is_some_and(|at| at >= 0 && at <= now.saturating_add(LEEWAY)),
        }
    }

    fn is_for(&self, audience: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::String(text)) => text == audience,
            Some(Value::Array(list)) => {
                list.iter().all(Value::is_string) && list.iter().any(|item| item == audience)
            }
            _ => false,
        }
    }
}

/// What tokens of one issuer must say.
#[derive(Debug, Clone)]
pub struct Rules<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    /// One family.
    pub algorithms: &'a [Algorithm],
    /// The media type in the header, without `application/`.
    pub token_type: &'a str,
}

/// Whether a header promises a plain signed token of this issuer's kind. What it says about keys
/// (`jwk`, `jku`, `x5u`) is never used; what must be understood (`crit`, `zip`, `cty`) is not.
fn is_plain(header: &Header, rules: &Rules<'_>) -> bool {
    let kind = header.typ.as_deref().unwrap_or_default();
    let kind = kind.strip_prefix("application/").unwrap_or(kind);
    kind.eq_ignore_ascii_case(rules.token_type)
        && rules.algorithms.contains(&header.alg)
        && header.crit.is_none()
        && header.zip.is_none()
        && header.enc.is_none()
        && header.cty.is_none()
}

/// The claims of a token that `key` signed and that holds now.
pub fn verify(
    token: &str,
    header: &Header,
    key: &DecodingKey,
    rules: &Rules<'_>,
    now: DateTime<Utc>,
) -> Option<Claims> {
    if !is_plain(header, rules) {
        return None;
    }
    let mut validation = Validation::new(header.alg);
    validation.algorithms = vec![header.alg];
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[rules.issuer]);
    validation.set_audience(&[rules.audience]);
    validation.validate_nbf = true;
    validation.leeway = LEEWAY.unsigned_abs();
    let claims = decode::<Claims>(token, key, &validation).ok()?.claims;
    let now = now.timestamp();
    let holds = claims.text("iss") == Some(rules.issuer)
        && claims.is_for(rules.audience)
        && claims
            .text("sub")
            .is_some_and(|subject| !subject.is_empty())
        && claims.expires_at()? > now.saturating_sub(LEEWAY)
        && claims.has_come("nbf", now)
        && claims.has_come("iat", now);
    holds.then_some(claims)
}
