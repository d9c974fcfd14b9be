//! Tiercel as its users meet it: the real binary, over HTTP and on the command line, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::too_many_lines,
    reason = "a test that cannot go on should stop here"
)]
#![allow(
    clippy::print_stderr,
    reason = "what a server says is shown with the failure"
)]
#![allow(clippy::disallowed_methods, reason = "tests read the real environment")]

mod support;

mod access;
mod api;
mod append_only;
mod architecture;
mod chaos;
mod cli;
mod contract;
mod demo;
mod dirty_files;
mod docs_page;
mod dump;
mod every_operation;
mod examples;
mod figures;
mod front_end;
mod hostile;
mod imports;
mod instances;
mod licences;
mod openapi;
mod operations;
