//! The journal of limits: every change with its old and new amount, its reason and its approver.

use super::{Account, accounts, amount, limit, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::QueryResult;
use tiercel_domain::credit::limits::{LimitChange, LimitKind};
use tiercel_domain::ids::CreditAccountId;
use tiercel_domain::scaled::Amount;

pub(super) const COLUMNS: &str = "change_no, kind, old_amount, new_amount, valid_from, valid_to, reason, \
    approver, principal, recorded_at";

/// A change to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLimit {
    pub change: LimitChange,
    pub reason: String,
    /// Who agreed to it, outside of this system.
    pub approver: String,
    pub principal: String,
}

/// A change that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLimit {
    pub no: i64,
    pub change: LimitChange,
    /// The latest of the same kind before; none for the first.
    pub old: Option<Amount>,
    pub reason: String,
    pub approver: String,
    pub principal: String,
    pub recorded_at: DateTime<Utc>,
}

pub(super) fn to_limit(row: &QueryResult) -> Result<StoredLimit, DbError> {
    let kind: String = row.try_get("", "kind")?;
    let old: Option<i64> = row.try_get("", "old_amount")?;
    Ok(StoredLimit {
        no: row.try_get("", "change_no")?,
        change: LimitChange {
            kind: LimitKind::from_word(&kind)
                .ok_or_else(|| DbError::corrupt("credit_limit_change", kind))?,
            amount: amount(row, "new_amount")?,
            valid_from: row.try_get("", "valid_from")?,
            valid_to: row.try_get("", "valid_to")?,
        },
        old: old.map(Amount::from_units),
        reason: row.try_get("", "reason")?,
        approver: row.try_get("", "approver")?,
        principal: row.try_get("", "principal")?,
        recorded_at: from_micros(row.try_get("", "recorded_at")?),
    })
}

/// All changes of an account, oldest first, as decisions read them.
pub async fn limits_of(
    source: &impl Source,
    account: CreditAccountId,
) -> Result<Vec<LimitChange>, DbError> {
    let all = limit_changes(source, account, None, i64::MAX.unsigned_abs()).await?;
    Ok(all.into_iter().map(|stored| stored.change).collect())
}

/// The changes of an account after one of them, oldest first.
pub async fn limit_changes(
    source: &impl Source,
    account: CreditAccountId,
    after: Option<i64>,
    count: u64,
) -> Result<Vec<StoredLimit>, DbError> {
    let text = format!(
        "SELECT {COLUMNS} FROM credit_limit_change WHERE account_id = $1 AND change_no > $2 \
         ORDER BY change_no LIMIT $3"
    );
    let values = vec![
        value(account.bits()),
        after.unwrap_or(0).into(),
        limit(count),
    ];
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_limit).collect()
}

/// Adds a change. Reservations that were computed from the limit before it fail their condition
/// and decide again; what was authorised stays so.
pub async fn change_limit(
    tx: &Tx,
    account: &Account,
    new: &NewLimit,
) -> Result<(Account, StoredLimit), DbError> {
    let text = "UPDATE credit_account SET limit_version = limit_version + 1, version = version + 1 \
                WHERE account_id = $1";
    sql::run(tx, text, vec![value(account.id.bits())]).await?;
    let after = accounts::account(tx, account.id).await?;
    let after = after.ok_or_else(|| super::lost("account"))?;
    let before = limit_changes(tx, account.id, None, i64::MAX.unsigned_abs()).await?;
    let same = before
        .iter()
        .rev()
        .find(|it| it.change.kind == new.change.kind);
    let old = same.map(|it| it.change.amount);
    let stored = StoredLimit {
        no: after.limit_version,
        change: new.change,
        old,
        reason: new.reason.clone(),
        approver: new.approver.clone(),
        principal: new.principal.clone(),
        recorded_at: tx.at(),
    };
    insert(tx, account.id, &stored).await?;
    tx.note(Change {
        entity: "credit_account",
        id: account.id.to_string(),
        version: after.version,
        what: "limit_changed",
        customer: account.customer,
        content: None,
        detail: vec![
            ("kind", new.change.kind.word().to_owned()),
            ("old", old.map_or_else(String::new, |it| it.to_string())),
            ("new", new.change.amount.to_string()),
            ("valid_from", new.change.valid_from.to_string()),
        ],
    });
    Ok((after, stored))
}

async fn insert(tx: &Tx, account: CreditAccountId, stored: &StoredLimit) -> Result<(), DbError> {
    let text = format!(
        "INSERT INTO credit_limit_change (account_id, {COLUMNS}, write_id) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    );
    let values = vec![
        value(account.bits()),
        stored.no.into(),
        stored.change.kind.word().into(),
        stored.old.map(Amount::units).into(),
        stored.change.amount.units().into(),
        stored.change.valid_from.into(),
        stored.change.valid_to.into(),
        stored.reason.clone().into(),
        stored.approver.clone().into(),
        stored.principal.clone().into(),
        tx.micros().into(),
        tx.write_uuid().into(),
    ];
    sql::run(tx, &text, values).await?;
    Ok(())
}
