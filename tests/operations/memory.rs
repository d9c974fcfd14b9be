//! Memory while a file is imported: bounded by a chunk, whatever the size of the file.

use crate::support::{Database, Watched, block_on, importing, skipped};
use std::fmt::Write;

/// Rows of the smaller file, of some kilobytes each.
const ROWS: usize = 3_000;

fn file(rows: usize) -> String {
    let rest = "x".repeat(8_000);
    let mut file = "customer,ordered,amount,rest\n".to_owned();
    for row in 0..rows {
        writeln!(file, "C-{},2026-01-02,1.00,{rest}", row / 20).unwrap();
    }
    file
}

/// The most memory that a fresh server takes for a file of so many rows.
fn peak(database: &Database, rows: usize) -> u64 {
    block_on(async {
        let watched = Watched::start(database, &[]);
        let api = watched.bearing(&database.token("admin"));
        importing::put_mapping(&api, "orders", importing::SHOP_ORDERS).await;
        let job = importing::import(&api, "orders", file(rows)).await;
        assert_eq!(job["counts"]["created"], rows, "{job}");
        watched.peak()
    })
}

fn stays_flat(small: &Database, large: &Database) {
    let (small, large) = (peak(small, ROWS), peak(large, 4 * ROWS));
    assert!(
        large * 100 < small * 125,
        "{small} KiB became {large} KiB with a file four times as long"
    );
}

fn is_measured() -> bool {
    let linux = cfg!(target_os = "linux");
    if !linux {
        skipped("peak memory: /proc is read, which only Linux has");
    }
    linux
}

#[test]
fn a_longer_file_takes_no_more_memory_sqlite() {
    if is_measured() {
        stays_flat(&Database::sqlite(), &Database::sqlite());
    }
}

#[test]
fn a_longer_file_takes_no_more_memory_postgres() {
    if is_measured()
        && let (Some(small), Some(large)) = (Database::postgres(), Database::postgres())
    {
        stays_flat(&small, &large);
    }
}
