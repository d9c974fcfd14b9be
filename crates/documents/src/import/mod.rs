//! How files of other systems become customers, products and facts: a mapping document says what
//! each column means, and nothing is guessed.
//!
//! | the mapping document      | `mapping.rs`; read by `document.rs` from TOML or JSON        |
//! | its checks                | `compile.rs`, `compile_records.rs`: a document becomes a [`Plan`], or all its faults |
//! | bytes to rows             | `reader.rs` over `input.rs`, `delimited.rs`, `json_line.rs`, `encoding.rs` |
//! | the value of a cell       | `value.rs` with `number.rs` and `date.rs`                     |
//! | a row to records          | `convert.rs`                                                 |
//! | second files              | `lookup.rs`                                                  |
//! | checks between columns    | `survey.rs`: the first pass, which may refuse the file whole  |
//! | rejected rows as a file   | `error_file.rs`, with `formula.rs` against spreadsheet formulas |
//! | good and bad rows         | `crates/documents/tests/import_rows.rs`                       |
//! | mappings of known data    | `examples/imports/`, tested in `crates/documents/tests/imports.rs` |
//!
//! The order of an import: [`read_toml`] or [`read_json`], [`compile`], [`LookupTable::read`] for
//! each of [`Plan::lookups`], [`survey()`] over the whole file (refused if
//! [`SurveyReport::is_refused`]), then [`RowReader`] and [`Plan::convert`] row by row.

mod compile;
mod compile_records;
mod convert;
mod date;
mod delimited;
mod document;
mod encoding;
mod error_file;
mod formula;
mod input;
mod json_line;
mod lookup;
pub mod mapping;
mod number;
mod plan;
mod reader;
mod row;
mod survey;
mod template;
mod value;

pub use compile::compile;
pub use document::{read_json, read_toml};
pub use error_file::ErrorFile;
pub use lookup::{LookupTable, Lookups};
pub use plan::{LookupFile, Plan};
pub use reader::RowReader;
pub use row::{FileFault, ImportRecord, Row, RowReason, RowRejection};
pub use survey::{BrokenExample, CheckReport, SurveyReport, survey};
