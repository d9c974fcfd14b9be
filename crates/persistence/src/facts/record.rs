//! Records many facts in a bounded number of statements.

use super::incoming::{Known, Understood};
use crate::entity::{fact, fact_note};
use crate::error::DbError;
use crate::refresh::{self, Basis, Cause, RefreshError, Scope};
use crate::sql::MANY;
use crate::store::sealed::Sealed;
use crate::write::{Change, Tx};
use chrono::NaiveDate;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::facts::FactFault;
use tiercel_domain::ids::{CustomerId, FactId};
use tiercel_domain::incoming::IncomingFact;
use tiercel_domain::rollups::month_of;
use uuid::Uuid;

/// What became of one incoming fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    /// Not known before.
    Created { id: FactId, version: i64 },
    /// Known with other content: a new version replaces the one before.
    Updated { id: FactId, version: i64 },
    /// Known with the same content: nothing was written.
    Unchanged { id: FactId, version: i64 },
    /// Everything that is wrong with it; nothing of it was written.
    Rejected(Vec<FactFault>),
}

/// Source and external id.
type Key = (String, String);

/// The current version of a fact.
struct Head {
    fact: Uuid,
    customer: Uuid,
    version: i64,
    occurred_on: NaiveDate,
    content_hash: String,
    /// Where in this batch it was made; none where it was there before.
    place: Option<usize>,
}

/// What a batch will write.
#[derive(Default)]
struct Batch {
    heads: BTreeMap<Key, Head>,
    rows: Vec<fact::Model>,
    notes: Vec<fact_note::ActiveModel>,
    superseded: Vec<Uuid>,
    customers: BTreeSet<CustomerId>,
    months: BTreeSet<NaiveDate>,
}

/// Records facts in their order and brings everything derived from them up to date: open items,
/// rollups and evaluations of the customers they touch, in the same transaction.
///
/// A fact is known by its source and external id, also within the batch: a later one corrects an
/// earlier one. One that moves to another customer touches both.
///
/// # Errors
/// `TooLarge` where the sums of a customer could not be kept: nothing must be committed.
pub async fn record(
    tx: &Tx,
    incoming: &[IncomingFact],
    basis: &Basis<'_>,
) -> Result<Vec<Recorded>, RefreshError> {
    record_apart(tx, incoming, &BTreeSet::new(), basis).await
}

/// The same, but facts that touch the customers left out are rejected: their sums cannot be kept.
///
/// # Errors
/// `TooLarge` where the sums of another customer could not be kept either.
pub async fn record_apart(
    tx: &Tx,
    incoming: &[IncomingFact],
    left_out: &BTreeSet<CustomerId>,
    basis: &Basis<'_>,
) -> Result<Vec<Recorded>, RefreshError> {
    let mut known = Known::load(tx, incoming, basis.settings).await?;
    let keys = keys(incoming);
    let owners = heads(tx, &keys).await?;
    let mut touched = known.customers();
    touched.extend(owners.values().map(owner));
    tx.touch(&touched).await?;
    known.settle(tx, incoming).await?;
    // Only now nobody else changes these facts; one may have moved while this write waited.
    let heads = heads(tx, &keys).await?;
    if heads.values().any(|head| !touched.contains(&owner(head))) {
        return Err(DbError::Conflict("a fact moved to another customer".into()).into());
    }
    let mut batch = Batch {
        heads,
        ..Batch::default()
    };
    let recorded = incoming
        .iter()
        .map(|fact| match known.understand(fact) {
            Ok(understood) if batch.touches(&understood, left_out) => unsummable(),
            Ok(understood) => batch.take(tx, understood),
            Err(faults) => Recorded::Rejected(faults),
        })
        .collect();
    let scope = Scope {
        customers: batch.customers.clone(),
        months: std::mem::take(&mut batch.months),
    };
    batch.write(tx).await?;
    refresh::customers(tx, &scope, basis, Cause::Facts).await?;
    Ok(recorded)
}

/// Everything that is wrong with facts that are not going to be recorded, references included.
pub async fn examine(
    tx: &Tx,
    incoming: &[IncomingFact],
    basis: &Basis<'_>,
) -> Result<Vec<Vec<FactFault>>, DbError> {
    let mut known = Known::load(tx, incoming, basis.settings).await?;
    known.settle(tx, incoming).await?;
    let faults = incoming
        .iter()
        .map(|fact| known.understand(fact).err().unwrap_or_default());
    Ok(faults.collect())
}

fn unsummable() -> Recorded {
    let detail = "the amounts of the customer are too large to add up";
    Recorded::Rejected(vec![FactFault::new("too_large", "amount", detail)])
}

fn owner(head: &Head) -> CustomerId {
    CustomerId::from_bits(head.customer.as_u128())
}

fn keys(incoming: &[IncomingFact]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut keys: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for fact in incoming {
        let of_source = keys.entry(&fact.source).or_default();
        of_source.insert(&fact.external_id);
    }
    keys
}

async fn heads(
    tx: &Tx,
    keys: &BTreeMap<&str, BTreeSet<&str>>,
) -> Result<BTreeMap<Key, Head>, DbError> {
    let mut heads = BTreeMap::new();
    for (source, ids) in keys {
        let ids: Vec<&str> = ids.iter().copied().collect();
        for chunk in ids.chunks(MANY) {
            let rows: Vec<(String, Uuid, Uuid, i64, NaiveDate, String)> = fact::Entity::find()
                .select_only()
                .columns([
                    fact::Column::ExternalId,
                    fact::Column::FactId,
                    fact::Column::CustomerId,
                    fact::Column::Version,
                    fact::Column::OccurredOn,
                    fact::Column::ContentHash,
                ])
                .filter(fact::Column::SupersededBy.is_null())
                .filter(fact::Column::Source.eq(*source))
                .filter(fact::Column::ExternalId.is_in(chunk.iter().copied()))
                .into_tuple()
                .all(tx.connection())
                .await?;
            for (external_id, fact, customer, version, occurred_on, content_hash) in rows {
                let head = Head {
                    fact,
                    customer,
                    version,
                    occurred_on,
                    content_hash,
                    place: None,
                };
                heads.insert(((*source).to_owned(), external_id), head);
            }
        }
    }
    Ok(heads)
}

impl Batch {
    /// Whether a fact is of one of these customers, or was until now.
    fn touches(&self, understood: &Understood, customers: &BTreeSet<CustomerId>) -> bool {
        if customers.is_empty() {
            return false;
        }
        let row = &understood.row;
        let head = self
            .heads
            .get(&(row.source.clone(), row.external_id.clone()));
        customers.contains(&understood.customer)
            || head.is_some_and(|head| customers.contains(&owner(head)))
    }

    fn take(&mut self, tx: &Tx, understood: Understood) -> Recorded {
        let key = (
            understood.row.source.clone(),
            understood.row.external_id.clone(),
        );
        let head = self.heads.get(&key);
        if let Some(head) = head
            && head.content_hash == understood.row.content_hash
        {
            return Recorded::Unchanged {
                id: FactId::from_bits(head.fact.as_u128()),
                version: head.version,
            };
        }
        let (fact, version) = match head {
            Some(head) => (head.fact, head.version.saturating_add(1)),
            None => (Uuid::from_u128(tx.mint()), 1),
        };
        self.supersede(tx, &key);
        self.add(tx, key, understood, fact, version);
        let id = FactId::from_bits(fact.as_u128());
        match version {
            1 => Recorded::Created { id, version },
            _ => Recorded::Updated { id, version },
        }
    }

    /// Marks the version that is current until now.
    fn supersede(&mut self, tx: &Tx, key: &Key) {
        let Some(head) = self.heads.get(key) else {
            return;
        };
        self.customers.insert(owner(head));
        self.months.insert(month_of(head.occurred_on));
        match head.place.and_then(|place| self.rows.get_mut(place)) {
            Some(row) => row.superseded_by = Some(tx.write_uuid()),
            None => self.superseded.push(head.fact),
        }
    }

    fn add(&mut self, tx: &Tx, key: Key, understood: Understood, fact_id: Uuid, version: i64) {
        let row = fact::Model {
            fact_id,
            version,
            write_id: tx.write_uuid(),
            recorded_at: tx.micros(),
            ..understood.row
        };
        if let Some(note) = understood.note {
            let note = fact_note::Model {
                customer_id: row.customer_id,
                fact_id,
                version,
                note,
            };
            self.notes.push(note.into_active_model().reset_all());
        }
        self.customers.insert(understood.customer);
        self.months.insert(month_of(row.occurred_on));
        let head = Head {
            fact: fact_id,
            customer: row.customer_id,
            version,
            occurred_on: row.occurred_on,
            content_hash: row.content_hash.clone(),
            place: Some(self.rows.len()),
        };
        self.heads.insert(key, head);
        note(tx, understood.customer, &row);
        self.rows.push(row);
    }

    async fn write(self, tx: &Tx) -> Result<(), DbError> {
        supersede(tx, &self.superseded).await?;
        put(tx, &self.rows, &self.notes).await
    }
}

/// Marks the current versions of facts as replaced by this write.
pub(super) async fn supersede(tx: &Tx, facts: &[Uuid]) -> Result<(), DbError> {
    for chunk in facts.chunks(MANY) {
        let done = fact::Entity::update_many()
            .col_expr(fact::Column::SupersededBy, Expr::value(tx.write_uuid()))
            .filter(fact::Column::SupersededBy.is_null())
            .filter(fact::Column::FactId.is_in(chunk.iter().copied()))
            .exec(tx.connection())
            .await?;
        if done.rows_affected != chunk.len() as u64 {
            return Err(DbError::Conflict("a fact was corrected meanwhile".into()));
        }
    }
    Ok(())
}

/// Inserts versions with their notes.
pub(super) async fn put(
    tx: &Tx,
    rows: &[fact::Model],
    notes: &[fact_note::ActiveModel],
) -> Result<(), DbError> {
    for chunk in rows.chunks(MANY) {
        let rows = chunk.iter().cloned();
        let rows = rows.map(|row| row.into_active_model().reset_all());
        fact::Entity::insert_many(rows)
            .exec_without_returning(tx.connection())
            .await
            .map_err(taken_meanwhile)?;
    }
    for chunk in notes.chunks(MANY) {
        fact_note::Entity::insert_many(chunk.iter().cloned())
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

/// The same new fact for two customers at once: the second try finds the first one's.
fn taken_meanwhile(error: sea_orm::DbErr) -> DbError {
    match DbError::from(error) {
        DbError::Taken(detail) => DbError::Conflict(detail),
        other => other,
    }
}

fn note(tx: &Tx, customer: CustomerId, row: &fact::Model) {
    tx.note(Change {
        entity: "fact",
        id: FactId::from_bits(row.fact_id.as_u128()).to_string(),
        version: row.version,
        what: if row.version == 1 {
            "created"
        } else {
            "updated"
        },
        customer: Some(customer),
        content: Some(row.content_hash.clone()),
        detail: vec![("kind", row.kind.clone())],
    });
}
