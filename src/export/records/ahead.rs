//! Records read ahead: one thread cuts them out of the file while others make values of those before them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::Records;
use super::record::Record;
use crate::export::ExportError;

/// Bytes after which a batch is handed on. A longer row ends its batch, so that of those few are in memory.
pub(crate) const BATCH: usize = 256 << 10;
/// A record that took more is not filled again: others would be short, and its memory lie idle in each of the batches.
const USUAL: usize = 4 << 10;
/// Batches beside those that are worked on: one is filled while others wait.
const WAITING: usize = 3;

/// Records that go from the thread that reads them to the others, and back to be filled again.
#[derive(Default)]
pub(crate) struct Batch {
    /// Its place among the batches of the sheet, from 0.
    pub(crate) number: u64,
    /// Those after `filled` are of an earlier filling.
    records: Vec<Record>,
    filled: usize,
    /// How much of the file was read with it, in bytes, about.
    pub(crate) done: u64,
    /// The error that ended the input, after its last record.
    pub(crate) failure: Option<ExportError>,
}

/// Where full batches come from, in their order; shared by those who work on them.
pub(crate) type Full = Arc<Mutex<Receiver<Batch>>>;

/// The records of a sheet in their order, as [`Records`] gives them.
pub(crate) struct Ahead {
    full: Full,
    spent: Sender<Batch>,
    batch: Batch,
    given: usize,
}

/// Has `records` read by another thread, in batches of so many bytes, while `work` goes through them. There are no more batches
/// than those that so many threads hold, and a few that wait: one is filled again once it was given back.
pub(crate) fn ahead<T, E>(
    records: Records,
    (bytes, holders): (usize, usize),
    work: impl FnOnce(Ahead) -> Result<T, E>,
) -> Result<T, E> {
    let (full, filled) = channel();
    let (spent, empty) = channel();
    thread::scope(|scope| {
        scope.spawn(move || read(records, (bytes, holders + WAITING), &full, &empty));
        work(Ahead { full: Arc::new(Mutex::new(filled)), spent, batch: Batch::default(), given: 0 })
    })
}

/// Fills batches until the end, a failure, or until nobody asks any more.
fn read(mut records: Records, (bytes, most): (usize, usize), full: &Sender<Batch>, empty: &Receiver<Batch>) {
    for number in 0.. {
        let given_back = match number < most as u64 {
            true => empty.try_recv().ok().or_else(|| Some(Batch::default())),
            false => empty.recv().ok(),
        };
        let Some(mut batch) = given_back else { return };
        batch.number = number;
        let is_last = batch.fill(&mut records, bytes);
        if full.send(batch).is_err() || is_last {
            return;
        }
    }
}

impl Batch {
    /// The records, in their order.
    pub(crate) fn records(&self) -> &[Record] {
        &self.records[..self.filled]
    }

    /// Fills it with what comes next; true at the end, or where it cannot be read on.
    fn fill(&mut self, records: &mut Records, most: usize) -> bool {
        let mut bytes = 0;
        self.filled = 0;
        let is_last = loop {
            if bytes >= most {
                break false;
            }
            if self.filled == self.records.len() {
                self.records.push(Record::default());
            }
            let record = &mut self.records[self.filled];
            match records.next(record) {
                Ok(true) => {
                    bytes += weight(record);
                    self.filled += 1;
                }
                Ok(false) => break true,
                Err(error) => {
                    self.failure = Some(error);
                    break true;
                }
            }
        };
        self.done = records.done();
        is_last
    }

    /// Makes it ready to be filled again.
    fn cleared(mut self) -> Batch {
        let unusual = self.records[..self.filled].iter_mut().filter(|record| weight(record) > USUAL);
        unusual.for_each(|record| *record = Record::default());
        self.filled = 0;
        self
    }
}

/// The bytes that a record takes, about: cells without anything in them take some, too.
fn weight(record: &Record) -> usize {
    size_of::<Record>() + record.cells.as_slice().len() + record.cells.len() * size_of::<usize>() + record.typed.len()
}

/// The next full batch; none at the end.
pub(crate) fn next_batch(full: &Full) -> Option<Batch> {
    full.lock().ok()?.recv().ok()
}

impl Ahead {
    /// Where other threads take their batches from.
    pub(crate) fn full(&self) -> Full {
        Arc::clone(&self.full)
    }

    /// Gives a batch back to be filled again.
    pub(crate) fn give_back(&self, batch: Batch) {
        // after the end nobody fills it any more
        let _ = self.spent.send(batch.cleared());
    }

    /// The next record; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&Record>, ExportError> {
        while self.given == self.batch.filled {
            if let Some(failure) = self.batch.failure.take() {
                return Err(failure);
            }
            let spent = std::mem::take(&mut self.batch);
            if spent.filled > 0 {
                self.give_back(spent);
            }
            self.given = 0;
            match next_batch(&self.full) {
                Some(batch) => self.batch = batch,
                None => return Ok(None),
            }
        }
        self.given += 1;
        Ok(self.batch.records.get(self.given - 1))
    }
}
