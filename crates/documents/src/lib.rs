//! Models and service policies as JSON documents: how they are read, spelled, hashed and turned
//! into what the domain decides by.

pub mod canonical;
pub mod evaluation_model;
pub mod fault;
pub mod import;
