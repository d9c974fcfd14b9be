//! Documents that were not authorised and wait: for a release, for a payment, or for their end.

use super::{amount, bits, document, limit, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, Utc};
use sea_orm::{QueryResult, Value};
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{CreditAccountId, CreditHoldId, CustomerId};
use tiercel_domain::scaled::Amount;

const COLUMNS: &str = "hold_id, account_id, customer_id, doc_system, doc_kind, doc_id, amount, \
    payment_term, status, decision, owner, released_by, release_reason, account_version, \
    expires_at, version, created_at, updated_at";

/// A document that waits, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub id: CreditHoldId,
    pub account: CreditAccountId,
    pub customer: CustomerId,
    pub document: DocumentRef,
    /// Of the document, in the account's currency.
    pub amount: Amount,
    /// The code asked for.
    pub payment_term: Option<String>,
    /// `open`, `ready` (it would be authorised now) or `released`.
    pub status: String,
    /// Reasons and remedies, opaque here.
    pub decision: String,
    /// Who looks after the customer.
    pub owner: Option<String>,
    pub released_by: Option<String>,
    pub release_reason: Option<String>,
    /// The version of the account that it was last looked at with.
    pub account_version: i64,
    pub expires_at: DateTime<Utc>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A document to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHold {
    pub account: CreditAccountId,
    pub customer: CustomerId,
    pub document: DocumentRef,
    pub amount: Amount,
    pub payment_term: Option<String>,
    pub decision: String,
    pub owner: Option<String>,
    pub account_version: i64,
    pub expires_at: DateTime<Utc>,
}

/// Which holds a page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldFilter {
    pub customer: Option<CustomerId>,
    pub status: Option<String>,
}

fn to_hold(row: &QueryResult) -> Result<Hold, DbError> {
    Ok(Hold {
        id: CreditHoldId::from_bits(bits(row, "hold_id")?),
        account: CreditAccountId::from_bits(bits(row, "account_id")?),
        customer: CustomerId::from_bits(bits(row, "customer_id")?),
        document: document(row)?,
        amount: amount(row, "amount")?,
        payment_term: row.try_get("", "payment_term")?,
        status: row.try_get("", "status")?,
        decision: row.try_get("", "decision")?,
        owner: row.try_get("", "owner")?,
        released_by: row.try_get("", "released_by")?,
        release_reason: row.try_get("", "release_reason")?,
        account_version: row.try_get("", "account_version")?,
        expires_at: from_micros(row.try_get("", "expires_at")?),
        version: row.try_get("", "version")?,
        created_at: from_micros(row.try_get("", "created_at")?),
        updated_at: from_micros(row.try_get("", "updated_at")?),
    })
}

async fn select(
    source: &impl Source,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<Hold>, DbError> {
    let text = format!("SELECT {COLUMNS} FROM credit_hold WHERE {condition}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_hold).collect()
}

pub async fn hold(source: &impl Source, id: CreditHoldId) -> Result<Option<Hold>, DbError> {
    let found = select(source, "hold_id = $1", vec![value(id.bits())]).await?;
    Ok(found.into_iter().next())
}

/// Holds after an id, in order of ids.
pub async fn holds(
    source: &impl Source,
    filter: &HoldFilter,
    after: Option<CreditHoldId>,
    count: u64,
) -> Result<Vec<Hold>, DbError> {
    let mut values = vec![value(after.map_or(0, CreditHoldId::bits)), limit(count)];
    let mut condition = "hold_id > $1".to_owned();
    if let Some(customer) = filter.customer {
        values.push(value(customer.bits()));
        condition += &format!(" AND customer_id = ${}", values.len());
    }
    if let Some(status) = &filter.status {
        values.push(status.clone().into());
        condition += &format!(" AND status = ${}", values.len());
    }
    select(
        source,
        &format!("{condition} ORDER BY hold_id LIMIT $2"),
        values,
    )
    .await
}

/// The hold under which a document waits on an account.
pub async fn hold_of(
    source: &impl Source,
    account: CreditAccountId,
    document: &DocumentRef,
) -> Result<Option<Hold>, DbError> {
    let condition = "account_id = $1 AND doc_system = $2 AND doc_kind = $3 AND doc_id = $4 \
                     AND status IN ('open', 'ready')";
    let values = vec![
        value(account.bits()),
        document.system.clone().into(),
        document.kind.clone().into(),
        document.id.clone().into(),
    ];
    let found = select(source, condition, values).await?;
    Ok(found.into_iter().next())
}

/// Holds a document, or looks at it anew where it is held already. The caller holds the customer.
pub async fn open_hold(tx: &Tx, new: &NewHold) -> Result<Hold, DbError> {
    let before = hold_of(tx, new.account, &new.document).await?;
    let opened = Hold {
        id: before
            .as_ref()
            .map_or_else(|| CreditHoldId::from_bits(tx.mint()), |it| it.id),
        account: new.account,
        customer: new.customer,
        document: new.document.clone(),
        amount: new.amount,
        payment_term: new.payment_term.clone(),
        status: "open".to_owned(),
        decision: new.decision.clone(),
        owner: new.owner.clone(),
        released_by: None,
        release_reason: None,
        account_version: new.account_version,
        expires_at: new.expires_at,
        version: before.as_ref().map_or(0, |it| it.version),
        created_at: before.as_ref().map_or(tx.at(), |it| it.created_at),
        updated_at: tx.at(),
    };
    if before.is_some() {
        return save(tx, opened, "opened").await;
    }
    let opened = Hold {
        version: 1,
        ..opened
    };
    let text = format!(
        "INSERT INTO credit_hold ({COLUMNS}) VALUES ({})",
        sql::places(1, 18)
    );
    sql::run(tx, &text, row(&opened)).await?;
    note(tx, &opened, "opened");
    Ok(opened)
}

fn row(of: &Hold) -> Vec<Value> {
    vec![
        value(of.id.bits()),
        value(of.account.bits()),
        value(of.customer.bits()),
        of.document.system.clone().into(),
        of.document.kind.clone().into(),
        of.document.id.clone().into(),
        of.amount.units().into(),
        of.payment_term.clone().into(),
        of.status.clone().into(),
        of.decision.clone().into(),
        of.owner.clone().into(),
        of.released_by.clone().into(),
        of.release_reason.clone().into(),
        of.account_version.into(),
        of.expires_at.timestamp_micros().into(),
        of.version.into(),
        of.created_at.timestamp_micros().into(),
        of.updated_at.timestamp_micros().into(),
    ]
}

fn note(tx: &Tx, of: &Hold, what: &'static str) {
    tx.note(Change {
        entity: "credit_hold",
        id: of.id.to_string(),
        version: of.version,
        what,
        customer: Some(of.customer),
        content: None,
        detail: vec![
            ("account", of.account.to_string()),
            ("amount", of.amount.to_string()),
            ("status", of.status.clone()),
        ],
    });
}

async fn save(tx: &Tx, hold: Hold, what: &'static str) -> Result<Hold, DbError> {
    let saved = Hold {
        version: hold.version.saturating_add(1),
        updated_at: tx.at(),
        ..hold
    };
    let text = "UPDATE credit_hold SET amount = $7, payment_term = $8, status = $9, decision = $10, \
        owner = $11, released_by = $12, release_reason = $13, account_version = $14, \
        expires_at = $15, version = $16, updated_at = $18 WHERE hold_id = $1 AND account_id = $2 \
        AND customer_id = $3 AND doc_system = $4 AND doc_kind = $5 AND doc_id = $6 \
        AND created_at = $17 AND version = $16 - 1";
    if sql::run(tx, text, row(&saved)).await? != 1 {
        return Err(super::lost("hold"));
    }
    note(tx, &saved, what);
    Ok(saved)
}

/// Ends a hold; what waits may be authorised by an override, or is not to be delivered at all.
/// None where it has ended before.
pub async fn release_hold(
    tx: &Tx,
    before: Hold,
    by: &str,
    reason: &str,
) -> Result<Option<Hold>, DbError> {
    if before.status == "released" {
        return Ok(None);
    }
    let released = Hold {
        status: "released".to_owned(),
        released_by: Some(by.to_owned()),
        release_reason: Some(reason.to_owned()),
        ..before
    };
    save(tx, released, "released").await.map(Some)
}

/// Open holds whose account moved since they were looked at.
pub async fn stale(
    source: &impl Source,
    now: DateTime<Utc>,
    count: u64,
) -> Result<Vec<Hold>, DbError> {
    let columns: Vec<String> = COLUMNS
        .split(", ")
        .map(|it| format!("h.{}", it.trim()))
        .collect();
    let text = format!(
        "SELECT {} FROM credit_hold h JOIN credit_account a ON a.account_id = h.account_id \
         WHERE h.status = 'open' AND h.expires_at > $1 AND h.account_version <> a.version \
         ORDER BY h.hold_id LIMIT $2",
        columns.join(", ")
    );
    let values = vec![now.timestamp_micros().into(), limit(count)];
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_hold).collect()
}

/// Keeps that a hold was looked at: whether it would be authorised now, and why not.
pub async fn mark_ready(
    tx: &Tx,
    before: Hold,
    ready: bool,
    decision: String,
    account_version: i64,
) -> Result<Hold, DbError> {
    let looked = Hold {
        status: if ready { "ready" } else { "open" }.to_owned(),
        decision,
        account_version,
        ..before
    };
    save(
        tx,
        looked,
        if ready {
            "ready_to_release"
        } else {
            "looked_at"
        },
    )
    .await
}
