//! A database of its own for a test of this crate.

use crate::{Clock, Store, Writing};

/// A migrated store in a directory that goes with its handle.
pub async fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/test.db", dir.path().display());
    let store = Store::open(&url, Clock::System).await.unwrap();
    (dir, store)
}

pub const fn writing() -> Writing<'static> {
    Writing {
        principal: "test",
        action: "test.changed",
        retry: None,
    }
}
