//! What imports keep in the database: mappings, files that were sent, rejected rows.
//!
//! | mappings in numbered versions     | `mappings.rs`                                  |
//! | files in pieces, read as a stream | `spool.rs`                                     |
//! | second files by name              | `files.rs`                                     |
//! | what a job reads and rejects      | `inputs.rs`                                    |
//! | the mapping document              | `crates/documents/src/import/mapping.rs`       |
//! | the run                           | `crates/http/src/flows/imports/`               |
//! | endpoints                         | `crates/http/src/v1/imports.rs`                |

mod files;
mod inputs;
mod mappings;
mod spool;

pub use files::{SecondFile, file, files, list_files, put_file, remove_file};
pub use inputs::{
    Input, Rejection, attach, forget_old_rejections, inputs, keep_header, reject, rejections,
    release, result_header,
};
pub use mappings::{Mapping, Saved, find, list, put};
pub use spool::{SpoolReader, UploadId, append, begin, discard, forget_unused};

/// The kind of job that imports a file.
pub const JOB_KIND: &str = "import";
