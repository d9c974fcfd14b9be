//! Evaluations: append-only, the current one named by the customer's state.
//!
//! | refresh | here: customers whose facts or profile changed                        |
//! | runs    | `run.rs`: everyone, as of a date, in chunks                           |
//! | stands  | `standing.rs`: how the tier follows the score from day to day           |
//! | saved   | `save.rs`: what differs is appended, the customer's state points to it |
//! | looked  | `compare.rs`: by several models at once, nothing is written           |
//! | warned  | `warn.rs`: whose tier will drop if nothing happens, told once           |
//! | read    | `read.rs`: the history                                                |
//! | domain  | `crates/domain/src/evaluation/`                                       |

mod compare;
mod read;
mod run;
mod save;
mod standing;
mod warn;

pub use compare::{Compared, YEAR, compare};
pub use read::{EvaluationFilter, StoredEvaluation, find, page};
pub use run::{Chunk, advance, run_all, run_chunk};
pub(crate) use save::{Occasion, evaluate};
pub use standing::{Before, first_day, stood};
pub use warn::{TierDrop, warn};

use crate::refresh::{self, Basis, Cause, RefreshError, Scope};
use crate::write::Tx;
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_domain::evaluation::Model;
use tiercel_domain::ids::{CustomerId, DocumentId};
use tiercel_domain::profile::Profile;

/// The model for everyone, the version of the document that it comes from, and the models that go
/// before it for some.
#[derive(Debug, Clone, Copy)]
pub struct ModelInForce<'a> {
    pub model: &'a Model,
    pub id: DocumentId,
    pub version: i64,
    /// The first day on which it decides.
    pub since: NaiveDate,
    pub special: &'a [SpecialModel],
}

/// A model for the customers that its condition holds of.
#[derive(Debug)]
pub struct SpecialModel {
    pub model: Model,
    pub id: DocumentId,
    pub version: i64,
    pub since: NaiveDate,
}

impl<'a> ModelInForce<'a> {
    /// The one model that is applied to a customer: lint keeps special models apart; if groups have
    /// moved since, the first of several is applied.
    #[must_use]
    pub fn of(&self, profile: &Profile) -> Self {
        let fits = |special: &&SpecialModel| {
            let condition = special.model.applies_to();
            condition.is_some_and(|condition| condition.fits(profile))
        };
        match self.special.iter().find(fits) {
            None => *self,
            Some(special) => Self {
                model: &special.model,
                id: special.id,
                version: special.version,
                since: special.since,
                special: self.special,
            },
        }
    }

    /// Every model that may be applied.
    pub fn all(&self) -> impl Iterator<Item = &'a Model> {
        let special = self.special.iter().map(|special| &special.model);
        std::iter::once(self.model).chain(special)
    }
}

/// Evaluates customers again as of the basis' date, in the write that changed them.
pub async fn refresh(
    tx: &Tx,
    customers: &BTreeSet<CustomerId>,
    basis: &Basis<'_>,
    cause: Cause,
) -> Result<(), RefreshError> {
    let scope = Scope {
        customers: customers.clone(),
        months: BTreeSet::new(),
    };
    refresh::customers(tx, &scope, basis, cause).await
}
