//! What questions about one customer's past have in common: whom, as of when, as known when.

use crate::faults::Faults;
use crate::problem::Problem;
use crate::tenant::TenantHandle;
use crate::v1::deciding;
use crate::wire;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;
use tiercel_domain::fact::Fact;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::profile::Profile;
use tiercel_persistence::customers::CustomerState;
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{Store, Tx, customers, facts, journal};

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Database(error) => error.into(),
            RefreshError::TooLarge(_) => Self::new(
                crate::problem::Kind::InvalidInput,
                "the amounts of a customer are too large to add up",
            ),
        }
    }
}

/// A date and a moment of knowledge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub as_of: NaiveDate,
    /// A position of the journal; none = now.
    pub known_at: Option<i64>,
}

/// `known_at` before it is looked up: a position, or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownAt {
    Position(i64),
    Instant(DateTime<Utc>),
}

/// Reads `as_of` (today where it is absent) and `known_at` (now where it is absent).
pub async fn moment(
    tenant: &TenantHandle,
    as_of: Option<&str>,
    known_at: Option<&str>,
) -> Result<Moment, Problem> {
    let mut faults = Faults::default();
    let as_of = match as_of {
        Some(text) => wire::date(&mut faults, "as_of", text),
        None => Some(tenant.today()),
    };
    let known_at = known_at.and_then(|text| read_known_at("known_at", text, &mut faults));
    let as_of = faults.finish(as_of)?;
    let known_at = match known_at {
        None => None,
        Some(KnownAt::Position(position)) => Some(position),
        Some(KnownAt::Instant(at)) => Some(journal::position_at(tenant.store(), at).await?),
    };
    Ok(Moment { as_of, known_at })
}

/// Reads a position of the journal or an instant; a fault is noted and nothing returned.
pub fn read_known_at(pointer: &str, text: &str, faults: &mut Faults) -> Option<KnownAt> {
    let position = text.parse::<i64>().ok().filter(|position| *position >= 0);
    let read = position.map(KnownAt::Position).or_else(|| {
        let instant = DateTime::parse_from_rfc3339(text).ok()?;
        Some(KnownAt::Instant(instant.with_timezone(&Utc)))
    });
    if read.is_none() {
        let detail =
            "is neither a position of the journal nor an instant such as `2026-03-01T09:30:00Z`";
        faults.add(pointer, "not_a_moment", detail);
    }
    read
}

/// The state of a customer that exists and was not erased.
pub async fn existing(store: &Store, id: CustomerId) -> Result<CustomerState, Problem> {
    let mut states = customers::state(store, &BTreeSet::from([id])).await?;
    let state = states.remove(&id).filter(|state| state.erased_at.is_none());
    state.ok_or_else(|| Problem::not_found("customer"))
}

/// The customer named by a filter, `cus_…` or `system:id`.
pub async fn named(tenant: &TenantHandle, text: &str) -> Result<CustomerId, Problem> {
    let mut faults = Faults::default();
    let reference = deciding::read_customer("customer", text, &mut faults);
    let reference = faults.finish(reference)?;
    let wanted = BTreeSet::from([reference.clone()]);
    let found = customers::resolve(tenant.store(), &wanted).await?;
    let id = found.get(&reference).copied();
    id.ok_or_else(|| Problem::not_found("customer"))
}

/// What was known of a customer at a moment.
pub struct Subject {
    pub state: CustomerState,
    pub profile: Profile,
    pub facts: Vec<Fact>,
}

impl Subject {
    pub async fn load(
        store: &Store,
        id: CustomerId,
        known_at: Option<i64>,
    ) -> Result<Self, Problem> {
        let wanted = BTreeSet::from([id]);
        let state = existing(store, id).await?;
        let profile = customers::profiles(store, &wanted, known_at)
            .await?
            .remove(&id);
        let facts = facts::of_customers(store, &wanted, known_at)
            .await?
            .remove(&id);
        Ok(Self {
            state,
            profile: profile.ok_or_else(|| Problem::not_found("customer"))?,
            facts: facts.unwrap_or_default(),
        })
    }
}

/// Holds a customer until the write ends.
///
/// # Errors
/// 404 where there is none, or it is erased.
pub async fn locked(tx: &Tx, customer: CustomerId) -> Result<(), Problem> {
    let only = BTreeSet::from([customer]);
    tx.touch(&only).await?;
    let state = customers::state(tx, &only).await?.remove(&customer);
    match state.filter(|state| state.erased_at.is_none()) {
        Some(_) => Ok(()),
        None => Err(Problem::not_found("customer")),
    }
}
