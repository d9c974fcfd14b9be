//! How the net price of each line of a quote is decided.
//!
//! | what     | where                                                              |
//! |----------|--------------------------------------------------------------------|
//! | question | `question.rs`: lines, and what is known of the customer            |
//! | answer   | `answer.rs`: prices, the reasons to approve them, line errors       |
//! | policy   | `policy.rs`: stack groups, rounding, floor and cap                 |
//! | rules    | `rules/`, one file per kind and per selector                       |
//! | stacking | `stack.rs`: which of the rules of a group apply, and which nearly  |
//! | decision | `decide.rs`: groups → cap → unit rounding → floor → line amount    |
//! | trace    | `waterfall.rs`: adjustments that sum exactly from list to net      |
//! | floor    | `floor.rs`: the lowest price that keeps the margin                 |
//! | tests    | `scenarios.toml`, `properties.rs`                                  |
//! | document | `crates/documents/src/discount_policy.rs`                          |

pub mod answer;
pub mod decide;
pub mod floor;
pub mod policy;
pub mod question;
pub mod rules;
pub mod stack;
pub mod waterfall;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;

pub use answer::{ApprovalCode, Cap, Decision, LineDecision, LineError, PricedLine, Totals};
pub use decide::decide;
pub use policy::Policy;
pub use question::{Facts, Line, Question, UnitCost};

/// Version of this calculation. Equal questions and facts give an equal decision as long as it
/// stays; whatever changes one is a new version, and recorded receipts keep the old one.
pub const ENGINE: u32 = 1;
