//! Callers who mean harm: nothing of theirs is carried out, and others do not notice them.
//!
//! The campaigns are short here. `TIERCEL_TEST_CONNECTIONS=5000` runs the slow connections in full
//! length.

mod bodies;
mod filters;
mod formulas;
mod slow;
mod smuggling;
