//! Adds up who or what brings the profit, customer by customer.

use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::portfolio::{By, Contributions};
use tiercel_persistence::{DbError, Store, customers, facts};

/// Customers read at a time.
const CHUNK: u64 = 500;

/// What everybody brought until a day, from facts as they were known. Reads every fact once; what
/// is held is one sum for each part.
pub async fn total(
    store: &Store,
    by: By,
    as_of: NaiveDate,
    known_at: Option<i64>,
) -> Result<Contributions, DbError> {
    let mut all = Contributions::new(by, as_of);
    let mut after: Option<CustomerId> = None;
    loop {
        let ids = customers::all_ids_after(store, after, CHUNK).await?;
        let Some(last) = ids.last().copied() else {
            return Ok(all);
        };
        let ids: BTreeSet<CustomerId> = ids.into_iter().collect();
        let facts = facts::of_customers(store, &ids, known_at).await?;
        for id in &ids {
            all.add(*id, facts.get(id).map_or(&[][..], Vec::as_slice));
        }
        after = Some(last);
    }
}
