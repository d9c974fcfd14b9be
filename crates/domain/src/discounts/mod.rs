//! How the net price of each line of a quote is decided.
//!
//! | what     | where                                                              |
//! |----------|--------------------------------------------------------------------|
//! | question | `question.rs`: lines, and what is known of the customer            |
//! | answer   | `answer.rs`: prices, the reasons to approve them, line errors       |
//! | policy   | `policy.rs`: stack groups, rounding, floors; `limit.rs`: caps      |
//! | rules    | `rules/`, one file per selector; `benefit.rs`: what they do        |
//! | index    | `index.rs`: the rules that may be about a line                     |
//! | stacking | `stack.rs`: which of the rules of a group apply, and which nearly  |
//! | decision | `decide.rs`: each line, then the document                          |
//! | line     | `price.rs`: contract → groups → cap → rounding → floor → amount    |
//! | approval | `approval.rs`: who must approve, and what an approval covers  |
//! | document | `document.rs`, `offer.rs`, `spread.rs`: what is taken off together |
//! | trace    | `waterfall.rs`: adjustments that sum exactly from list to net      |
//! | floor    | `floor.rs`: the lowest price that keeps the margin                 |
//! | entitled | `entitled.rs`: the rules that are about a customer, before any quote |
//! | compared | `compare.rs`: what two policies make of one quote                 |
//! | lint     | `lint.rs`: rules that meet, or that nothing ever reaches           |
//! | tests    | `scenarios.toml`, `properties.rs`                                  |
//! | in JSON  | `crates/documents/src/discount_policy.rs`                          |

pub mod answer;
pub mod approval;
pub mod compare;
pub mod decide;
pub mod document;
pub mod entitled;
pub mod floor;
pub mod index;
pub mod limit;
pub mod lint;
mod offer;
pub mod policy;
mod price;
pub mod question;
pub mod rules;
mod spread;
pub mod stack;
pub mod sums;
pub mod waterfall;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod scenarios;

pub use answer::{ApprovalCode, Cap, Decision, LineDecision, LineError, PricedLine, Totals};
pub use approval::{Approval, Approved};
pub use decide::decide;
pub use policy::Policy;
pub use question::{Contract, Facts, Line, Question, UnitCost};

/// Version of this calculation. Equal questions and facts give an equal decision as long as it
/// stays; whatever changes one is a new version, and recorded receipts keep the old one. Documents
/// of schema 2 brought calculations of their own and changed none of schema 1: `policy::Engine`.
pub const ENGINE: u32 = 1;
