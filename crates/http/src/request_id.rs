//! Gives every request an id and puts it into the answer, problem bodies included.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError};

const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Middleware: sets `X-Request-Id` and completes problem bodies with it.
pub async fn attach(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let id = given(&request).unwrap_or_else(mint);
    let value = HeaderValue::from_str(&id).unwrap_or_else(|_| HeaderValue::from_static("none"));
    match next.call(request).await {
        Ok(response) => {
            let (http, response) = response.map_into_boxed_body().into_parts();
            let mut response = complete(response, &id).await;
            response.headers_mut().insert(HEADER, value);
            Ok(ServiceResponse::new(http, response))
        }
        // Errors of the framework itself, such as a head that is too large, become problems too.
        Err(error) => {
            let mut response = complete(from_framework(&error), &id).await;
            response.headers_mut().insert(HEADER, value);
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// An id that the caller sent, where it is short and plain.
fn given(request: &ServiceRequest) -> Option<String> {
    let text = request.headers().get(HEADER)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

fn mint() -> String {
    tiercel_persistence::mint::secret::<12>().map_or_else(
        |_| "none".to_owned(),
        |bytes| tiercel_persistence::crypto::hex(&bytes),
    )
}

fn from_framework(error: &Error) -> HttpResponse {
    use crate::problem::{Kind, Problem};
    let response = error.as_response_error().error_response();
    let is_problem = response
        .headers()
        .get("content-type")
        .is_some_and(|value| value.as_bytes().starts_with(b"application/problem"));
    if is_problem {
        return response;
    }
    let kind = match response.status().as_u16() {
        413 => Kind::TooLarge,
        404 => Kind::NotFound,
        405 => Kind::MethodNotAllowed,
        400..=499 => Kind::Unreadable,
        _ => Kind::Internal,
    };
    Problem::new(kind, "the request could not be read").error_response()
}

/// Puts the id into the body of a problem; any other answer passes as it is.
async fn complete(response: HttpResponse, id: &str) -> HttpResponse {
    if !(response.status().is_client_error() || response.status().is_server_error()) {
        return response;
    }
    let (head, body) = response.into_parts();
    let bytes = to_bytes(body).await.unwrap_or_default();
    let completed = match serde_json::from_slice::<serde_json::Value>(&bytes) {
        Ok(serde_json::Value::Object(mut problem)) if problem.contains_key("title") => {
            problem.insert("request_id".into(), id.into());
            serde_json::to_vec(&problem).unwrap_or_else(|_| bytes.to_vec())
        }
        _ => bytes.to_vec(),
    };
    head.set_body(BoxBody::new(completed))
}
