//! Authorisations: what is held for one document, and every movement of it.

use super::reserve::{Guard, Movement, levels, shift_all};
use super::{amount, bits, document, limit, lost, optional_bits, value};
use crate::clock::from_micros;
use crate::error::DbError;
use crate::sql;
use crate::store::Source;
use crate::write::{Change, Tx};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::{QueryResult, Value};
use std::collections::BTreeSet;
use tiercel_domain::credit::authorization::Held;
use tiercel_domain::credit::{Authorization, State, Told};
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::ids::{AuthorizationId, CreditAccountId, CreditOverrideId, CustomerId};
use tiercel_domain::scaled::Amount;

const COLUMNS: &str = "authorization_id, account_id, customer_id, doc_system, doc_kind, doc_id, \
    state, authorized, ordered, delivered, invoiced, told_ordered, told_delivered, told_invoiced, \
    told_before, held_posted, held_pending, override_id, decision, expires_at, next_check_on, \
    version, created_at, updated_at";

/// An authorisation as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAuthorization {
    pub id: AuthorizationId,
    pub account: CreditAccountId,
    pub customer: CustomerId,
    pub document: DocumentRef,
    pub amounts: Authorization,
    /// What earlier authorisations of the document used of what facts tell.
    pub told_before: Amount,
    /// What it holds of the balances.
    pub held: Held,
    pub override_id: Option<CreditOverrideId>,
    /// The checks of its approval, opaque here.
    pub decision: String,
    pub expires_at: DateTime<Utc>,
    pub next_check_on: NaiveDate,
    pub version: i64,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// An authorisation to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuthorization {
    pub account: CreditAccountId,
    pub customer: CustomerId,
    pub document: DocumentRef,
    pub authorized: Amount,
    /// What facts tell of the document already, in the account's currency.
    pub told: Told,
    pub override_id: Option<CreditOverrideId>,
    pub decision: String,
    pub expires_at: DateTime<Utc>,
    pub next_check_on: NaiveDate,
}

/// Which authorisations a page shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizationFilter {
    pub customer: Option<CustomerId>,
    pub account: Option<CreditAccountId>,
    pub state: Option<State>,
    pub document_id: Option<String>,
}

/// The amounts of a row.
pub(super) fn amounts(row: &QueryResult) -> Result<Authorization, DbError> {
    let state: String = row.try_get("", "state")?;
    Ok(Authorization {
        state: State::from_word(&state)
            .ok_or_else(|| DbError::corrupt("credit_authorization", state))?,
        authorized: amount(row, "authorized")?,
        ordered: amount(row, "ordered")?,
        delivered: amount(row, "delivered")?,
        invoiced: amount(row, "invoiced")?,
        told: Told {
            ordered: amount(row, "told_ordered")?,
            delivered: amount(row, "told_delivered")?,
            invoiced: amount(row, "told_invoiced")?,
        },
    })
}

fn to_authorization(row: &QueryResult) -> Result<StoredAuthorization, DbError> {
    Ok(StoredAuthorization {
        id: AuthorizationId::from_bits(bits(row, "authorization_id")?),
        account: CreditAccountId::from_bits(bits(row, "account_id")?),
        customer: CustomerId::from_bits(bits(row, "customer_id")?),
        document: document(row)?,
        amounts: amounts(row)?,
        told_before: amount(row, "told_before")?,
        held: Held {
            posted: amount(row, "held_posted")?,
            pending: amount(row, "held_pending")?,
        },
        override_id: optional_bits(row, "override_id")?.map(CreditOverrideId::from_bits),
        decision: row.try_get("", "decision")?,
        expires_at: from_micros(row.try_get("", "expires_at")?),
        next_check_on: row.try_get("", "next_check_on")?,
        version: row.try_get("", "version")?,
        created_at: from_micros(row.try_get("", "created_at")?),
        updated_at: from_micros(row.try_get("", "updated_at")?),
    })
}

async fn select(
    source: &impl Source,
    condition: &str,
    values: Vec<Value>,
) -> Result<Vec<StoredAuthorization>, DbError> {
    let text = format!("SELECT {COLUMNS} FROM credit_authorization WHERE {condition}");
    let rows = sql::rows(source, &text, values).await?;
    rows.iter().map(to_authorization).collect()
}

pub async fn authorization(
    source: &impl Source,
    id: AuthorizationId,
) -> Result<Option<StoredAuthorization>, DbError> {
    let found = select(source, "authorization_id = $1", vec![value(id.bits())]).await?;
    Ok(found.into_iter().next())
}

/// Authorisations after an id, in order of ids. One whose time is over counts as expired, whether
/// somebody ended it or not.
pub async fn authorizations(
    source: &impl Source,
    filter: &AuthorizationFilter,
    now: DateTime<Utc>,
    after: Option<AuthorizationId>,
    count: u64,
) -> Result<Vec<StoredAuthorization>, DbError> {
    let after = after.map_or(0, AuthorizationId::bits);
    let mut values = vec![value(after), limit(count)];
    let mut condition = "authorization_id > $1".to_owned();
    let mut restrict = |column: &str, wanted: Value| {
        values.push(wanted);
        condition += &format!(" AND {column} = ${}", values.len());
    };
    if let Some(customer) = filter.customer {
        restrict("customer_id", value(customer.bits()));
    }
    if let Some(account) = filter.account {
        restrict("account_id", value(account.bits()));
    }
    if let Some(id) = &filter.document_id {
        restrict("doc_id", id.clone().into());
    }
    if let Some(state) = filter.state {
        values.push(now.timestamp_micros().into());
        let at = values.len();
        condition += &match state {
            State::Open => format!(" AND state = 'open' AND expires_at > ${at}"),
            State::Expired => {
                format!(" AND (state = 'expired' OR (state = 'open' AND expires_at <= ${at}))")
            }
            other => format!(" AND state = '{}' AND ${at} > 0", other.word()),
        };
    }
    let condition = format!("{condition} ORDER BY authorization_id LIMIT $2");
    select(source, &condition, values).await
}

/// The open authorisation of a document on an account, and what earlier ones committed of it.
pub async fn waiting_for(
    source: &impl Source,
    account: CreditAccountId,
    document: &DocumentRef,
) -> Result<(Option<StoredAuthorization>, Amount), DbError> {
    let condition = "account_id = $1 AND doc_system = $2 AND doc_kind = $3 AND doc_id = $4 \
                     ORDER BY authorization_id";
    let values = vec![
        value(account.bits()),
        document.system.clone().into(),
        document.kind.clone().into(),
        document.id.clone().into(),
    ];
    let found = select(source, condition, values).await?;
    let (open, ended): (Vec<_>, Vec<_>) = found
        .into_iter()
        .partition(|it| it.amounts.state == State::Open);
    let used = ended.iter().map(|it| it.amounts.authorized.units());
    let used = Amount::from_units(used.fold(0, i64::saturating_add));
    Ok((open.into_iter().next(), used))
}

/// Those of customers that facts may still change: open, or holding something.
pub(super) async fn followed(
    source: &impl Source,
    customers: &BTreeSet<CustomerId>,
) -> Result<Vec<StoredAuthorization>, DbError> {
    let values = sql::uuids(customers.iter().map(|id| id.bits()));
    let places = sql::places(1, values.len());
    let condition = format!(
        "customer_id IN ({places}) AND (state = 'open' OR held_posted > 0) ORDER BY authorization_id"
    );
    select(source, &condition, values).await
}

/// Reserves: moves the balances of the account and its group under their guards, and keeps what
/// is held for the document.
///
/// # Errors
/// `Conflict` where a guard refuses; `Taken` where the document has an open authorisation.
pub async fn insert(
    tx: &Tx,
    new: NewAuthorization,
    told_before: Amount,
    guards: &[Guard],
) -> Result<StoredAuthorization, DbError> {
    let amounts = Authorization::of(new.authorized, told_beyond(new.told, told_before));
    let stored = StoredAuthorization {
        id: AuthorizationId::from_bits(tx.mint()),
        account: new.account,
        customer: new.customer,
        document: new.document,
        amounts,
        told_before,
        held: amounts.held(),
        override_id: new.override_id,
        decision: new.decision,
        expires_at: new.expires_at,
        next_check_on: new.next_check_on,
        version: 1,
        created_at: tx.at(),
        updated_at: tx.at(),
    };
    let movement = Movement {
        kind: "authorized",
        authorization: Some(stored.id),
        posted: stored.held.posted.units(),
        pending: stored.held.pending.units(),
    };
    let levels = levels(tx, stored.account).await?;
    shift_all(tx, &levels, &movement, guards).await?;
    let places = sql::places(1, 24);
    let text = format!("INSERT INTO credit_authorization ({COLUMNS}) VALUES ({places})");
    sql::run(tx, &text, row(&stored)).await?;
    note(tx, &stored, "authorized");
    Ok(stored)
}

fn row(of: &StoredAuthorization) -> Vec<Value> {
    let (amounts, told) = (&of.amounts, &of.amounts.told);
    let override_id = of.override_id.map(|id| uuid::Uuid::from_u128(id.bits()));
    vec![
        value(of.id.bits()),
        value(of.account.bits()),
        value(of.customer.bits()),
        of.document.system.clone().into(),
        of.document.kind.clone().into(),
        of.document.id.clone().into(),
        amounts.state.word().into(),
        amounts.authorized.units().into(),
        amounts.ordered.units().into(),
        amounts.delivered.units().into(),
        amounts.invoiced.units().into(),
        told.ordered.units().into(),
        told.delivered.units().into(),
        told.invoiced.units().into(),
        of.told_before.units().into(),
        of.held.posted.units().into(),
        of.held.pending.units().into(),
        override_id.into(),
        of.decision.clone().into(),
        of.expires_at.timestamp_micros().into(),
        of.next_check_on.into(),
        of.version.into(),
        of.created_at.timestamp_micros().into(),
        of.updated_at.timestamp_micros().into(),
    ]
}

fn note(tx: &Tx, of: &StoredAuthorization, what: &'static str) {
    tx.note(Change {
        entity: "credit_authorization",
        id: of.id.to_string(),
        version: of.version,
        what,
        customer: Some(of.customer),
        content: None,
        detail: vec![
            ("account", of.account.to_string()),
            ("state", of.amounts.state.word().to_owned()),
            ("authorized", of.amounts.authorized.to_string()),
            ("pending", of.held.pending.to_string()),
            ("posted", of.held.posted.to_string()),
        ],
    });
}

/// What facts tell beyond what earlier authorisations of the document used.
pub fn told_beyond(told: Told, before: Amount) -> Told {
    let rest = |amount: Amount| {
        let rest = amount.units().saturating_sub(before.units());
        Amount::from_units(rest).max(Amount::ZERO)
    };
    Told {
        ordered: rest(told.ordered),
        delivered: rest(told.delivered),
        invoiced: rest(told.invoiced),
    }
}

/// Keeps what became of an authorisation and moves the balances by what it now holds more or
/// less. The caller holds the customer.
///
/// # Errors
/// `Conflict` where a guard refuses or the authorisation changed meanwhile.
pub async fn save(
    tx: &Tx,
    before: &StoredAuthorization,
    after: StoredAuthorization,
    what: &'static str,
    guards: &[Guard],
) -> Result<StoredAuthorization, DbError> {
    let held = after.amounts.held();
    let change = |new: Amount, old: Amount| new.units().saturating_sub(old.units());
    let movement = Movement {
        kind: what,
        authorization: Some(before.id),
        posted: change(held.posted, before.held.posted),
        pending: change(held.pending, before.held.pending),
    };
    let levels = levels(tx, before.account).await?;
    shift_all(tx, &levels, &movement, guards).await?;
    let saved = StoredAuthorization {
        held,
        version: before.version.saturating_add(1),
        updated_at: tx.at(),
        ..after
    };
    let text = "UPDATE credit_authorization SET state = $7, authorized = $8, ordered = $9, \
        delivered = $10, invoiced = $11, told_ordered = $12, told_delivered = $13, \
        told_invoiced = $14, held_posted = $16, held_pending = $17, override_id = $18, \
        decision = $19, expires_at = $20, next_check_on = $21, version = $22, updated_at = $24 \
        WHERE authorization_id = $1 AND account_id = $2 AND customer_id = $3 AND doc_system = $4 \
        AND doc_kind = $5 AND doc_id = $6 AND told_before = $15 AND created_at = $23 \
        AND version = $22 - 1";
    if sql::run(tx, text, row(&saved)).await? != 1 {
        return Err(lost("authorisation"));
    }
    note(tx, &saved, what);
    Ok(saved)
}

/// Customers with reservations or holds whose time is over.
pub async fn due_customers(
    source: &impl Source,
    now: DateTime<Utc>,
    count: u64,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let text = "SELECT DISTINCT customer_id FROM credit_authorization \
                WHERE state = 'open' AND expires_at <= $1 LIMIT $2";
    let values = vec![now.timestamp_micros().into(), limit(count)];
    let rows = sql::rows(source, text, values).await?;
    rows.iter()
        .map(|row| Ok(CustomerId::from_bits(bits(row, "customer_id")?)))
        .collect()
}

/// Ends the customer's reservations whose time is over. The caller holds the customer.
pub async fn expire_due(
    tx: &Tx,
    customer: CustomerId,
    now: DateTime<Utc>,
) -> Result<usize, DbError> {
    let condition = "customer_id = $1 AND state = 'open' AND expires_at <= $2 \
                     ORDER BY authorization_id";
    let values = vec![value(customer.bits()), now.timestamp_micros().into()];
    let due = select(tx, condition, values).await?;
    for before in &due {
        if let Ok(amounts) = before.amounts.expire() {
            let after = StoredAuthorization {
                amounts,
                ..before.clone()
            };
            save(tx, before, after, "expired", &[]).await?;
        }
    }
    Ok(due.len())
}
