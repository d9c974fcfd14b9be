//! What can go wrong between Tiercel and its database.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// A failure of the database or of what it holds.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// The database cannot be reached or has no connection to give; worth retrying later.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// Somebody else's write came first and the retries are used up.
    #[error("another write came first: {0}")]
    Conflict(String),
    /// A unique name or id is taken.
    #[error("already taken: {0}")]
    Taken(String),
    /// A row holds what no version of Tiercel wrote.
    #[error("corrupt row in `{table}`: {detail}")]
    Corrupt { table: &'static str, detail: String },
    /// The schema does not fit this binary.
    #[error("{0}")]
    Schema(String),
    /// A key cannot be opened or a seal does not hold.
    #[error("{0}")]
    Key(String),
    #[error("query failed: {0}")]
    Query(String),
}

impl DbError {
    pub(crate) fn corrupt(table: &'static str, detail: impl std::fmt::Display) -> Self {
        Self::Corrupt {
            table,
            detail: detail.to_string(),
        }
    }

    /// Whether the same transaction may succeed when run again.
    pub(crate) const fn is_worth_retrying(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

/// SQLSTATE 40001 serialization failure, 40P01 deadlock, 55P03 lock not available;
/// SQLite 5 busy, 6 locked and their extended forms.
const RETRY_CODES: [&str; 7] = ["40001", "40P01", "5", "6", "261", "517", "262"];

impl From<DbErr> for DbError {
    fn from(error: DbErr) -> Self {
        if let Some(SqlErr::UniqueConstraintViolation(detail)) = error.sql_err() {
            return Self::Taken(detail);
        }
        match &error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(error.to_string()),
            DbErr::Exec(RuntimeErr::SqlxError(inner))
            | DbErr::Query(RuntimeErr::SqlxError(inner)) => from_sqlx(inner),
            _ => Self::Query(error.to_string()),
        }
    }
}

fn from_sqlx(error: &sea_orm::SqlxError) -> DbError {
    use sea_orm::SqlxError::{
        Database, Io, PoolClosed, PoolTimedOut, Protocol, Tls, WorkerCrashed,
    };
    match error {
        Database(inner) => {
            let code = inner.code().unwrap_or_default().into_owned();
            match code.as_str() {
                known if RETRY_CODES.contains(&known) => DbError::Conflict(error.to_string()),
                "55P03" => DbError::Unavailable("a lock was not released in time".into()),
                // Class 08 connection exception, 57P0x the server is going down, 53 resources.
                class
                    if ["08", "57P", "53"]
                        .iter()
                        .any(|prefix| class.starts_with(prefix)) =>
                {
                    DbError::Unavailable(error.to_string())
                }
                _ => DbError::Query(error.to_string()),
            }
        }
        Io(_) | Tls(_) | Protocol(_) | PoolTimedOut | PoolClosed | WorkerCrashed => {
            DbError::Unavailable(error.to_string())
        }
        _ => DbError::Query(error.to_string()),
    }
}
