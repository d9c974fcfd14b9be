//! Brings the schema up to this binary, once, however many instances start at the same time.

use crate::error::DbError;
use crate::store::Store;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use tiercel_migrations::sea_orm_migration::MigratorTrait;
use tiercel_migrations::{Migrator, STEPS};

/// Ten instances may start at once: each waits for the others this often, 100 ms apart.
const ATTEMPTS: u32 = 100;

/// The steps that [`apply`] would run, with their statements.
pub async fn pending(store: &Store) -> Result<Vec<(&'static str, Vec<String>)>, DbError> {
    let applied = applied(&store.db).await?;
    refuse_newer(&applied)?;
    let backend = store.db.get_database_backend();
    let missing = STEPS
        .iter()
        .filter(|step| !applied.iter().any(|name| name == step.name));
    Ok(missing
        .map(|step| (step.name, step.statements(backend)))
        .collect())
}

/// Whether any step was ever applied here.
pub async fn is_begun(store: &Store) -> Result<bool, DbError> {
    Ok(!applied(&store.db).await?.is_empty())
}

/// Applies every missing step in one transaction, behind a lock row.
///
/// # Errors
/// `Schema` where the database was written by a newer binary.
pub async fn apply(store: &Store) -> Result<(), DbError> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match attempt(store).await {
            // Two first starts may both create the lock table; the loser sees it next time.
            Err(
                error @ (DbError::Conflict(_)
                | DbError::Taken(_)
                | DbError::Query(_)
                | DbError::Unavailable(_)),
            ) => {
                last = Some(error);
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            done => return done,
        }
    }
    Err(last.unwrap_or_else(|| DbError::Schema("the migrations could not be applied".into())))
}

async fn attempt(store: &Store) -> Result<(), DbError> {
    if pending(store).await?.is_empty() {
        return Ok(());
    }
    store
        .db
        .execute_unprepared(
            "CREATE TABLE IF NOT EXISTS schema_lock (id bigint NOT NULL PRIMARY KEY)",
        )
        .await?;
    store
        .db
        .execute_unprepared("INSERT INTO schema_lock (id) VALUES (1) ON CONFLICT (id) DO NOTHING")
        .await?;
    let tx = begin_immediate(store).await?;
    tx.execute_unprepared("UPDATE schema_lock SET id = 1 WHERE id = 1")
        .await?;
    refuse_newer(&applied(&tx).await?)?;
    Migrator::up(&tx, None).await?;
    tx.commit().await?;
    Ok(())
}

pub(crate) async fn begin_immediate(store: &Store) -> Result<DatabaseTransaction, DbError> {
    let options = TransactionOptions {
        sqlite_transaction_mode: (!store.is_postgres()).then_some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    };
    Ok(store.db.begin_with_options(options).await?)
}

async fn applied(connection: &impl ConnectionTrait) -> Result<Vec<String>, DbError> {
    let backend = connection.get_database_backend();
    let exists = match backend {
        DbBackend::Postgres => {
            "SELECT 1 FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'seaql_migrations'"
        }
        _ => "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'",
    };
    if connection
        .query_one_raw(Statement::from_string(backend, exists))
        .await?
        .is_none()
    {
        return Ok(Vec::new());
    }
    let all = Statement::from_string(
        backend,
        "SELECT version FROM seaql_migrations ORDER BY version",
    );
    let rows = connection.query_all_raw(all).await?;
    rows.iter()
        .map(|row| Ok(row.try_get("", "version")?))
        .collect()
}

fn refuse_newer(applied: &[String]) -> Result<(), DbError> {
    let unknown = applied
        .iter()
        .find(|name| !STEPS.iter().any(|step| step.name == **name));
    unknown.map_or(Ok(()), |name| {
        Err(DbError::Schema(format!(
            "the database has the migration `{name}`, which this binary does not know: \
             it was written by a newer version; start that one"
        )))
    })
}
