//! What is longer than a handler and shared: by operations, background work and the command line.

pub mod evaluations;
pub mod imports;
pub mod model;
pub mod portfolio;
