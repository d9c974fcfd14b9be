//! The part of the configuration that says who may call: origins, limits, external issuers.

use crate::config::Config;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tiercel_domain::ids::ClientId;
use tiercel_http::issuers::{self, IssuerSettings, KeySource};
use tiercel_http::limit::Limits;
use tiercel_http::scope::Scope;
use tiercel_http::tenant::AccessRules;

/// An OIDC issuer whose access tokens are accepted beside our own.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// A short name: its subjects are called `oidc:<name>:<subject>` in the journal.
    pub name: String,
    /// `iss`, letter by letter.
    pub issuer: String,
    /// `aud`.
    pub audience: String,
    /// Where its keys are: an address (https), or a file.
    pub jwks_url: Option<String>,
    pub jwks_file: Option<PathBuf>,
    /// One family: `RS`, `PS`, `ES` or `EdDSA`.
    pub algorithms: String,
    /// `typ` of its access tokens; `at+jwt` where absent, as RFC 9068 has it.
    pub token_type: Option<String>,
    /// The claim with scopes or roles; `scope` where absent.
    pub scope_claim: Option<String>,
    /// What the values of that claim mean here. Empty: our own scopes as they are, except `admin`.
    #[serde(default)]
    pub scopes: BTreeMap<String, Vec<String>>,
    /// The claim that names the calling program, e.g. `azp`.
    pub client_claim: Option<String>,
    /// Which of our clients (`cli_…`) its values are: their scopes and revocation count then.
    #[serde(default)]
    pub clients: BTreeMap<String, String>,
}

/// Checks what is configured; a fault names its key.
pub fn read(config: &Config) -> Result<AccessRules, Failure> {
    let mut origins = BTreeSet::new();
    for origin in &config.cors_origins {
        if !is_origin(origin) {
            return Err(Failure::usage(format!(
                "cors_origins: `{origin}` is not an origin such as `https://shop.example`; wildcards and `null` are not allowed"
            )));
        }
        origins.insert(origin.clone());
    }
    let limit = |number: u32| (number > 0).then_some(number);
    let issuers: Result<Vec<_>, _> = config.issuers.iter().map(issuer).collect();
    Ok(AccessRules {
        origins,
        limits: Limits {
            client: limit(config.requests_per_minute),
            customer: limit(config.customer_requests_per_minute),
        },
        issuers: issuers?,
    })
}

/// An origin as browsers spell it: scheme, host, port where it is unusual, all in lower case.
fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte)
            })
    })
}

fn issuer(config: &IssuerConfig) -> Result<IssuerSettings, Failure> {
    let fault = |text: String| Failure::usage(format!("issuers `{}`: {text}", config.name));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if config.name.is_empty() || !config.name.bytes().all(plain) {
        return Err(fault(
            "name: letters, digits, `-` and `_` are needed".into(),
        ));
    }
    if config.issuer.is_empty() || config.issuer == tiercel_http::token::ISSUER {
        return Err(fault(
            "issuer: another issuer than this server is needed".into(),
        ));
    }
    let keys = match (&config.jwks_url, &config.jwks_file) {
        (Some(url), None) if is_safe(url) => KeySource::Url(url.clone()),
        (Some(_), None) => return Err(fault("jwks_url: https is needed".into())),
        (None, Some(file)) => KeySource::File(file.clone()),
        _ => return Err(fault("either jwks_url or jwks_file is needed".into())),
    };
    let algorithms = issuers::family(&config.algorithms);
    let mut scopes = BTreeMap::new();
    for (value, words) in &config.scopes {
        let known = words.iter().map(|word| {
            let unknown = || fault(format!("scopes: `{word}` is not a scope"));
            Scope::from_word(word).ok_or_else(unknown)
        });
        scopes.insert(value.clone(), known.collect::<Result<_, _>>()?);
    }
    for client in config.clients.values() {
        if client.parse::<ClientId>().is_err() {
            return Err(fault(format!(
                "clients: `{client}` is not the id of a client"
            )));
        }
    }
    let or = |value: &Option<String>, absent: &str| value.clone().unwrap_or_else(|| absent.into());
    Ok(IssuerSettings {
        name: config.name.clone(),
        issuer: config.issuer.clone(),
        audience: config.audience.clone(),
        keys,
        algorithms: algorithms
            .ok_or_else(|| fault("algorithms: one of RS, PS, ES, EdDSA is needed".into()))?,
        token_type: or(&config.token_type, "at+jwt"),
        scope_claim: or(&config.scope_claim, "scope"),
        scopes,
        client_claim: config.client_claim.clone(),
        clients: config.clients.clone(),
    })
}

/// Keys travel over TLS, except from this machine to itself.
fn is_safe(url: &str) -> bool {
    let here = ["http://127.0.0.1:", "http://localhost:", "http://[::1]:"];
    url.starts_with("https://") || here.iter().any(|start| url.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_origins_are_listed() {
        for origin in [
            "https://shop.example",
            "http://localhost:5173",
            "https://[::1]:8443",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for text in [
            "*",
            "null",
            "https://*",
            "https://a.example/",
            "https://A.example",
            "a.example",
            "https://",
        ] {
            assert!(!is_origin(text), "{text}");
        }
    }
}
