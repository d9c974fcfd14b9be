//! Rows in, domain values out: everything that knows how Tiercel's data is stored.
//!
//! No type of the ORM is public. Reads take anything that is a [`Source`]; writes happen inside
//! [`Store::write`], which also stores the journal entry and the answer kept for retries.

pub mod attributes;
pub mod backup;
pub mod book;
pub mod clients;
mod clock;
pub mod contacts;
pub mod contracts;
pub mod credit;
pub mod crypto;
pub mod customers;
pub mod distribution;
pub mod documents;
mod entity;
mod error;
pub mod evaluations;
pub mod facts;
pub mod groups;
mod histories;
pub mod imports;
pub mod jobs;
pub mod journal;
pub mod keys;
pub mod migrate;
pub mod mint;
pub mod phones;
pub mod policy_simulations;
pub mod price_approvals;
pub mod products;
pub mod quotes;
pub mod rates;
pub mod receivables;
pub mod refresh;
mod refused;
pub mod retries;
pub mod revaluations;
pub mod rollups;
pub mod schedules;
pub mod settings;
pub mod simulations;
mod sql;
mod store;
#[cfg(test)]
mod test_store;
pub mod tier_overrides;
mod valuation;
pub mod vitals;
mod write;

pub use clock::{Clock, from_micros};
pub use error::DbError;
pub use refused::{Fault, Refused};
pub use store::{Source, Store};
pub use write::{Answer, Change, Effects, Retry, Tx, WriteError, Writing, Written};
