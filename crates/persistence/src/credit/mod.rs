//! Credit accounts and what is reserved on them.
//!
//! | accounts       | `accounts.rs`: opened on first need, read, put under a group          |
//! | limits         | `limits.rs`: the journal of changes                                   |
//! | balances       | `reserve.rs`: the one conditional statement, and the ledger           |
//! | authorisations | `authorizations.rs`: what is held for one document                    |
//! | facts          | `follow.rs`: bills take over what was held, payments free it          |
//! | holds          | `holds.rs`: documents that wait                                       |
//! | reminders      | `dunning.rs`: levels by hand, and the one last told                   |
//! | finance        | `snapshots.rs`: its open items compared with ours                     |
//! | proposals      | `proposals.rs`: limits that wait for somebody's word                  |
//! | book           | `summary.rs`: what look-ups need                                      |
//! | past           | `past.rs`: what look-ups needed at a position                           |
//! | overrides      | `overrides.rs`: budgets beyond the rules                              |
//! | domain         | `crates/domain/src/credit/`                                           |
//!
//! Order of locks, in every write: customers (by [`crate::Tx::touch`]), accounts in id order, then
//! authorisations. A customer's own accounts change only under its lock; a group's balances by
//! conditional statements alone.

mod accounts;
mod authorizations;
pub(crate) mod dunning;
mod follow;
mod holds;
mod limits;
mod overrides;
mod past;
mod proposals;
mod reserve;
mod snapshots;
mod summary;

pub use accounts::{
    Account, AccountFilter, NewAccount, Place, account, accounts, ensure, of_customer,
    open_account, put_under, set_open,
};
pub use authorizations::{
    AuthorizationFilter, NewAuthorization, StoredAuthorization, authorization, authorizations,
    due_customers, expire_due, insert, save, told_beyond, waiting_for,
};
pub use dunning::{StoredDunning, dunning_of, set_dunning, tell_dunning};
pub(crate) use follow::follow;
pub use follow::{add_document, adopt_bills, told_of};
pub use holds::{
    Hold, HoldFilter, NewHold, hold, hold_of, holds, mark_ready, open_hold, release_hold, stale,
};
pub use limits::{NewLimit, StoredLimit, change_limit, limit_changes, limits_of};
pub use overrides::{NewOverride, Override, find_override, give_override, use_override};
pub(crate) use past::summaries_at;
pub use proposals::{
    NewProposal, ProposalFilter, StoredProposal, decide_proposal, limit_proposal, limit_proposals,
    propose_limit, supersede_proposals, with_waiting_proposals,
};
pub use reserve::{Entry, Guard, entries};
pub use snapshots::{NewSnapshot, Snapshot, SnapshotFilter, keep_snapshot, snapshot, snapshots};
pub(crate) use summary::summaries;

use crate::error::DbError;
use sea_orm::{QueryResult, Value};
use tiercel_domain::fact::DocumentRef;
use tiercel_domain::scaled::Amount;
use uuid::Uuid;

fn value(bits: u128) -> Value {
    Uuid::from_u128(bits).into()
}

fn bits(row: &QueryResult, column: &str) -> Result<u128, DbError> {
    let id: Uuid = row.try_get("", column)?;
    Ok(id.as_u128())
}

fn optional_bits(row: &QueryResult, column: &str) -> Result<Option<u128>, DbError> {
    let id: Option<Uuid> = row.try_get("", column)?;
    Ok(id.map(|id| id.as_u128()))
}

fn amount(row: &QueryResult, column: &str) -> Result<Amount, DbError> {
    Ok(Amount::from_units(row.try_get("", column)?))
}

fn document(row: &QueryResult) -> Result<DocumentRef, DbError> {
    Ok(DocumentRef {
        system: row.try_get("", "doc_system")?,
        kind: row.try_get("", "doc_kind")?,
        id: row.try_get("", "doc_id")?,
        line: None,
    })
}

/// A row that was there a moment ago, under the same lock.
fn lost(what: &str) -> DbError {
    DbError::Conflict(format!("the {what} changed meanwhile"))
}

fn limit(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}
