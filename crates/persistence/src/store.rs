//! One tenant's database: how it is opened, migrated and read.

use crate::clock::Clock;
use crate::error::DbError;
use crate::migrate;
use crate::retries::UnderWay;
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbBackend};
use std::time::Duration;
use tokio::sync::{Mutex, Notify};

/// Connections: SQLite has one writer anyway; PostgreSQL servers allow about a hundred in all.
pub(crate) const CONNECTIONS: u32 = 16;

/// A handle to one tenant's database. Everything that can be read or written goes through it.
pub struct Store {
    pub(crate) db: DatabaseConnection,
    pub(crate) clock: Clock,
    /// SQLite has one writer: waiting here in turn is fairer than its busy handler.
    pub(crate) writer: Mutex<()>,
    /// Requests with a retry key that are worked on here.
    pub(crate) under_way: UnderWay,
    /// Wakes the sequencer after a commit.
    pub(crate) written: Notify,
    /// Names this process in leases.
    pub(crate) instance: String,
}

/// Anything that can be read from: the store, or a transaction in progress.
pub trait Source: sealed::Sealed {}

pub(crate) mod sealed {
    use sea_orm::ConnectionTrait;

    pub trait Sealed {
        type Connection: ConnectionTrait + sea_orm::StreamTrait;
        fn connection(&self) -> &Self::Connection;
        fn backend(&self) -> sea_orm::DbBackend {
            self.connection().get_database_backend()
        }
    }
}

impl sealed::Sealed for Store {
    type Connection = DatabaseConnection;
    fn connection(&self) -> &DatabaseConnection {
        &self.db
    }
}
impl Source for Store {}

impl Store {
    /// Connects; the schema is left as it is.
    pub async fn connect(url: &str, clock: Clock) -> Result<Self, DbError> {
        Self::connect_with(options(url), clock).await
    }

    /// The same with one connection, for what needs the database for itself.
    pub async fn connect_alone(url: &str, clock: Clock) -> Result<Self, DbError> {
        let mut options = options(url);
        options.max_connections(1);
        Self::connect_with(options, clock).await
    }

    /// An empty database of this schema, which ends with its handle.
    pub async fn in_memory(clock: Clock) -> Result<Self, DbError> {
        let mut options = options("sqlite::memory:");
        // The one connection is the database: nothing may replace it.
        options
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None);
        let store = Self::connect_with(options, clock).await?;
        migrate::apply(&store).await?;
        Ok(store)
    }

    async fn connect_with(options: ConnectOptions, clock: Clock) -> Result<Self, DbError> {
        let db = Database::connect(options).await?;
        let instance = format!("{:032x}", crate::mint::bits(clock.now()));
        Ok(Self {
            db,
            clock,
            writer: Mutex::new(()),
            under_way: UnderWay::default(),
            written: Notify::new(),
            instance,
        })
    }

    /// Connects and applies the migrations that are missing.
    pub async fn open(url: &str, clock: Clock) -> Result<Self, DbError> {
        let store = Self::connect(url, clock).await?;
        migrate::apply(&store).await?;
        Ok(store)
    }

    pub fn is_postgres(&self) -> bool {
        self.db.get_database_backend() == DbBackend::Postgres
    }

    /// The injected clock.
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Answers when the database does.
    pub async fn ping(&self) -> Result<(), DbError> {
        Ok(self.db.ping().await?)
    }

    pub async fn close(self) -> Result<(), DbError> {
        Ok(self.db.close().await?)
    }
}

fn options(url: &str) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        .connect_timeout(Duration::from_secs(5))
        .sqlx_logging(false)
        // The ping before every use costs 28 % on PostgreSQL; a dead connection shows itself.
        .test_before_acquire(false)
        .set_application_name("tiercel")
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .create_if_missing(true)
                .journal_mode(sea_orm::sqlx::sqlite::SqliteJournalMode::Wal)
                .synchronous(sea_orm::sqlx::sqlite::SqliteSynchronous::Full)
                .foreign_keys(true)
                .busy_timeout(Duration::from_secs(10))
                // Erased names must not linger in freed pages; REPLACE must not dodge triggers.
                .pragma("secure_delete", "ON")
                .pragma("recursive_triggers", "ON")
                .pragma("cache_size", "-16384")
                .pragma("temp_store", "MEMORY")
                // Rows come from a thread of their own: the fewer it may keep, the oftener both wait.
                .row_buffer_size(1_000)
                .statement_cache_capacity(256)
        })
        .map_sqlx_postgres_opts(|postgres| {
            postgres.options([
                ("lock_timeout", "5000"),
                ("default_transaction_isolation", "read committed"),
            ])
        });
    options
}
