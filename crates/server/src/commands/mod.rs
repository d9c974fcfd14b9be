//! The commands, one file each.

pub mod access;
pub mod audit;
pub mod demo;
pub mod migrate;
pub mod serve;
