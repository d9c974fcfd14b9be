//! Second files, read whole within limits and found in by key.

use super::plan::{LookupPlan, Plan};
use super::reader::RowReader;
use super::row::FileFault;
use std::collections::HashMap;
use std::io::Read;

/// The most rows and the most bytes of text that a look-up keeps.
pub(super) const MOST_ROWS: u64 = 5_000_000;
const MOST_BYTES: usize = 1024 * 1024 * 1024;

/// The look-ups of a plan, by name.
pub type Lookups = HashMap<String, LookupTable>;

/// A second file: by key, the columns that the plan takes from it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LookupTable {
    rows: HashMap<Box<str>, Box<[Box<str>]>>,
    bytes: usize,
}

impl LookupTable {
    /// Reads the file of the plan's look-up `name`. Refused whole where a row is damaged, a key is
    /// missing or occurs twice, or the file is longer than the plan or this engine allows.
    pub fn read<R: Read>(name: &str, source: R, plan: &Plan) -> Result<Self, FileFault> {
        let Some(lookup) = plan.lookups.get(name) else {
            return Err(FileFault::UnknownLookup(name.to_owned()));
        };
        let mut table = Self::default();
        let reader = RowReader::with(source, lookup.format, &lookup.columns)?;
        for row in reader {
            let (line, row) = match row? {
                Ok(row) => (row.line, Ok(row)),
                Err(rejection) => (rejection.line, Err(rejection)),
            };
            let added = match row {
                Ok(row) => table.add(&row, lookup),
                Err(rejection) => Err(rejection
                    .reasons
                    .into_iter()
                    .map(|why| why.detail)
                    .collect()),
            };
            added.map_err(|detail| FileFault::Lookup {
                table: name.to_owned(),
                line,
                detail,
            })?;
        }
        Ok(table)
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn find(&self, key: &str, column: usize) -> Option<&str> {
        self.rows.get(key)?.get(column).map(AsRef::as_ref)
    }

    fn add(&mut self, row: &super::row::Row, lookup: &LookupPlan) -> Result<(), String> {
        let texts: Box<[Box<str>]> = (0..lookup.columns.len())
            .map(|slot| row.text(slot).unwrap_or_default())
            .map(|text| if lookup.trim { text.trim() } else { text })
            .map(Box::from)
            .collect();
        let Some(key) = texts.first().filter(|key| !key.is_empty()).cloned() else {
            return Err("the key is missing".to_owned());
        };
        self.bytes += texts.iter().map(|text| text.len()).sum::<usize>();
        if self.rows.len() as u64 >= lookup.max_rows || self.bytes > MOST_BYTES {
            let most = lookup.max_rows;
            return Err(format!(
                "longer than the {most} rows or 1 GiB that a look-up may have"
            ));
        }
        match self.rows.insert(key, texts) {
            None => Ok(()),
            Some(_) => Err("the key occurs a second time".to_owned()),
        }
    }
}
