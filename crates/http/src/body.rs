//! Reads request bodies and query strings strictly: what is not known is named, not dropped.

use crate::arrival;
use crate::problem::{FieldError, Kind, Problem};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::future::{Ready, ready};
use tiercel_documents::strict::Strict;
use tiercel_persistence::crypto;

/// A JSON body and the hash by which a retry is recognised.
#[derive(Debug)]
pub struct Json<T> {
    pub value: T,
    pub hash: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = json_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            Ok(Self {
                value: parse(&bytes)?,
                hash: crypto::sha256_hex(&bytes),
            })
        })
    }
}

/// A JSON body of an operation that stores something only now and then: the bytes are kept for the
/// hash by which a retry is recognised.
#[derive(Debug)]
pub struct JsonAndBytes<T> {
    pub value: T,
    pub bytes: Bytes,
}

impl<T: DeserializeOwned + 'static> FromRequest for JsonAndBytes<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = json_bytes(request, payload);
        Box::pin(async move {
            let bytes = bytes.await?;
            let value = parse(&bytes)?;
            Ok(Self { value, bytes })
        })
    }
}

/// A JSON body of an operation that stores nothing, so that there is no retry to recognise.
#[derive(Debug)]
pub struct JsonQuestion<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonQuestion<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = json_bytes(request, payload);
        Box::pin(async move { parse(&bytes.await?).map(Self) })
    }
}

fn json_bytes(
    request: &HttpRequest,
    payload: &mut Payload,
) -> impl Future<Output = Result<Bytes, Problem>> + use<> {
    let media = media_type(request);
    let bytes = Whole::from_request(request, payload);
    async move {
        if !(media == "application/json" || media.ends_with("+json")) {
            return Err(Problem::new(
                Kind::UnsupportedMediaType,
                "send `Content-Type: application/json`",
            ));
        }
        Ok(bytes.await?.0)
    }
}

/// A body as it came, up to the limit of the server; it may be empty.
#[derive(Debug)]
pub struct Whole(pub Bytes);

impl FromRequest for Whole {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = arrival::receive(request, payload, None);
        Box::pin(async move { bytes.await.map(Self) })
    }
}

/// A form; it is read before anybody has shown a credential, so it is small.
#[derive(Debug)]
pub struct Form<T>(pub T);

/// Bytes of a form.
const LONGEST_FORM: usize = 16 * 1024;

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media = media_type(request);
        let bytes = arrival::receive(request, payload, Some(LONGEST_FORM));
        Box::pin(async move {
            if media != "application/x-www-form-urlencoded" {
                let detail = "send `Content-Type: application/x-www-form-urlencoded`";
                return Err(Problem::new(Kind::UnsupportedMediaType, detail));
            }
            let bytes = bytes.await?;
            let text = std::str::from_utf8(&bytes).ok();
            let form = text.and_then(|text| actix_web::web::Query::<T>::from_query(text).ok());
            let unreadable = || Problem::new(Kind::Unreadable, "the form cannot be read");
            form.map(|form| Self(form.into_inner()))
                .ok_or_else(unreadable)
        })
    }
}

pub fn media_type(request: &HttpRequest) -> String {
    let value = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    value
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}

/// Reads JSON; every unknown field, duplicate, wrong type or NUL is an error that names its place.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if holds_nul(bytes) {
        return Err(nul_characters(bytes));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = <T as serde::Deserialize>::deserialize(Strict(&mut reader));
    if let Ok(value) = read.and_then(|value| reader.end().map(|()| value)) {
        return Ok(value);
    }
    // Something is wrong: once more, noting the place, which costs a text for every name.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|error| {
        let pointer = pointer_of(error.path());
        unreadable(&pointer, "unreadable", &error.inner().to_string())
    })?;
    reader
        .end()
        .map_err(|error| unreadable("", "unreadable", &error.to_string()))?;
    Ok(value)
}

fn unreadable(pointer: &str, code: &str, detail: &str) -> Problem {
    Problem::new(Kind::Unreadable, detail).with_errors(vec![FieldError::new(pointer, code, detail)])
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{}", escaped(key)),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// Every text of the JSON, names of fields included, that holds U+0000.
fn nul_characters(bytes: &[u8]) -> Problem {
    let mut found = Vec::new();
    match serde_json::from_slice(bytes) {
        Ok(value) => find_nul(&value, "", &mut found),
        // A raw one stands where the reader stops.
        Err(error) => return unreadable("", "nul_character", &error.to_string()),
    }
    if found.is_empty() {
        found.push(String::new());
    }
    let detail = "U+0000 cannot be stored in a text";
    let errors = found.into_iter();
    let errors = errors.map(|pointer| FieldError::new(pointer, "nul_character", detail));
    Problem::new(Kind::Unreadable, detail).with_errors(errors.collect())
}

fn find_nul(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains('\0') => found.push(at.to_owned()),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                find_nul(item, &format!("{at}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                let shown = name.replace('\0', "\u{fffd}");
                let pointer = format!("{at}/{}", escaped(&shown));
                if name.contains('\0') {
                    found.push(pointer.clone());
                }
                find_nul(value, &pointer, found);
            }
        }
        _ => {}
    }
}

/// A name as a part of a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Whether the JSON holds U+0000: raw, or escaped behind an odd number of backslashes.
fn holds_nul(bytes: &[u8]) -> bool {
    if bytes.contains(&0) {
        return true;
    }
    if !bytes.contains(&b'\\') {
        return false;
    }
    bytes
        .windows(5)
        .enumerate()
        .filter(|(_, window)| *window == b"u0000")
        .any(|(at, _)| {
            bytes[..at]
                .iter()
                .rev()
                .take_while(|byte| **byte == b'\\')
                .count()
                % 2
                == 1
        })
}

/// A query string; unknown, repeated and unreadable parameters are errors.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.query_string();
        if text.contains("%00") {
            return ready(Err(Problem::new(
                Kind::UnknownParameter,
                "U+0000 is in no parameter",
            )));
        }
        let read = actix_web::web::Query::<T>::from_query(text);
        ready(read.map(|query| Self(query.into_inner())).map_err(|error| {
            let detail = match &error {
                actix_web::error::QueryPayloadError::Deserialize(inner) => inner.to_string(),
                _ => "the query string cannot be read".to_owned(),
            };
            Problem::new(Kind::UnknownParameter, detail)
        }))
    }
}

/// A path segment as it was meant: the router leaves the three characters that have a meaning in
/// paths escaped.
pub fn unquoted(segment: &str) -> String {
    let slashes = segment.replace("%2F", "/").replace("%2f", "/");
    let pluses = slashes.replace("%2B", "+").replace("%2b", "+");
    pluses.replace("%25", "%")
}

/// A path parameter that parses, e.g. a typed id; one that does not names nothing: 404.
#[derive(Debug)]
pub struct Id<T>(pub T);

impl<T: std::str::FromStr + 'static> FromRequest for Id<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let segment = request
            .match_info()
            .iter()
            .last()
            .map(|(_, value)| value.to_owned());
        let text = segment.map(|segment| unquoted(&segment));
        let text = text.filter(|text| !text.contains('\0'));
        let id = text.and_then(|text| text.parse().ok()).map(Self);
        ready(id.ok_or_else(|| Problem::new(Kind::NotFound, "nothing has this id")))
    }
}
