//! One file per slice; every test runs on SQLite and on PostgreSQL.

mod access;
mod bad_input;
mod customers;
mod decisions;
mod documents;
mod evaluations;
mod events;
mod facts;
mod imports;
mod products;
mod receipts;
