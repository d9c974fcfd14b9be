//! The journal: numbered and chained after commit, read by position, verified end to end.

#[cfg(test)]
mod tests;

use crate::clock::from_micros;
use crate::crypto;
use crate::entity::journal;
use crate::error::DbError;
use crate::keys::{Keys, SealKey};
use crate::migrate::begin_immediate;
use crate::sql::MANY;
use crate::store::{Source, Store, sealed::Sealed};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::{KeyId, WriteId};
use uuid::Uuid;

/// Entries numbered per transaction.
const BATCH: u64 = 500;
/// How long the sequencer keeps its lease after the last sign of life.
const LEASE_MICROS: i64 = 3_000_000;
/// An entry that waits longer for its number is an alarm, which is looked for as often.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// How long [`settled`] waits: longer than a lease that its holder took to the grave.
const SETTLING_PAUSE: std::time::Duration = std::time::Duration::from_millis(5);
const SETTLING_TRIES: u32 = 1_000;

/// One entry of the numbered journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub position: i64,
    pub write_id: WriteId,
    pub recorded_at: DateTime<Utc>,
    pub principal: String,
    pub action: String,
    /// Canonical JSON: `{"changes":[…]}`.
    pub entry: String,
    pub chain_hash: String,
}

/// The end of the chain, sealed, to be kept where the database's administrator cannot change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub position: i64,
    pub chain_hash: String,
    pub key: Option<KeyId>,
    pub seal: String,
}

/// What [`verify`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    pub entries: i64,
    pub unnumbered: i64,
    /// Empty where everything holds.
    pub faults: Vec<String>,
}

fn link(previous: &str, row: &journal::Model, position: i64) -> String {
    let parts = serde_json::json!([
        previous,
        position,
        row.write_id.as_simple().to_string(),
        row.recorded_at,
        row.principal,
        row.action,
        row.entry,
    ]);
    crypto::sha256_hex(parts.to_string().as_bytes())
}

/// Numbers what is not numbered yet. Returns how many entries it numbered; zero also where
/// another instance holds the lease.
pub async fn sequence(store: &Store, seal: &SealKey) -> Result<u64, DbError> {
    let waiting = unnumbered(1).all(store.connection()).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let _turn = if store.is_postgres() {
        None
    } else {
        Some(store.writer.lock().await)
    };
    let tx = begin_immediate(store).await?;
    let now = store.clock.now().timestamp_micros();
    if !take_lease(&tx, &store.instance, now).await? {
        return Ok(0);
    }
    let mut head = read_head(&tx).await?;
    let rows = unnumbered(BATCH).all(&tx).await?;
    for row in &rows {
        head.position = head.position.saturating_add(1);
        head.chain_hash = link(&head.chain_hash, row, head.position);
        journal::Entity::update_many()
            .col_expr(journal::Column::Position, Expr::value(head.position))
            .col_expr(
                journal::Column::ChainHash,
                Expr::value(head.chain_hash.clone()),
            )
            .col_expr(journal::Column::NumberedAt, Expr::value(now))
            .filter(journal::Column::WriteId.eq(row.write_id))
            .exec(&tx)
            .await?;
    }
    head.key = Some(seal.id);
    head.seal = seal_of(seal, &head);
    write_head(&tx, &head).await?;
    tx.commit().await?;
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}

/// Runs the sequencer for ever: at once after a local write, else five times a second. Whoever
/// holds the lease, an entry that is not numbered in time is told of.
pub async fn run_sequencer(store: &Store, seal: &SealKey) -> DbError {
    let mut looked = tokio::time::Instant::now();
    loop {
        if looked.elapsed() >= PATIENCE {
            looked = tokio::time::Instant::now();
            if let Ok(Some(alarm)) = overdue(store).await {
                tracing::error!("{alarm}");
            }
        }
        match sequence(store, seal).await {
            Ok(0) => {
                let pause = std::time::Duration::from_millis(200);
                let _ = tokio::time::timeout(pause, store.written.notified()).await;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = %error, "the sequencer could not number the journal");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
}

fn unnumbered(limit: u64) -> sea_orm::Select<journal::Entity> {
    journal::Entity::find()
        .filter(journal::Column::Position.is_null())
        .order_by_asc(journal::Column::WriteId)
        .limit(limit)
}

async fn take_lease(tx: &DatabaseTransaction, holder: &str, now: i64) -> Result<bool, DbError> {
    let sql = "UPDATE journal_head SET holder = $1, held_until = $2 WHERE id = 1 AND (holder = $1 OR held_until < $3)";
    let values = [
        holder.into(),
        now.saturating_add(LEASE_MICROS).into(),
        now.into(),
    ];
    let done = tx
        .execute_raw(Statement::from_sql_and_values(
            tx.get_database_backend(),
            sql,
            values,
        ))
        .await?;
    Ok(done.rows_affected() == 1)
}

async fn read_head(connection: &impl ConnectionTrait) -> Result<Head, DbError> {
    let sql = "SELECT position, chain_hash, seal, sealed_by FROM journal_head WHERE id = 1";
    let row = connection
        .query_one_raw(Statement::from_string(
            connection.get_database_backend(),
            sql,
        ))
        .await?
        .ok_or_else(|| DbError::corrupt("journal_head", "the head is missing"))?;
    let key: Option<Uuid> = row.try_get("", "sealed_by")?;
    Ok(Head {
        position: row.try_get("", "position")?,
        chain_hash: row.try_get("", "chain_hash")?,
        key: key.map(|id| KeyId::from_bits(id.as_u128())),
        seal: row.try_get("", "seal")?,
    })
}

async fn write_head(tx: &DatabaseTransaction, head: &Head) -> Result<(), DbError> {
    let sql = "UPDATE journal_head SET position = $1, chain_hash = $2, seal = $3, sealed_by = $4 WHERE id = 1";
    let key = head.key.map(|id| Uuid::from_u128(id.bits()));
    let values = [
        head.position.into(),
        head.chain_hash.clone().into(),
        head.seal.clone().into(),
        key.into(),
    ];
    tx.execute_raw(Statement::from_sql_and_values(
        tx.get_database_backend(),
        sql,
        values,
    ))
    .await?;
    Ok(())
}

fn seal_of(key: &SealKey, head: &Head) -> String {
    key.seal(
        "journal head",
        format!("{}:{}", head.position, head.chain_hash).as_bytes(),
    )
}

/// The sealed end of the chain.
pub async fn head(source: &impl Source) -> Result<Head, DbError> {
    read_head(source.connection()).await
}

/// Entries after a position, in order.
pub async fn after(source: &impl Source, position: i64, limit: u64) -> Result<Vec<Entry>, DbError> {
    let rows = journal::Entity::find()
        .filter(journal::Column::Position.gt(position))
        .order_by_asc(journal::Column::Position)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_entry).collect()
}

/// Where writes stand; those that are not numbered yet are left out.
pub async fn positions(
    source: &impl Source,
    writes: impl IntoIterator<Item = WriteId>,
) -> Result<BTreeMap<WriteId, i64>, DbError> {
    let writes: BTreeSet<Uuid> = writes
        .into_iter()
        .map(|id| Uuid::from_u128(id.bits()))
        .collect();
    let writes: Vec<Uuid> = writes.into_iter().collect();
    let mut found = BTreeMap::new();
    for chunk in writes.chunks(MANY) {
        let rows: Vec<(Uuid, i64)> = journal::Entity::find()
            .select_only()
            .column(journal::Column::WriteId)
            .column(journal::Column::Position)
            .filter(journal::Column::WriteId.is_in(chunk.iter().copied()))
            .filter(journal::Column::Position.is_not_null())
            .into_tuple()
            .all(source.connection())
            .await?;
        let rows = rows.into_iter();
        found.extend(rows.map(|(id, position)| (WriteId::from_bits(id.as_u128()), position)));
    }
    Ok(found)
}

/// The highest position numbered by an instant.
pub async fn position_at(source: &impl Source, at: DateTime<Utc>) -> Result<i64, DbError> {
    let row = journal::Entity::find()
        .filter(journal::Column::NumberedAt.lte(at.timestamp_micros()))
        .order_by_desc(journal::Column::Position)
        .one(source.connection())
        .await?;
    Ok(row.and_then(|row| row.position).unwrap_or(0))
}

/// Committed entries that no sequencer has numbered, and how long the oldest has waited.
pub async fn backlog(store: &Store) -> Result<(i64, chrono::Duration), DbError> {
    let oldest = unnumbered(1).one(store.connection()).await?;
    let Some(oldest) = oldest else {
        return Ok((0, chrono::Duration::zero()));
    };
    let sql = "SELECT CAST(COUNT(*) AS BIGINT) AS waiting FROM journal WHERE position IS NULL";
    let row = store
        .connection()
        .query_one_raw(Statement::from_string(store.backend(), sql))
        .await?;
    let waiting = row.map_or(Ok(0), |row| row.try_get("", "waiting"))?;
    Ok((waiting, store.clock.now() - from_micros(oldest.recorded_at)))
}

/// What is wrong where an entry has waited too long for its number.
async fn overdue(store: &Store) -> Result<Option<String>, DbError> {
    let (unnumbered, waited) = backlog(store).await?;
    let seconds = waited.num_seconds();
    let late = waited.to_std().is_ok_and(|waited| waited > PATIENCE);
    let alarm = || format!("{unnumbered} entries are not numbered, the oldest for {seconds} s");
    Ok(late.then(alarm))
}

/// The end of the journal once everything is numbered that was committed before the call: what
/// anybody was told to be done is known there.
///
/// # Errors
/// `Unavailable` where nobody numbers the journal in time.
pub async fn settled(store: &Store) -> Result<i64, DbError> {
    let waiting = journal::Entity::find()
        .filter(journal::Column::Position.is_null())
        .order_by_desc(journal::Column::WriteId)
        .limit(1)
        .one(store.connection())
        .await?;
    let Some(last) = waiting.map(|row| row.write_id) else {
        return Ok(head(store).await?.position);
    };
    for _ in 0..SETTLING_TRIES {
        store.written.notify_one();
        tokio::time::sleep(SETTLING_PAUSE).await;
        let left = unnumbered(1)
            .filter(journal::Column::WriteId.lte(last))
            .one(store.connection())
            .await?;
        if left.is_none() {
            return Ok(head(store).await?.position);
        }
    }
    let detail = "the journal is not numbered in time";
    Err(DbError::Unavailable(detail.to_owned()))
}

fn to_entry(row: journal::Model) -> Result<Entry, DbError> {
    let position = row
        .position
        .ok_or_else(|| DbError::corrupt("journal", "no position"))?;
    Ok(Entry {
        position,
        write_id: WriteId::from_bits(row.write_id.as_u128()),
        recorded_at: from_micros(row.recorded_at),
        principal: row.principal,
        action: row.action,
        entry: row.entry,
        chain_hash: row.chain_hash.unwrap_or_default(),
    })
}

/// Walks the whole chain and reports every edit, gap, reordering and truncation.
///
/// `exported` is a head that was kept elsewhere: the chain must still contain it.
pub async fn verify(
    store: &Store,
    keys: &Keys,
    exported: Option<&Head>,
) -> Result<Verdict, DbError> {
    let mut walk = Walk::new(exported);
    loop {
        let rows = journal::Entity::find()
            .filter(journal::Column::Position.gt(walk.position))
            .order_by_asc(journal::Column::Position)
            .limit(1_000)
            .all(store.connection())
            .await?;
        if rows.is_empty() {
            break;
        }
        rows.iter().for_each(|row| walk.step(row));
    }
    let head = read_head(store.connection()).await?;
    let mut faults = walk.end(&head);
    for head in [Some(&head), exported].into_iter().flatten() {
        check_seal(keys, head, &mut faults);
    }
    faults.extend(overdue(store).await?);
    Ok(Verdict {
        entries: walk.position,
        unnumbered: backlog(store).await?.0,
        faults,
    })
}

/// How far a verification has come.
struct Walk {
    position: i64,
    chain_hash: String,
    /// The exported head, until the walk passes it.
    expected: Option<Head>,
    faults: Vec<String>,
}

impl Walk {
    fn new(exported: Option<&Head>) -> Self {
        let expected = exported.filter(|head| head.position > 0).cloned();
        Self {
            position: 0,
            chain_hash: String::new(),
            expected,
            faults: Vec::new(),
        }
    }

    fn step(&mut self, row: &journal::Model) {
        let position = row.position.unwrap_or(0);
        let due = self.position.saturating_add(1);
        if position != due {
            self.faults
                .push(format!("entries {due} to {} are missing", position - 1));
        }
        let kept = row.chain_hash.clone().unwrap_or_default();
        if link(&self.chain_hash, row, position) != kept {
            self.faults.push(format!(
                "entry {position} ({}) does not fit the chain",
                row.action
            ));
        }
        if let Some(head) = self.expected.take_if(|head| head.position <= position)
            && (head.position, &head.chain_hash) != (position, &kept)
        {
            self.faults
                .push(format!("entry {position} differs from the exported head"));
        }
        self.position = position;
        self.chain_hash = kept;
    }

    fn end(&mut self, head: &Head) -> Vec<String> {
        if let Some(head) = &self.expected {
            let at = head.position;
            self.faults
                .push(format!("the journal ends before the exported head at {at}"));
        }
        if (head.position, &head.chain_hash) != (self.position, &self.chain_hash) {
            let (ends, says) = (self.position, head.position);
            self.faults
                .push(format!("the journal ends at {ends}, its head says {says}"));
        }
        std::mem::take(&mut self.faults)
    }
}

fn check_seal(keys: &Keys, head: &Head, faults: &mut Vec<String>) {
    if head.position == 0 {
        return;
    }
    match head.key.and_then(|id| keys.sealing_key(id)) {
        None => faults.push(format!(
            "the seal of the head at {} cannot be checked: its key is not open to this master key",
            head.position
        )),
        Some(key) if !crypto::same(&seal_of(key, head), &head.seal) => {
            faults.push(format!(
                "the seal of the head at {} is broken",
                head.position
            ));
        }
        Some(_) => {}
    }
}
