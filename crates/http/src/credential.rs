//! The one credential of a request, in whichever header it stands.

use crate::problem::{Kind, Problem};
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;

pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a caller shows.
#[derive(Debug, PartialEq, Eq)]
pub enum Credential<'a> {
    /// `Authorization: Bearer …`
    Token(&'a str),
    /// A client's own secret: `X-Api-Key: <id>.<secret>`, or `Authorization: Basic …`.
    Secret {
        id: Cow<'a, str>,
        secret: Cow<'a, str>,
    },
}

/// The credential of a request; none where there is none that can be read. Two are refused: they
/// might disagree, and which one counts must not be a matter of order.
pub fn given(request: &HttpRequest) -> Result<Option<Credential<'_>>, Problem> {
    let headers = request.headers();
    let count = |name: HeaderName| headers.get_all(name).count();
    if count(header::AUTHORIZATION).saturating_add(count(API_KEY)) > 1 {
        let detail = "send one credential: `Authorization` or `X-Api-Key`, once";
        return Err(Problem::new(Kind::Unreadable, detail));
    }
    Ok(read(headers))
}

fn read(headers: &HeaderMap) -> Option<Credential<'_>> {
    if let Some(value) = headers.get(API_KEY) {
        let (id, secret) = value.to_str().ok()?.trim().split_once('.')?;
        return Some(Credential::Secret {
            id: id.into(),
            secret: secret.into(),
        });
    }
    let value = headers.get(header::AUTHORIZATION)?;
    if let Some((id, secret)) = basic(value) {
        return Some(Credential::Secret {
            id: id.into(),
            secret: secret.into(),
        });
    }
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Credential::Token(token.trim()))
}

/// Id and secret of Basic authorization (RFC 7617).
pub fn basic(value: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}
