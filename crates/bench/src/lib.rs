//! Measures a real Tiercel server and torments one: every claim of speed and strictness as a command.
//!
//! | look-ups | `lookups/`: beside the bare framework (`bare.rs`), closed and open loop (`load.rs`) |
//! | import   | `import.rs`: beside the database's own bulk load                                    |
//! | evaluate | `evaluate.rs`: beside reading the same rows; from a fact to a decision               |
//! | credit   | `credit.rs`: beside a hand-written transaction                                      |
//! | chaos    | `chaos/`: a campaign of crashes and races, and what must hold after it              |
//! | ground   | `ground.rs`: a database of any size, made of a small one (`multiply.rs`)            |
//! | company  | `company.rs`: the small one's files and mappings                                    |
//! | places   | `place.rs`, `server.rs`: databases and processes; `sql.rs`, `wire.rs`: ways in      |
#![allow(
    clippy::disallowed_methods,
    reason = "a load driver has the real clock and the real environment"
)]

mod bare;
pub mod chaos;
mod company;
mod credit;
mod draws;
mod evaluate;
mod failure;
mod ground;
mod histogram;
mod import;
mod load;
mod lookups;
mod multiply;
mod output;
mod place;
mod server;
mod sql;
mod wire;

pub use bare::{Bare, run as answer_barely};
pub use credit::{Credit, run as measure_credit};
pub use evaluate::{Evaluate, run as measure_evaluation};
pub use failure::{Failure, Outcome};
pub use import::{Import, run as measure_import};
pub use lookups::{Lookups, run as measure_lookups};
pub use output::note;
pub use place::{Place, built_program, pin_driver};
