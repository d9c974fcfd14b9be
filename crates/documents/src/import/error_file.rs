//! Rejected rows as a file that a person can correct and send again.

use super::formula::neutralised;
use super::reader::{MARKERS, RowReader};
use super::row::{RowReason, RowRejection};
use std::io::{self, Read, Write};

/// A CSV file (UTF-8, commas, header) of rejected rows: `_row`, `_line`, `_errors` and the columns
/// as they were. Sent again after correction, its rows keep their numbers, and with them their
/// identity where the mapping uses the row number. Cells that a spreadsheet would run as formulas
/// begin with `'`, which reading takes away again.
pub struct ErrorFile<W: Write> {
    out: csv::Writer<W>,
    width: usize,
}

impl<W: Write> ErrorFile<W> {
    /// Begins the file with its header.
    pub fn new(out: W, header: &[String]) -> io::Result<Self> {
        let mut out = csv::Writer::from_writer(out);
        let names = header.iter().map(|name| neutralised(name));
        let markers = MARKERS.into_iter().map(str::to_owned);
        out.write_record(markers.chain(names))?;
        Ok(Self {
            out,
            width: header.len(),
        })
    }

    /// Goes on with a file that was begun elsewhere with the same header.
    pub fn continued(out: W, header: &[String]) -> Self {
        Self {
            out: csv::Writer::from_writer(out),
            width: header.len(),
        }
    }

    /// Begins the file that belongs to a reader's rows.
    pub fn for_rows_of<R: Read>(reader: &RowReader<R>, out: W) -> io::Result<Self> {
        Self::new(out, reader.header())
    }

    /// Adds one row. What it has beyond the columns of the header is left out.
    pub fn write(&mut self, rejection: &RowRejection) -> io::Result<()> {
        let RowRejection {
            row,
            line,
            reasons,
            cells,
        } = rejection;
        let errors: Vec<String> = reasons.iter().map(told).collect();
        let front = [
            row.to_string(),
            line.to_string(),
            neutralised(&errors.join("; ")),
        ];
        let blanks = std::iter::repeat(String::new());
        let cells = cells
            .iter()
            .map(|cell| neutralised(cell))
            .chain(blanks)
            .take(self.width);
        Ok(self.out.write_record(front.into_iter().chain(cells))?)
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<W> {
        self.out
            .into_inner()
            .map_err(csv::IntoInnerError::into_error)
    }
}

fn told(reason: &RowReason) -> String {
    let RowReason {
        column,
        code,
        detail,
    } = reason;
    match column {
        Some(column) => format!("{column}: {detail} ({code})"),
        None => format!("{detail} ({code})"),
    }
}
