//! Adds up the whole portfolio, customer by customer, in bounded memory.

use crate::problem::{Kind, Problem};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;
use tiercel_domain::portfolio::Portfolio;
use tiercel_persistence::{Store, customers, facts};

/// Customers read at a time.
const CHUNK: u64 = 500;

/// The company as of the end of a day, from facts as they were known at a position of the journal.
/// Reads every fact once: the cost grows with the facts, the memory does not.
pub async fn total(
    store: &Store,
    as_of: NaiveDate,
    known_at: Option<i64>,
) -> Result<Portfolio, Problem> {
    let mut portfolio = Portfolio::new(as_of);
    let mut after: Option<CustomerId> = None;
    loop {
        let ids = customers::all_ids_after(store, after, CHUNK).await?;
        let Some(last) = ids.last().copied() else {
            return Ok(portfolio);
        };
        let ids: BTreeSet<CustomerId> = ids.into_iter().collect();
        let states = customers::state(store, &ids).await?;
        let facts = facts::of_customers(store, &ids, known_at).await?;
        for id in &ids {
            let tier = states.get(id).and_then(|state| state.tier.as_deref());
            let facts = facts.get(id).map_or(&[][..], Vec::as_slice);
            portfolio.add(tier, facts).map_err(|_| {
                Problem::new(
                    Kind::Conflict,
                    format!("the amounts of {id} are too large to add up"),
                )
            })?;
        }
        after = Some(last);
    }
}
