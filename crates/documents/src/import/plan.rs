//! A checked mapping, ready to run.

use super::delimited::Layout;
use super::mapping::{CheckedAs, CheckedOrder, Encoding, FileKind};
use super::row::ColumnRef;
use super::template::{Customer, Fact, Product};
use super::value::Value;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// A mapping without faults, with every name in it resolved.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) system: String,
    pub(super) format: Format,
    /// Every column that some value reads; values know them by their index here.
    pub(super) columns: Vec<ColumnRef>,
    pub(super) lookups: BTreeMap<String, LookupPlan>,
    pub(super) checks: Vec<Check>,
    pub(super) customers: Vec<Customer>,
    pub(super) products: Vec<Product>,
    pub(super) facts: Vec<Fact>,
}

/// A second file that a mapping reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupFile {
    /// What the mapping calls it, and under which it is supplied over HTTP.
    pub name: String,
    /// Where the command line finds it, relative to the data file.
    pub file: String,
}

impl Plan {
    /// The system whose ids the file uses.
    pub fn system(&self) -> &str {
        &self.system
    }

    /// The second files that must be read before the first row.
    pub fn lookups(&self) -> impl Iterator<Item = LookupFile> + '_ {
        self.lookups.iter().map(|(name, lookup)| LookupFile {
            name: name.clone(),
            file: lookup.file.clone(),
        })
    }

    /// Whether a first pass over the file is needed before anything is imported.
    pub fn has_checks(&self) -> bool {
        !self.checks.is_empty()
    }
}

/// How a file is laid out, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) kind: FileKind,
    pub(super) layout: Layout,
    pub(super) header: bool,
    pub(super) columns: Option<usize>,
    pub(super) encoding: Encoding,
}

/// A second file and the columns of it that are kept.
#[derive(Debug, Clone)]
pub(super) struct LookupPlan {
    pub(super) file: String,
    pub(super) format: Format,
    pub(super) trim: bool,
    pub(super) max_rows: u64,
    /// The key first, then what values take.
    pub(super) columns: Vec<ColumnRef>,
}

/// A check between two values.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) compared_as: CheckedAs,
    pub(super) left: Value,
    pub(super) right: Value,
    pub(super) rule: Rule,
    pub(super) max_share: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    Order(CheckedOrder),
    Distance {
        min: Option<Decimal>,
        max: Option<Decimal>,
    },
}
