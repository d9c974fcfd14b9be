//! The database itself, beside everything that Tiercel does with it.

use crate::failure::{Failure, Outcome};
use crate::place::Place;
use futures_util::TryStreamExt;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, SqliteConnection,
};
use std::str::FromStr;
use std::time::{Duration, Instant};

/// One connection to either engine.
pub enum Sql {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Sql {
    /// Connects as the server does: WAL, every commit on disk.
    pub async fn connect(place: &Place) -> Outcome<Self> {
        let url = place.database();
        if place.url.is_some() {
            return Ok(Self::Postgres(PgConnection::connect(&url).await?));
        }
        let options = SqliteConnectOptions::from_str(&url)?
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(30))
            .pragma("temp_store", "MEMORY")
            .pragma("cache_size", "-262144");
        Ok(Self::Sqlite(options.connect().await?))
    }

    pub const fn is_postgres(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// Runs statements that return nothing.
    pub async fn run(&mut self, text: impl Into<String>) -> Outcome<()> {
        let text = text.into();
        let named = |error: sqlx::Error| Failure::new(format!("{error} in {text}"));
        let statement = sqlx::raw_sql(AssertSqlSafe(text.clone()));
        match self {
            Self::Sqlite(one) => one.execute(statement).await.map(drop).map_err(named),
            Self::Postgres(one) => one.execute(statement).await.map(drop).map_err(named),
        }
    }

    /// Rows of texts: the statement casts what is none.
    pub async fn texts(&mut self, text: impl Into<String>) -> Outcome<Vec<Vec<String>>> {
        fn row<R: Row>(row: &R) -> Vec<String>
        where
            usize: sqlx::ColumnIndex<R>,
            for<'a> Option<String>: sqlx::Decode<'a, R::Database> + sqlx::Type<R::Database>,
        {
            let cell = |at| row.try_get::<Option<String>, _>(at).ok().flatten();
            (0..row.len())
                .map(|at| cell(at).unwrap_or_default())
                .collect()
        }
        let text = AssertSqlSafe(text.into());
        Ok(match self {
            Self::Sqlite(one) => {
                let rows = one.fetch_all(sqlx::query(text)).await?;
                rows.iter().map(row).collect()
            }
            Self::Postgres(one) => {
                let rows = one.fetch_all(sqlx::query(text)).await?;
                rows.iter().map(row).collect()
            }
        })
    }

    /// The one number that a statement returns.
    pub async fn number(&mut self, of: &str) -> Outcome<i64> {
        let rows = self.texts(format!("SELECT CAST(({of}) AS TEXT)")).await?;
        let number = rows.first().and_then(|row| row.first()?.parse().ok());
        number.ok_or_else(|| Failure::new(format!("`{of}` is no number")))
    }

    /// An id column as 32 hex digits.
    pub fn hex(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("lower(hex({column}))"),
            Self::Postgres(_) => format!("replace(CAST({column} AS TEXT), '-', '')"),
        }
    }

    /// All tables, as `(table, column)` in the order of their columns.
    pub async fn columns(&mut self) -> Outcome<Vec<(String, String)>> {
        let text = match self {
            Self::Sqlite(_) => {
                "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p \
                 WHERE m.type = 'table' ORDER BY m.name, p.cid"
            }
            Self::Postgres(_) => {
                "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) \
                 FROM information_schema.columns WHERE table_schema = 'public' \
                 ORDER BY table_name, ordinal_position"
            }
        };
        let rows = self.texts(text).await?;
        let pair = |row: Vec<String>| <[String; 2]>::try_from(row).ok();
        let pairs = rows.into_iter().filter_map(pair);
        Ok(pairs.map(|[table, column]| (table, column)).collect())
    }

    /// How long the database takes to read these columns of these rows: SQLite adds up their
    /// lengths, so that no row leaves it; PostgreSQL copies them out.
    pub async fn reading(&mut self, columns: &[&str], of: &str) -> Outcome<Duration> {
        let begun = Instant::now();
        match self {
            Self::Sqlite(_) => {
                let sums = columns.iter().map(|it| format!("sum(length({it}))"));
                let sums = sums.collect::<Vec<_>>().join(" || ");
                self.texts(format!("SELECT {sums} FROM {of}")).await?;
            }
            Self::Postgres(one) => {
                let text = format!("COPY (SELECT {} FROM {of}) TO STDOUT", columns.join(", "));
                let mut rows = one.copy_out_raw(&text).await?;
                while rows.try_next().await?.is_some() {}
            }
        }
        Ok(begun.elapsed())
    }
}
