//! Limits that the formula proposed: at most one waits for each account.

use super::{amount, bits, limit, lost, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{QueryResult, Value};
use std::collections::BTreeSet;
use tiercel_domain::ids::{CreditAccountId, CustomerId, LimitProposalId};
use tiercel_domain::scaled::Amount;

const COLUMNS: &str = "proposal_id, customer_id, account_id, status, old_amount, new_amount, \
    valid_to, grounds, author, decided_by, reason, version, created_at, updated_at";

/// A limit that was proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProposal {
    pub id: LimitProposalId,
    pub customer: CustomerId,
    pub account: CreditAccountId,
    /// `proposed`, `approved`, `rejected` or `superseded`.
    pub status: String,
    pub old: Amount,
    pub new: Amount,
    pub valid_to: Option<NaiveDate>,
    /// How it came about: JSON, opaque here.
    pub grounds: String,
    /// Who had it made.
    pub author: String,
    pub decided_by: Option<String>,
    pub reason: Option<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A limit to propose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProposal {
    pub customer: CustomerId,
    pub account: CreditAccountId,
    pub old: Amount,
    pub new: Amount,
    pub valid_to: Option<NaiveDate>,
    pub grounds: String,
}

/// Which proposals a page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProposalFilter {
    pub customer: Option<CustomerId>,
    pub status: Option<String>,
}

fn to_proposal(row: &QueryResult) -> Result<StoredProposal, DbError> {
    Ok(StoredProposal {
        id: LimitProposalId::from_bits(bits(row, "proposal_id")?),
        customer: CustomerId::from_bits(bits(row, "customer_id")?),
        account: CreditAccountId::from_bits(bits(row, "account_id")?),
        status: row.try_get("", "status")?,
        old: amount(row, "old_amount")?,
        new: amount(row, "new_amount")?,
        valid_to: row.try_get("", "valid_to")?,
        grounds: row.try_get("", "grounds")?,
        author: row.try_get("", "author")?,
        decided_by: row.try_get("", "decided_by")?,
        reason: row.try_get("", "reason")?,
        version: row.try_get("", "version")?,
        created_at: from_micros(row.try_get("", "created_at")?),
        updated_at: from_micros(row.try_get("", "updated_at")?),
    })
}

async fn select(
    source: &impl Source,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<StoredProposal>, DbError> {
    let text = format!("SELECT {COLUMNS} FROM credit_limit_proposal WHERE {condition}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_proposal).collect()
}

pub async fn limit_proposal(
    source: &impl Source,
    id: LimitProposalId,
) -> Result<Option<StoredProposal>, DbError> {
    let found = select(source, "proposal_id = $1", vec![value(id.bits())]).await?;
    Ok(found.into_iter().next())
}

/// Proposals before an id, the newest first.
pub async fn limit_proposals(
    source: &impl Source,
    filter: &ProposalFilter,
    before: Option<LimitProposalId>,
    count: u64,
) -> Result<Vec<StoredProposal>, DbError> {
    let last = before.map_or(u128::MAX, LimitProposalId::bits);
    let mut values = vec![value(last), limit(count)];
    let mut condition = "proposal_id < $1".to_owned();
    if let Some(customer) = filter.customer {
        values.push(value(customer.bits()));
        condition += &format!(" AND customer_id = ${}", values.len());
    }
    if let Some(status) = &filter.status {
        values.push(status.clone().into());
        condition += &format!(" AND status = ${}", values.len());
    }
    let condition = format!("{condition} ORDER BY proposal_id DESC LIMIT $2");
    select(source, &condition, values).await
}

/// Of these customers those for whom a proposal waits.
pub async fn with_waiting_proposals(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let mut found = BTreeSet::new();
    for chunk in sql::uuids(ids.iter().map(|id| id.bits())).chunks(sql::MANY) {
        let text = format!(
            "SELECT customer_id FROM credit_limit_proposal WHERE status = 'proposed' \
             AND customer_id IN ({})",
            sql::places(1, chunk.len())
        );
        for row in sql::rows(source, &text, chunk.to_vec()).await? {
            found.insert(CustomerId::from_bits(bits(&row, "customer_id")?));
        }
    }
    Ok(found)
}

/// Ends what waits for a customer: the formula comes to the limit there is. The caller holds the
/// customer.
pub async fn supersede_proposals(tx: &Tx, customer: CustomerId) -> Result<(), DbError> {
    let condition = "customer_id = $1 AND status = 'proposed'";
    for before in select(tx, condition, vec![value(customer.bits())]).await? {
        decide_proposal(tx, before, "superseded", "").await?;
    }
    Ok(())
}

/// Proposes a limit in place of whatever waits for the account; the same again is what waits, and
/// `false`. The caller holds the customer.
pub async fn propose_limit(tx: &Tx, new: NewProposal) -> Result<(StoredProposal, bool), DbError> {
    let condition = "account_id = $1 AND status = 'proposed'";
    let waiting = select(tx, condition, vec![value(new.account.bits())]).await?;
    for before in waiting {
        if (before.old, before.new) == (new.old, new.new) {
            return Ok((before, false));
        }
        decide_proposal(tx, before, "superseded", "").await?;
    }
    let stored = StoredProposal {
        id: LimitProposalId::from_bits(tx.mint()),
        customer: new.customer,
        account: new.account,
        status: "proposed".to_owned(),
        old: new.old,
        new: new.new,
        valid_to: new.valid_to,
        grounds: new.grounds,
        author: tx.principal().to_owned(),
        decided_by: None,
        reason: None,
        version: 1,
        created_at: tx.at(),
        updated_at: tx.at(),
    };
    insert(tx, &stored).await?;
    note(tx, &stored, "proposed");
    Ok((stored, true))
}

async fn insert(tx: &Tx, stored: &StoredProposal) -> Result<(), DbError> {
    let text = format!(
        "INSERT INTO credit_limit_proposal ({COLUMNS}) VALUES ({})",
        sql::places(1, 14)
    );
    let values = vec![
        value(stored.id.bits()),
        value(stored.customer.bits()),
        value(stored.account.bits()),
        stored.status.clone().into(),
        stored.old.units().into(),
        stored.new.units().into(),
        stored.valid_to.into(),
        stored.grounds.clone().into(),
        stored.author.clone().into(),
        stored.decided_by.clone().into(),
        stored.reason.clone().into(),
        stored.version.into(),
        stored.created_at.timestamp_micros().into(),
        stored.updated_at.timestamp_micros().into(),
    ];
    sql::run(tx, &text, values).await?;
    Ok(())
}

/// Ends a proposal that waits, as `status` says. The caller holds the customer.
pub async fn decide_proposal(
    tx: &Tx,
    before: StoredProposal,
    status: &'static str,
    reason: &str,
) -> Result<StoredProposal, DbError> {
    let text = "UPDATE credit_limit_proposal SET status = $1, decided_by = $2, reason = $3, \
                version = version + 1, updated_at = $4 \
                WHERE proposal_id = $5 AND version = $6 AND status = 'proposed'";
    let values = vec![
        status.into(),
        tx.principal().into(),
        reason.into(),
        tx.micros().into(),
        value(before.id.bits()),
        before.version.into(),
    ];
    if sql::run(tx, text, values).await? != 1 {
        return Err(lost("proposal"));
    }
    let decided = StoredProposal {
        status: status.to_owned(),
        decided_by: Some(tx.principal().to_owned()),
        reason: Some(reason.to_owned()),
        version: before.version.saturating_add(1),
        updated_at: tx.at(),
        ..before
    };
    note(tx, &decided, status);
    Ok(decided)
}

fn note(tx: &Tx, of: &StoredProposal, what: &'static str) {
    tx.note(Change {
        entity: "credit_limit_proposal",
        id: of.id.to_string(),
        version: of.version,
        what,
        customer: Some(of.customer),
        content: None,
        detail: vec![
            ("account", of.account.to_string()),
            ("old", of.old.to_string()),
            ("new", of.new.to_string()),
        ],
    });
}
