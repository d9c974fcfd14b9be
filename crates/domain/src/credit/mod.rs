//! Which terms a customer gets, how much is outstanding, and whether orders are held.
//!
//! | what     | where                                                          |
//! |----------|----------------------------------------------------------------|
//! | policy   | `policy.rs`: terms, limit and hold rules per tier              |
//! | terms    | `terms.rs`: one model of payment terms and its renderings      |
//! | ageing   | `ageing.rs`: open amounts by days overdue, also for reports    |
//! | decision | `decide.rs`: terms, limit, exposure, hold                      |
//! | tests    | `scenarios.toml`, read by `scenarios.rs`                       |
//! | document | `crates/documents/src/credit_policy.rs`                        |

pub mod ageing;
pub mod decide;
pub mod policy;
pub mod terms;

#[cfg(test)]
mod scenarios;

pub use decide::{Decision, Exposure, Facts, HoldCode, Limit, OpenItem, decide};
pub use policy::Policy;
pub use terms::PaymentTerm;

/// Version of this calculation. Equal questions and facts give an equal decision as long as it
/// stays; whatever changes one is a new version, and recorded receipts keep the old one.
pub const ENGINE: u32 = 1;
