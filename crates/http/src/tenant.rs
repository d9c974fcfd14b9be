//! The tenant of a request: its database, book, keys and clock, reachable only through a token.

use crate::book::BookKeeper;
use crate::credential::{self, Credential};
use crate::follow::Followed;
use crate::issuers::{IssuerSettings, Issuers};
use crate::limit::{self, Limits};
use crate::problem::{Kind, Problem};
use crate::scope::{Needed, Scope};
use crate::token::Principal;
use crate::verifier::{Caller, Verifier};
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use std::collections::BTreeSet;
use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use tiercel_domain::ids::CustomerId;
use tiercel_persistence::keys::Keys;
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{DbError, Effects, Store};
use tiercel_persistence::{customers, journal};

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
    /// How far the journal was followed from there.
    pub followed: Followed,
    /// Origins of browser front ends that may call.
    pub origins: BTreeSet<String>,
    /// Whether a model is published only after a fresh simulation of exactly its draft.
    pub require_simulation: bool,
}

/// Longer without the journal, and what is in memory may be old.
const BEHIND_AFTER: TimeDelta = TimeDelta::seconds(5);

/// Who may call besides our own clients, from where, and how often.
#[derive(Debug, Clone, Default)]
pub struct AccessRules {
    pub origins: BTreeSet<String>,
    pub limits: Limits,
    pub issuers: Vec<IssuerSettings>,
}

impl Hosted {
    /// Opens a tenant on a migrated store.
    pub async fn open(
        store: Arc<Store>,
        keys: Keys,
        settings: Settings,
        access: AccessRules,
    ) -> Result<Self, DbError> {
        let zone = settings.zone.parse().map_err(|_| {
            DbError::Schema(format!(
                "`{}` is not a time zone of the IANA database",
                settings.zone
            ))
        })?;
        let opened_at = journal::head(&*store).await?.position;
        let issuers = Issuers::new(access.issuers)?;
        let master = keys.master.clone();
        let verifier = Verifier::load(&store, master, access.limits, issuers).await?;
        let book = BookKeeper::load(&store, &settings).await?;
        let followed = Followed::from(store.clock().now());
        Ok(Self {
            store,
            keys,
            settings,
            zone,
            book,
            verifier,
            opened_at,
            followed,
            origins: access.origins,
            require_simulation: false,
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

    /// Whether memory may lack what others wrote some seconds ago: the journal does not answer.
    pub fn is_behind(&self, now: DateTime<Utc>) -> bool {
        let (_, current_at) = self.followed.told();
        now.timestamp_micros().saturating_sub(current_at)
            > BEHIND_AFTER.num_microseconds().unwrap_or(i64::MAX)
    }

    /// Brings the projections in memory up to a committed write.
    pub async fn apply(&self, effects: &Effects) -> Result<(), DbError> {
        let trusted = ["client", "signing_key"];
        if trusted.iter().any(|it| effects.entities.contains(*it)) {
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

    /// Whether memory may be old, because the journal does not answer.
    pub fn is_behind(&self) -> bool {
        self.hosted.is_behind(self.now)
    }

    /// Who calls: a client's id, `operator`, or a subject of an external issuer.
    pub fn principal(&self) -> &str {
        &self.principal.subject
    }

    /// Whether the caller may also do this; for fields that need a scope of their own.
    pub fn allows(&self, scope: Scope) -> bool {
        self.principal.scopes.contains(&scope) || self.principal.scopes.contains(&Scope::Admin)
    }

    /// Whether the caller is bound to one customer and sees only what that customer may see.
    pub fn is_customer(&self) -> bool {
        self.principal.customer.is_some()
    }

    /// Refuses a caller who lacks the scope.
    fn require(&self, scope: Scope) -> Result<(), Problem> {
        if self.allows(scope) {
            return Ok(());
        }
        let detail = format!("the credential lacks the scope `{}`", scope.word());
        Err(Problem::new(Kind::Forbidden, detail))
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
        ready(admitted(request).and_then(|handle| {
            if handle.is_customer() {
                return Err(not_for_customers());
            }
            Ok(handle)
        }))
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
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let found = TenantHandle::from_request(request, payload).into_inner();
        ready(found.and_then(|handle| {
            handle.require(S::SCOPE)?;
            Ok(Self {
                handle,
                scope: PhantomData,
            })
        }))
    }
}

/// A tenant whose caller has scope `S`, or a token bound to the customer in the path (`{id}`), or in
/// the query (`customer`) where the path has none.
///
/// An operation that names this instead of [`Tenant`] declares that customers may read it; it asks
/// [`TenantHandle::is_customer`] and leaves out what is not for them. It says
/// `security(("bearer" = []), ("customer" = []))` in the contract, which the tests hold it to.
pub struct CustomerTenant<S: Needed>(Tenant<S>);

impl<S: Needed> Deref for CustomerTenant<S> {
    type Target = TenantHandle;
    fn deref(&self) -> &TenantHandle {
        &self.0
    }
}

impl<S: Needed> FromRequest for CustomerTenant<S> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(admitted(request).and_then(|handle| {
            match handle.principal.customer {
                None => handle.require(S::SCOPE)?,
                Some(customer) => {
                    if asked_for(request) != Some(customer) {
                        return Err(not_for_customers());
                    }
                }
            }
            Ok(Self(Tenant {
                handle,
                scope: PhantomData,
            }))
        }))
    }
}

/// The customer that a request is about.
fn asked_for(request: &HttpRequest) -> Option<CustomerId> {
    let in_path = request.match_info().get("id");
    let mut in_query = request.query_string().split('&');
    let in_query = || in_query.find_map(|pair| pair.strip_prefix("customer="));
    in_path.or_else(in_query)?.parse().ok()
}

/// The one body for every reason: nothing tells a wrong credential from an expired one.
fn unauthorized() -> Problem {
    Problem::new(
        Kind::Unauthorized,
        "send a valid credential: `Authorization: Bearer <token>`, `Authorization: Basic …` or `X-Api-Key: <client id>.<secret>`",
    )
}

fn not_for_customers() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing here for this token")
}

/// Who was found to call, kept for the extractors of the operation.
struct Admission(Result<TenantHandle, Problem>);

/// Middleware: finds out who calls before anything else is read, so that no fault of a path or a
/// body is told to a caller who may not know. Whether the operation is for that caller is asked by
/// its extractor.
pub async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let secured = request.path().starts_with("/v1/") || request.path() == "/metrics";
    if secured && request.method() != Method::OPTIONS {
        let admission = Admission(enter(request.request()).await);
        request.extensions_mut().insert(admission);
    }
    next.call(request).await
}

fn admitted(request: &HttpRequest) -> Result<TenantHandle, Problem> {
    let admission = request.extensions_mut().remove::<Admission>();
    admission.map_or_else(|| Err(unauthorized()), |admission| admission.0)
}

async fn enter(request: &HttpRequest) -> Result<TenantHandle, Problem> {
    let hosted = request
        .app_data::<web::Data<Hosted>>()
        .ok_or_else(unauthorized)?;
    let credential = credential::given(request)?.ok_or_else(unauthorized)?;
    let found = find_caller(hosted, &credential).await?;
    let caller = found.ok_or_else(unauthorized)?;
    let now = hosted.now();
    count(request, &caller, now)?;
    if let Some(customer) = caller.principal.customer
        && !exists(hosted, customer).await?
    {
        return Err(unauthorized());
    }
    // For the log.
    let principal = Arc::clone(&caller.principal);
    request.extensions_mut().insert(principal);
    Ok(TenantHandle {
        hosted: Arc::clone(hosted),
        principal: caller.principal,
        now,
    })
}

/// Erasing a customer ends the tokens bound to it.
async fn exists(hosted: &Hosted, customer: CustomerId) -> Result<bool, Problem> {
    let states = customers::state(&*hosted.store, &BTreeSet::from([customer])).await?;
    let state = states.get(&customer);
    Ok(state.is_some_and(|state| state.erased_at.is_none()))
}

/// Who stands behind a credential; another process may have made it a moment ago.
pub async fn find_caller(
    hosted: &Hosted,
    credential: &Credential<'_>,
) -> Result<Option<Caller>, Problem> {
    if let Some(caller) = hosted.verifier.verify(credential, hosted.now()) {
        return Ok(Some(caller));
    }
    hosted
        .verifier
        .look_again(&hosted.store, credential)
        .await?;
    Ok(hosted.verifier.verify(credential, hosted.now()))
}

/// Whether the caller of a request may still do what one of these scopes allows: for answers that
/// may last longer than the credential. It counts as no request.
pub fn may_still(request: &HttpRequest, scopes: &[Scope]) -> bool {
    let hosted = request.app_data::<web::Data<Hosted>>();
    let credential = credential::given(request).ok().flatten();
    hosted.zip(credential).is_some_and(|(hosted, credential)| {
        let now = hosted.now();
        let caller = hosted.verifier.verify(&credential, now);
        let handle = caller.map(|caller| TenantHandle {
            hosted: Arc::clone(hosted),
            principal: caller.principal,
            now,
        });
        handle.is_some_and(|handle| handle.require_any(scopes).is_ok())
    })
}

/// Counts a request of a caller, and refuses it where there were too many.
pub fn count(request: &HttpRequest, caller: &Caller, now: DateTime<Utc>) -> Result<(), Problem> {
    let Some(meter) = &caller.meter else {
        return Ok(());
    };
    meter.touch(now);
    limit::admit(request, meter, caller.quota, now)
}
