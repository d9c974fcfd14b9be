//! A few cycles of the campaign of crashes and races; `tiercel-bench chaos` runs it at length.

use crate::support::server::TIERCEL;
use crate::support::{Database, block_on};
use tiercel_bench::Place;
use tiercel_bench::chaos::{self, Campaign};

fn campaign(database: Option<Database>, seed: u64) {
    let Some(database) = database else { return };
    let place = Place {
        program: TIERCEL.into(),
        data: database.data().to_owned(),
        url: database.url.clone(),
    };
    let campaign = Campaign {
        cycles: 3,
        seed,
        shortest: 100,
        longest: 600,
        rows: 400,
    };
    let done = block_on(chaos::run(&place, &campaign));
    assert!(done.is_ok(), "{}", done.unwrap_err());
}

#[test]
fn what_was_acknowledged_survives_a_few_crashes_on_sqlite() {
    campaign(Some(Database::sqlite()), 11);
}

#[test]
fn what_was_acknowledged_survives_a_few_crashes_on_postgres() {
    campaign(Database::postgres(), 12);
}
