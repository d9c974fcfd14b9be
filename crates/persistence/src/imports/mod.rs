//! What imports keep in the database: mappings, files that were sent, rejected rows.
//!
//! | mappings in numbered versions     | `mappings.rs`                                  |
//! | files in pieces, read as a stream | `spool.rs`                                     |
//! | what a job reads and rejects      | `inputs.rs`                                    |
//! | the mapping document              | `crates/documents/src/import/mapping.rs`       |
//! | the run                           | `crates/http/src/flows/imports/`               |
//! | endpoints                         | `crates/http/src/v1/imports.rs`                |

mod inputs;
mod mappings;
mod spool;

pub use inputs::{
    Input, Rejection, attach, forget_old_rejections, inputs, keep_header, reject, rejections,
    release, result_header,
};
pub use mappings::{Mapping, Saved, find, list, put};
pub use spool::{
    SpoolReader, UploadId, append, begin, discard, file, files, forget_unused, put_file,
};

/// The kind of job that imports a file.
pub const JOB_KIND: &str = "import";
