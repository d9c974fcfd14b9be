//! How a customer is evaluated: facts become measures, measures points, points a tier.
//!
//! | model     | `model.rs`: criteria, bands and tiers; `check.rs`, `faults.rs`: what it must not be |
//! | points    | `refinement.rs`: weight and reasons; `decay.rs`: age; `group.rs`: caps            |
//! | beyond    | `veto.rs`: what overrules the score; `condition.rs`: also whom a model is for      |
//! | in time   | `lifecycle/`: how a tier follows the score                                         |
//! | the way   | `efforts.rs`: what the way to a better tier costs, for `crates/domain/src/tier_path/` |
//! | lint      | `lint/`: what can never happen; `overlap.rs`: whom two models are both for           |
//! | frozen    | `quantile.rs`: cut points of a portfolio                                           |
//! | filters   | `filter.rs`, `filtered.rs`: criteria that look at some facts only                  |
//! | measures  | `measures/`, one file per family; `value.rs`: what a measure yields                |
//! | subject   | `subject.rs`: the customer's profile, sums, series and invoices                    |
//! | edges     | `edges.rs`: the facts that sums by months need besides the months                  |
//! | decision  | `evaluate.rs`: points add up to the score, the score falls into one tier           |
//! | why       | `explain.rs`: the facts behind a criterion; `reasons.rs`: what mattered most       |
//! | when next | `next_change.rs`: the first date on which time alone may change the points         |
//! | tests     | `scenarios.toml`, `properties.rs`, `edge_cases.rs`, `by_months.rs`, `real_data.rs` |
//! | history   | `crates/domain/src/history/`: sums by months, and what does not add up             |
//! | document  | `crates/documents/src/evaluation_model/`, `crates/documents/src/defaults/`       |

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod by_months;
mod check;
mod check_parts;
mod condition;
mod decay;
#[cfg(test)]
mod edge_cases;
mod edges;
mod efforts;
mod evaluate;
mod explain;
mod faults;
mod filter;
mod filtered;
mod group;
mod lifecycle;
mod lint;
mod measures;
mod model;
mod next_change;
mod overlap;
#[cfg(test)]
pub(crate) mod properties;
mod quantile;
#[cfg(test)]
mod real_data;
mod reasons;
mod refinement;
#[cfg(test)]
mod scenarios;
mod subject;
mod value;
mod veto;

pub use condition::{Condition, Range};
pub use decay::Decay;
pub use edges::{Edges, edges};
pub use efforts::Efforts;
pub use evaluate::{CriterionResult, Evaluation, EvaluationError, Matched, evaluate};
pub use explain::evidence;
pub use faults::{FaultKind, ModelFault};
pub use filter::Filter;
pub use group::{Group, GroupResult};
pub use lifecycle::{Calendar, Effect, Keeping, Lifecycle, Rise, Standing, Term, carry, next_step};
pub use lint::{Oddity, Severity, oddities};
pub use measures::{Best, Measure, Rates, Weight};
pub use model::{Band, Category, Criterion, Draft, Model, Scoring, Tier};
pub use next_change::next_change_on;
pub use overlap::{GroupTree, Overlap, overlap};
pub use quantile::cut;
pub use reasons::{RankedReason, ReasonOrder, ranked_reasons};
pub use refinement::{Reason, Reasons, Refinement};
pub use subject::Subject;
pub use value::{Measured, MissingReason};
pub use veto::{Veto, VetoEffect};
