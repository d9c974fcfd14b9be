//! What goes through an import: rows, the records made of them, and why some are not.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::sync::Arc;
use tiercel_domain::incoming::{IncomingCustomer, IncomingFact, IncomingProduct};
use utoipa::ToSchema;

/// One thing that a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportRecord {
    Customer(IncomingCustomer),
    Product(IncomingProduct),
    Fact(Box<IncomingFact>),
}

/// Why a row is rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowReason {
    /// The column or the calculation of columns; none where the row as a whole is meant.
    pub column: Option<String>,
    /// A stable word for programs, e.g. `not_a_date`.
    pub code: Cow<'static, str>,
    /// A sentence for people.
    pub detail: String,
}

impl RowReason {
    pub(super) fn of_row(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            column: None,
            code: Cow::Borrowed(code),
            detail: detail.into(),
        }
    }

    pub(super) fn of(column: &str, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            column: Some(column.to_owned()),
            code: Cow::Borrowed(code),
            detail: detail.into(),
        }
    }
}

/// A row that is not imported, not even in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRejection {
    /// The row's number, from 1; in a corrected re-send the number it had in the first file.
    pub row: u64,
    /// The line of the file on which it begins, from 1.
    pub line: u64,
    pub reasons: Vec<RowReason>,
    /// The row as it was read, for the error file; empty where it could not be read at all.
    pub cells: Vec<String>,
}

/// Why a file cannot be imported as a whole.
#[derive(Debug, thiserror::Error)]
pub enum FileFault {
    #[error("the file cannot be read")]
    Io(#[from] std::io::Error),
    #[error("line {line}: the header cannot be read: {detail}")]
    Header { line: u64, detail: String },
    #[error("there is no column `{name}`; the header names {known}")]
    NoColumn { name: String, known: String },
    #[error("the header names `{0}` more than once; address it by position")]
    AmbiguousColumn(String),
    #[error("a row has {columns} columns; there is no position {position}")]
    NoPosition { position: usize, columns: usize },
    #[error("the look-up `{table}` cannot be used: line {line}: {detail}")]
    Lookup {
        table: String,
        line: u64,
        detail: String,
    },
    #[error("the mapping has no look-up `{0}`")]
    UnknownLookup(String),
}

/// A column as a mapping addresses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ColumnRef {
    Name(String),
    /// From zero.
    Position(usize),
}

/// One row of a file: cells as text, found through the columns that the plan names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// From 1, and through a corrected re-send the same.
    pub number: u64,
    /// The line on which it begins, from 1.
    pub line: u64,
    pub(super) cells: Vec<String>,
    pub(super) slots: Slots,
}

/// Where the plan's columns are found in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Slots {
    /// The index of the cell for each column of the plan.
    Cells(Arc<[usize]>),
    /// The text for each column of the plan; none where the object has no such member.
    Members(Vec<Option<String>>),
}

impl Row {
    /// The text of a column of the plan; none where there is none.
    pub(super) fn text(&self, slot: usize) -> Option<&str> {
        match &self.slots {
            Slots::Cells(indices) => {
                let index = indices.get(slot)?;
                self.cells.get(*index).map(String::as_str)
            }
            Slots::Members(members) => members.get(slot)?.as_deref(),
        }
    }

    /// The row as one that is not imported.
    pub fn rejected(&self, reasons: Vec<RowReason>) -> RowRejection {
        RowRejection {
            row: self.number,
            line: self.line,
            reasons,
            cells: self.cells.clone(),
        }
    }
}

/// The beginning of a text, for messages.
pub(super) fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        format!("`{short}…`")
    } else {
        format!("`{short}`")
    }
}
