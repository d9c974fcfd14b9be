//! `Idempotency-Key`: the caller's promise that two requests are one.

use crate::problem::{Kind, Problem};
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use std::future::{Ready, ready};

/// The longest key accepted, as elsewhere in the field.
const LONGEST: usize = 255;

/// The key of this request, if it has one, and the route it is bound to.
#[derive(Debug, Clone)]
pub struct RetryKey {
    pub key: Option<String>,
    pub route: String,
}

impl RetryKey {
    /// Refuses a request without a key, where one is required.
    pub fn require(&self) -> Result<(), Problem> {
        match self.key {
            Some(_) => Ok(()),
            None => Err(Problem::new(
                Kind::KeyRequired,
                "send an `Idempotency-Key` header",
            )),
        }
    }
}

impl RetryKey {
    /// Refuses a request with a key, where the answer holds a secret and is therefore never kept.
    pub fn refuse(&self) -> Result<(), Problem> {
        match self.key {
            None => Ok(()),
            Some(_) => Err(Problem::new(
                Kind::Unreadable,
                "this operation takes no `Idempotency-Key`: its answer holds a secret and is not kept",
            )),
        }
    }
}

impl FromRequest for RetryKey {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let route = format!("{} {}", request.method(), request.path());
        let Some(value) = request.headers().get("idempotency-key") else {
            return ready(Ok(Self { key: None, route }));
        };
        let key = value
            .to_str()
            .map(|text| text.trim_matches('"').to_owned())
            .unwrap_or_default();
        if key.is_empty() || key.len() > LONGEST {
            let detail = format!("an Idempotency-Key has 1 to {LONGEST} visible ASCII characters");
            return ready(Err(Problem::new(Kind::Unreadable, detail)));
        }
        ready(Ok(Self {
            key: Some(key),
            route,
        }))
    }
}
