//! Which invoices are paid, by what and when; derived from a customer's facts, never entered.
//!
//! | allocate | `allocate.rs`: by reference, else oldest first             |
//! | sources  | `ledger.rs`: invoices and credits out of facts             |
//! | view     | `open_items.rs`: what is still to be paid                  |
//! | tests    | `scenarios.toml`, `properties.rs`, `ar_invoices.rs`        |

mod allocate;
mod ledger;
mod open_items;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod ar_invoices;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod properties;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod scenarios;

pub use allocate::{Allocated, Allocation, AllocationError, allocate, allocate_entries};
pub use open_items::{OpenItem, open_items};
