//! One file per slice; every test runs on SQLite and on PostgreSQL.

mod access;
mod bad_input;
mod credit;
mod credit_races;
mod customers;
mod decisions;
mod discounts;
mod documents;
mod edge;
mod evaluation_models;
mod evaluations;
mod events;
mod facts;
pub mod histories;
mod imports;
mod jobs;
mod lists;
mod overlaps;
mod products;
mod receipts;
mod revaluations;
