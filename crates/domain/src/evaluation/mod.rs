//! How a customer is evaluated: facts become measures, measures points, points a tier.
//!
//! | model     | `model.rs`: criteria, bands and tiers; `faults.rs`: what a model must not be       |
//! | measures  | `measures/`, one file per family; `value.rs`: what a measure yields                |
//! | subject   | `subject.rs`: the customer's profile, sums, series and invoices                    |
//! | edges     | `edges.rs`: the facts that sums by months need besides the months                  |
//! | decision  | `evaluate.rs`: points add up to the score, the score falls into one tier           |
//! | why       | `explain.rs`: the facts behind a criterion                                         |
//! | when next | `next_change.rs`: the first date on which time alone may change the points         |
//! | tests     | `scenarios.toml`, `properties.rs`, `by_months.rs`, `real_data.rs` |
//! | history   | `crates/domain/src/history/`: sums by months, and what does not add up             |
//! | document  | `crates/documents/src/evaluation_model.rs`, `crates/documents/src/defaults/`       |

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod by_months;
mod edges;
mod evaluate;
mod explain;
mod faults;
mod measures;
mod model;
mod next_change;
#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
mod real_data;
#[cfg(test)]
mod scenarios;
mod subject;
mod value;

pub use edges::{Edges, edges};
pub use evaluate::{CriterionResult, Evaluation, EvaluationError, Matched, evaluate};
pub use explain::evidence;
pub use faults::{FaultKind, ModelFault};
pub use measures::{Measure, Weight};
pub use model::{Band, Category, Criterion, Draft, Model, Scoring, Tier};
pub use next_change::next_change_on;
pub use subject::Subject;
pub use value::{Measured, MissingReason};
