//! Which queue answers a call, how soon, and who.
//!
//! | what     | where                                                        |
//! |----------|--------------------------------------------------------------|
//! | policy   | `policy.rs`: a route per tier, and one for everybody else    |
//! | decision | `decide.rs`: whose call it is, and the route that follows    |
//! | dialects | `dialect.rs`: how telephone systems count who is first       |
//! | tests    | `scenarios.toml`, read by `scenarios.rs`                     |
//! | document | `crates/documents/src/routing_policy.rs`                     |

pub mod decide;
pub mod dialect;
pub mod policy;

#[cfg(test)]
mod scenarios;

pub use decide::{Caller, Decision, Facts, Match, MatchQuality, MissReason, decide};
pub use dialect::{Dialect, Standing};
pub use policy::{Policy, Route, TierRoute};

/// Version of this calculation. Equal questions and facts give an equal decision as long as it
/// stays; whatever changes one is a new version, and recorded receipts keep the old one.
pub const ENGINE: u32 = 1;
