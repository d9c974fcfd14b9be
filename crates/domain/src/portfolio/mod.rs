//! The company as a whole, as of a day: customers added up one by one, so that any number fits.
//!
//! Composes receivables and the ageing of credit, so it belongs to neither.
//!
//! | sums      | `sums.rs`: what one customer adds           |
//! | endpoint  | `crates/http/src/v1/reports.rs`             |
//! | streaming | `crates/http/src/flows/portfolio.rs`        |

mod sums;

pub use sums::{Portfolio, Receivables, Sales, TierSums};
