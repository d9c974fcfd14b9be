//! Which orders are under way, and how far their goods are.
//!
//! | what   | where                                                    |
//! |--------|----------------------------------------------------------|
//! | orders | `open_orders.rs`: order lines beside what followed them  |
//! | shown  | `crates/http/src/v1/context.rs`                          |

pub mod open_orders;

pub use open_orders::{Delivery, OpenOrder, open_orders};
