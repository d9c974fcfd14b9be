//! The outermost hull of every request: its id, its place at the gate, its time limit, its counts
//! and its line in the log.

use crate::gate::Gate;
use crate::instance::Instance;
use crate::problem::{Kind, Problem};
use crate::tenant::Hosted;
use crate::token::Principal;
use crate::trace::{Mark, REQUEST_ID, TraceParent};
use crate::traces::Span;
use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::HeaderValue;
use actix_web::http::{ConnectionType, Method};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tiercel_persistence::{WriteError, crypto, mint};

/// Files arrive here for as long as they keep coming; no other answer may take so long to begin.
const UPLOADS: [&str; 2] = ["/v1/imports", "/v1/import-files/"];

/// Middleware: sets `X-Request-Id`, completes problem bodies with it, and tells what happened.
pub async fn attach(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let mut mark = Mark::of(&request);
    let value = HeaderValue::from_str(&mark.request);
    let value = value.unwrap_or_else(|_| HeaderValue::from_static("none"));
    let instance = request.app_data::<web::Data<Instance>>().cloned();
    let Some(instance) = instance else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let (method, started) = (request.method().clone(), Instant::now());
    match answered(&instance, request, next).await {
        Ok(response) => {
            let told = Told {
                operation: response.request().match_name().unwrap_or_default(),
                status: response.status().as_u16(),
                took: started.elapsed(),
                method: &method,
            };
            tell(&instance, Some(response.request()), &mut mark, &told);
            if let Some(error) = response.response().error() {
                log_cause(error, &mark, told.operation);
            }
            let (http, response) = response.map_into_boxed_body().into_parts();
            let mut response = complete(response, &mark.request).await;
            response.headers_mut().insert(REQUEST_ID, value);
            if instance.is_draining() {
                // Whoever keeps connections asks elsewhere next time.
                response
                    .head_mut()
                    .set_connection_type(ConnectionType::Close);
            }
            Ok(ServiceResponse::new(http, response))
        }
        // Errors of the framework itself, such as a head that is too large, become problems too.
        Err(error) => {
            let mut response = complete(from_framework(&error), &mark.request).await;
            let told = Told {
                operation: "",
                status: response.status().as_u16(),
                took: started.elapsed(),
                method: &method,
            };
            tell(&instance, None, &mut mark, &told);
            response.headers_mut().insert(REQUEST_ID, value);
            Err(InternalError::from_response(error, response).into())
        }
    }
}

/// The answer of whoever is further inside, if there is a place and it comes in time.
async fn answered(
    instance: &Instance,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let slot = match Gate::enter(&instance.gate, request.path()) {
        Ok(slot) => slot,
        Err(refusal) => return Ok(request.into_response(refusal.error_response())),
    };
    let receives = request.method() != Method::GET
        && UPLOADS.iter().any(|path| request.path().starts_with(path));
    request.extensions_mut().insert(slot.clone());
    let answer = next.call(request);
    let answer = if receives {
        answer.await
    } else {
        let answer = tokio::time::timeout(instance.bounds.answer, answer).await;
        answer.unwrap_or_else(|_| Err(timed_out().into()))
    };
    slot.end();
    Ok(answer?.map_into_boxed_body())
}

fn timed_out() -> Problem {
    let detail = "the answer took too long; whether the request was carried out is not known: \
                  repeat it with the same Idempotency-Key";
    Problem::new(Kind::TimedOut, detail)
}

/// What there is to tell of an answered request.
struct Told<'a> {
    operation: &'a str,
    status: u16,
    took: Duration,
    method: &'a Method,
}

/// Counts every request; logs and exports some.
fn tell(instance: &Instance, request: Option<&HttpRequest>, mark: &mut Mark, told: &Told<'_>) {
    let Told {
        operation,
        status,
        took,
        method,
    } = *told;
    let named = (!operation.is_empty()).then_some(operation);
    instance.metrics.count(named, status, took);
    let wanted = mark.caller.as_ref().is_some_and(|caller| caller.sampled);
    let sampled = instance.sampling.takes(status, took);
    if let Some(traces) = instance.traces.as_ref().filter(|_| sampled || wanted)
        && let Some(span) = request.and_then(|request| span(request, mark, told))
    {
        traces.hand_in(span);
    }
    if !sampled {
        return;
    }
    let principal =
        request.and_then(|request| request.extensions().get::<Arc<Principal>>().cloned());
    tracing::info!(
        request.id = %mark.request,
        trace.id = mark.trace(),
        parent.id = mark.parent(),
        operation = named,
        method = %method,
        status,
        duration_ms = took.as_secs_f64() * 1_000.0,
        principal = principal.as_ref().map(|principal| principal.subject.as_str()),
        "a request was answered"
    );
}

/// The span of a request; where the caller told no trace, one begins here.
fn span(request: &HttpRequest, mark: &mut Mark, told: &Told<'_>) -> Option<Span> {
    let hosted = request.app_data::<web::Data<Hosted>>()?;
    let ended_at = hosted.now().timestamp_micros();
    let took = i64::try_from(told.took.as_micros()).unwrap_or(0);
    let id = crypto::hex(&mint::secret::<8>().ok()?);
    let parent = mark.parent().map(str::to_owned);
    if mark.caller.is_none() {
        mark.caller = Some(TraceParent {
            trace: crypto::hex(&mint::secret::<16>().ok()?),
            span: id.clone(),
            sampled: true,
        });
    }
    Some(Span {
        trace: mark.trace()?.to_owned(),
        id,
        parent,
        request: mark.request.clone(),
        operation: if told.operation.is_empty() {
            "other"
        } else {
            told.operation
        }
        .to_owned(),
        method: told.method.to_string(),
        status: told.status,
        started_at: ended_at.saturating_sub(took),
        ended_at,
    })
}

/// Logs what stands behind a problem, once, where it is known which request it was. What the
/// database refuses for a reason of the caller's, such as a taken name, is no failure.
fn log_cause(error: &Error, mark: &Mark, operation: &str) {
    let problem = error.as_error::<Problem>();
    let Some((problem, cause)) = problem.and_then(|it| Some((it, it.database_error()?))) else {
        return;
    };
    let (request, trace, problem_type) = (&mark.request, mark.trace(), problem.kind().slug());
    if problem.kind().status().is_server_error() {
        tracing::error!(
            request.id = %request,
            trace.id = trace,
            operation,
            error = %cause,
            problem = problem_type,
            "a request failed"
        );
    } else {
        tracing::info!(
            request.id = %request,
            trace.id = trace,
            operation,
            error = %cause,
            problem = problem_type,
            "a request was refused"
        );
    }
}

fn from_framework(error: &Error) -> HttpResponse {
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
