//! Customers: who they are, under which ids and numbers they are found.
//!
//! | look up  | `lookup.rs`: ids, profiles and states of many customers |
//! | domain   | `crates/domain/src/profile.rs`, `crates/domain/src/incoming.rs` |

mod lookup;

pub use lookup::{CustomerState, ids_after, profiles, resolve, state};
