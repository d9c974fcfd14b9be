//! The part of the configuration that says how much a process takes on, and what it tells.

use crate::config::Config;
use crate::failure::Failure;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::time::Duration;
use tiercel_http::instance::{Bounds, Sampling};

/// Files that are open beside connections: the database, its log, listeners.
const OTHER_FILES: u64 = 128;
/// Handles on one connection: that of the framework, and ours to end it.
const HANDLES: u64 = 2;

/// Refuses bounds that let nothing in, naming the key.
pub fn check(config: &Config) -> Result<(), Failure> {
    for (key, value) in [
        ("max_connections", config.max_connections),
        ("max_requests", config.max_requests),
        ("max_body_bytes", config.max_body_bytes),
        ("max_bodies_bytes", config.max_bodies_bytes),
        ("head_timeout_seconds", config.head_timeout_seconds),
        ("body_timeout_seconds", config.body_timeout_seconds),
        ("answer_timeout_seconds", config.answer_timeout_seconds),
        ("idle_timeout_seconds", config.idle_timeout_seconds),
    ] {
        if value == 0 {
            return Err(Failure::usage(format!("{key}: 1 or more is needed")));
        }
    }
    if config.max_bodies_bytes < config.max_body_bytes {
        let detail = "max_bodies_bytes: one body of `max_body_bytes` must fit";
        return Err(Failure::usage(detail));
    }
    let http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    if !config.otlp_endpoint.as_ref().is_none_or(http) {
        let detail = "otlp_endpoint: starts neither with `http://` nor with `https://`";
        return Err(Failure::usage(detail));
    }
    Ok(())
}

pub fn bounds(config: &Config) -> Bounds {
    let bytes = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
    Bounds {
        requests: bytes(config.max_requests),
        body: bytes(config.max_body_bytes),
        bodies: bytes(config.max_bodies_bytes),
        arrival: seconds(config.body_timeout_seconds),
        answer: seconds(config.answer_timeout_seconds),
        quiet: seconds(config.idle_timeout_seconds)
            .saturating_add(seconds(config.head_timeout_seconds)),
    }
}

pub fn sampling(config: &Config) -> Sampling {
    let slow = Duration::from_millis(config.log_slow_ms.into());
    Sampling::new(config.log_every, slow)
}

pub fn seconds(number: u32) -> Duration {
    Duration::from_secs(number.into())
}

/// Connections at the same time: as configured, or as many as the system gives files for. Without
/// this, the callers who come last would wait for a file until somebody else has left.
pub fn connections(config: &Config) -> usize {
    let files = raise_file_limit().unwrap_or(u64::MAX);
    let wanted = u64::from(config.max_connections);
    let fitting = wanted
        .min(files.saturating_sub(OTHER_FILES) / HANDLES)
        .max(1);
    if fitting < wanted {
        tracing::warn!(
            wanted,
            fitting,
            "fewer connections than configured: raise the limit of open files"
        );
    }
    usize::try_from(fitting).unwrap_or(usize::MAX)
}

/// Connections that the limit of open files allows; none: any number.
pub fn most_connections() -> Option<u64> {
    let files = getrlimit(Resource::Nofile).maximum;
    files.map(|files| files.saturating_sub(OTHER_FILES) / HANDLES)
}

/// Asks for as many open files as the system allows; returns how many that are.
fn raise_file_limit() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it is refused, what there was before stays.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current
}
