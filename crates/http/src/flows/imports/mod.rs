//! How a file is imported, whoever asks for it: a job of the server or the command line.
//!
//! | a whole run       | `run.rs`: surveyed, then chunk by chunk, resumable               |
//! | one chunk         | `chunk.rs`: one transaction, rejected rows left out whole        |
//! | records to store  | `batch.rs`: the records of a chunk, each once                    |
//! | reading           | `feed.rs`: rows are read on a thread of their own                |
//! | trying            | `trial.rs`: everything but writing                               |
//! | jobs              | `jobs.rs`: queued, and taken by whichever instance is free       |
//! | the mapping       | `crates/documents/src/import/mod.rs`                             |
//! | rows              | `crates/persistence/src/imports/mod.rs`                          |
//! | endpoints         | `crates/http/src/v1/imports.rs`                                  |

mod batch;
mod chunk;
mod feed;
pub mod jobs;
mod run;
mod trial;

pub use feed::{Data, Opener};
pub use run::{Ended, Run, Seen, run};
pub use trial::{Trial, trial};

use serde::{Deserialize, Serialize};
use tiercel_documents::import::FileFault;
use tiercel_persistence::{DbError, WriteError};
use utoipa::ToSchema;

/// What became of the rows; the last four add up to the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
#[schema(example = json!({"rows": 9994, "created": 9990, "updated": 0, "unchanged": 0, "rejected": 4}))]
pub struct ImportCounts {
    pub rows: u64,
    /// Rows that made something new known.
    pub created: u64,
    /// Rows that changed what was known.
    pub updated: u64,
    /// Rows that said nothing new.
    pub unchanged: u64,
    /// Rows of which nothing was imported.
    pub rejected: u64,
}

/// Why an import did not get to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    File(#[from] FileFault),
    /// The thread that reads the file ended early.
    #[error("reading the file was interrupted")]
    Interrupted,
}

impl WriteError for ImportError {
    fn database_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::File(_) | Self::Interrupted => None,
        }
    }
}
