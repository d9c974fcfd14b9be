//! Evaluations: append-only, the current one named by the customer's state.
//!
//! | refresh | here: customers whose facts or profile changed                        |
//! | runs    | `run.rs`: everyone, as of a date, in chunks                           |
//! | saved   | `save.rs`: what differs is appended, the customer's state points to it |
//! | looked  | `compare.rs`: by several models at once, nothing is written           |
//! | warned  | `warn.rs`: whose tier will drop if nothing happens, told once           |
//! | read    | `read.rs`: the history                                                |
//! | domain  | `crates/domain/src/evaluation/`                                       |

mod compare;
mod read;
mod run;
mod save;
mod warn;

pub use compare::{Compared, YEAR, compare};
pub use read::{EvaluationFilter, StoredEvaluation, find, page};
pub use run::{Chunk, advance, run_all, run_chunk};
pub(crate) use save::{Occasion, evaluate};
pub use warn::{TierDrop, warn};

use crate::refresh::{self, Basis, Cause, RefreshError, Scope};
use crate::write::Tx;
use std::collections::BTreeSet;
use tiercel_domain::evaluation::Model;
use tiercel_domain::ids::{CustomerId, DocumentId};

/// A model and the version of the document that it comes from.
#[derive(Debug, Clone, Copy)]
pub struct ModelInForce<'a> {
    pub model: &'a Model,
    pub id: DocumentId,
    pub version: i64,
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
