//! What a decision stands on: the book of now, or what was known at a moment of the past.

use crate::book::{Book, Wanted};
use crate::faults::Faults;
use crate::problem::{FieldError, Problem};
use crate::tenant::TenantHandle;
use crate::v1::asking::{KnownAt, read_known_at};
use crate::wire;
use chrono::{DateTime, NaiveDate, Utc};
use std::sync::Arc;
use tiercel_persistence::book::past::Moment;
use tiercel_persistence::journal;

/// What a request says of when, as it says it.
#[derive(Debug, Clone, Copy, Default)]
pub struct AskedWhen<'a> {
    pub as_of: Option<&'a str>,
    pub known_at: Option<&'a str>,
    pub receipt: Option<&'a str>,
}

/// The instant of a request and its business date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Present {
    pub today: NaiveDate,
    pub now: DateTime<Utc>,
}

impl Present {
    pub fn of(tenant: &TenantHandle) -> Self {
        Self {
            today: tenant.today(),
            now: tenant.now(),
        }
    }
}

/// As of when a decision is asked for, as known when, and whether with a receipt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct When {
    /// None = today.
    as_of: Option<NaiveDate>,
    known_at: Option<KnownAt>,
    pub receipt: bool,
    /// How the fields are named in answers: `/known_at` in a body, `known_at` in a query.
    prefix: &'static str,
}

/// What a decision reads.
#[derive(Debug, Clone)]
pub struct Ground {
    pub book: Arc<Book>,
    pub as_of: NaiveDate,
    /// The position of the journal that was read; none for the book, which is of now.
    pub position: Option<i64>,
}

impl When {
    /// Reads the fields; what is wrong with them is noted.
    pub fn read(
        present: Present,
        asked: AskedWhen<'_>,
        prefix: &'static str,
        faults: &mut Faults,
    ) -> Self {
        let field = |name: &str| format!("{prefix}{name}");
        let as_of = asked.as_of;
        let as_of = as_of.and_then(|text| wire::date(faults, &field("as_of"), text));
        if as_of.is_some_and(|day| day > present.today) {
            let detail = "nothing can be decided as of a day to come";
            faults.add(field("as_of"), "in_the_future", detail);
        }
        let known_at = asked.known_at;
        let known_at = known_at.and_then(|text| read_known_at(&field("known_at"), text, faults));
        if matches!(known_at, Some(KnownAt::Instant(at)) if at > present.now) {
            let detail = "nobody knows what will be known then";
            faults.add(field("known_at"), "in_the_future", detail);
        }
        let receipt = asked.receipt.unwrap_or("none");
        let receipt = faults.word(&field("receipt"), receipt, |word| match word {
            "none" => Some(false),
            "full" => Some(true),
            _ => None,
        });
        Self {
            as_of,
            known_at,
            receipt: receipt.unwrap_or_default(),
            prefix,
        }
    }

    /// The same with a receipt, whether one was asked for or not.
    pub const fn with_receipt(mut self) -> Self {
        self.receipt = true;
        self
    }

    /// The book where it can answer; else what `wanted` names of the past. A receipt names the
    /// position that was read, so it is always read from the database.
    pub async fn ground(
        &self,
        tenant: &TenantHandle,
        wanted: impl FnOnce() -> Wanted,
    ) -> Result<Ground, Problem> {
        let as_of = self.as_of.unwrap_or_else(|| tenant.today());
        if as_of == tenant.today() && self.known_at.is_none() && !self.receipt {
            return Ok(Ground {
                book: tenant.book(),
                as_of,
                position: None,
            });
        }
        let position = self.position(tenant).await?;
        Ground::past(tenant, Moment { as_of, position }, &wanted()).await
    }

    /// Without `known_at`: the end of the journal, once it holds what was acknowledged.
    async fn position(&self, tenant: &TenantHandle) -> Result<i64, Problem> {
        let store = tenant.store();
        let asked = match self.known_at {
            None => return Ok(journal::settled(store).await?),
            Some(KnownAt::Instant(at)) => return Ok(journal::position_at(store, at).await?),
            Some(KnownAt::Position(position)) => position,
        };
        let mut head = journal::head(store).await?.position;
        if asked > head {
            head = journal::settled(store).await?;
        }
        if asked > head {
            let pointer = format!("{}known_at", self.prefix);
            let detail = format!("the journal ends at position {head}");
            let fault = FieldError::new(pointer, "in_the_future", detail);
            return Err(Problem::invalid(vec![fault]));
        }
        Ok(asked)
    }
}

impl Ground {
    /// What was known at a position, as of a date.
    pub async fn past(
        tenant: &TenantHandle,
        moment: Moment,
        wanted: &Wanted,
    ) -> Result<Self, Problem> {
        Ok(Self {
            book: Arc::new(Book::at(tenant.hosted(), moment, wanted).await?),
            as_of: moment.as_of,
            position: Some(moment.position),
        })
    }
}
