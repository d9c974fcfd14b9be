//! Which terms a customer gets, how much is outstanding, and whether orders are held.
//!
//! | what     | where                                                          |
//! |----------|----------------------------------------------------------------|
//! | policy   | `policy.rs`: terms, limit and hold rules per tier              |
//! | terms    | `terms.rs`, `ubl.rs`: one model of payment terms, all its spellings |
//! | ageing   | `ageing.rs`: open amounts by days overdue, also for reports    |
//! | decision | `decide.rs`: terms, limit, exposure, hold                      |
//! | dunning  | `dunning.rs`: how far reminders have come, what is asked for   |
//! | drift    | `reconcile.rs`: our open items beside those of finance         |
//! | limits   | `limits.rs`: the limit of a credit account on a day            |
//! | proposed | `proposals.rs`: limits by a formula                          |
//! | reserved | `authorization.rs`: one document's credit and its stages       |
//! | facts    | `chain.rs`: what facts tell of that document                   |
//! | checks   | `authorize.rs`: may this document be authorised, and if not    |
//! | schedule | `schedule.rs`, `early.rs`: what is to be paid when             |
//! | tests    | `scenarios.toml`, `worked_cases.toml`, `finance_cases.toml`, `properties.rs` |
//! | document | `crates/documents/src/credit_policy.rs`                        |
//! | rows     | `crates/persistence/src/credit/`                               |
//! | endpoint | `crates/http/src/v1/credit/`                                   |

pub mod ageing;
pub mod authorization;
pub mod authorize;
pub mod chain;
pub mod decide;
pub mod dunning;
pub mod early;
pub mod limits;
pub mod policy;
pub mod proposals;
pub mod reconcile;
pub mod schedule;
pub mod terms;
pub mod ubl;

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod finance_cases;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod worked_cases;

pub use authorization::{Authorization, Stage, State, Told};
pub use decide::{AccountView, Decision, Exposure, Facts, HoldCode, Limit, OpenItem, decide};
pub use policy::Policy;
pub use terms::PaymentTerm;

/// Version of this calculation. Equal questions and facts give an equal decision as long as it
/// stays; whatever changes one is a new version, and recorded receipts keep the old one.
pub const ENGINE: u32 = 1;
