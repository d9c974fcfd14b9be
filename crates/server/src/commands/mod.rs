//! The commands, one file each.

pub mod access;
pub mod audit;
pub mod migrate;
pub mod serve;
