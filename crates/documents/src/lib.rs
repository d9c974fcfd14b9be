//! Models and service policies as JSON documents: how they are read, spelled, hashed and turned
//! into what the domain decides by.

pub mod canonical;
mod checks;
pub mod credit_policy;
pub mod discount_policy;
pub mod evaluation_model;
pub mod fault;
pub mod hold_out;
pub mod import;
pub mod routing_policy;
pub mod strict;
