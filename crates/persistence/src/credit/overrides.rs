//! Budgets beyond the rules of credit: given for a reason, used up, and over at a time.

use super::{amount, bits, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use tiercel_domain::ids::{CreditAccountId, CreditOverrideId};
use tiercel_domain::scaled::Amount;

/// A budget to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOverride {
    pub account: CreditAccountId,
    pub amount: Amount,
    pub reason: String,
    pub principal: String,
    pub expires_at: DateTime<Utc>,
}

/// A budget and what is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    pub id: CreditOverrideId,
    pub account: CreditAccountId,
    pub amount: Amount,
    pub used: Amount,
    pub reason: String,
    pub principal: String,
    pub expires_at: DateTime<Utc>,
}

/// Keeps a budget.
pub async fn give_override(tx: &Tx, new: &NewOverride) -> Result<Override, DbError> {
    let id = CreditOverrideId::from_bits(tx.mint());
    let text = "INSERT INTO credit_override (override_id, account_id, amount, used, reason, \
                principal, expires_at, created_at) VALUES ($1, $2, $3, 0, $4, $5, $6, $7)";
    let values = vec![
        value(id.bits()),
        value(new.account.bits()),
        new.amount.units().into(),
        new.reason.clone().into(),
        new.principal.clone().into(),
        new.expires_at.timestamp_micros().into(),
        tx.micros().into(),
    ];
    sql::run(tx, text, values).await?;
    let given = Override {
        id,
        account: new.account,
        amount: new.amount,
        used: Amount::ZERO,
        reason: new.reason.clone(),
        principal: new.principal.clone(),
        expires_at: new.expires_at,
    };
    note(tx, &given, "given", new.amount);
    Ok(given)
}

fn note(tx: &Tx, of: &Override, what: &'static str, amount: Amount) {
    tx.note(Change {
        entity: "credit_override",
        id: of.id.to_string(),
        version: 1,
        what,
        customer: None,
        content: None,
        detail: vec![
            ("account", of.account.to_string()),
            ("amount", amount.to_string()),
        ],
    });
}

pub async fn find_override(
    source: &impl Source,
    id: CreditOverrideId,
) -> Result<Option<Override>, DbError> {
    let text = "SELECT override_id, account_id, amount, used, reason, principal, expires_at \
                FROM credit_override WHERE override_id = $1";
    let rows = sql::rows(source, text, vec![value(id.bits())]).await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    Ok(Some(Override {
        id,
        account: CreditAccountId::from_bits(bits(row, "account_id")?),
        amount: amount(row, "amount")?,
        used: amount(row, "used")?,
        reason: row.try_get("", "reason")?,
        principal: row.try_get("", "principal")?,
        expires_at: from_micros(row.try_get("", "expires_at")?),
    }))
}

/// Uses a part of a budget of the account; false where it is over or has not so much left.
pub async fn use_override(tx: &Tx, of: &Override, part: Amount) -> Result<bool, DbError> {
    let text = "UPDATE credit_override SET used = used + $1 \
                WHERE override_id = $2 AND expires_at > $3 AND used <= amount - $1";
    let values = vec![part.units().into(), value(of.id.bits()), tx.micros().into()];
    let done = sql::run(tx, text, values).await? == 1;
    if done {
        note(tx, of, "used", part);
    }
    Ok(done)
}
