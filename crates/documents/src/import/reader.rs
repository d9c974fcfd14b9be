//! Rows of a file, one at a time: bounded memory, damage as rejected rows, resumable by row.

use super::delimited::{self, Delimiter, Layout, Record};
use super::encoding::decode;
use super::formula;
use super::input::Input;
use super::json_line;
use super::mapping::{Encoding, FileKind};
use super::plan::{Format, Plan};
use super::row::{ColumnRef, FileFault, Row, RowReason, RowRejection, Slots};
use std::io::Read;
use std::sync::Arc;

/// The columns that come first in an error file, and make a re-sent one recognisable.
pub(super) const MARKERS: [&str; 3] = ["_row", "_line", "_errors"];
/// The column of an error file that holds a line of NDJSON as it was.
pub(super) const RECORD_COLUMN: &str = "_record";

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// Enough bytes to see the marker columns, each in quotes.
const LONGEST_MARK: usize = 64;
const LONGEST_HEADER_SHOWN: usize = 300;

/// The rows of a file. A file that begins with the marker columns of an error file is read as
/// one, whatever layout the mapping declares: its rows keep the numbers they had.
pub struct RowReader<R> {
    input: Input<R>,
    format: Format,
    resent: bool,
    record: Record,
    /// The names of the columns, without markers; empty in NDJSON.
    header: Vec<String>,
    width: usize,
    columns: Vec<ColumnRef>,
    slots: Arc<[usize]>,
    ordinal: u64,
}

impl<R: Read> RowReader<R> {
    /// Reads the header and finds the plan's columns in it.
    pub fn open(source: R, plan: &Plan) -> Result<Self, FileFault> {
        Self::with(source, plan.format, &plan.columns)
    }

    pub(super) fn with(
        source: R,
        format: Format,
        columns: &[ColumnRef],
    ) -> Result<Self, FileFault> {
        let mut reader = Self {
            input: Input::new(source),
            format,
            resent: false,
            record: Record::default(),
            header: Vec::new(),
            width: 0,
            columns: columns.to_vec(),
            slots: Arc::from([]),
            ordinal: 0,
        };
        reader.begin()?;
        Ok(reader)
    }

    /// The names of the file's columns as an error file repeats them.
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// How many bytes of the file were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.input.consumed()
    }

    /// How many rows were read or skipped so far, rejected ones included.
    pub fn rows_read(&self) -> u64 {
        self.ordinal
    }

    /// Passes over rows that an earlier run has dealt with; fewer where the file ends before.
    pub fn skip_rows(&mut self, rows: u64) -> Result<(), FileFault> {
        for _ in 0..rows {
            let more = if self.is_json() {
                json_line::read_line(&mut self.input)?.is_some()
            } else {
                delimited::read(&mut self.input, self.format.layout, &mut self.record)?
            };
            if !more {
                break;
            }
            self.ordinal += 1;
        }
        Ok(())
    }

    /// The next row, or why it is rejected; none at the end.
    fn read_row(&mut self) -> Result<Option<Result<Row, RowRejection>>, FileFault> {
        if self.is_json() {
            let Some(line) = json_line::read_line(&mut self.input)? else {
                return Ok(None);
            };
            self.ordinal += 1;
            return Ok(Some(self.json_row(self.ordinal, line.number, line.bytes)));
        }
        if !delimited::read(&mut self.input, self.format.layout, &mut self.record)? {
            return Ok(None);
        }
        self.ordinal += 1;
        Ok(Some(self.delimited_row()))
    }

    /// NDJSON that is not wrapped in an error file.
    fn is_json(&self) -> bool {
        self.format.kind == FileKind::Ndjson && !self.resent
    }

    fn begin(&mut self) -> Result<(), FileFault> {
        if self
            .input
            .ahead(BYTE_ORDER_MARK.len())?
            .starts_with(BYTE_ORDER_MARK)
        {
            self.input.skip(BYTE_ORDER_MARK.len());
        }
        if let Some(delimiter) = resent_delimiter(self.input.ahead(LONGEST_MARK)?) {
            self.resent = true;
            self.format.layout = Layout {
                delimiter: Delimiter::Byte(delimiter),
                quotes: true,
            };
            self.format.encoding = Encoding::Utf8;
        }
        if self.is_json() {
            self.header = vec![RECORD_COLUMN.to_owned()];
            return Ok(());
        }
        self.begin_delimited()
    }

    fn begin_delimited(&mut self) -> Result<(), FileFault> {
        if self.format.header || self.resent {
            self.header = self.read_header()?;
            self.width = self.header.len();
        } else {
            self.width = self.format.columns.unwrap_or_default();
            self.header = (1..=self.width)
                .map(|place| format!("column_{place}"))
                .collect();
        }
        if self.format.kind == FileKind::Csv {
            let slots: Result<Vec<usize>, FileFault> = self
                .columns
                .iter()
                .map(|column| self.slot(column))
                .collect();
            self.slots = slots?.into();
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<Vec<String>, FileFault> {
        let found = delimited::read(&mut self.input, self.format.layout, &mut self.record)?;
        let line = self.record.line;
        let fault = |detail: &str| FileFault::Header {
            line,
            detail: detail.to_owned(),
        };
        if !found {
            return Err(fault("the file is empty"));
        }
        if let Some(damage) = self.record.damage {
            return Err(fault(damage.detail()));
        }
        let encoding = self.format.encoding;
        let cells = self
            .record
            .cells()
            .skip(if self.resent { MARKERS.len() } else { 0 });
        let resent = self.resent;
        let as_it_was = |name: String| match resent {
            true => formula::restored(&name).to_owned(),
            false => name,
        };
        let names: Option<Vec<String>> = cells
            .map(|cell| decode(cell, encoding).map(as_it_was))
            .collect();
        names.ok_or_else(|| fault("a name is not in the declared encoding"))
    }

    fn slot(&self, column: &ColumnRef) -> Result<usize, FileFault> {
        match column {
            ColumnRef::Position(index) if *index < self.width => Ok(*index),
            ColumnRef::Position(index) => Err(FileFault::NoPosition {
                position: index + 1,
                columns: self.width,
            }),
            ColumnRef::Name(name) => {
                let mut places = self
                    .header
                    .iter()
                    .enumerate()
                    .filter(|(_, known)| *known == name);
                let first = places.next().map(|(place, _)| place);
                if places.next().is_some() {
                    return Err(FileFault::AmbiguousColumn(name.clone()));
                }
                first.ok_or_else(|| FileFault::NoColumn {
                    name: name.clone(),
                    known: self
                        .header
                        .join(", ")
                        .chars()
                        .take(LONGEST_HEADER_SHOWN)
                        .collect(),
                })
            }
        }
    }

    fn delimited_row(&self) -> Result<Row, RowRejection> {
        let encoding = self.format.encoding;
        let mut number = Ok(self.ordinal);
        let mut cells = Vec::with_capacity(self.width);
        let mut reasons = Vec::new();
        for (place, bytes) in self.record.cells().enumerate() {
            let text = decode(bytes, encoding).filter(|text| !text.contains('\0'));
            let text = text.unwrap_or_else(|| {
                reasons.push(not_text(place, encoding));
                String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
            });
            match (self.resent, place) {
                (true, 0) => number = row_number(&text),
                (true, 1 | 2) => {}
                (true, _) => cells.push(formula::restored(&text).to_owned()),
                (false, _) => cells.push(text),
            }
        }
        if let Some(damage) = self.record.damage {
            reasons = vec![RowReason::of_row(damage.code(), damage.detail())];
        } else if cells.len() != self.width {
            let (found, wanted) = (cells.len(), self.width);
            let detail = format!("the row has {found} columns instead of {wanted}");
            reasons.push(RowReason::of_row("column_count", detail));
        }
        let line = self.record.line;
        let row = number.unwrap_or_else(|reason| {
            reasons.push(reason);
            self.ordinal
        });
        if !reasons.is_empty() {
            return Err(RowRejection {
                row,
                line,
                reasons,
                cells,
            });
        }
        if self.format.kind == FileKind::Ndjson {
            let text = cells.pop().unwrap_or_default();
            return self.json_row(row, line, Ok(text.into_bytes()));
        }
        Ok(Row {
            number: row,
            line,
            cells,
            slots: Slots::Cells(Arc::clone(&self.slots)),
        })
    }

    fn json_row(
        &self,
        number: u64,
        line: u64,
        bytes: Result<Vec<u8>, RowReason>,
    ) -> Result<Row, RowRejection> {
        let rejected = |reasons, cells| RowRejection {
            row: number,
            line,
            reasons,
            cells,
        };
        let bytes = bytes.map_err(|reason| rejected(vec![reason], Vec::new()))?;
        let Some(text) = decode(&bytes, self.format.encoding) else {
            let lossy = String::from_utf8_lossy(&bytes).into_owned();
            let reason = RowReason::of_row(
                "not_in_encoding",
                "the line is not in the declared encoding",
            );
            return Err(rejected(vec![reason], vec![lossy]));
        };
        match json_line::members(&text, &self.columns) {
            Ok(members) => {
                let slots = Slots::Members(members);
                Ok(Row {
                    number,
                    line,
                    cells: vec![text],
                    slots,
                })
            }
            Err(reasons) => Err(rejected(reasons, vec![text])),
        }
    }
}

impl<R: Read> Iterator for RowReader<R> {
    type Item = Result<Result<Row, RowRejection>, FileFault>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_row().transpose()
    }
}

/// What separates the cells of an error file, if the file begins like one: a comma as it was
/// written, or what a spreadsheet made of it when it saved the file.
fn resent_delimiter(begin: &[u8]) -> Option<u8> {
    [",", ";", "\t"].into_iter().find_map(|delimiter| {
        let plain = MARKERS.join(delimiter);
        let quoted = MARKERS.map(|name| format!("\"{name}\"")).join(delimiter);
        let found = begin.starts_with(plain.as_bytes()) || begin.starts_with(quoted.as_bytes());
        found.then(|| delimiter.bytes().next()).flatten()
    })
}

fn not_text(place: usize, encoding: Encoding) -> RowReason {
    let name = match encoding {
        Encoding::Utf8 => "utf-8",
        Encoding::Windows1252 => "windows-1252",
    };
    let detail = format!("the cell is not {name}, or has the character U+0000");
    RowReason::of(&format!("#{}", place + 1), "not_in_encoding", detail)
}

fn row_number(text: &str) -> Result<u64, RowReason> {
    let number = text.parse::<u64>().ok().filter(|number| *number > 0);
    number.ok_or_else(|| {
        let detail = "the number of the row in the first file is missing";
        RowReason::of(MARKERS[0], "bad_row_number", detail)
    })
}
