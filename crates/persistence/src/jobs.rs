//! Work that outlives its request: leased by one instance at a time, resumed by another where the
//! lease runs out.

use crate::clock::from_micros;
use crate::entity::job;
use crate::error::DbError;
use crate::mint;
use crate::store::{Source, Store, sealed::Sealed};
use crate::write::{Change, Tx, Writing, Written};
use chrono::{DateTime, Duration, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, UpdateMany,
};
use std::collections::{BTreeMap, BTreeSet};
use tiercel_domain::ids::JobId;
use uuid::Uuid;

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobState {
    Queued,
    Running,
    Done,
    Failed,
}

impl JobState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// One job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    pub id: JobId,
    /// What is done, e.g. `import`, `evaluation`.
    pub kind: String,
    pub state: JobState,
    /// JSON, as its kind defines it.
    pub parameters: String,
    /// JSON, as its kind defines it: counts, and where to resume.
    pub progress: String,
    pub done: i64,
    /// Not known while the work is still being counted.
    pub total: Option<i64>,
    /// Why it failed, for people.
    pub error: Option<String>,
    /// Who asked for it.
    pub principal: String,
    /// Names the lease: unlike for every claim.
    pub holder: String,
    pub held_until: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// How far a job has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    pub done: i64,
    pub total: Option<i64>,
    /// A JSON object: `counts` (numbers by outcome) and `result` (a path) are shown to callers,
    /// whatever stands beside them, such as where to resume, is not.
    pub progress: &'a str,
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    Done,
    Failed(&'a str),
}

/// Queues a job.
pub async fn create(
    tx: &Tx,
    kind: &str,
    parameters: &str,
    principal: &str,
) -> Result<JobId, DbError> {
    let id = JobId::from_bits(tx.mint());
    let row = job::ActiveModel {
        job_id: Set(Uuid::from_u128(id.bits())),
        kind: Set(kind.to_owned()),
        state: Set(JobState::Queued.word().to_owned()),
        parameters: Set(parameters.to_owned()),
        progress: Set("{}".to_owned()),
        done: Set(0),
        total: Set(None),
        error: Set(None),
        principal: Set(principal.to_owned()),
        holder: Set(String::new()),
        held_until: Set(0),
        created_at: Set(tx.micros()),
        updated_at: Set(tx.micros()),
        finished_at: Set(None),
    };
    job::Entity::insert(row)
        .exec_without_returning(tx.connection())
        .await?;
    note(tx, id, kind, "queued");
    Ok(id)
}

/// Takes the oldest job of a kind that waits or whose lease ran out.
pub async fn claim(store: &Store, kind: &str, lease: Duration) -> Result<Option<Job>, DbError> {
    // Looking first keeps idle workers off the writer's lock.
    if waiting(store, kind, store.clock.now()).await?.is_none() {
        return Ok(None);
    }
    let claimed = store
        .write(&bookkeeping(), async |tx| {
            let Some(row) = waiting(tx, kind, tx.at()).await? else {
                return Ok((None, None));
            };
            let holder = format!("{}:{:032x}", store.instance, mint::bits(tx.at()));
            let held = held(&row.holder, row.job_id)
                .col_expr(job::Column::State, Expr::value(JobState::Running.word()))
                .col_expr(job::Column::Holder, Expr::value(holder))
                .col_expr(job::Column::HeldUntil, Expr::value(until(tx.at(), lease)))
                .col_expr(job::Column::UpdatedAt, Expr::value(tx.micros()))
                .exec(tx.connection())
                .await?;
            if held.rows_affected != 1 {
                return Err(DbError::Conflict("another instance took the job".into()));
            }
            Ok((find_uuid(tx, row.job_id).await?, None))
        })
        .await?;
    Ok(match claimed {
        Written::Fresh { value, .. } => value,
        _ => None,
    })
}

/// Keeps a claimed job for another `lease`; false where another instance has it by now.
pub async fn keep(store: &Store, job: &Job, lease: Duration) -> Result<bool, DbError> {
    let kept = store
        .write(&bookkeeping(), async |tx| {
            let held = running(job)
                .col_expr(job::Column::HeldUntil, Expr::value(until(tx.at(), lease)))
                .exec(tx.connection())
                .await?;
            Ok::<_, DbError>((held.rows_affected == 1, None))
        })
        .await?;
    Ok(matches!(kept, Written::Fresh { value: true, .. }))
}

/// Records how far a claimed job has come, in the transaction that brought it there, and keeps it
/// for another `lease`.
///
/// # Errors
/// `Taken` where another instance has the job by now: the transaction must not be committed.
pub async fn progress(
    tx: &Tx,
    job: &Job,
    progress: &Progress<'_>,
    lease: Duration,
) -> Result<(), DbError> {
    let update = running(job)
        .col_expr(job::Column::Done, Expr::value(progress.done))
        .col_expr(job::Column::Total, Expr::value(progress.total))
        .col_expr(job::Column::Progress, Expr::value(progress.progress))
        .col_expr(job::Column::HeldUntil, Expr::value(until(tx.at(), lease)))
        .col_expr(job::Column::UpdatedAt, Expr::value(tx.micros()));
    still_held(update, tx).await
}

/// Ends a claimed job.
///
/// # Errors
/// `Taken` where another instance has the job by now: the transaction must not be committed.
pub async fn finish(tx: &Tx, job: &Job, ending: Ending<'_>) -> Result<(), DbError> {
    let (state, error) = match ending {
        Ending::Done => (JobState::Done, None),
        Ending::Failed(why) => (JobState::Failed, Some(why.to_owned())),
    };
    let update = running(job)
        .col_expr(job::Column::State, Expr::value(state.word()))
        .col_expr(job::Column::Error, Expr::value(error))
        .col_expr(job::Column::HeldUntil, Expr::value(0_i64))
        .col_expr(job::Column::UpdatedAt, Expr::value(tx.micros()))
        .col_expr(job::Column::FinishedAt, Expr::value(Some(tx.micros())));
    still_held(update, tx).await?;
    note(tx, job.id, &job.kind, state.word());
    Ok(())
}

/// One job.
pub async fn find(source: &impl Source, id: JobId) -> Result<Option<Job>, DbError> {
    find_uuid(source, Uuid::from_u128(id.bits())).await
}

/// The states of those of the jobs that are there.
pub async fn states(
    source: &impl Source,
    ids: &[JobId],
) -> Result<BTreeMap<JobId, JobState>, DbError> {
    let ids = ids.iter().map(|id| Uuid::from_u128(id.bits()));
    let rows = job::Entity::find()
        .filter(job::Column::JobId.is_in(ids))
        .all(source.connection())
        .await?;
    let jobs = rows.into_iter().map(to_job);
    jobs.map(|job| job.map(|job| (job.id, job.state))).collect()
}

/// The jobs of a kind that have not ended.
pub async fn open(source: &impl Source, kind: &str) -> Result<BTreeSet<JobId>, DbError> {
    let open = [JobState::Queued.word(), JobState::Running.word()];
    let ids: Vec<Uuid> = job::Entity::find()
        .select_only()
        .column(job::Column::JobId)
        .filter(job::Column::State.is_in(open))
        .filter(job::Column::Kind.eq(kind))
        .into_tuple()
        .all(source.connection())
        .await?;
    let ids = ids.iter().map(|id| JobId::from_bits(id.as_u128()));
    Ok(ids.collect())
}

/// Jobs, newest first; `before` is the last one of the page before.
pub async fn page(
    source: &impl Source,
    kind: Option<&str>,
    state: Option<JobState>,
    before: Option<JobId>,
    limit: u64,
) -> Result<Vec<Job>, DbError> {
    let mut query = selected(kind, state);
    if let Some(before) = before {
        query = query.filter(job::Column::JobId.lt(Uuid::from_u128(before.bits())));
    }
    let rows = query
        .order_by_desc(job::Column::JobId)
        .limit(limit)
        .all(source.connection())
        .await?;
    rows.into_iter().map(to_job).collect()
}

fn selected(kind: Option<&str>, state: Option<JobState>) -> Select<job::Entity> {
    let mut query = job::Entity::find();
    if let Some(kind) = kind {
        query = query.filter(job::Column::Kind.eq(kind));
    }
    if let Some(state) = state {
        query = query.filter(job::Column::State.eq(state.word()));
    }
    query
}

/// How many jobs there are in all.
pub async fn count(
    source: &impl Source,
    kind: Option<&str>,
    state: Option<JobState>,
) -> Result<u64, DbError> {
    Ok(selected(kind, state).count(source.connection()).await?)
}

/// Leases and counters are no business changes: they leave no journal entry.
const fn bookkeeping() -> Writing<'static> {
    Writing {
        principal: "system",
        action: "job.held",
        retry: None,
    }
}

async fn waiting(
    source: &impl Source,
    kind: &str,
    now: DateTime<Utc>,
) -> Result<Option<job::Model>, DbError> {
    let open = [JobState::Queued.word(), JobState::Running.word()];
    Ok(job::Entity::find()
        .filter(job::Column::State.is_in(open))
        .filter(job::Column::Kind.eq(kind))
        .filter(job::Column::HeldUntil.lt(now.timestamp_micros()))
        .order_by_asc(job::Column::JobId)
        .limit(1)
        .one(source.connection())
        .await?)
}

/// An update of the job as one holder left it.
fn held(holder: &str, id: Uuid) -> UpdateMany<job::Entity> {
    job::Entity::update_many()
        .filter(job::Column::JobId.eq(id))
        .filter(job::Column::Holder.eq(holder))
}

fn running(job: &Job) -> UpdateMany<job::Entity> {
    held(&job.holder, Uuid::from_u128(job.id.bits()))
        .filter(job::Column::State.eq(JobState::Running.word()))
}

async fn still_held(update: UpdateMany<job::Entity>, tx: &Tx) -> Result<(), DbError> {
    let done = update.exec(tx.connection()).await?;
    if done.rows_affected == 1 {
        return Ok(());
    }
    Err(DbError::Taken("another instance has the job".into()))
}

fn until(now: DateTime<Utc>, lease: Duration) -> i64 {
    let lease = lease.num_microseconds().unwrap_or(i64::MAX);
    now.timestamp_micros().saturating_add(lease)
}

fn note(tx: &Tx, id: JobId, kind: &str, what: &'static str) {
    tx.note(Change {
        entity: "job",
        id: id.to_string(),
        version: 1,
        what,
        customer: None,
        content: None,
        detail: vec![("kind", kind.to_owned())],
    });
}

async fn find_uuid(source: &impl Source, id: Uuid) -> Result<Option<Job>, DbError> {
    let row = job::Entity::find_by_id(id).one(source.connection()).await?;
    row.map(to_job).transpose()
}

fn to_job(row: job::Model) -> Result<Job, DbError> {
    let state = JobState::from_word(&row.state)
        .ok_or_else(|| DbError::corrupt("job", format!("`{}` is no state", row.state)))?;
    Ok(Job {
        id: JobId::from_bits(row.job_id.as_u128()),
        kind: row.kind,
        state,
        parameters: row.parameters,
        progress: row.progress,
        done: row.done,
        total: row.total,
        error: row.error,
        principal: row.principal,
        holder: row.holder,
        held_until: from_micros(row.held_until),
        created_at: from_micros(row.created_at),
        updated_at: from_micros(row.updated_at),
        finished_at: row.finished_at.map(from_micros),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_store;

    async fn within(
        store: &Store,
        change: impl AsyncFn(&Tx) -> Result<(), DbError>,
    ) -> Result<(), DbError> {
        let change = async |tx: &Tx| Ok((change(tx).await?, None));
        store
            .write(&test_store::writing(), change)
            .await
            .map(|_| ())
    }

    #[tokio::test]
    async fn another_instance_resumes_where_the_lease_ran_out() {
        let (_dir, store) = test_store::open().await;
        let queue = async |tx: &Tx| create(tx, "import", "{}", "test").await.map(|_| ());
        within(&store, queue).await.unwrap();
        assert!(
            claim(&store, "other", Duration::minutes(1))
                .await
                .unwrap()
                .is_none()
        );
        let lost = claim(&store, "import", Duration::microseconds(1))
            .await
            .unwrap()
            .unwrap();
        let step = Progress {
            done: 5,
            total: Some(10),
            progress: r#"{"row":5}"#,
        };
        let lease = Duration::microseconds(1);
        within(&store, async |tx| progress(tx, &lost, &step, lease).await)
            .await
            .unwrap();
        let held = claim(&store, "import", Duration::minutes(1))
            .await
            .unwrap()
            .unwrap();
        assert_eq!((held.done, held.progress.as_str()), (5, r#"{"row":5}"#));
        assert!(
            claim(&store, "import", Duration::minutes(1))
                .await
                .unwrap()
                .is_none()
        );
        let late = within(&store, async |tx| progress(tx, &lost, &step, lease).await).await;
        assert!(matches!(late, Err(DbError::Taken(_))));
        assert!(!keep(&store, &lost, lease).await.unwrap());
        within(&store, async |tx| {
            finish(tx, &held, Ending::Failed("no")).await
        })
        .await
        .unwrap();
        let ended = find(&store, held.id).await.unwrap().unwrap();
        assert_eq!(
            (ended.state, ended.error.as_deref()),
            (JobState::Failed, Some("no"))
        );
        assert!(claim(&store, "import", lease).await.unwrap().is_none());
    }
}
