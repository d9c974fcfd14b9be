//! How the database fares: what a dashboard and a check-up want to know. Nothing is changed.

use crate::error::DbError;
use crate::journal;
use crate::sql::rows;
use crate::store::{CONNECTIONS, Store};
use chrono::{DateTime, Duration, Utc};

/// The connections of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    pub open: u32,
    pub idle: u32,
    pub most: u32,
}

/// Jobs of one kind in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCount {
    pub kind: String,
    pub state: String,
    pub jobs: i64,
}

/// How far the journal and the jobs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// The end of the numbered journal.
    pub position: i64,
    /// Committed entries without a number, and how long the oldest has waited.
    pub unnumbered: i64,
    pub waited: Duration,
    pub jobs: Vec<JobCount>,
}

/// What the database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Engine {
    pub version: String,
    /// Settings that durability hangs on, as the engine spells them.
    pub settings: Vec<(&'static str, String)>,
    /// Now, by the clock of the database; ours where it runs in this process.
    pub clock: DateTime<Utc>,
}

/// The pool, without asking the database.
pub fn pool(store: &Store) -> Pool {
    let (open, idle) = if store.is_postgres() {
        let pool = store.db.get_postgres_connection_pool();
        (pool.size(), pool.num_idle())
    } else {
        let pool = store.db.get_sqlite_connection_pool();
        (pool.size(), pool.num_idle())
    };
    Pool {
        open,
        idle: u32::try_from(idle).unwrap_or(u32::MAX),
        most: CONNECTIONS,
    }
}

/// Asks how far everything is.
pub async fn read(store: &Store) -> Result<Vitals, DbError> {
    let (unnumbered, waited) = journal::backlog(store).await?;
    let sql = "SELECT kind, state, CAST(COUNT(*) AS BIGINT) AS jobs FROM job GROUP BY kind, state ORDER BY kind, state";
    let counted = rows(store, sql, Vec::new()).await?;
    let counted = counted.iter().map(|row| {
        Ok::<_, DbError>(JobCount {
            kind: row.try_get("", "kind")?,
            state: row.try_get("", "state")?,
            jobs: row.try_get("", "jobs")?,
        })
    });
    Ok(Vitals {
        position: journal::head(store).await?.position,
        unnumbered,
        waited,
        jobs: counted.collect::<Result<_, _>>()?,
    })
}

const OF_SQLITE: [(&str, &str); 3] = [
    (
        "journal_mode",
        "SELECT journal_mode AS value FROM pragma_journal_mode",
    ),
    (
        "synchronous",
        "SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous",
    ),
    (
        "foreign_keys",
        "SELECT CAST(foreign_keys AS TEXT) AS value FROM pragma_foreign_keys",
    ),
];

const OF_POSTGRES: [&str; 4] = [
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "max_connections",
];

/// Asks the engine for its version, its settings and its clock.
pub async fn engine(store: &Store) -> Result<Engine, DbError> {
    let mut settings = Vec::new();
    if !store.is_postgres() {
        for (name, sql) in OF_SQLITE {
            settings.push((name, text(store, sql).await?));
        }
        return Ok(Engine {
            version: text(store, "SELECT sqlite_version() AS value").await?,
            settings,
            clock: store.clock.now(),
        });
    }
    for name in OF_POSTGRES {
        let sql = format!("SELECT current_setting('{name}') AS value");
        settings.push((name, text(store, &sql).await?));
    }
    let sql = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS micros";
    let now = rows(store, sql, Vec::new()).await?;
    let micros = now.first().map_or(Ok(0), |row| row.try_get("", "micros"))?;
    Ok(Engine {
        version: text(store, "SELECT current_setting('server_version') AS value").await?,
        settings,
        clock: crate::clock::from_micros(micros),
    })
}

async fn text(store: &Store, sql: &str) -> Result<String, DbError> {
    let found = rows(store, sql, Vec::new()).await?;
    let row = found
        .first()
        .ok_or_else(|| DbError::Query(format!("`{sql}` has no answer")))?;
    Ok(row.try_get("", "value")?)
}
