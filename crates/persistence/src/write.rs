//! The one way to write: change, journal entry and kept answer in one transaction.

use crate::crypto;
use crate::entity::{customer_key, customer_state, idempotency, journal};
use crate::error::DbError;
use crate::migrate::begin_immediate;
use crate::mint;
use crate::store::{Source, Store, sealed::Sealed};
use crate::valuation::{self, Part};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{CustomerId, JobId, WriteId};
use uuid::Uuid;

/// How often a transaction that met another one is run again, with a growing pause.
const ATTEMPTS: u32 = 12;

/// Who writes, what it is called in the journal, and whether a retry must find the same answer.
#[derive(Debug, Clone)]
pub struct Writing<'a> {
    pub principal: &'a str,
    /// The event's type, e.g. `customer.updated`.
    pub action: &'a str,
    pub retry: Option<Retry<'a>>,
}

/// An `Idempotency-Key` with what it is bound to.
#[derive(Debug, Clone)]
pub struct Retry<'a> {
    /// Method and path.
    pub route: &'a str,
    pub key: &'a str,
    /// SHA-256 of the request body.
    pub request_hash: &'a str,
}

/// An HTTP answer, opaque to this crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// `name: value` lines.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Sealed under this customer's key while it is kept, because it may show personal data.
    pub personal_to: Option<CustomerId>,
}

/// What became of a write.
#[derive(Debug)]
pub enum Written<T> {
    /// Done now.
    Fresh { value: T, effects: Effects },
    /// Done before under the same key; the answer of then.
    Replayed(Answer),
    /// The key was used for another request.
    KeyReused,
    /// The same request is still under way, here or elsewhere.
    InFlight,
}

/// Something a write changed: one line of the journal entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The kind of thing, e.g. `customer`, `fact`, `product`.
    pub entity: &'static str,
    pub id: String,
    pub version: i64,
    /// What happened to it, e.g. `created`, `updated`, `tier_changed`.
    pub what: &'static str,
    pub customer: Option<CustomerId>,
    /// SHA-256 of the new content where it is free of personal data.
    pub content: Option<String>,
    /// More that a reader of the feed needs: names and values, free of personal data.
    pub detail: Vec<(&'static str, String)>,
}

/// What a committed write touched, for the projections in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    pub customers: BTreeSet<CustomerId>,
    /// Entities other than customers, e.g. `product`, `document`, `client`.
    pub entities: BTreeSet<String>,
}

/// A write in progress.
pub struct Tx {
    inner: DatabaseTransaction,
    write_id: WriteId,
    at: DateTime<Utc>,
    principal: String,
    valuation: Part,
    versions: RefCell<BTreeMap<CustomerId, i64>>,
    changes: RefCell<Vec<Change>>,
    action: Cell<Option<&'static str>>,
}

impl Sealed for Tx {
    type Connection = DatabaseTransaction;
    fn connection(&self) -> &DatabaseTransaction {
        &self.inner
    }
}
impl Source for Tx {}

/// Errors of the closure given to [`Store::write`]: it must be told which are worth another try.
pub trait WriteError: From<DbError> {
    fn database_error(&self) -> Option<&DbError>;
}

impl WriteError for DbError {
    fn database_error(&self) -> Option<&DbError> {
        Some(self)
    }
}

impl Tx {
    /// The id that every row of this write carries.
    pub const fn write_id(&self) -> WriteId {
        self.write_id
    }

    pub(crate) const fn write_uuid(&self) -> Uuid {
        Uuid::from_u128(self.write_id.bits())
    }

    /// The instant of this write; all its rows carry the same.
    pub const fn at(&self) -> DateTime<Utc> {
        self.at
    }

    pub(crate) const fn micros(&self) -> i64 {
        self.at.timestamp_micros()
    }

    /// A fresh id of any kind.
    pub fn mint(&self) -> u128 {
        mint::bits(self.at)
    }

    /// Who writes.
    pub(crate) fn principal(&self) -> &str {
        &self.principal
    }

    pub(crate) const fn valuation(&self) -> &Part {
        &self.valuation
    }

    /// The job that values facts again because of what this write has recorded, if they need one.
    /// Ask when everything else of the write is done: it locks what other writes wait for.
    ///
    /// # Errors
    /// `Conflict` where another write came between: run the transaction again.
    pub async fn revaluation(&self) -> Result<Option<JobId>, DbError> {
        valuation::settle(self).await?;
        Ok(self.valuation.revaluation())
    }

    /// Calls the write something else in the journal, where only its outcome tells what it was.
    pub fn call_it(&self, action: &'static str) {
        self.action.set(Some(action));
    }

    /// Notes one change for the journal.
    pub fn note(&self, change: Change) {
        self.changes.borrow_mut().push(change);
    }

    /// Bumps the versions of existing customers first, in id order, which locks them until the
    /// write ends. Returns those that exist. A customer is bumped once per write.
    pub async fn touch(&self, ids: &BTreeSet<CustomerId>) -> Result<BTreeSet<CustomerId>, DbError> {
        let known: BTreeSet<_> = self.versions.borrow().keys().copied().collect();
        let fresh: Vec<Uuid> = ids
            .difference(&known)
            .map(|id| Uuid::from_u128(id.bits()))
            .collect();
        for chunk in fresh.chunks(500) {
            self.bump(chunk).await?;
        }
        let versions = self.versions.borrow();
        Ok(ids
            .iter()
            .filter(|id| versions.contains_key(id))
            .copied()
            .collect())
    }

    async fn bump(&self, ids: &[Uuid]) -> Result<(), DbError> {
        let mut rows = customer_state::Entity::find()
            .select_only()
            .column(customer_state::Column::CustomerId)
            .column(customer_state::Column::Version)
            .filter(customer_state::Column::CustomerId.is_in(ids.iter().copied()))
            .order_by_asc(customer_state::Column::CustomerId);
        if self.backend() == sea_orm::DbBackend::Postgres {
            rows = rows.lock(LockType::Update);
        }
        let rows: Vec<(Uuid, i64)> = rows.into_tuple().all(&self.inner).await?;
        customer_state::Entity::update_many()
            .col_expr(
                customer_state::Column::Version,
                Expr::col(customer_state::Column::Version).add(1),
            )
            .col_expr(
                customer_state::Column::UpdatedAt,
                Expr::value(self.micros()),
            )
            .filter(customer_state::Column::CustomerId.is_in(rows.iter().map(|row| row.0)))
            .exec(&self.inner)
            .await?;
        let mut versions = self.versions.borrow_mut();
        for (id, version) in rows {
            versions.insert(
                CustomerId::from_bits(id.as_u128()),
                version.saturating_add(1),
            );
        }
        Ok(())
    }

    /// A customer that this write has just created, at version 1.
    pub(crate) fn adopt(&self, id: CustomerId) {
        self.versions.borrow_mut().insert(id, 1);
    }

    /// The state version of a touched customer after this write.
    pub fn state_version(&self, id: CustomerId) -> Option<i64> {
        self.versions.borrow().get(&id).copied()
    }

    fn entry(&self) -> Result<String, DbError> {
        let entry = Entry {
            changes: self.changes.borrow(),
        };
        serde_json::to_string(&entry).map_err(|error| DbError::Query(error.to_string()))
    }

    fn effects(&self) -> Effects {
        let entities = self
            .changes
            .borrow()
            .iter()
            .map(|change| change.entity.to_owned())
            .collect();
        Effects {
            customers: self.versions.borrow().keys().copied().collect(),
            entities,
        }
    }
}

/// What the journal says of a write.
#[derive(Serialize)]
struct Entry<'a> {
    #[serde(serialize_with = "lines")]
    changes: Ref<'a, Vec<Change>>,
}

fn lines<S: Serializer>(changes: &Ref<'_, Vec<Change>>, out: S) -> Result<S::Ok, S::Error> {
    out.collect_seq(changes.iter())
}

impl Serialize for Change {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let mut line = out.serialize_map(None)?;
        line.serialize_entry("entity", self.entity)?;
        line.serialize_entry("id", &self.id)?;
        line.serialize_entry("version", &self.version)?;
        line.serialize_entry("what", self.what)?;
        if let Some(customer) = self.customer {
            line.serialize_entry("customer", &customer.to_string())?;
        }
        if let Some(content) = &self.content {
            line.serialize_entry("content", content)?;
        }
        for (name, value) in &self.detail {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}

impl Store {
    /// Runs `change` in one transaction that also stores the journal entry and, where the request
    /// has a key, the answer for retries. Runs it again where another transaction came between.
    ///
    /// Nothing is written where `change` fails; a change that notes nothing leaves no journal entry.
    pub async fn write<T, E: WriteError>(
        &self,
        writing: &Writing<'_>,
        change: impl AsyncFn(&Tx) -> Result<(T, Option<Answer>), E>,
    ) -> Result<Written<T>, E> {
        let _turn = match &writing.retry {
            None => None,
            Some(retry) => match self.under_way.turn(writing.principal, retry).await {
                Some(turn) => Some(turn),
                None => return Ok(Written::InFlight),
            },
        };
        let again = |error: &E| {
            let cause = error.database_error();
            cause.is_some_and(DbError::is_worth_retrying)
        };
        let mut attempt: u32 = 0;
        loop {
            attempt += 1;
            match self.attempt(writing, &change).await {
                Err(error) if attempt < ATTEMPTS && again(&error) => pause(attempt).await,
                done => return done,
            }
        }
    }

    async fn attempt<T, E: WriteError>(
        &self,
        writing: &Writing<'_>,
        change: &impl AsyncFn(&Tx) -> Result<(T, Option<Answer>), E>,
    ) -> Result<Written<T>, E> {
        let _turn = if self.is_postgres() {
            None
        } else {
            Some(self.writer.lock().await)
        };
        let at = self.clock.now();
        let tx = Tx {
            inner: begin_immediate(self).await?,
            write_id: WriteId::from_bits(mint::bits(at)),
            at,
            principal: writing.principal.to_owned(),
            valuation: Part::default(),
            versions: RefCell::default(),
            changes: RefCell::default(),
            action: Cell::default(),
        };
        if let Some(retry) = &writing.retry {
            match claim(&tx, writing.principal, retry).await {
                Ok(true) => {}
                Ok(false) => return Ok(replay(&tx, writing.principal, retry).await?),
                // Another instance is at it, and takes longer than a lock may be waited for.
                Err(DbError::Unavailable(why)) if why.contains("lock") => {
                    return Ok(Written::InFlight);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let (value, answer) = change(&tx).await?;
        valuation::settle(&tx).await?;
        if let (Some(retry), Some(answer)) = (&writing.retry, &answer) {
            keep(&tx, writing.principal, retry, answer).await?;
        }
        if !tx.changes.borrow().is_empty() {
            insert_journal(&tx, writing).await?;
        }
        let effects = tx.effects();
        tx.inner.commit().await.map_err(DbError::from)?;
        self.written.notify_one();
        Ok(Written::Fresh { value, effects })
    }
}

async fn pause(attempt: u32) {
    let spread = mint::secret::<1>().map_or(0, |[byte]| u64::from(byte & 7));
    let millis = (1_u64 << Ord::min(attempt, 7)).saturating_add(spread);
    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
}

async fn insert_journal(tx: &Tx, writing: &Writing<'_>) -> Result<(), DbError> {
    let row = journal::ActiveModel {
        write_id: Set(tx.write_uuid()),
        recorded_at: Set(tx.micros()),
        principal: Set(writing.principal.to_owned()),
        action: Set(tx.action.get().unwrap_or(writing.action).to_owned()),
        entry: Set(tx.entry()?),
        position: Set(None),
        chain_hash: Set(None),
        numbered_at: Set(None),
    };
    journal::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    Ok(())
}

/// Takes the key for this write; a duplicate waits here for the first one to end.
async fn claim(tx: &Tx, principal: &str, retry: &Retry<'_>) -> Result<bool, DbError> {
    let row = idempotency::ActiveModel {
        principal: Set(principal.to_owned()),
        route: Set(retry.route.to_owned()),
        retry_key: Set(retry.key.to_owned()),
        request_hash: Set(retry.request_hash.to_owned()),
        status: Set(0),
        headers: Set(String::new()),
        body: Set(Vec::new()),
        sealed_for: Set(None),
        created_at: Set(tx.micros()),
    };
    let inserted = idempotency::Entity::insert(row)
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .exec_without_returning(tx.connection())
        .await?;
    Ok(inserted == 1)
}

async fn replay<T>(tx: &Tx, principal: &str, retry: &Retry<'_>) -> Result<Written<T>, DbError> {
    let key = (
        principal.to_owned(),
        retry.route.to_owned(),
        retry.key.to_owned(),
    );
    let row = idempotency::Entity::find_by_id(key)
        .one(tx.connection())
        .await?;
    let row = row.ok_or_else(|| DbError::Conflict("the first attempt was rolled back".into()))?;
    if row.request_hash != retry.request_hash {
        return Ok(Written::KeyReused);
    }
    let body = match row.sealed_for {
        None => row.body,
        Some(customer) => match secret_of(tx, customer).await? {
            Some(secret) => crypto::open(&secret, &row.body)?,
            // The customer was erased since: the retry learns that it was done, not what it said.
            None => b"{}".to_vec(),
        },
    };
    let headers = row.headers.lines().filter_map(|line| line.split_once(": "));
    Ok(Written::Replayed(Answer {
        status: u16::try_from(row.status).unwrap_or(200),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body,
        personal_to: None,
    }))
}

async fn keep(tx: &Tx, principal: &str, retry: &Retry<'_>, answer: &Answer) -> Result<(), DbError> {
    let customer = answer.personal_to.map(|id| Uuid::from_u128(id.bits()));
    let secret = match customer {
        Some(customer) => secret_of(tx, customer).await?,
        None => None,
    };
    let body = match (&customer, &secret) {
        (None, _) => answer.body.clone(),
        (Some(_), Some(secret)) => crypto::seal(secret, &answer.body)?,
        (Some(_), None) => Vec::new(),
    };
    let headers: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    idempotency::Entity::update_many()
        .col_expr(
            idempotency::Column::Status,
            Expr::value(i64::from(answer.status)),
        )
        .col_expr(
            idempotency::Column::Headers,
            Expr::value(headers.join("\n")),
        )
        .col_expr(idempotency::Column::Body, Expr::value(body))
        .col_expr(idempotency::Column::SealedFor, Expr::value(customer))
        .filter(idempotency::Column::Principal.eq(principal))
        .filter(idempotency::Column::Route.eq(retry.route))
        .filter(idempotency::Column::RetryKey.eq(retry.key))
        .exec(tx.connection())
        .await?;
    Ok(())
}

async fn secret_of(tx: &Tx, customer: Uuid) -> Result<Option<Vec<u8>>, DbError> {
    let row = customer_key::Entity::find_by_id(customer)
        .one(tx.connection())
        .await?;
    Ok(row.map(|row| row.secret))
}
