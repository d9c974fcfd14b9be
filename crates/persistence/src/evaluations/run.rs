//! Evaluates everyone as of a date, or those whom time has changed: chunk by chunk, each one write.

use super::save::{self, Occasion};
use crate::customers;
use crate::histories::Known;
use crate::receivables;
use crate::refresh::{self, Basis, Cause, RefreshError};
use crate::store::Store;
use crate::write::{Effects, Tx, Writing, Written};
use chrono::NaiveDate;
use std::collections::BTreeSet;
use tiercel_domain::ids::CustomerId;

/// Customers per write: enough to make statements worth while, few enough to lock for a moment.
const CHUNK: u64 = 500;

/// A part of a run that is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where the next chunk begins.
    pub last: CustomerId,
    pub evaluated: usize,
    pub effects: Effects,
}

const fn writing(principal: &str) -> Writing<'_> {
    Writing {
        principal,
        action: "customers.evaluated",
        retry: None,
    }
}

/// Evaluates the next customers after an id as of a date; none where there are no more.
///
/// What a run finds becomes the current evaluation, whatever its date, until facts of the customer
/// change or the next run. `along` is part of the same write: how far a job has come, for example.
pub async fn run_chunk(
    store: &Store,
    principal: &str,
    basis: &Basis<'_>,
    as_of: NaiveDate,
    after: Option<CustomerId>,
    along: impl AsyncFn(&Tx, CustomerId, usize) -> Result<(), RefreshError>,
) -> Result<Option<Chunk>, RefreshError> {
    let Some(model) = basis.model else {
        return Ok(None);
    };
    let ids: BTreeSet<CustomerId> = customers::ids_after(store, after, CHUNK)
        .await?
        .into_iter()
        .collect();
    let Some(last) = ids.last().copied() else {
        return Ok(None);
    };
    let occasion = Occasion {
        as_of,
        cause: Cause::Run,
        stands: as_of != basis.today,
    };
    let writing = writing(principal);
    let written = store.write(&writing, async |tx| {
        tx.touch(&ids).await?;
        let known = Known::kept(tx, &ids, Some(model), as_of).await?;
        let ledgers = receivables::allocate_all(&known, &ids, as_of)?;
        let evaluated = save::evaluate(tx, &model, occasion, &known, &ledgers).await?;
        along(tx, last, evaluated).await?;
        Ok::<_, RefreshError>((evaluated, None))
    });
    Ok(fresh(written.await?, last))
}

fn fresh(written: Written<usize>, last: CustomerId) -> Option<Chunk> {
    match written {
        Written::Fresh { value, effects } => Some(Chunk {
            last,
            evaluated: value,
            effects,
        }),
        // Only writes with a retry key end otherwise.
        Written::Replayed(_) | Written::KeyReused | Written::InFlight => None,
    }
}

/// Evaluates everyone as of a date; tells after each chunk how many are done.
pub async fn run_all(
    store: &Store,
    principal: &str,
    basis: &Basis<'_>,
    as_of: NaiveDate,
    mut on_progress: impl FnMut(&Chunk, usize),
) -> Result<usize, RefreshError> {
    let (mut after, mut done) = (None, 0_usize);
    let alone = async |_: &Tx, _, _| Ok(());
    while let Some(chunk) = run_chunk(store, principal, basis, as_of, after, alone).await? {
        done = done.saturating_add(chunk.evaluated);
        after = Some(chunk.last);
        on_progress(&chunk, done);
    }
    Ok(done)
}

/// Brings the next customers up to date whom time alone has changed by the basis' day: open items
/// and evaluations. None where there are no more.
pub async fn advance(
    store: &Store,
    basis: &Basis<'_>,
    after: Option<CustomerId>,
) -> Result<Option<Chunk>, RefreshError> {
    let ids = refresh::due(store, basis.today, after, CHUNK).await?;
    let Some(last) = ids.last().copied() else {
        return Ok(None);
    };
    let writing = writing("system");
    let written = store.write(&writing, async |tx| {
        tx.touch(&ids).await?;
        // Who was evaluated as of a chosen day stays so; only the open items move on.
        let states = customers::state(tx, &ids).await?;
        let moved = |id: &CustomerId| {
            let next = states.get(id).and_then(|state| state.next_change_on);
            next.is_some_and(|day| day <= basis.today)
        };
        let (moved, standing) = ids.iter().copied().partition(moved);
        super::refresh(tx, &moved, basis, Cause::Time).await?;
        let only_items = Basis {
            model: None,
            ..*basis
        };
        super::refresh(tx, &standing, &only_items, Cause::Time).await?;
        Ok::<_, RefreshError>((ids.len(), None))
    });
    Ok(fresh(written.await?, last))
}
