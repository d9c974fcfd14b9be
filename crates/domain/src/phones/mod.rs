//! How phone numbers are made comparable, so that a caller finds the customer who typed them.
//!
//! | normalise | `normalise.rs`: E.164 where the number is valid, else as typed |
//! | look up   | `caller.rs`: what to try, in order, for the number of a call   |
//! | near      | `near.rs`: numbers that end alike                              |
//! | clean     | `clean.rs`: the part of a text that can be dialled             |
//! | parse     | `parse.rs`: country code and national number                   |
//! | plans     | `plan.rs`: which numbers a country has                         |
//! | tests     | `tests.rs`: real numbers of 27 countries, hostile text         |

mod caller;
mod clean;
mod near;
mod normalise;
mod parse;
mod plan;
#[cfg(test)]
mod tests;

pub use caller::{NoCaller, caller_keys};
pub use near::{Nearness, nearness, tail};
pub use normalise::{MatchKey, Normalised, normalise};
pub use plan::is_region;
