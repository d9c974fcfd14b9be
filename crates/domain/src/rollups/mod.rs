//! Sums per customer, month and category, so that long windows need not read every fact.
//!
//! | measures  | `rollup.rs`: what one fact adds, and how sums are kept |
//! | summaries | `summary.rs`: sums over months, customers, categories  |
//! | tests     | `properties.rs`: rollups equal a recomputation         |

mod rollup;
mod summary;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod properties;

pub use crate::period::month_of;
pub use rollup::{MEASURES, Rollup, RollupError, RollupKey, by_month, rollup};
pub use summary::{merge, summarise_by, summary};
