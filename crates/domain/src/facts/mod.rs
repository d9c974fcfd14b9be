//! What makes an incoming fact sound, and what it is worth in base currency.
//!
//! | rules     | `rules.rs`: what a fact of each kind must and must not say |
//! | valuation | `valuation.rs`: rates and costs, rounded once              |
//! | rows      | `crates/persistence/src/facts/`                            |
//! | endpoint  | `crates/http/src/v1/facts.rs`                              |

mod rules;
mod valuation;

pub use rules::{FactFault, LARGEST, faults};
pub use valuation::{convert, line_cost};
