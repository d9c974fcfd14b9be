//! Facts: append-only versions, as they were known at any position of the journal.
//!
//! | recorded   | `record.rs`: many at once, each created, updated, unchanged or rejected |
//! | understood | `incoming.rs`: references resolved, amounts valued, content hashed      |
//! | valued     | `value.rs`: in base currency, at the product's cost of the day          |
//! | corrected  | `revalue.rs`: new versions where a rate or cost was corrected           |
//! | read       | `read.rs`: of customers, pages, versions                                |
//! | at a look  | `recent.rs`: the last of one kind, and what followed documents            |
//! | rows       | `rows.rs`: columns ↔ domain values                                      |
//! | tests      | `tests.rs`: against an embedded database                                 |
//! | domain     | `crates/domain/src/fact.rs`, `crates/domain/src/facts/`                 |

mod incoming;
#[cfg(test)]
mod plans;
mod read;
mod recent;
mod record;
mod revalue;
mod rows;
#[cfg(test)]
pub(crate) mod tests;
mod value;

pub(crate) use read::of_days;
pub use read::{FactFilter, FactPlace, find, of_customers, of_ids, of_period, page, versions};
pub use recent::{following, recent};
pub use record::{Recorded, examine, record, record_apart};
pub use revalue::{Revalued, revalue};
pub use rows::StoredFact;
