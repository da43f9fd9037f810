//! Records read ahead: one thread cuts them out of the file while another makes values of those before them.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use super::Records;
use super::record::Record;
use crate::export::ExportError;

/// Bytes after which a batch is handed on. A longer row ends its batch, so that of those few are in memory.
const BATCH: usize = 256 << 10;
/// A record that took more is not filled again: others would be short, and its memory lie idle in each of the batches.
const USUAL: usize = 4 << 10;
/// Batches that wait, read and not yet asked for.
const WAITING: usize = 2;

/// Records that go from one thread to the other, and back to be filled again.
#[derive(Default)]
struct Batch {
    /// Those after `filled` are of an earlier filling.
    records: Vec<Record>,
    filled: usize,
    /// How much of the file was read with it.
    done: u64,
    /// The error that ended the input, after its last record.
    failure: Option<ExportError>,
}

/// The records of a sheet in their order, as [`Records`] gives them.
pub(crate) struct Ahead {
    full: Receiver<Batch>,
    spent: Sender<Batch>,
    batch: Batch,
    given: usize,
}

/// Has `records` read by another thread while `work` goes through them.
pub(crate) fn ahead<T, E>(records: Records, work: impl FnOnce(Ahead) -> Result<T, E>) -> Result<T, E> {
    let (full, filled) = sync_channel(WAITING);
    let (spent, empty) = channel();
    thread::scope(|scope| {
        scope.spawn(move || read(records, &full, &empty));
        work(Ahead { full: filled, spent, batch: Batch::default(), given: 0 })
    })
}

/// Fills batches until the end, a failure, or until nobody asks any more.
fn read(mut records: Records, full: &SyncSender<Batch>, empty: &Receiver<Batch>) {
    loop {
        let mut batch = empty.try_recv().unwrap_or_default();
        let is_last = batch.fill(&mut records);
        if full.send(batch).is_err() || is_last {
            return;
        }
    }
}

impl Batch {
    /// Fills it with what comes next; true at the end, or where it cannot be read on.
    fn fill(&mut self, records: &mut Records) -> bool {
        let mut bytes = 0;
        self.filled = 0;
        let is_last = loop {
            if bytes >= BATCH {
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

impl Ahead {
    /// The next record; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<&Record>, ExportError> {
        while self.given == self.batch.filled {
            if let Some(failure) = self.batch.failure.take() {
                return Err(failure);
            }
            let spent = std::mem::take(&mut self.batch).cleared();
            // after its end nobody fills it any more
            let _ = self.spent.send(spent);
            self.given = 0;
            match self.full.recv() {
                Ok(batch) => self.batch = batch,
                Err(_) => return Ok(None),
            }
        }
        self.given += 1;
        Ok(self.batch.records.get(self.given - 1))
    }

    /// How much was read, in bytes of the file, about.
    pub(crate) fn done(&self) -> u64 {
        self.batch.done
    }
}
