//! Answers of writes: made inside the transaction, kept for retries, sent after commit.

use crate::etag::etag;
use crate::problem::{Kind, Problem};
use crate::retry::RetryKey;
use crate::tenant::TenantHandle;
use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::{Answer, Retry, Tx, Writing, Written};

/// Names the job that values recorded facts again because of this write.
const REVALUATION: &str = "revaluation-job";

/// Answers 200 with a large body, written into one buffer of about its size.
pub fn sized<T: Serialize>(body: &T, expected: usize) -> Result<HttpResponse, Problem> {
    let mut bytes = Vec::with_capacity(expected);
    serde_json::to_writer(&mut bytes, body)
        .map_err(|_| Problem::new(Kind::Internal, "the answer could not be written"))?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(bytes))
}

/// An answer in the making.
#[derive(Debug)]
pub struct Reply {
    answer: Answer,
}

impl Reply {
    fn new<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, Problem> {
        let body = serde_json::to_vec(body)
            .map_err(|_| Problem::new(Kind::Internal, "the answer could not be written"))?;
        let headers = Vec::new();
        Ok(Self {
            answer: Answer {
                status: status.as_u16(),
                headers,
                body,
                personal_to: None,
            },
        })
    }

    pub fn ok<T: Serialize>(body: &T) -> Result<Self, Problem> {
        Self::new(StatusCode::OK, body)
    }

    /// 201 with the address of what was made.
    pub fn created<T: Serialize>(location: impl Into<String>, body: &T) -> Result<Self, Problem> {
        Ok(Self::new(StatusCode::CREATED, body)?.with("location", location.into()))
    }

    /// 202 with the address of the job.
    pub fn accepted<T: Serialize>(location: impl Into<String>, body: &T) -> Result<Self, Problem> {
        Ok(Self::new(StatusCode::ACCEPTED, body)?.with("location", location.into()))
    }

    pub fn no_content() -> Self {
        let answer = Answer {
            status: 204,
            headers: Vec::new(),
            body: Vec::new(),
            personal_to: None,
        };
        Self { answer }
    }

    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.answer.headers.push((name.to_owned(), value.into()));
        self
    }

    pub fn version(self, version: i64) -> Self {
        self.with("etag", etag(version))
    }

    /// The answer may show personal data of this customer: it is kept encrypted.
    pub fn personal_to(self, customer: CustomerId) -> Self {
        self.about(Some(customer))
    }

    /// The same where there may be no customer, as of a group of accounts.
    pub fn about(mut self, customer: Option<CustomerId>) -> Self {
        self.answer.personal_to = customer;
        self
    }
}

/// Runs a write for a request: one transaction, one journal entry, one answer for all its retries.
pub async fn write(
    tenant: &TenantHandle,
    action: &str,
    retry: &RetryKey,
    request_hash: &str,
    change: impl AsyncFn(&Tx) -> Result<Reply, Problem>,
) -> Result<HttpResponse, Problem> {
    let (answer, replayed) = answer(tenant, action, retry, request_hash, change).await?;
    Ok(respond(answer, replayed))
}

/// The same for an answer that is part of another: what it is, and whether it was given before.
pub async fn answer(
    tenant: &TenantHandle,
    action: &str,
    retry: &RetryKey,
    request_hash: &str,
    change: impl AsyncFn(&Tx) -> Result<Reply, Problem>,
) -> Result<(Answer, bool), Problem> {
    let writing = Writing {
        principal: tenant.principal(),
        action,
        retry: retry.key.as_deref().map(|key| Retry {
            route: &retry.route,
            key,
            request_hash,
        }),
    };
    let change = async |tx: &Tx| {
        let mut reply = change(tx).await?;
        if let Some(job) = tx.revaluation().await? {
            reply = reply.with(REVALUATION, format!("/v1/jobs/{job}"));
        }
        Ok::<_, Problem>((reply.answer.clone(), Some(reply.answer)))
    };
    match tenant.store().write(&writing, change).await? {
        Written::Fresh { value, effects } => {
            tenant.apply(&effects).await?;
            Ok((value, false))
        }
        Written::Replayed(answer) => Ok((answer, true)),
        Written::KeyReused => Err(Problem::new(
            Kind::KeyReused,
            "use a new key for a new request",
        )),
        Written::InFlight => Err(Problem::new(
            Kind::InFlight,
            "the first request has not ended; try again",
        )),
    }
}

fn respond(answer: Answer, replayed: bool) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.headers {
        response.insert_header((name, value));
    }
    if replayed {
        response.insert_header(("Idempotency-Replayed", "true"));
    }
    if answer.body.is_empty() {
        return response.finish();
    }
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.body(answer.body)
}
