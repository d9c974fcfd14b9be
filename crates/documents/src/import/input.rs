//! Bytes of a file one at a time, with the count of its lines; memory does not grow with the file.

use std::io::{self, Read};

const CHUNK: usize = 64 * 1024;

/// The most bytes that one row may have.
pub(super) const ROW_LIMIT: usize = 1024 * 1024;

/// A buffered source that can look ahead and counts physical lines, whatever their ends.
pub(super) struct Input<R> {
    source: R,
    chunk: Vec<u8>,
    at: usize,
    consumed: u64,
    line: u64,
    /// The last byte was CR, so a LF now belongs to the same line end.
    after_cr: bool,
    finished: bool,
}

impl<R: Read> Input<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            chunk: Vec::new(),
            at: 0,
            consumed: 0,
            line: 1,
            after_cr: false,
            finished: false,
        }
    }

    /// The line of the next byte, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// How many bytes were read so far.
    pub(super) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// The next bytes without taking them: at least `wanted` of them unless the file ends before.
    pub(super) fn ahead(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.chunk.len() - self.at < wanted && !self.finished {
            self.fill()?;
        }
        Ok(&self.chunk[self.at..])
    }

    /// Takes bytes that were seen ahead.
    pub(super) fn skip(&mut self, bytes: usize) {
        let skipped = bytes.min(self.chunk.len() - self.at);
        self.at += skipped;
        self.consumed += skipped as u64;
    }

    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.chunk.len() && !self.finished {
            self.fill()?;
        }
        Ok(self.chunk.get(self.at).copied())
    }

    pub(super) fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if let Some(byte) = byte {
            self.at += 1;
            self.consumed += 1;
            if byte == b'\r' || (byte == b'\n' && !self.after_cr) {
                self.line += 1;
            }
            self.after_cr = byte == b'\r';
        }
        Ok(byte)
    }

    /// After a CR was taken: takes the LF that belongs to it.
    pub(super) fn finish_line_end(&mut self, end: u8) -> io::Result<()> {
        if end == b'\r' && self.peek()? == Some(b'\n') {
            self.next()?;
        }
        Ok(())
    }

    /// Takes everything up to and with the next line end.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        while let Some(byte) = self.next()? {
            if byte == b'\n' || byte == b'\r' {
                return self.finish_line_end(byte);
            }
        }
        Ok(())
    }

    fn fill(&mut self) -> io::Result<()> {
        self.chunk.drain(..self.at);
        self.at = 0;
        let kept = self.chunk.len();
        self.chunk.resize(kept + CHUNK, 0);
        let read = loop {
            match self.source.read(&mut self.chunk[kept..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.chunk.truncate(kept + *read.as_ref().unwrap_or(&0));
        self.finished = matches!(read, Ok(0));
        read.map(|_| ())
    }
}
