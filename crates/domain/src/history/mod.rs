//! What evaluation reads of a customer without reading every fact: sums, and the days of what
//! does not add up. Composes rollups and settlement.
//!
//! | sums    | `sums.rs`: over any span, from facts, or from whole months and the facts at the edges |
//! | series  | `series.rs`: days, orders and ratings, for counts of distinct things and for order      |
//! | history | `history.rs`: all of it, made from facts                                             |
//! | tests   | `properties.rs`: sums by months equal sums by facts                                   |
//! | rows    | `crates/persistence/src/histories/`                                                  |

#[expect(clippy::module_inception, reason = "the slice's one value")]
mod history;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod properties;
mod series;
mod sums;

pub use history::History;
pub use series::{DaySets, Rating, Series};
pub use sums::{Sums, Totals};
