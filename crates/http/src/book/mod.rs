//! The decision book: what decisions need, in memory, current by the journal.

use arc_swap::ArcSwap;
use std::sync::Arc;
use tiercel_persistence::settings::Settings;
use tiercel_persistence::{DbError, Effects, Store};

/// One consistent state of the book; cheap to hold, never changes.
#[derive(Debug, Default)]
pub struct Book {}

/// Keeps the book current and hands out snapshots.
pub struct BookKeeper {
    current: ArcSwap<Book>,
}

impl BookKeeper {
    /// Reads everything.
    pub async fn load(_store: &Store, _settings: &Settings) -> Result<Self, DbError> {
        Ok(Self {
            current: ArcSwap::default(),
        })
    }

    pub fn snapshot(&self) -> Arc<Book> {
        self.current.load_full()
    }

    /// Takes over what a committed write changed; older versions than the book holds are ignored.
    pub async fn apply(&self, _store: &Store, _effects: &Effects) -> Result<(), DbError> {
        Ok(())
    }
}
