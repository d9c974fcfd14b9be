//! Strong entity tags from versions, and the conditions callers put on them.

use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// The entity tag of a version.
pub fn etag(version: i64) -> String {
    format!("\"v{version}\"")
}

/// `If-Match` and `If-None-Match` of a request.
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    if_match: Option<String>,
    if_none_match: Option<String>,
}

impl FromRequest for Conditions {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = |name: header::HeaderName| {
            request
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        };
        ready(Ok(Self {
            if_match: read(header::IF_MATCH),
            if_none_match: read(header::IF_NONE_MATCH),
        }))
    }
}

impl Conditions {
    /// Refuses a change without `If-Match` (428) or against another version (412).
    pub fn require_match(&self, version: i64) -> Result<(), Problem> {
        let wanted = self.if_match.as_deref().ok_or_else(|| {
            Problem::new(
                Kind::PreconditionRequired,
                "read the resource and send its ETag as `If-Match`",
            )
        })?;
        let current = etag(version);
        if wanted
            .split(',')
            .any(|tag| tag.trim() == current || tag.trim() == "*")
        {
            return Ok(());
        }
        Err(Problem::new(
            Kind::Stale,
            format!("the current ETag is {current}"),
        ))
    }

    /// Refuses before anything is read where `If-Match` is required and absent.
    pub fn require_present(&self) -> Result<(), Problem> {
        match self.if_match {
            Some(_) => Ok(()),
            None => self.require_match(0),
        }
    }

    /// Whether the caller has the representation with this tag (`If-None-Match`, compared weakly).
    pub fn has_seen(&self, tag: &str) -> bool {
        let known = self.if_none_match.as_deref().unwrap_or_default();
        known
            .split(',')
            .map(|known| known.trim().trim_start_matches("W/"))
            .any(|known| known == tag || known == "*")
    }

    /// `If-None-Match: *`: create only.
    pub fn create_only(&self) -> bool {
        self.if_none_match.as_deref() == Some("*")
    }
}
