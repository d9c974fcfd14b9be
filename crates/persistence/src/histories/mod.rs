//! What evaluation reads of customers: a projection of facts, one row per customer.
//!
//! | rows    | here: read, replaced, made anew where their layout is an old one            |
//! | content | `pack.rs`: a history as a text, and back                                    |
//! | known   | `known.rs`: what one evaluation has at hand, from every fact or from the rows |
//! | tests   | `tests.rs`: evaluations by rows equal evaluations by facts                  |
//! | domain  | `crates/domain/src/history/`                                                |

mod known;
mod pack;
#[cfg(test)]
mod tests;

pub(crate) use known::Known;

use crate::entity::customer_history;
use crate::error::DbError;
use crate::refresh::{Facts, RefreshError};
use crate::sql::MANY;
use crate::store::Source;
use crate::store::sealed::Sealed;
use crate::write::Tx;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::history::History;
use tiercel_domain::ids::CustomerId;
use uuid::Uuid;

/// Which arrangement of `content` this program writes and reads. Any change to `pack.rs`, or to
/// what a history is made of, needs a new number.
const LAYOUT: i64 = 1;

/// Customers whose facts are held at once while their rows are made anew.
const FEW: usize = 50;

/// The histories of customers, made from their facts.
fn of_facts(
    facts: &Facts,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, History>, RefreshError> {
    ids.iter()
        .map(|id| {
            let history = History::of(facts.of(*id));
            Ok((*id, history.map_err(|_| RefreshError::TooLarge(*id))?))
        })
        .collect()
}

/// Replaces the rows of these customers; one without facts has none.
async fn save(tx: &Tx, histories: &BTreeMap<CustomerId, History>) -> Result<(), DbError> {
    use customer_history::Column;
    let empty = histories.iter().filter(|(_, history)| history.is_empty());
    let empty: Vec<Uuid> = empty.map(|(id, _)| Uuid::from_u128(id.bits())).collect();
    for chunk in empty.chunks(MANY) {
        customer_history::Entity::delete_many()
            .filter(Column::CustomerId.is_in(chunk.iter().copied()))
            .exec(tx.connection())
            .await?;
    }
    let known = histories.iter().filter(|(_, history)| !history.is_empty());
    let rows: Vec<_> = known.map(row).collect::<Result<_, _>>()?;
    for chunk in rows.chunks(MANY) {
        let mut replaced = OnConflict::column(Column::CustomerId);
        replaced.update_columns([Column::Layout, Column::Content]);
        customer_history::Entity::insert_many(chunk.iter().cloned())
            .on_conflict(replaced)
            .exec_without_returning(tx.connection())
            .await?;
    }
    Ok(())
}

fn row((id, history): (&CustomerId, &History)) -> Result<customer_history::ActiveModel, DbError> {
    let row = customer_history::Model {
        customer_id: Uuid::from_u128(id.bits()),
        layout: LAYOUT,
        content: pack::text(history)?,
    };
    Ok(row.into_active_model().reset_all())
}

/// The histories of customers as they are, for a look: nothing is locked or replaced.
async fn seen(
    source: &impl Source,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, History>, RefreshError> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let (mut found, mut old) = (BTreeMap::new(), BTreeSet::new());
    for chunk in wanted.chunks(MANY) {
        for (id, row) in rows(source, chunk).await? {
            if row.layout == LAYOUT {
                found.insert(id, pack::history(&row.content)?);
            } else {
                old.insert(id);
            }
        }
    }
    let old: Vec<CustomerId> = old.into_iter().collect();
    for few in old.chunks(FEW) {
        let few = few.iter().copied().collect();
        found.extend(of_facts(&Facts::load(source, &few).await?, &few)?);
    }
    Ok(found)
}

async fn rows(
    source: &impl Source,
    ids: &[Uuid],
) -> Result<Vec<(CustomerId, customer_history::Model)>, DbError> {
    let rows = customer_history::Entity::find()
        .filter(customer_history::Column::CustomerId.is_in(ids.iter().copied()))
        .all(source.connection())
        .await?;
    let named =
        |row: customer_history::Model| (CustomerId::from_bits(row.customer_id.as_u128()), row);
    Ok(rows.into_iter().map(named).collect())
}

/// The histories of customers; those without facts are absent. Customers that are locked by the
/// write: a row of an old layout is replaced.
async fn load(
    tx: &Tx,
    ids: &BTreeSet<CustomerId>,
) -> Result<BTreeMap<CustomerId, History>, RefreshError> {
    let wanted: Vec<Uuid> = ids.iter().map(|id| Uuid::from_u128(id.bits())).collect();
    let (mut found, mut old) = (BTreeMap::new(), BTreeSet::new());
    for chunk in wanted.chunks(MANY) {
        for (id, row) in rows(tx, chunk).await? {
            if row.layout == LAYOUT {
                found.insert(id, pack::history(&row.content)?);
            } else {
                old.insert(id);
            }
        }
    }
    let old: Vec<CustomerId> = old.into_iter().collect();
    for few in old.chunks(FEW) {
        let few = few.iter().copied().collect();
        let facts = Facts::load(tx, &few).await?;
        let made = of_facts(&facts, &few)?;
        save(tx, &made).await?;
        found.extend(made);
    }
    Ok(found)
}
