//! Reads a file on a thread that may block, a chunk of rows ahead of what is being written.

use super::ImportError;
use std::io::Read;
use std::sync::Arc;
use tiercel_documents::import::{
    FileFault, ImportRecord, LookupTable, Lookups, Plan, Row, RowReader, RowRejection,
    SurveyReport, survey,
};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Rows of one transaction.
const ROWS: usize = 1_000;
/// Chunks that wait to be written.
const AHEAD: usize = 1;

/// Opens a file: the data where there is no name, else the second file of that look-up.
pub type Opener = Arc<dyn Fn(Option<&str>) -> std::io::Result<Box<dyn Read + Send>> + Send + Sync>;

/// A file with all that is needed to read it.
#[derive(Clone)]
pub struct Data {
    plan: Arc<Plan>,
    lookups: Arc<Lookups>,
    open: Opener,
}

/// A row that was understood.
pub(super) struct Line {
    /// Its place in the file, from 1.
    pub place: u64,
    pub row: Row,
    pub records: Vec<ImportRecord>,
}

/// Some rows in the order of the file.
#[derive(Default)]
pub(super) struct Chunk {
    /// The names of the file's columns.
    pub header: Arc<[String]>,
    pub rows: u64,
    pub lines: Vec<Line>,
    /// Rows that cannot be understood, with their places.
    pub rejected: Vec<(u64, RowRejection)>,
}

impl Data {
    /// Reads the second files of a plan.
    pub async fn load(plan: Plan, open: Opener) -> Result<Self, ImportError> {
        blocking(move || {
            let mut lookups = Lookups::new();
            for lookup in plan.lookups() {
                let source = open(Some(&lookup.name))?;
                let table = LookupTable::read(&lookup.name, source, &plan)?;
                lookups.insert(lookup.name, table);
            }
            Ok(Self {
                plan: Arc::new(plan),
                lookups: Arc::new(lookups),
                open,
            })
        })
        .await
    }

    /// Reads the whole file once and checks it between its columns.
    pub(super) async fn survey(&self) -> Result<SurveyReport, ImportError> {
        let data = self.clone();
        blocking(move || survey((data.open)(None)?, &data.plan, &data.lookups)).await
    }

    /// Reads the rows behind the first `skip`, chunk by chunk.
    pub(super) fn chunks(&self, skip: u64) -> mpsc::Receiver<Result<Chunk, FileFault>> {
        let (sender, receiver) = mpsc::channel(AHEAD);
        let data = self.clone();
        drop(spawn_blocking(move || {
            if let Err(fault) = data.send(skip, &sender) {
                // Nobody listens any more where this fails.
                drop(sender.blocking_send(Err(fault)));
            }
        }));
        receiver
    }

    fn send(
        &self,
        skip: u64,
        sender: &mpsc::Sender<Result<Chunk, FileFault>>,
    ) -> Result<(), FileFault> {
        let mut reader = RowReader::open((self.open)(None)?, &self.plan)?;
        let header: Arc<[String]> = reader.header().into();
        reader.skip_rows(skip)?;
        loop {
            let chunk = self.next(&mut reader, Arc::clone(&header))?;
            if chunk.rows == 0 || sender.blocking_send(Ok(chunk)).is_err() {
                return Ok(());
            }
        }
    }

    fn next<R: Read>(
        &self,
        reader: &mut RowReader<R>,
        header: Arc<[String]>,
    ) -> Result<Chunk, FileFault> {
        let mut chunk = Chunk {
            header,
            ..Chunk::default()
        };
        for row in reader.by_ref().take(ROWS) {
            let row = row?;
            chunk.rows += 1;
            chunk.take(row, &self.plan, &self.lookups);
        }
        let first = reader.rows_read().saturating_sub(chunk.rows);
        chunk.number_from(first);
        Ok(chunk)
    }
}

impl Chunk {
    /// Understands a row; its place is counted within the chunk.
    fn take(&mut self, row: Result<Row, RowRejection>, plan: &Plan, lookups: &Lookups) {
        let place = self.rows;
        let understood = row.and_then(|row| {
            let records = plan.convert(&row, lookups)?;
            Ok(Line {
                place,
                row,
                records,
            })
        });
        match understood {
            Ok(line) => self.lines.push(line),
            Err(rejection) => self.rejected.push((place, rejection)),
        }
    }

    fn number_from(&mut self, first: u64) {
        let places = self.lines.iter_mut().map(|line| &mut line.place);
        for place in places.chain(self.rejected.iter_mut().map(|(place, _)| place)) {
            *place = place.saturating_add(first);
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, FileFault> + Send + 'static,
) -> Result<T, ImportError> {
    let done = spawn_blocking(work).await;
    Ok(done.map_err(|_| ImportError::Interrupted)??)
}
