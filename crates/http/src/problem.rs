//! Everything that can be said no to, as one table; RFC 9457 on the wire.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use std::fmt;
use tiercel_persistence::{DbError, WriteError};
use utoipa::ToSchema;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = ($slug:literal, $status:ident, $title:literal)),* $(,)?) => {
        /// A kind of problem: its page, status and title.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $name),* }

        impl Kind {
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
            pub const fn slug(self) -> &'static str { match self { $(Self::$name => $slug),* } }
            pub const fn status(self) -> StatusCode { match self { $(Self::$name => StatusCode::$status),* } }
            pub const fn title(self) -> &'static str { match self { $(Self::$name => $title),* } }
        }
    };
}

kinds! {
    Unreadable = ("unreadable", BAD_REQUEST, "The request cannot be read"),
    UnknownParameter = ("unknown-parameter", BAD_REQUEST, "A parameter is not known or not readable"),
    BadCursor = ("bad-cursor", BAD_REQUEST, "The cursor was not issued for this list"),
    KeyRequired = ("idempotency-key-required", BAD_REQUEST, "This request needs an Idempotency-Key"),
    Unauthorized = ("unauthorized", UNAUTHORIZED, "A valid credential is needed"),
    Forbidden = ("forbidden", FORBIDDEN, "The credential does not allow this"),
    NotFound = ("not-found", NOT_FOUND, "There is nothing here"),
    MethodNotAllowed = ("method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here"),
    Conflict = ("conflict", CONFLICT, "The state of the resource does not allow this"),
    AuthorizationReleased = ("authorization-released", CONFLICT, "The authorization was released"),
    AuthorizationExpired = ("authorization-expired", CONFLICT, "The authorization has expired"),
    AuthorizationCommitted = ("authorization-committed", CONFLICT, "The authorization is committed for good"),
    ExceedsAuthorization = ("exceeds-authorization", CONFLICT, "The authorization does not hold so much"),
    InFlight = ("in-flight", CONFLICT, "The same request is still being worked on"),
    Stale = ("stale", PRECONDITION_FAILED, "The resource changed meanwhile"),
    PreconditionRequired = ("precondition-required", PRECONDITION_REQUIRED, "This request needs If-Match"),
    TooLarge = ("too-large", PAYLOAD_TOO_LARGE, "The body is too large"),
    UnsupportedMediaType = ("unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body has another media type than this operation reads"),
    InvalidInput = ("invalid-input", UNPROCESSABLE_ENTITY, "The request does not make sense"),
    KeyReused = ("idempotency-key-reused", UNPROCESSABLE_ENTITY, "The Idempotency-Key belongs to another request"),
    TooMany = ("too-many-requests", TOO_MANY_REQUESTS, "Too many requests"),
    Internal = ("internal", INTERNAL_SERVER_ERROR, "Something went wrong on our side"),
    Overloaded = ("overloaded", SERVICE_UNAVAILABLE, "Too much is asked at once"),
    TimedOut = ("timed-out", GATEWAY_TIMEOUT, "The answer took too long"),
    Unavailable = ("unavailable", SERVICE_UNAVAILABLE, "The service is not available right now"),
}

/// One fault of a readable request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/amount", "code": "too_precise", "detail": "has more than 4 decimals"}))]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the body, or the name of the parameter.
    pub pointer: String,
    /// Stable code for programs.
    pub code: String,
    /// The fault in words.
    pub detail: String,
}

impl FieldError {
    pub fn new(pointer: impl Into<String>, code: &str, detail: impl fmt::Display) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.to_owned(),
            detail: detail.to_string(),
        }
    }
}

/// Why a request was not carried out. Nothing was written.
#[derive(Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    errors: Vec<FieldError>,
    source: Option<DbError>,
}

/// The body of every answer that is not a success (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem, example = json!({"type": "/problems/not-found", "title": "There is nothing here", "status": 404, "detail": "no customer has this id"}))]
pub struct ProblemBody {
    /// A page on this server that explains the problem.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// Every fault of a readable request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Name this when you ask us about the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

impl Problem {
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            source: None,
        }
    }

    /// A readable request that makes no sense; `errors` names every fault.
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map_or_else(String::new, |first| {
            let more = errors.len().saturating_sub(1);
            let rest = if more == 0 {
                String::new()
            } else {
                format!(" (and {more} more)")
            };
            format!("{}: {}{rest}", first.pointer, first.detail)
        });
        Self {
            kind: Kind::InvalidInput,
            detail,
            errors,
            source: None,
        }
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("no {what} has this id"))
    }

    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    pub const fn kind(&self) -> Kind {
        self.kind
    }

    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.kind.title(), self.detail)
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        let (kind, detail) = match &error {
            DbError::Unavailable(_) => {
                (Kind::Unavailable, "the database does not answer; try again")
            }
            DbError::Conflict(_) => (Kind::Unavailable, "too many writes met here; try again"),
            DbError::Taken(_) => (Kind::Conflict, "a unique name or id is already taken"),
            DbError::Corrupt { .. } | DbError::Schema(_) | DbError::Key(_) | DbError::Query(_) => {
                (Kind::Internal, "the request was not carried out")
            }
        };
        Self {
            source: Some(error),
            ..Self::new(kind, detail)
        }
    }
}

impl WriteError for Problem {
    fn database_error(&self) -> Option<&DbError> {
        self.source.as_ref()
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.kind.status()
    }

    fn error_response(&self) -> HttpResponse {
        let body = ProblemBody {
            kind: format!("/problems/{}", self.kind.slug()),
            title: self.kind.title().to_owned(),
            status: self.kind.status().as_u16(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
            request_id: None,
        };
        let mut response = HttpResponse::build(self.kind.status());
        match self.kind {
            Kind::InFlight | Kind::Unavailable | Kind::Overloaded | Kind::TooMany => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            Kind::Unauthorized => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"tiercel\""));
            }
            _ => {}
        }
        // The request id is added by the middleware that knows it, which also logs the cause.
        response.content_type("application/problem+json").json(body)
    }
}
