//! The rows of a file, read by several threads: each makes values of a batch of records at a time, and what they give is put
//! together in the order of the file, so that it is the same as with one thread.
//!
//! A batch is read by what the columns knew when its thread began ([`Known`]). If the batches before it changed that, it is read
//! again; so is one of which only the sums of all rows above tell whether a row is a total. Both are rare: the first batch of a
//! file is read before the threads begin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::met::{Met, MetInPiece, Outcome};
use super::pass::Pass;
use super::row_sink::{RowPiece, RowSink};
use super::state::{After, Known};
use crate::export::ExportError;
use crate::export::records::{Ahead, BATCH, Batch, Full, RepairOrigin, next_batch};

/// How the work on a file is divided.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Division {
    /// Threads that make values, beside the one that cuts records out of the file.
    pub(crate) threads: usize,
    /// Bytes of a batch.
    pub(crate) batch: usize,
}

impl Default for Division {
    fn default() -> Division {
        /// One thread cuts no more than these read.
        const MOST: usize = 8;
        let threads = thread::available_parallelism().map_or(1, |n| n.get().min(MOST));
        Division { threads, batch: BATCH }
    }
}

/// Reads all rows. `mends` are the places of the rows that are taken of a repair file.
pub(super) fn read_all<S: RowSink>(
    ahead: Ahead,
    pass: &Pass<'_>,
    mends: Option<&BTreeSet<RepairOrigin>>,
    sink: &mut S,
    threads: usize,
) -> Result<Outcome, S::Error> {
    let (met, piece) = (Met::new(pass.opened, pass.plan), sink.piece());
    let mut whole = Whole { pass, mends, met, sink, piece, told: 0 };
    let full = ahead.full();
    // what a mended row or the number of a row means depends on those above
    let is_in_order = mends.is_some() || pass.plan.numbers_rows() || threads < 2;
    let mut left = if is_in_order { u64::MAX } else { 1 };
    while left > 0 {
        left -= 1;
        let Some(mut batch) = next_batch(&full) else { return Ok(whole.met.finish(pass.opened, pass.plan)?) };
        whole.read(&batch)?;
        whole.passed(&mut batch)?;
        ahead.give_back(batch);
    }
    in_threads(ahead, &full, &mut whole, threads)?;
    Ok(whole.met.finish(pass.opened, pass.plan)?)
}

/// What a thread made of a batch.
struct Made<P> {
    batch: Batch,
    piece: P,
    by: Known,
    result: Result<(MetInPiece, After), Unread>,
}

/// Why a thread could not read a batch.
enum Unread {
    Failed(ExportError),
    /// The sums of all rows above have to be known.
    AsksForSums,
}

/// Has threads read what is left of the file, and puts together what they give.
fn in_threads<S: RowSink>(
    ahead: Ahead,
    full: &Full,
    whole: &mut Whole<'_, '_, S>,
    threads: usize,
) -> Result<(), S::Error> {
    let known = Mutex::new(whole.known());
    let spent: Mutex<Vec<S::Piece>> = Mutex::default();
    let (made, results) = channel();
    thread::scope(|scope| {
        for _ in 0..threads {
            let (pass, blank, made) = (whole.pass, whole.sink.piece(), made.clone());
            let (plan, opened, export, mapping, again) =
                (pass.plan.clone(), pass.opened, pass.export, pass.mapping, pass.again);
            let (known, spent) = (&known, &spent);
            scope.spawn(move || {
                let pass = Pass { opened, plan: &plan, export, mapping, again };
                work::<S::Piece>(full, &pass, (known, spent, &blank), &made);
            });
        }
        drop(made);
        let (mut early, mut next) = (BTreeMap::new(), 1);
        for made in results {
            early.insert(made.batch.number, made);
            while let Some(made) = early.remove(&next) {
                let (mut batch, piece) = whole.take(made)?;
                whole.passed(&mut batch)?;
                next += 1;
                *known.lock().unwrap_or_else(PoisonError::into_inner) = whole.known();
                spent.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
                ahead.give_back(batch);
            }
        }
        // where it ends early, nobody gives batches back any more, so that all threads end
        drop(ahead);
        Ok(())
    })
}

/// One of several threads: reads batches until there are no more, or nobody wants them.
fn work<P: RowPiece>(
    full: &Full,
    pass: &Pass<'_>,
    (known, spent, blank): (&Mutex<Known>, &Mutex<Vec<P>>, &P),
    made: &Sender<Made<P>>,
) {
    let mut met = Met::of_pieces(pass.opened, pass.plan);
    while let Some(batch) = next_batch(full) {
        let by = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let piece = spent.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut piece = piece.unwrap_or_else(|| blank.clone());
        by.enter(pass.plan);
        piece.begin(batch.number, by.is_watched);
        let result = read_batch(&batch, pass, &mut met, &mut piece);
        // even where the batch is read again, the next one begins anew
        let of_piece = met.take(pass.opened, pass.plan);
        let result = result.map(|()| (of_piece, After::of(pass.plan)));
        if made.send(Made { batch, piece, by, result }).is_err() {
            return;
        }
    }
}

fn read_batch(batch: &Batch, pass: &Pass<'_>, met: &mut Met<'_>, piece: &mut impl RowPiece) -> Result<(), Unread> {
    for record in batch.records().iter().filter(|record| !record.is_blank()) {
        let read = pass.one(record, met, piece);
        if met.totals.asked() {
            return Err(Unread::AsksForSums);
        }
        read.map_err(Unread::Failed)?;
    }
    Ok(())
}

/// All of a file, as far as it was read.
struct Whole<'w, 'p, S: RowSink> {
    pass: &'p Pass<'p>,
    mends: Option<&'w BTreeSet<RepairOrigin>>,
    met: Met<'p>,
    sink: &'w mut S,
    /// For what is read here.
    piece: S::Piece,
    told: u64,
}

impl<S: RowSink> Whole<'_, '_, S> {
    fn known(&self) -> Known {
        Known::of(self.pass.plan, self.sink.is_watched())
    }

    /// Reads the batch that follows.
    fn read(&mut self, batch: &Batch) -> Result<(), S::Error> {
        self.piece.begin(batch.number, self.sink.is_watched());
        for record in batch.records().iter().filter(|record| !record.is_blank()) {
            if let Some(taken) = self.mends
                && record.mends.is_none_or(|place| !taken.contains(&place))
            {
                let waiting = record.mends.map_or(0, |place| self.sink.waits(place));
                self.met.outcome.rows += 1;
                self.met.outcome.not_taken.add(record.mends, waiting);
                continue;
            }
            record.mends.into_iter().for_each(|place| self.piece.mends(place));
            self.pass.one(record, &mut self.met, &mut self.piece)?;
        }
        self.sink.put(&mut self.piece)
    }

    /// Takes what a thread made of the batch that follows, or reads it again. Gives back what can be filled anew.
    fn take(&mut self, made: Made<S::Piece>) -> Result<(Batch, S::Piece), S::Error> {
        let Made { batch, mut piece, by, result } = made;
        match result {
            Ok((met, after)) if by.holds(&self.known()) => {
                self.met.join(met);
                after.enter(self.pass.plan);
                self.sink.put(&mut piece)?;
            }
            Err(Unread::Failed(error)) if by.holds(&self.known()) => return Err(error.into()),
            _ => self.read(&batch)?,
        }
        Ok((batch, piece))
    }

    /// A batch was read: tells how far it is, and fails where the file cannot be read on.
    fn passed(&mut self, batch: &mut Batch) -> Result<(), S::Error> {
        /// Rows between two words of progress.
        const STEP: u64 = 20_000;
        if let Some(failure) = batch.failure.take() {
            return Err(failure.into());
        }
        if self.met.outcome.rows / STEP > self.told {
            self.told = self.met.outcome.rows / STEP;
            self.sink.progress(batch.done);
        }
        Ok(())
    }
}
