//! What Tiercel decides, as pure functions of facts.
//!
//! Nothing in this crate reads a clock, draws a random number, waits, or knows how a value is
//! stored or sent. Inputs that make no sense are errors; a refusal is a value with reasons.

pub mod category;
pub mod contracts;
pub mod credit;
pub mod currency;
pub mod decision;
pub mod digits;
pub mod discounts;
pub mod evaluation;
pub mod fact;
pub mod facts;
pub mod history;
pub mod hold_out;
pub mod ids;
pub mod incoming;
pub mod money;
pub mod orders;
pub mod path;
pub mod payback;
pub mod period;
pub mod phones;
pub mod portfolio;
pub mod profile;
pub mod receivables;
pub mod rollups;
pub mod routing;
pub mod scaled;
pub mod schedule;
pub mod settlement;
#[cfg(test)]
mod test_data;
#[cfg(test)]
mod test_facts;
pub mod tier_overrides;
pub mod tier_path;
