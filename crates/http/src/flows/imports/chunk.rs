//! One chunk, one transaction: records, rejected rows and how far the job has come.

use super::batch::{Batch, Fates, Outcome, reason};
use super::feed::{Chunk, Line};
use super::run::{Run, Standing};
use super::{ImportCounts, ImportError};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_documents::import::{RowReason, RowRejection};
use tiercel_domain::ids::CustomerId;
use tiercel_domain::incoming::CustomerRef;
use tiercel_persistence::customers::{self, Upserted};
use tiercel_persistence::facts::{self, Recorded};
use tiercel_persistence::imports::{self, Rejection};
use tiercel_persistence::refresh::{Basis, Cause, RefreshError};
use tiercel_persistence::{
    DbError, Effects, Tx, WriteError, Writing, Written, evaluations, products,
};

/// Rows of a chunk that are not imported, by their index in it.
type Refusals = BTreeMap<usize, Vec<RowReason>>;

/// A chunk that is committed.
pub(super) struct Committed {
    pub counts: ImportCounts,
    pub rejections: Vec<(u64, RowRejection)>,
    pub effects: Effects,
}

/// Why a transaction was not committed.
enum Stop {
    Db(DbError),
    /// These rows must be left out, and the others written without them.
    Refused(Refusals),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl WriteError for Stop {
    fn database_error(&self) -> Option<&DbError> {
        match self {
            Self::Db(error) => Some(error),
            Self::Refused(_) => None,
        }
    }
}

/// Writes a chunk. A row of which any part is refused is left out whole: the transaction is undone
/// and run again without it, and without the rows that needed it.
pub(super) async fn commit(
    run: &Run<'_>,
    standing: &Standing,
    chunk: &Chunk,
) -> Result<Committed, ImportError> {
    let mut left_out = Refusals::new();
    let writing = Writing {
        principal: run.principal,
        action: "import.chunk",
        retry: None,
    };
    loop {
        let write = async |tx: &Tx| {
            let (counts, rejections) = apply(tx, run, standing, chunk, &left_out).await?;
            Ok::<_, Stop>(((counts, rejections), None))
        };
        match run.store.write(&writing, write).await {
            Ok(Written::Fresh { value, effects }) => {
                let (counts, rejections) = value;
                return Ok(Committed {
                    counts,
                    rejections,
                    effects,
                });
            }
            Ok(_) => return Err(ImportError::Interrupted),
            Err(Stop::Refused(more)) => left_out.extend(more),
            Err(Stop::Db(error)) => return Err(error.into()),
        }
    }
}

async fn apply(
    tx: &Tx,
    run: &Run<'_>,
    standing: &Standing,
    chunk: &Chunk,
    left_out: &Refusals,
) -> Result<(ImportCounts, Vec<(u64, RowRejection)>), Stop> {
    let fates = store(tx, &standing.basis(run), run, &chunk.lines, left_out).await?;
    let rejections = rejected(chunk, left_out, &fates.refused);
    let counts = counted(standing.counts, chunk, left_out, &fates, &rejections);
    if let Some(job) = run.job {
        let rows: Vec<Rejection> = rejections.iter().map(to_row).collect();
        imports::reject(tx, job.id, &rows).await?;
        if standing.counts.rows == 0 {
            let header = serde_json::json!(*chunk.header).to_string();
            imports::keep_header(tx, job.id, &header).await?;
        }
        standing.note(tx, job, &counts).await?;
    }
    Ok((counts, rejections))
}

/// Stores customers and products, then the facts about them, then what follows from both.
async fn store(
    tx: &Tx,
    basis: &Basis<'_>,
    run: &Run<'_>,
    lines: &[Line],
    left_out: &Refusals,
) -> Result<Fates, Stop> {
    let batch = Batch::of(lines, left_out);
    let mut fates = Fates::new(lines.len());
    let changed = store_customers(tx, run, &batch, &mut fates).await?;
    let upserted = products::upsert(tx, run.settings.base_currency, &batch.products.records);
    for (line, answer) in batch.products.answered(upserted.await?) {
        fates.done(
            line,
            match answer.outcome {
                products::Outcome::Created => Outcome::Created,
                products::Outcome::Updated => Outcome::Updated,
                products::Outcome::Unchanged => Outcome::Unchanged,
            },
        );
    }
    undo_where_needed(&mut fates, lines)?;
    let moved = store_facts(tx, basis, &batch, &mut fates).await?;
    undo_where_needed(&mut fates, lines)?;
    let silent = changed
        .into_iter()
        .filter(|(reference, _)| !moved.contains(reference));
    let silent: BTreeSet<CustomerId> = silent.map(|(_, id)| id).collect();
    let refreshed = evaluations::refresh(tx, &silent, basis, Cause::Profile).await;
    too_large(tx, refreshed, &batch).await?;
    Ok(fates)
}

fn undo_where_needed(fates: &mut Fates, lines: &[Line]) -> Result<(), Stop> {
    if fates.leave_something(lines) {
        return Err(Stop::Refused(std::mem::take(&mut fates.refused)));
    }
    Ok(())
}

/// Returns the customers that are new or changed.
async fn store_customers(
    tx: &Tx,
    run: &Run<'_>,
    batch: &Batch,
    fates: &mut Fates,
) -> Result<BTreeMap<CustomerRef, CustomerId>, Stop> {
    let told = &batch.customers;
    let answers = customers::upsert(tx, &told.records, &run.settings.default_region).await?;
    let mut changed = BTreeMap::new();
    for (record, (line, answer)) in told.records.iter().zip(told.answered(answers)) {
        match answer {
            Upserted::Rejected(faults) => {
                let reasons = faults
                    .iter()
                    .map(|fault| reason(&fault.field, fault.code, &fault.detail));
                fates.refuse(line, reasons);
            }
            Upserted::Done { id, outcome, .. } => {
                let outcome = match outcome {
                    customers::Outcome::Created => Outcome::Created,
                    customers::Outcome::Updated => Outcome::Updated,
                    customers::Outcome::Unchanged => Outcome::Unchanged,
                };
                if outcome != Outcome::Unchanged {
                    changed.insert(CustomerRef::External(record.external.clone()), id);
                }
                fates.done(line, outcome);
            }
        }
    }
    Ok(changed)
}

/// Returns the customers whose facts changed, and who are evaluated therefore.
async fn store_facts(
    tx: &Tx,
    basis: &Basis<'_>,
    batch: &Batch,
    fates: &mut Fates,
) -> Result<BTreeSet<CustomerRef>, Stop> {
    let told = &batch.facts;
    let recorded = facts::record(tx, &told.records, basis).await;
    let answers = too_large(tx, recorded, batch).await?;
    let mut moved = BTreeSet::new();
    for (record, (line, answer)) in told.records.iter().zip(told.answered(answers)) {
        let outcome = match answer {
            Recorded::Created { .. } => Outcome::Created,
            Recorded::Updated { .. } => Outcome::Updated,
            Recorded::Unchanged { .. } => Outcome::Unchanged,
            Recorded::Rejected(faults) => {
                let reasons = faults
                    .iter()
                    .map(|fault| reason(fault.field, fault.code, &fault.detail));
                fates.refuse(line, reasons);
                continue;
            }
        };
        if outcome != Outcome::Unchanged {
            moved.insert(record.customer.clone());
        }
        fates.done(line, outcome);
    }
    Ok(moved)
}

/// Where the facts of a customer cannot be added up, its rows are refused.
async fn too_large<T>(tx: &Tx, done: Result<T, RefreshError>, batch: &Batch) -> Result<T, Stop> {
    let customer = match done {
        Ok(value) => return Ok(value),
        Err(RefreshError::Database(error)) => return Err(error.into()),
        Err(RefreshError::TooLarge(customer)) => customer,
    };
    let told = &batch.facts;
    let refs = told.records.iter().map(|fact| fact.customer.clone());
    let known = customers::resolve(tx, &refs.collect()).await?;
    let detail = "the amounts of the customer are too large to add up";
    let rows = told.each();
    let rows = rows.filter(|(_, fact)| known.get(&fact.customer) == Some(&customer));
    let refused: Refusals = rows
        .map(|(line, _)| (line, vec![reason("amount", "too_large", detail)]))
        .collect();
    if refused.is_empty() {
        let detail = format!("the amounts of {customer} are too large to add up");
        return Err(DbError::Query(detail).into());
    }
    Err(Stop::Refused(refused))
}

/// All rows of the chunk that are not imported, in the order of the file.
fn rejected(chunk: &Chunk, left_out: &Refusals, refused: &Refusals) -> Vec<(u64, RowRejection)> {
    let mut all = chunk.rejected.clone();
    for (index, reasons) in left_out.iter().chain(refused) {
        if let Some(line) = chunk.lines.get(*index) {
            all.push((line.place, line.row.rejected(reasons.clone())));
        }
    }
    all.sort_by_key(|(place, _)| *place);
    all
}

fn counted(
    before: ImportCounts,
    chunk: &Chunk,
    left_out: &Refusals,
    fates: &Fates,
    rejections: &[(u64, RowRejection)],
) -> ImportCounts {
    let mut counts = before;
    counts.rows = counts.rows.saturating_add(chunk.rows);
    let rejected = u64::try_from(rejections.len()).unwrap_or(u64::MAX);
    counts.rejected = counts.rejected.saturating_add(rejected);
    for outcome in fates.outcomes(&left_out.keys().copied().collect()) {
        let count = match outcome {
            Outcome::Created => &mut counts.created,
            Outcome::Updated => &mut counts.updated,
            Outcome::Unchanged => &mut counts.unchanged,
        };
        *count = count.saturating_add(1);
    }
    counts
}

fn to_row((place, rejection): &(u64, RowRejection)) -> Rejection {
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    Rejection {
        place: whole(*place),
        row: whole(rejection.row),
        line: whole(rejection.line),
        reasons: serde_json::json!(rejection.reasons).to_string(),
        cells: serde_json::json!(rejection.cells).to_string(),
    }
}
