//! Where the rows of a file go: into the spill, or into quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::piece::{Piece, Step, Taking};
use super::spill::{Spill, put};
use crate::export::files::ExportId;
use crate::export::read::{Refusal, RowKey, RowSink};
use crate::export::records::RepairOrigin;
use crate::ingest::IngestError;
use crate::ingest::quarantine::{Quarantine, Waits};
use crate::model::index::index_u32;
use crate::model::progress::Progress;
use crate::model::tables::Table;
use crate::store::Transaction;

/// Rows read for a table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Read {
    pub(crate) rows: u64,
    pub(crate) quarantined: u64,
}

/// Deals present in a listing file whose rows were refused or filtered out. They must not be marked as gone.
#[derive(Debug, Default)]
pub(crate) struct ListedDeals {
    pub(crate) marks: BTreeSet<u64>,
    /// How many of the refused rows told which deal they are of.
    pub(crate) refused: u64,
}

/// Takes the rows of one file.
pub(crate) struct Sink<'s> {
    pub(super) taking: Arc<Taking>,
    /// The export: what it is called, and by what it is known.
    pub(super) file: &'s str,
    pub(super) id: &'s ExportId,
    pub(super) header: Arc<str>,
    pub(super) bytes: u64,
    pub(super) spill: &'s mut Spill,
    pub(super) quarantine: &'s mut Quarantine,
    pub(super) waits: &'s Waits,
    pub(super) transaction: &'s mut Transaction,
    pub(super) read: &'s mut BTreeMap<Table, Read>,
    /// The number of all pieces so far.
    pub(super) pieces: &'s mut u64,
    pub(super) listed_deals: ListedDeals,
    pub(super) progress: &'s dyn Progress,
    /// For a repair file: the place of the accepted row.
    pub(super) mends: Option<RepairOrigin>,
    /// How many rows were overtaken.
    pub(super) overtaken: u64,
}

impl RowSink for Sink<'_> {
    type Error = IngestError;
    type Piece = Piece;

    fn piece(&self) -> Piece {
        Piece::new(Arc::clone(&self.taking), self.spill.width())
    }

    fn is_watched(&self) -> bool {
        self.quarantine.later.watches()
    }

    fn put(&mut self, piece: &mut Piece) -> Result<(), IngestError> {
        *self.pieces = self.taking.pieces_before + piece.number + 1;
        for (taker, rows) in self.taking.takers.iter().zip(&piece.rows).filter(|(_, rows)| **rows > 0) {
            self.read.entry(taker.table).or_default().rows += rows;
        }
        for step in piece.steps.drain(..) {
            match step {
                Step::Good(key) => {
                    let newest = RepairOrigin { ingest: self.transaction.number(), line: u64::MAX };
                    self.quarantine.later.take(key, &self.id.file, newest);
                }
                Step::Refused(refusal) => self.refuse(*refusal)?,
                Step::Mends(place) => self.mends = Some(place),
                Step::Mended { fill, part, key, row } => self.mended(fill, part, key, &row)?,
            }
        }
        for (part, rows) in piece.parts.iter_mut().enumerate().filter(|(_, rows)| !rows.is_empty()) {
            self.spill.append(part, rows)?;
            rows.clear();
        }
        self.listed_deals.marks.extend(piece.listed.drain(..));
        self.listed_deals.refused += std::mem::take(&mut piece.refused_deals);
        Ok(())
    }

    fn waits(&self, place: RepairOrigin) -> u64 {
        self.waits.at(self.file, place)
    }

    fn begin(&mut self, header: String) {
        self.header = header.into();
    }

    fn progress(&mut self, done: u64) {
        self.progress.step(self.file, done, self.bytes);
    }
}

impl Sink<'_> {
    /// Takes a row of a file of mended rows.
    fn mended(&mut self, fill: usize, part: usize, key: Option<RowKey>, row: &[u8]) -> Result<(), IngestError> {
        let (taking, mut is_late) = (&*self.taking, false);
        if let (Some(key), Some(place)) = (key, self.mends) {
            is_late = self.waits.may_be_late(self.file, place, taking.takers[fill].table)
                || self.quarantine.later.is_overtaken(key, place);
            self.quarantine.later.take(key, &self.id.file, place);
        }
        self.overtaken += u64::from(is_late);
        // the shapes of late rows stand behind those of all fills
        let shape = taking.first_shape + fill + if is_late { taking.takers.len() } else { 0 };
        let mut whole = Vec::new();
        put(index_u32(shape), &mut whole, |rows| rows.extend_from_slice(row));
        self.spill.append(part, &whole)
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), IngestError> {
        let read = self.read.entry(refusal.table).or_default();
        read.rows += 1;
        read.quarantined += 1;
        let id = match self.mends {
            Some(place) => {
                let folder = self.waits.folder(self.file, place);
                ExportId { file: of_file(self.file, folder), folder: folder.to_owned() }
            }
            None => self.id.clone(),
        };
        self.quarantine.push((&id, self.file), &self.header, refusal, self.transaction)
    }
}

/// The name of an export's file, of which mended rows may be called by folder and name.
pub(crate) fn of_file(called: &str, folder: &str) -> String {
    let bare = called.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).filter(|_| !folder.is_empty());
    bare.unwrap_or(called).to_owned()
}
