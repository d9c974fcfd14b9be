//! Whether what customers are given pays back: customers with a benefit against customers without.
//!
//! Composes facts and receivables, so it belongs to neither. Never compares a customer with its own
//! past: whoever was just promoted had a good year, and falls back towards the mean anyway.
//!
//! | brought  | `brought.rs`: what one customer brings in a period, capital paid   |
//! | sample   | `sample.rs`: mean and variance of customers, one by one            |
//! | compared | `welch.rs`: the difference of two means and its 95 % interval      |
//! | quantile | `student.rs`: of Student's t                                       |
//! | tests    | `properties.rs`: no effect is not found, a large one is            |
//! | held out | `crates/domain/src/hold_out.rs`                                    |
//! | streamed | `crates/http/src/flows/payback.rs`                                 |
//! | endpoint | `crates/http/src/v1/reports/payback.rs`                            |

mod brought;
#[cfg(test)]
mod properties;
mod sample;
mod student;
mod welch;

pub use brought::{Brought, Period, brought};
pub use sample::Sample;
pub use welch::{Interval, Verdict, welch};
