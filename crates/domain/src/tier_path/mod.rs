//! The way to a better tier: what a customer could do by a day, and the least of it that is enough.
//! Composes evaluation, histories and settlement; evaluation itself is only ever asked.
//!
//! | moves    | `moves.rs`: orders, products, invoices on time, overdue amounts settled, and their effort |
//! | ahead    | `ahead.rs`: the customer on that day, had it made some moves                              |
//! | search   | `search.rs`: the cheapest moves that reach a tier                                         |
//! | tests    | `properties.rs`: enough, one unit less is not, brute force finds nothing cheaper          |
//! | endpoint | `crates/http/src/v1/tier_path.rs`                                                         |

mod ahead;
mod moves;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod properties;
mod search;

pub use ahead::{Ahead, Standing};
pub use moves::{Bounds, Effort, Moves};
pub use search::{Way, Ways, ways};
