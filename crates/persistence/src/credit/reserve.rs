//! The balances of an account: one conditional statement moves them, one row of the ledger tells.

use super::{amount, bits, limit, lost, optional_bits, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::Tx;
use chrono::{DateTime, Utc};
use sea_orm::QueryResult;
use tiercel_domain::ids::{AuthorizationId, CreditAccountId};
use tiercel_domain::scaled::Amount;

/// Under which circumstances an account may take more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    pub account: CreditAccountId,
    /// The changes of its limit that the ceiling was computed from.
    pub limit_version: i64,
    /// The most that may be posted and pending together; none = without a limit.
    pub ceiling: Option<Amount>,
}

/// A change of an account's balances, in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Movement {
    pub kind: &'static str,
    pub authorization: Option<AuthorizationId>,
    pub posted: i64,
    pub pending: i64,
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub no: i64,
    /// What happened, e.g. `authorized`.
    pub kind: String,
    pub authorization: Option<AuthorizationId>,
    pub posted_change: Amount,
    pub pending_change: Amount,
    /// The balances after it.
    pub posted: Amount,
    pub pending: Amount,
    pub recorded_at: DateTime<Utc>,
}

/// Moves the balances. With a guard only where they stay under its ceiling: false where they
/// would not, or where the account or its limit changed.
pub(super) async fn shift(
    tx: &Tx,
    account: CreditAccountId,
    movement: &Movement,
    guard: Option<&Guard>,
) -> Result<bool, DbError> {
    let mut values = vec![
        movement.posted.into(),
        movement.pending.into(),
        value(account.bits()),
    ];
    let mut text = "UPDATE credit_account SET posted = posted + $1, pending = pending + $2, \
                    version = version + 1 WHERE account_id = $3"
        .to_owned();
    if let Some(guard) = guard {
        values.push(guard.limit_version.into());
        text += " AND status = 'open' AND limit_version = $4";
        if let Some(ceiling) = guard.ceiling {
            // What all that is held may be before this movement.
            let change = movement.posted.saturating_add(movement.pending);
            values.push(ceiling.units().saturating_sub(change).into());
            text += " AND posted + pending <= $5";
        }
    }
    text += " RETURNING version, posted, pending";
    let rows = sql::rows(tx, &text, values).await?;
    let Some(row) = rows.first() else {
        return Ok(false);
    };
    let (version, posted, pending): (i64, i64, i64) = (
        row.try_get("", "version")?,
        row.try_get("", "posted")?,
        row.try_get("", "pending")?,
    );
    let text = "INSERT INTO credit_entry (account_id, entry_no, kind, authorization_id, \
                posted_change, pending_change, posted, pending, write_id, recorded_at) \
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let authorization = movement.authorization;
    let authorization = authorization.map(|id| uuid::Uuid::from_u128(id.bits()));
    let values = vec![
        value(account.bits()),
        version.into(),
        movement.kind.into(),
        authorization.into(),
        movement.posted.into(),
        movement.pending.into(),
        posted.into(),
        pending.into(),
        tx.write_uuid().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    Ok(true)
}

/// Moves the balances of an account and of its group alike, in the order of their ids. Guards are
/// for what takes more; what gives back needs none.
///
/// # Errors
/// `Conflict` where a guard refuses: what it was computed from is not so any more, so the whole
/// write is run again and decides anew.
pub(super) async fn shift_all(
    tx: &Tx,
    levels: &[CreditAccountId],
    movement: &Movement,
    guards: &[Guard],
) -> Result<(), DbError> {
    if movement.posted == 0 && movement.pending == 0 && guards.is_empty() {
        return Ok(());
    }
    let mut levels = levels.to_vec();
    levels.sort_unstable();
    for level in levels {
        let guard = guards.iter().find(|guard| guard.account == level);
        if !shift(tx, level, movement, guard).await? {
            return Err(lost("credit account"));
        }
    }
    Ok(())
}

fn to_entry(row: &QueryResult) -> Result<Entry, DbError> {
    let authorization = optional_bits(row, "authorization_id")?;
    Ok(Entry {
        no: row.try_get("", "entry_no")?,
        kind: row.try_get("", "kind")?,
        authorization: authorization.map(AuthorizationId::from_bits),
        posted_change: amount(row, "posted_change")?,
        pending_change: amount(row, "pending_change")?,
        posted: amount(row, "posted")?,
        pending: amount(row, "pending")?,
        recorded_at: from_micros(row.try_get("", "recorded_at")?),
    })
}

/// The ledger of an account after an entry, oldest first.
pub async fn entries(
    source: &impl Source,
    account: CreditAccountId,
    after: Option<i64>,
    count: u64,
) -> Result<Vec<Entry>, DbError> {
    let text = "SELECT entry_no, kind, authorization_id, posted_change, pending_change, posted, \
                pending, recorded_at FROM credit_entry WHERE account_id = $1 AND entry_no > $2 \
                ORDER BY entry_no LIMIT $3";
    let values = vec![
        value(account.bits()),
        after.unwrap_or(0).into(),
        limit(count),
    ];
    let rows = sql::rows(source, text, values).await?;
    rows.iter().map(to_entry).collect()
}

/// Who is on both levels of an authorisation: the account, and its group where it has one.
pub(super) async fn levels(
    source: &impl Source,
    account: CreditAccountId,
) -> Result<Vec<CreditAccountId>, DbError> {
    let text = "SELECT account_id, parent_id FROM credit_account WHERE account_id = $1";
    let rows = sql::rows(source, text, vec![value(account.bits())]).await?;
    let row = rows.first().ok_or_else(|| lost("credit account"))?;
    let parent = optional_bits(row, "parent_id")?.map(CreditAccountId::from_bits);
    let own = CreditAccountId::from_bits(bits(row, "account_id")?);
    Ok(std::iter::once(own).chain(parent).collect())
}
