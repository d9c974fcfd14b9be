//! Bytes to records of cells: delimiters, quotes, and every kind of line end; damage is told,
//! never repaired.

use super::input::{Input, ROW_LIMIT};
use std::io::{self, Read};

/// What separates the cells of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Byte(u8),
    /// Runs of blanks and tabs; those at the ends of a line separate nothing.
    Whitespace,
}

/// How a line is divided into cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) delimiter: Delimiter,
    pub(super) quotes: bool,
}

/// What is wrong with the bytes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Damage {
    TooLong,
    /// A quote inside a cell that does not begin with one.
    StrayQuote,
    /// Something other than a delimiter after a closing quote.
    AfterQuote,
    /// A quote that the file never closes.
    OpenQuote,
}

/// One record; reused from row to row.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) line: u64,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    pub(super) damage: Option<Damage>,
}

impl Record {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let begins = std::iter::once(0).chain(self.ends.iter().copied());
        begins
            .zip(self.ends.iter().copied())
            .map(|(begin, end)| self.bytes.get(begin..end).unwrap_or_default())
    }

    fn reset(&mut self, line: u64) {
        self.line = line;
        self.bytes.clear();
        self.ends.clear();
        self.damage = None;
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    /// Keeps one byte of a cell; false where the record is too long.
    fn push(&mut self, byte: u8) -> bool {
        let fits = self.bytes.len() + self.ends.len() < ROW_LIMIT;
        if fits {
            self.bytes.push(byte);
        }
        fits
    }
}

enum State {
    CellStart,
    Plain,
    Quoted,
    QuoteEnded,
}

/// Reads the next record; false at the end of the file. Lines without a cell are passed over. After
/// damage reading goes on with the next line.
pub(super) fn read<R: Read>(
    input: &mut Input<R>,
    layout: Layout,
    record: &mut Record,
) -> io::Result<bool> {
    loop {
        record.reset(input.line());
        let Some(byte) = input.peek()? else {
            return Ok(false);
        };
        if byte == b'\n' || byte == b'\r' {
            input.skip_line()?;
            continue;
        }
        record.damage = match layout.delimiter {
            Delimiter::Byte(delimiter) => separated(input, delimiter, layout.quotes, record)?,
            Delimiter::Whitespace => blank_separated(input, record)?,
        };
        if record.damage.is_some() || !record.ends.is_empty() {
            return Ok(true);
        }
    }
}

fn separated<R: Read>(
    input: &mut Input<R>,
    delimiter: u8,
    quotes: bool,
    record: &mut Record,
) -> io::Result<Option<Damage>> {
    let mut state = State::CellStart;
    loop {
        let Some(byte) = input.next()? else {
            record.end_cell();
            return Ok(matches!(state, State::Quoted).then_some(Damage::OpenQuote));
        };
        let damage = match (state, byte) {
            (State::Quoted, b'"') => {
                state = State::QuoteEnded;
                continue;
            }
            (State::Quoted, _) => {
                state = State::Quoted;
                (!record.push(byte)).then_some(Damage::TooLong)
            }
            (State::CellStart, b'"') if quotes => {
                state = State::Quoted;
                continue;
            }
            (State::QuoteEnded, b'"') => {
                state = State::Quoted;
                (!record.push(byte)).then_some(Damage::TooLong)
            }
            (_, b'\r' | b'\n') => {
                record.end_cell();
                input.finish_line_end(byte)?;
                return Ok(None);
            }
            (_, _) if byte == delimiter => {
                record.end_cell();
                state = State::CellStart;
                (record.bytes.len() + record.ends.len() >= ROW_LIMIT).then_some(Damage::TooLong)
            }
            (State::QuoteEnded, _) => {
                state = State::QuoteEnded;
                Some(Damage::AfterQuote)
            }
            (_, b'"') if quotes => {
                state = State::Plain;
                Some(Damage::StrayQuote)
            }
            (_, _) => {
                state = State::Plain;
                (!record.push(byte)).then_some(Damage::TooLong)
            }
        };
        if damage.is_some() {
            input.skip_line()?;
            return Ok(damage);
        }
    }
}

fn blank_separated<R: Read>(
    input: &mut Input<R>,
    record: &mut Record,
) -> io::Result<Option<Damage>> {
    let mut inside = false;
    while let Some(byte) = input.next()? {
        match byte {
            b'\r' | b'\n' => {
                input.finish_line_end(byte)?;
                break;
            }
            b' ' | b'\t' => {
                if inside {
                    record.end_cell();
                }
                inside = false;
            }
            _ => {
                inside = true;
                if !record.push(byte) {
                    input.skip_line()?;
                    return Ok(Some(Damage::TooLong));
                }
            }
        }
    }
    if inside {
        record.end_cell();
    }
    Ok(None)
}

impl Damage {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::TooLong => "row_too_long",
            Self::StrayQuote | Self::AfterQuote | Self::OpenQuote => "bad_quoting",
        }
    }

    /// What is wrong, in a sentence.
    pub(super) const fn detail(self) -> &'static str {
        match self {
            Self::TooLong => "the row is longer than 1 MiB; reading goes on with the next line",
            Self::StrayQuote => "a quote stands inside a cell that does not begin with one",
            Self::AfterQuote => "a closing quote is not followed by a delimiter or a line end",
            Self::OpenQuote => "a quote is opened and never closed up to the end of the file",
        }
    }
}
