//! The company as a whole, as of a day: customers added up one by one, so that any number fits.
//!
//! Composes receivables and the ageing of credit, so it belongs to neither.
//!
//! | sums      | `sums.rs`: what one customer adds           |
//! | parts     | `contribution.rs`: by customer, product or category; they add up |
//! | whale     | `whale.rs`: how profit gathers, best first  |
//! | moves     | `moves.rs`: who changes tier, who comes back |
//! | endpoint  | `crates/http/src/v1/reports.rs`             |
//! | streaming | `crates/http/src/flows/portfolio.rs`        |

mod contribution;
mod moves;
mod sums;
mod whale;

pub use contribution::{Brought, By, Contributions, Of};
pub use moves::{Moves, Step};
pub use sums::{Portfolio, Receivables, Sales, TierSums};
pub use whale::{Reached, Whale};
