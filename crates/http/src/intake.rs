//! What every request is checked for before its operation sees it: text that is text, an encoding
//! that can be undone, and no parameters where an operation has none.

use crate::problem::{Kind, Problem};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{Method, header};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError, web};
use std::collections::HashMap;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{OpenApi, RefOr};

/// By path of the contract: the methods whose operations have no query parameter.
pub struct Parameterless(HashMap<String, Vec<&'static str>>);

impl Parameterless {
    /// Those of the versioned contract.
    pub fn of(document: &OpenApi) -> Self {
        let versioned = document.paths.paths.iter();
        let versioned = versioned.filter(|(path, _)| path.starts_with("/v1/"));
        let methods = versioned.map(|(path, item)| {
            let methods = [
                ("GET", &item.get),
                ("POST", &item.post),
                ("PUT", &item.put),
                ("PATCH", &item.patch),
                ("DELETE", &item.delete),
            ]
            .into_iter()
            .filter(|(_, operation)| operation.as_ref().is_some_and(takes_no_query))
            .map(|(method, _)| method);
            (path.clone(), methods.collect())
        });
        Self(methods.collect())
    }

    /// The methods of a request's path: found as it is where it has no parameters of its own.
    fn methods(&self, request: &ServiceRequest) -> Option<&Vec<&'static str>> {
        let found = self.0.get(request.path());
        found.or_else(|| {
            let pattern = request.resource_map().match_pattern(request.path())?;
            self.0.get(&pattern)
        })
    }
}

fn takes_no_query(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    !parameters.any(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in == ParameterIn::Query,
        RefOr::Ref(_) => true,
    })
}

/// Middleware: refuses what no operation could read as it was meant.
pub async fn check(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody>>, Error> {
    if let Some(refusal) = refusal(&request) {
        let response = refusal.error_response();
        return Ok(request.into_response(response).map_into_right_body());
    }
    if request.method() == Method::HEAD {
        // The connection remembers what was asked: it sends the headers and leaves the body out.
        request.head_mut().method = Method::GET;
    }
    Ok(next.call(request).await?.map_into_left_body())
}

fn refusal(request: &ServiceRequest) -> Option<Problem> {
    let uri = request.uri();
    if !is_text(uri.path()) || !is_text(request.query_string()) {
        let detail = "the address is not UTF-8 once its escapes are undone";
        return Some(Problem::new(Kind::Unreadable, detail));
    }
    if !is_undone(request) {
        let detail = "a body may be encoded with `gzip` or `deflate`, or not at all";
        return Some(Problem::new(Kind::UnsupportedMediaType, detail));
    }
    has_stray_parameters(request).then(|| {
        let detail = "this operation has no query parameters";
        Problem::new(Kind::UnknownParameter, detail)
    })
}

/// Whether the escapes of an address stand for UTF-8; anything else would be stored as U+FFFD,
/// and different ids would become one.
fn is_text(escaped: &str) -> bool {
    if !escaped.contains('%') {
        return true;
    }
    let mut bytes = Vec::with_capacity(escaped.len());
    let mut rest = escaped.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).filter(|_| *first == b'%');
        let pair = pair.and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    std::str::from_utf8(&bytes).is_ok()
}

fn is_undone(request: &ServiceRequest) -> bool {
    let mut encodings = request.headers().get_all(header::CONTENT_ENCODING);
    let Some(encoding) = encodings.next() else {
        return true;
    };
    let known = ["identity", "gzip", "deflate"];
    let encoding = encoding.to_str().unwrap_or_default().trim();
    encodings.next().is_none()
        && known
            .iter()
            .any(|known| encoding.eq_ignore_ascii_case(known))
}

fn has_stray_parameters(request: &ServiceRequest) -> bool {
    if request.query_string().is_empty() {
        return false;
    }
    let known = request.app_data::<web::Data<Parameterless>>();
    let methods = known.and_then(|known| known.methods(request));
    methods.is_some_and(|methods| methods.contains(&request.method().as_str()))
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn escapes_must_be_utf8() {
        for text in ["/a", "/a%2Fb", "/%C3%A9", "/%", "/%zz", "/%4", ""] {
            assert!(is_text(text), "{text}");
        }
        for bytes in ["/%FF", "/%ED%A0%80", "/%C3", "/x%C3%28"] {
            assert!(!is_text(bytes), "{bytes}");
        }
    }
}
