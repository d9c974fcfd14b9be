//! Tiercel over HTTP: the only crate that knows the wire.

pub mod app;
pub mod body;
pub mod book;
mod claims;
mod cors;
pub mod credential;
pub mod etag;
pub mod faults;
pub mod flows;
pub mod follow;
pub mod health;
mod intake;
pub mod issuers;
pub mod limit;
pub mod listing;
mod methods;
pub mod oauth;
mod openapi;
pub mod page;
pub mod problem;
mod problems_page;
mod refused;
pub mod reply;
mod request_id;
pub mod retry;
pub mod scope;
mod strict;
pub mod tenant;
pub mod token;
mod trust;
pub mod uses;
mod v1;
pub mod verifier;
pub mod wire;

pub use v1::seed_defaults;
