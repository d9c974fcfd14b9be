//! A lifelike company to try Tiercel with, generated: the same seed gives the same company.
//!
//! | company   | `generate.rs`: the batches, in the order in which to load them  |
//! | catalogue | `catalogue.rs`: products, prices, costs that change every year  |
//! | customers | `customers.rs`: who they are; `names.rs`: what they are called  |
//! | story     | `story.rs`: three years of one customer; `order.rs`: one order  |
//! | loading   | `load.rs`: into a database, through the doors of any import      |
//! | numbers   | `random.rs`: the generator and the draws                        |

mod catalogue;
mod customers;
pub mod generate;
pub mod load;
mod names;
mod order;
mod random;
mod story;
#[cfg(test)]
mod tests;
