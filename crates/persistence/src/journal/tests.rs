//! Entries that wait for their number, against an embedded database.

use super::{backlog, overdue};
use crate::test_store::writing;
use crate::{Clock, DbError, Store, Tx, rates};
use chrono::NaiveDate;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tiercel_domain::currency::Currency;
use tiercel_domain::scaled::Rate;

#[tokio::test]
async fn an_entry_that_nobody_numbers_is_an_alarm_after_five_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/t.db", directory.path().display());
    let micros = Arc::new(AtomicI64::new(1_700_000_000_000_000));
    let clock = Clock::Manual(Arc::clone(&micros));
    let store = Store::open(&url, clock).await.unwrap();
    let from: NaiveDate = "2024-01-01".parse().unwrap();
    let record = async |tx: &Tx| {
        rates::save(tx, Currency::USD, from, Rate::from_units(90_000_000)).await?;
        Ok::<_, DbError>(((), None))
    };
    assert_eq!(overdue(&store).await.unwrap(), None);
    store.write(&writing(), record).await.unwrap();
    assert_eq!(backlog(&store).await.unwrap().0, 1);
    for (waited, alarmed) in [(0, false), (5_000_000, false), (6_000_000, true)] {
        micros.store(1_700_000_000_000_000 + waited, Ordering::SeqCst);
        let alarm = overdue(&store).await.unwrap();
        assert_eq!(alarm.is_some(), alarmed, "{waited}: {alarm:?}");
    }
    let alarm = overdue(&store).await.unwrap().unwrap();
    assert_eq!(alarm, "1 entries are not numbered, the oldest for 6 s");
}
