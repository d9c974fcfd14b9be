//! Customers: who they are, under which ids and numbers they are found.
//!
//! | look up | `lookup.rs`: ids, profiles and states of many; `customer.rs`: all of them; `page.rs`: lists |
//! | change  | `edit.rs`: what is wanted and whether it fits; `upsert.rs`: one or many; `save.rs`: rows |
//! | past    | `history.rs`: earlier versions                               |
//! | erase   | `erase.rs`: deletes what is personal                         |
//! | domain  | `crates/domain/src/profile.rs`, `crates/domain/src/incoming.rs` |
//! | http    | `crates/http/src/v1/customers.rs`                        |

mod customer;
mod edit;
mod erase;
mod history;
mod lookup;
mod page;
mod save;
#[cfg(test)]
mod tests;
mod upsert;

pub use customer::{Content, Customer, load};
pub use edit::Edit;
pub(crate) use edit::change;
pub use erase::{erase, scrub};
pub use history::{Version, history};
pub use lookup::{CustomerState, all_ids_after, ids_after, profiles, resolve, state};
pub use page::{Filter, count, find, find_state, ids_of, page};
pub use upsert::{Outcome, Upserted, create, patch, put_all, upsert};
