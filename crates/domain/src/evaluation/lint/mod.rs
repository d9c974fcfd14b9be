//! What is odd about a model without faults: what can never happen, and what counts twice.
//!
//! | scores | `scores.rs`: tiers that no score reaches, criteria that change no tier  |
//! | values | `values.rs`: bands that no value falls into, missing that pays           |
//! | twice  | `twice.rs`: criteria that measure the same                               |

mod scores;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod tests;
mod twice;
mod values;

use super::model::Model;
use crate::path::Path;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The model cannot be published.
    Error,
    Warning,
}

impl Severity {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One thing that is odd, with an input that shows it: names and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oddity {
    pub path: Path,
    pub severity: Severity,
    /// A stable word for programs.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    pub witness: Vec<(String, String)>,
}

/// Everything that is odd about a model.
pub fn oddities(model: &Model) -> Vec<Oddity> {
    let mut found = scores::unreachable(model);
    found.extend(scores::idle(model));
    found.extend(values::impossible(model));
    found.extend(values::better_unknown(model));
    found.extend(twice::counted(model));
    found
}
