//! How a command ends: 1 for a failure, 2 for a call that was wrong; the reason goes to stderr.

use std::fmt;
use std::process::ExitCode;
use tiercel_http::problem::Problem;
use tiercel_persistence::refresh::RefreshError;
use tiercel_persistence::{DbError, WriteError};

/// Why a command did not succeed.
#[derive(Debug)]
pub struct Failure {
    message: String,
    code: u8,
    cause: Option<DbError>,
}

impl Failure {
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 1,
            cause: None,
        }
    }

    /// The command was called wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            code: 2,
            cause: None,
        }
    }

    /// Whether a unique name was taken.
    pub const fn is_taken(&self) -> bool {
        matches!(self.cause, Some(DbError::Taken(_)))
    }

    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self {
            message: error.to_string(),
            code: 1,
            cause: Some(error),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let cause = problem.database_error().cloned();
        let message = cause
            .as_ref()
            .map_or_else(|| problem.to_string(), ToString::to_string);
        Self {
            message,
            code: 1,
            cause,
        }
    }
}

impl From<RefreshError> for Failure {
    fn from(error: RefreshError) -> Self {
        let cause = error.database_error().cloned();
        Self {
            message: error.to_string(),
            code: 1,
            cause,
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(error.to_string())
    }
}

impl WriteError for Failure {
    fn database_error(&self) -> Option<&DbError> {
        self.cause.as_ref()
    }
}
