//! What is longer than a handler and shared: by operations, background work and the command line.

pub mod contest;
pub mod contributions;
mod course;
pub mod credit;
pub mod evaluations;
pub mod freezing;
pub mod imports;
mod lease;
pub mod model;
pub mod outlook;
pub mod payback;
pub mod policy_simulations;
pub mod portfolio;
pub mod retries;
pub mod revaluations;
pub mod schedule;
pub mod simulations;
pub mod timeline;
