//! The tenant of a request: its database, book, keys and clock, reachable only through a token.

use crate::book::BookKeeper;
use crate::problem::{Kind, Problem};
use crate::scope::{Needed, Scope};
use crate::token::{Principal, Verifier};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use futures_util::future::LocalBoxFuture;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use tiercel_persistence::journal;
use tiercel_persistence::keys::Keys;
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{DbError, Effects, Store};

/// Everything one tenant has; lives as long as the server.
pub struct Hosted {
    pub store: Arc<Store>,
    pub keys: Keys,
    pub settings: Settings,
    pub zone: Tz,
    pub book: BookKeeper,
    pub verifier: Verifier,
    /// The end of the journal before anything was read: what came later must be followed.
    pub opened_at: i64,
}

impl Hosted {
    /// Opens a tenant on a migrated store.
    pub async fn open(store: Arc<Store>, keys: Keys, settings: Settings) -> Result<Self, DbError> {
        let zone = settings.zone.parse().map_err(|_| {
            DbError::Schema(format!(
                "`{}` is not a time zone of the IANA database",
                settings.zone
            ))
        })?;
        crate::v1::seed_defaults(&store).await?;
        let opened_at = journal::head(&*store).await?.position;
        let verifier = Verifier::load(&store).await?;
        let book = BookKeeper::load(&store, &settings).await?;
        Ok(Self {
            store,
            keys,
            settings,
            zone,
            book,
            verifier,
            opened_at,
        })
    }

    /// Now, from the injected clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.store.clock().now()
    }

    /// The business date of an instant in the tenant's zone.
    pub fn date_of(&self, instant: DateTime<Utc>) -> NaiveDate {
        instant.with_timezone(&self.zone).date_naive()
    }

    /// Brings the projections in memory up to a committed write.
    pub async fn apply(&self, effects: &Effects) -> Result<(), DbError> {
        if effects.entities.contains("client") {
            self.verifier.refresh(&self.store).await?;
        }
        self.book.apply(&self.store, effects).await
    }
}

/// A tenant as one caller sees it.
#[derive(Clone)]
pub struct TenantHandle {
    hosted: Arc<Hosted>,
    principal: Arc<Principal>,
    now: DateTime<Utc>,
}

impl TenantHandle {
    pub fn store(&self) -> &Store {
        &self.hosted.store
    }

    pub fn keys(&self) -> &Keys {
        &self.hosted.keys
    }

    pub fn settings(&self) -> &Settings {
        &self.hosted.settings
    }

    /// The tenant beyond this request, for work that outlives it.
    pub const fn hosted(&self) -> &Arc<Hosted> {
        &self.hosted
    }

    /// One snapshot of the decision book, to be used for the whole request.
    pub fn book(&self) -> Arc<crate::book::Book> {
        self.hosted.book.snapshot()
    }

    /// Who calls: a client's id, or `operator`.
    pub fn principal(&self) -> &str {
        &self.principal.subject
    }

    /// Whether the caller may also do this; for fields that need a scope of their own.
    pub fn allows(&self, scope: Scope) -> bool {
        self.principal.scopes.contains(&scope) || self.principal.scopes.contains(&Scope::Admin)
    }

    /// Refuses a caller who has none of these scopes.
    pub fn require_any(&self, scopes: &[Scope]) -> Result<(), Problem> {
        if scopes.iter().any(|scope| self.allows(*scope)) {
            return Ok(());
        }
        let words: Vec<&str> = scopes.iter().map(|scope| scope.word()).collect();
        let detail = format!(
            "the credential lacks one of the scopes `{}`",
            words.join("`, `")
        );
        Err(Problem::new(Kind::Forbidden, detail))
    }

    /// The instant of this request; all it reads and answers carries the same.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The business date of this request in the tenant's zone.
    pub fn today(&self) -> NaiveDate {
        self.hosted.date_of(self.now)
    }

    pub async fn apply(&self, effects: &Effects) -> Result<(), Problem> {
        Ok(self.hosted.apply(effects).await?)
    }
}

/// For the few operations that several scopes open: [`TenantHandle::require_any`] comes first there.
impl FromRequest for TenantHandle {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(authenticate(request))
    }
}

/// A tenant whose caller has scope `S`. Name it first in a handler: it is checked first.
pub struct Tenant<S: Needed> {
    handle: TenantHandle,
    scope: PhantomData<S>,
}

impl<S: Needed> Deref for Tenant<S> {
    type Target = TenantHandle;
    fn deref(&self) -> &TenantHandle {
        &self.handle
    }
}

impl<S: Needed> FromRequest for Tenant<S> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = authenticate(request);
        let request = request.clone();
        Box::pin(async move {
            let handle = match found {
                Ok(handle) => handle,
                Err(refusal) => authenticate_again(&request).await?.ok_or(refusal)?,
            };
            if !handle.allows(S::SCOPE) {
                let detail = format!("the credential lacks the scope `{}`", S::SCOPE.word());
                return Err(Problem::new(Kind::Forbidden, detail));
            }
            Ok(Self {
                handle,
                scope: PhantomData,
            })
        })
    }
}

/// Once more for a token whose key another process made a moment ago.
async fn authenticate_again(request: &HttpRequest) -> Result<Option<TenantHandle>, Problem> {
    let hosted = request
        .app_data::<web::Data<Hosted>>()
        .ok_or_else(unauthorized)?;
    if !bearer(request).is_some_and(|token| hosted.verifier.is_foreign(token)) {
        return Ok(None);
    }
    hosted.verifier.look_again(&hosted.store).await?;
    Ok(authenticate(request).ok())
}

/// The one body for every reason: nothing tells a wrong token from an expired one.
fn unauthorized() -> Problem {
    Problem::new(
        Kind::Unauthorized,
        "send `Authorization: Bearer <token>` with a valid token",
    )
}

/// The bearer token of a request.
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let value = headers.next()?.to_str().ok()?;
    if headers.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim())
}

fn authenticate(request: &HttpRequest) -> Result<TenantHandle, Problem> {
    let hosted = request
        .app_data::<web::Data<Hosted>>()
        .ok_or_else(unauthorized)?;
    let now = hosted.now();
    let token = bearer(request).ok_or_else(unauthorized)?;
    let principal = hosted
        .verifier
        .verify(token, now)
        .ok_or_else(unauthorized)?;
    Ok(TenantHandle {
        hosted: Arc::clone(hosted),
        principal,
        now,
    })
}
