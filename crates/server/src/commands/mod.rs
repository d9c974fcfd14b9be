//! The commands, one file each.

pub mod access;
pub mod audit;
pub mod backup;
pub mod demo;
pub mod doctor;
pub mod evaluate;
pub mod import;
pub mod keys;
pub mod migrate;
pub mod serve;
