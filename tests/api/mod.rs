//! One file per slice; every test runs on SQLite and on PostgreSQL.

mod access;
mod bad_input;
mod call_centre;
mod context;
mod credit;
mod credit_races;
mod customers;
mod decisions;
mod discounts;
mod documents;
mod edge;
mod entitlements;
mod evaluations;
mod events;
mod facts;
pub mod histories;
mod imports;
mod jobs;
mod lists;
mod overlaps;
mod products;
mod quotes;
mod receipts;
mod revaluations;
