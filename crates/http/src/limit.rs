//! How often a credential may call: counted in memory, per instance, told in every answer.

use crate::problem::{Kind, Problem};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};
use chrono::{DateTime, Utc};
use std::sync::atomic::{AtomicI64, Ordering};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STATE: HeaderName = HeaderName::from_static("ratelimit");
/// The time over which requests are counted, in seconds.
const WINDOW: i64 = 60;

/// How many requests a minute; `None` = any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Of a client, the operator, or a subject of an external issuer.
    pub client: Option<u32>,
    /// Of one client's tokens for one customer.
    pub customer: Option<u32>,
}

/// What is counted of one credential.
#[derive(Debug, Default)]
pub struct Meter {
    /// Unix second of the last request.
    last_used: AtomicI64,
    /// The instant, in microseconds, at which the whole quota is free again.
    full_at: AtomicI64,
}

/// What a request was told about its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    granted: bool,
    quota: u32,
    /// Requests left right now.
    remaining: i64,
    /// Seconds until the whole quota is free, or, of a refused request, until the next may come.
    wait: i64,
}

impl Meter {
    /// Notes that the credential was used.
    pub fn touch(&self, now: DateTime<Utc>) {
        let second = now.timestamp();
        if self.last_used.load(Ordering::Relaxed) < second {
            self.last_used.store(second, Ordering::Relaxed);
        }
    }

    /// Unix second of the last use in this process; `None` where there was none.
    pub fn last_used(&self) -> Option<i64> {
        Some(self.last_used.load(Ordering::Relaxed)).filter(|second| *second > 0)
    }

    /// Takes one request out of the quota. A leaky bucket in one number: `quota` requests may come
    /// at once, then one every sixtieth of a quota.
    pub fn take(&self, quota: u32, now: DateTime<Utc>) -> Allowance {
        let now = now.timestamp_micros();
        let window = WINDOW.saturating_mul(1_000_000);
        let one = (window / i64::from(quota.max(1))).max(1);
        let mut full_at = self.full_at.load(Ordering::Relaxed);
        loop {
            let next = full_at.max(now).saturating_add(one);
            let ahead = next.saturating_sub(now);
            if ahead > window {
                return Allowance {
                    granted: false,
                    quota,
                    remaining: 0,
                    wait: seconds(ahead.saturating_sub(window)),
                };
            }
            let swap = self.full_at.compare_exchange_weak(
                full_at,
                next,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match swap {
                Ok(_) => {
                    return Allowance {
                        granted: true,
                        quota,
                        remaining: window.saturating_sub(ahead) / one,
                        wait: seconds(ahead),
                    };
                }
                Err(other) => full_at = other,
            }
        }
    }
}

/// Microseconds as seconds, rounded up: who waits that long has waited long enough.
fn seconds(micros: i64) -> i64 {
    micros.saturating_add(999_999) / 1_000_000
}

/// Counts a request; refuses it before anything else looks at it where the quota is used up.
pub fn admit(
    request: &HttpRequest,
    meter: &Meter,
    quota: Option<u32>,
    now: DateTime<Utc>,
) -> Result<(), Problem> {
    let Some(quota) = quota else { return Ok(()) };
    let allowance = meter.take(quota, now);
    request.extensions_mut().insert(allowance);
    if allowance.granted {
        return Ok(());
    }
    let detail = format!("this credential may send {quota} requests a minute to one instance");
    Err(Problem::new(Kind::TooMany, detail))
}

/// Middleware: tells the caller what is left.
pub async fn tell(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mut response = next.call(request).await?;
    let allowance = response.request().extensions().get::<Allowance>().copied();
    if let Some(allowance) = allowance {
        let quota = allowance.quota;
        let headers = response.headers_mut();
        put(headers, POLICY, format!("\"default\";q={quota};w={WINDOW}"));
        let (left, wait) = (allowance.remaining, allowance.wait);
        put(headers, STATE, format!("\"default\";r={left};t={wait}"));
        if !allowance.granted {
            put(headers, header::RETRY_AFTER, wait.to_string());
        }
    }
    Ok(response)
}

fn put(headers: &mut header::HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_700_000_000_000_000 + micros).unwrap()
    }

    #[test]
    fn a_quota_is_spent_at_once_and_comes_back_bit_by_bit() {
        let meter = Meter::default();
        let told: Vec<_> = (0..4).map(|_| meter.take(3, at(0))).collect();
        let left: Vec<_> = told.iter().map(|it| (it.granted, it.remaining)).collect();
        assert_eq!(left, [(true, 2), (true, 1), (true, 0), (false, 0)]);
        assert_eq!((told[0].wait, told[2].wait, told[3].wait), (20, 60, 20));
        assert!(!meter.take(3, at(19_999_999)).granted);
        assert!(meter.take(3, at(20_000_000)).granted);
        assert!(!meter.take(3, at(20_000_000)).granted);
        assert_eq!(meter.take(3, at(500_000_000)).remaining, 2);
    }
}
