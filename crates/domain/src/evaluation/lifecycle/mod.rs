//! How a tier follows the score over time: a pure fold over the score's tier on calendar dates.
//!
//! | rules    | `rules.rs`: the calendar, and what a fall must wait for              |
//! | standing | `standing.rs`: one step, a rise in between, and the fold over both    |
//! | effect   | `effect.rs`: why the tier is not the score's, and until when          |
//! | tests    | `properties.rs`: evaluated when something changes == evaluated daily  |

mod effect;
#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // A panic fails the test.
mod properties;
mod rules;
mod standing;

pub use effect::{Effect, Keeping};
pub use rules::{Calendar, Lifecycle, Rise, Term};
pub use standing::{Standing, carry, next_step};
