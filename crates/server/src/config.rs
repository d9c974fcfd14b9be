//! One configuration: a file, overridden by `TIERCEL_*`, overridden by the command line.

use crate::access_rules::IssuerConfig;
use crate::bounds;
use crate::failure::Failure;
use crate::files;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use tiercel_domain::phones;
use tiercel_domain::schedule::Schedule;
use tiercel_persistence::settings::Settings;

/// Everything that can be set. Every default is told by `tiercel config print`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Address and port to listen on.
    pub bind: String,
    /// `postgres://…` or `sqlite://…`; the embedded database in `data` where absent.
    pub database_url: Option<String>,
    /// Directory of the embedded database, the master key and the first credential.
    pub data: PathBuf,
    /// 64 hex digits that encrypt the keys in the database; a file in `data` where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub master_key: Option<String>,
    /// ISO 4217; settled when a database is first used.
    pub base_currency: String,
    /// IANA time zone of business dates; settled when a database is first used.
    pub zone: String,
    /// ISO 3166-1 alpha-2 of phone numbers without country code; settled when a database is first used.
    pub default_region: String,
    /// HTTP workers; one per core where absent.
    pub workers: Option<usize>,
    /// `error`, `warn`, `info`, `debug`, or filters as `tracing` reads them.
    pub log: String,
    /// One of so many requests leaves a line in the log; 0 = none. Slow and failed ones always do.
    pub log_every: u32,
    /// What takes as long is slow.
    pub log_slow_ms: u32,
    /// Address and port where `/metrics` is read without a credential; nowhere.
    pub metrics_bind: Option<String>,
    /// Collector of traces (OTLP over HTTP), such as `http://127.0.0.1:4318`; none.
    pub otlp_endpoint: Option<String>,
    /// Connections at the same time; fewer where the system allows fewer open files.
    pub max_connections: u32,
    /// Requests worked on at the same time; more are told to come again.
    pub max_requests: u32,
    /// Bytes of one JSON body.
    pub max_body_bytes: u32,
    /// Bytes of all bodies held at the same time.
    pub max_bodies_bytes: u32,
    /// Seconds that the head of a request may take to arrive.
    pub head_timeout_seconds: u32,
    /// Seconds that a body may take to arrive.
    pub body_timeout_seconds: u32,
    /// Seconds that an answer may take to begin.
    pub answer_timeout_seconds: u32,
    /// Seconds that a connection is kept without a request.
    pub idle_timeout_seconds: u32,
    /// Seconds between being told to stop and taking no more, for a load balancer to notice.
    pub drain_seconds: u32,
    /// Origins of browser front ends that may call; none.
    pub cors_origins: Vec<String>,
    /// Requests a minute of one client to one instance; 0 = any number.
    pub requests_per_minute: u32,
    /// Requests a minute of one client's tokens for one customer, to one instance; 0 = any number.
    pub customer_requests_per_minute: u32,
    /// Days after which the signing key is replaced; 0 = never.
    pub signing_key_days: u32,
    /// Where the service manager wants to be told (`NOTIFY_SOCKET`); it sets this itself.
    #[serde(skip)]
    pub notify_socket: Option<OsString>,
    /// Whether a model is published only after exactly this draft was simulated over everyone, within
    /// the last 24 hours.
    pub require_simulation: bool,
    /// When everyone is evaluated: a cron expression of five fields in `zone`; never where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation_schedule: Option<String>,
    /// How many days ahead scheduled evaluations warn of tiers that will drop; 0 = never.
    pub downgrade_warning_days: u32,
    /// OIDC issuers whose access tokens are accepted; none. Only in a file.
    pub issuers: Vec<IssuerConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: "127.0.0.1:8080".into(),
            database_url: None,
            data: "tiercel-data".into(),
            master_key: None,
            base_currency: "EUR".into(),
            zone: "UTC".into(),
            default_region: "DE".into(),
            workers: None,
            log: "warn,tiercel=info".into(),
            log_every: 100,
            log_slow_ms: 1_000,
            metrics_bind: None,
            otlp_endpoint: None,
            max_connections: 10_000,
            max_requests: 256,
            max_body_bytes: 4 * 1024 * 1024,
            max_bodies_bytes: 256 * 1024 * 1024,
            head_timeout_seconds: 5,
            body_timeout_seconds: 30,
            answer_timeout_seconds: 120,
            idle_timeout_seconds: 75,
            drain_seconds: 0,
            cors_origins: Vec::new(),
            requests_per_minute: 0,
            customer_requests_per_minute: 120,
            signing_key_days: 90,
            notify_socket: None,
            require_simulation: false,
            evaluation_schedule: None,
            downgrade_warning_days: 30,
            issuers: Vec::new(),
        }
    }
}

/// Keys whose values are numbers, for the environment, where everything is a text.
const NUMBERS: [&str; 16] = [
    "workers",
    "downgrade_warning_days",
    "signing_key_days",
    "requests_per_minute",
    "customer_requests_per_minute",
    "log_every",
    "log_slow_ms",
    "max_connections",
    "max_requests",
    "max_body_bytes",
    "max_bodies_bytes",
    "head_timeout_seconds",
    "body_timeout_seconds",
    "answer_timeout_seconds",
    "idle_timeout_seconds",
    "drain_seconds",
];

const PREFIX: &str = "TIERCEL_";
/// Variables with our prefix that are not configuration: the path of the file, and the tests' own.
const OTHERS: [&str; 2] = ["TIERCEL_CONFIG", "TIERCEL_TEST_"];

impl Config {
    /// Reads the file (where one is named) and the environment; an unknown key is a usage error.
    pub fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let from_env = std::env::var_os("TIERCEL_CONFIG").map(PathBuf::from);
        let mut table = match file.map(Path::to_owned).or(from_env) {
            Some(path) => read_file(&path)?,
            None => toml::Table::new(),
        };
        for (name, value) in std::env::vars() {
            if let Some(key) = name.strip_prefix(PREFIX)
                && !OTHERS.iter().any(|other| name.starts_with(other))
            {
                let key = key.to_ascii_lowercase();
                let value = match key.as_str() {
                    "cors_origins" => list(&value),
                    key if NUMBERS.contains(&key) => number(&name, &value)?,
                    "require_simulation" => flag(&name, &value)?,
                    _ => value.into(),
                };
                table.insert(key, value);
            }
        }
        let mut config: Self = table.try_into().map_err(|error: toml::de::Error| {
            Failure::usage(format!("configuration: {}", error.message()))
        })?;
        config.notify_socket = std::env::var_os("NOTIFY_SOCKET");
        Ok(config)
    }

    /// Where the database is.
    pub fn url(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| {
            format!(
                "sqlite://{}?mode=rwc",
                self.data.join("tiercel.db").display()
            )
        })
    }

    /// Refuses what `serve` could not start with, naming the key; nothing is opened or made.
    pub fn check(&self) -> Result<(), Failure> {
        is_address("bind", &self.bind)?;
        if let Some(address) = &self.metrics_bind {
            is_address("metrics_bind", address)?;
        }
        bounds::check(self)?;
        let url = self.url();
        let known = ["postgres://", "postgresql://", "sqlite:"];
        if !known.iter().any(|scheme| url.starts_with(scheme)) {
            let detail = "database_url: starts neither with `postgres://` nor with `sqlite://`";
            return Err(Failure::usage(detail));
        }
        if self.workers == Some(0) {
            return Err(Failure::usage("workers: must be 1 or more"));
        }
        self.schedule()?;
        if let Some(text) = &self.master_key {
            files::configured_key(text)?;
        }
        self.settings().map(drop)
    }

    /// When everyone is evaluated, if ever.
    pub fn schedule(&self) -> Result<Option<Schedule>, Failure> {
        let read = self
            .evaluation_schedule
            .as_deref()
            .map(str::parse::<Schedule>);
        read.transpose()
            .map_err(|error| Failure::usage(format!("evaluation_schedule: {error}")))
    }

    /// What an empty database settles on.
    pub fn settings(&self) -> Result<Settings, Failure> {
        let base_currency = self
            .base_currency
            .parse()
            .map_err(|error| Failure::usage(format!("base_currency: {error}")))?;
        if self.zone.parse::<chrono_tz::Tz>().is_err() {
            let detail = format!("zone: `{}` is not an IANA time zone", self.zone);
            return Err(Failure::usage(detail));
        }
        let region = &self.default_region;
        if !phones::is_region(region) {
            let detail = format!("default_region: no phone numbers are known of `{region}`");
            return Err(Failure::usage(detail));
        }
        Ok(Settings {
            base_currency,
            zone: self.zone.clone(),
            default_region: region.clone(),
        })
    }

    /// The effective configuration with secrets hidden.
    pub fn shown(&self) -> Self {
        let hidden = self.database_url.as_deref().map(hide_password);
        Self {
            database_url: hidden,
            otlp_endpoint: self.otlp_endpoint.as_deref().map(hide_password),
            master_key: self.master_key.as_ref().map(|_| "***".to_owned()),
            ..self.clone()
        }
    }
}

fn is_address(key: &str, text: &str) -> Result<(), Failure> {
    let port = text.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    if matches!(port, Some(Ok(_))) {
        return Ok(());
    }
    let detail = format!("{key}: `{text}` is not an address and a port");
    Err(Failure::usage(detail))
}

fn read_file(path: &Path) -> Result<toml::Table, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
    text.parse().map_err(|error: toml::de::Error| {
        Failure::usage(format!("{}: {}", path.display(), error.message()))
    })
}

fn number(name: &str, value: &str) -> Result<toml::Value, Failure> {
    let number: i64 = value
        .parse()
        .map_err(|_| Failure::usage(format!("{name}: `{value}` is not a number")))?;
    Ok(number.into())
}

fn flag(name: &str, value: &str) -> Result<toml::Value, Failure> {
    match value {
        "true" => Ok(true.into()),
        "false" => Ok(false.into()),
        _ => Err(Failure::usage(format!(
            "{name}: `{value}` is neither true nor false"
        ))),
    }
}

/// Words with commas between them.
fn list(value: &str) -> toml::Value {
    let words = value
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().into()
}

fn hide_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // Whatever stands behind the name and before the last `@` of the authority may be secret.
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let end = rest[end..]
        .rfind('@')
        .map_or(end, |at| end + at + 1)
        .max(end);
    let (authority, place) = rest.split_at(end);
    let shown = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{name}:***@{host}")
        }
        None => authority.to_owned(),
    };
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let query: Vec<String> = query.split('&').map(hide_parameter).collect();
    let query = query.join("&");
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{shown}{path}{mark}{query}")
}

fn hide_parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("password") => format!("{name}=***"),
        _ => pair.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden() {
        assert_eq!(
            hide_password("postgres://ann:pw@db/x"),
            "postgres://ann:***@db/x"
        );
        assert_eq!(hide_password("sqlite://a.db"), "sqlite://a.db");
        for (secret, shown) in [
            ("postgres://ann:p@ss@db/x", "postgres://ann:***@db/x"),
            (
                "postgres://ann:p/a?s@db/x?a=b",
                "postgres://ann:***@db/x?a=b",
            ),
            (
                "postgres://db/x?user=ann&password=pw&sslmode=require",
                "postgres://db/x?user=ann&password=***&sslmode=require",
            ),
            ("sqlite://a.db?mode=rwc", "sqlite://a.db?mode=rwc"),
        ] {
            assert_eq!(hide_password(secret), shown);
        }
    }

    #[test]
    fn the_example_file_is_read_and_says_the_defaults() {
        let text = include_str!("../../../config.example.toml");
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!(
            toml::to_string(&config).unwrap(),
            toml::to_string(&Config::default()).unwrap()
        );
        assert!(toml::from_str::<Config>("bnd = 1").is_err());
    }
}
