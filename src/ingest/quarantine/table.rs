//! Refused rows: the table `quarantine` holds what the newest ingest of each export refused, the summary counts them.
//!
//! An export is known by its file's name and folder. When it is ingested again its rows here are replaced, so that those which
//! were mended are gone; where the same rows are refused as the last time, nothing is written. Rows of other exports stay; of
//! those of the same name in another folder, a row goes whose key comes in this one: the export was moved.
//! Mended rows take the place of those that waited for them, one by one: `ingest` stays that of the export's reading, so that
//! all rows of an export have one, and a file of mended rows can be mended further and read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use super::columns::{Digest, Read, TEXTS, layout, write};
use super::newer_rows::{self, Later};
use super::waiting::{Fate, Held, Marks};
use crate::export::datum::Cell;
use crate::export::files::ExportId;
use crate::export::read::{Refusal, RowKey};
use crate::export::records::RepairOrigin;
use crate::ingest::IngestError;
use crate::ingest::rows::Rows;
use crate::ingest::summary::QuarantineCount;
use crate::model::tables::Table;
use crate::store::Transaction;

/// Rows kept in memory before they become files.
const PIECE: usize = 100_000;

/// The quarantine of one ingest.
#[derive(Debug, Default)]
pub(crate) struct Quarantine {
    exports: BTreeMap<ExportId, RefusedRows>,
    /// The exports that were read; of files of mended rows, the places of those that were taken.
    read: Read,
    /// How many rows of all exports are in memory.
    waiting: usize,
    counts: BTreeMap<(String, String, String), QuarantineCount>,
    /// Which rows were overtaken by others.
    pub(crate) later: Later,
}

/// A row that was refused: with the header of its own file, since there may be several files of one name, and with its number
/// among all.
type Row = (Arc<str>, Refusal, u64);

/// What was refused of one export.
#[derive(Debug, Default)]
struct RefusedRows {
    digest: Digest,
    rows: Vec<Row>,
    files: Vec<(PathBuf, u64)>,
}

impl Quarantine {
    /// Records that an export was read: all of it, or only the repaired rows at these places.
    pub(crate) fn was_read(&mut self, export: &ExportId, mended: Option<BTreeSet<RepairOrigin>>) {
        match (self.read.get_mut(export), mended) {
            (Some(None), _) => {}
            (Some(Some(known)), Some(mended)) => known.extend(mended),
            (_, mended) => drop(self.read.insert(export.clone(), mended)),
        }
    }

    /// Takes a refused row of an export; `called` is what people are told that it is called.
    pub(crate) fn push(
        &mut self,
        (id, called): (&ExportId, &str),
        header: &Arc<str>,
        refusal: Refusal,
        transaction: &mut Transaction,
    ) -> Result<(), IngestError> {
        let reason = (called.to_owned(), refusal.column.clone(), refusal.reason.en.clone());
        let count = self.counts.entry(reason).or_insert_with(|| QuarantineCount {
            file: called.to_owned(),
            column: refusal.column.clone(),
            reason: refusal.reason.clone(),
            rows: 0,
            first_line: refusal.line,
            first_value: refusal.value.clone(),
        });
        count.rows += 1;
        let number = self.later.refuse(&refusal.keys, &id.file);
        let export = self.exports.entry(id.clone()).or_default();
        export.digest.add(line(&refusal), texts(&refusal));
        export.rows.push((Arc::clone(header), refusal, number));
        self.waiting += 1;
        if self.waiting >= PIECE {
            self.waiting = 0;
            for (id, export) in &mut self.exports {
                // whether something comes after them is not known yet, and then it cannot be written any more
                export.rows.iter_mut().for_each(|(_, refusal, _)| refusal.keys.clear());
                export.write(id, &self.later, transaction)?;
            }
        }
        Ok(())
    }

    /// Hands over to the transaction what differs from the last ingest of each export that was read. Returns the
    /// counts by file, column and reason, most rows first.
    pub(crate) fn finish(mut self, transaction: &mut Transaction) -> Result<Vec<QuarantineCount>, IngestError> {
        let read = std::mem::take(&mut self.read);
        let base = transaction.base().tables.get(&Table::Quarantine);
        let held: Vec<Held> = base
            .into_iter()
            .flat_map(|state| &state.files)
            .map(|file| Held::of(&file.path, &read, &self.later))
            .collect::<Result<_, _>>()?;
        let mut last: BTreeMap<ExportId, Digest> = BTreeMap::new();
        for held in held.iter().filter(|held| !held.exports.is_empty()) {
            held.digest(&read, &mut last)?;
        }
        let mut changed: Read = BTreeMap::new();
        for (id, mended) in &read {
            let mut export = self.exports.remove(id).unwrap_or_default();
            if mended.as_ref().is_some_and(BTreeSet::is_empty) {
                // none of its rows was taken, so that none was refused either
                continue;
            }
            for (_, refusal, number) in &export.rows {
                export.digest.mark(line(refusal), &newer_rows::tables(&self.later.after(&refusal.keys, *number)));
            }
            match mended.is_none() && export.digest == last.get(id).copied().unwrap_or_default() {
                // so many that they were written early: they are there already
                true => export
                    .files
                    .iter()
                    .try_for_each(|(path, _)| fs::remove_file(path).map_err(IngestError::io(path)))?,
                false => {
                    export.write(id, &self.later, transaction)?;
                    transaction.append(Table::Quarantine, export.files);
                    changed.insert(id.clone(), mended.clone());
                }
            }
        }
        let later = &self.later;
        let fate = |row: &Marks<'_>| -> Fate {
            match row.of(&read).map(|id| (changed.get(id), &read[id])) {
                // all of the export was read, and it is there anew, or as it was
                Some((Some(None), _)) => Fate::Goes,
                Some((None, None)) => Fate::Stays,
                Some((Some(Some(mended)), _)) if !waits_on(mended, row.place) => Fate::Goes,
                None if row.was_moved(&read, later) => Fate::Goes,
                _ => row.overtaken(later),
            }
        };
        for held in held {
            held.settle(&fate, transaction)?;
        }
        let mut counts: Vec<QuarantineCount> = self.counts.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.rows));
        Ok(counts)
    }
}

impl RefusedRows {
    /// Writes the rows in memory as a data file.
    fn write(&mut self, id: &ExportId, later: &Later, transaction: &mut Transaction) -> Result<(), IngestError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let layout = layout();
        let number = i64::try_from(transaction.number()).unwrap_or(i64::MAX);
        let mut rows = Rows::new(layout.width());
        let known = |(_, refusal, number): &Row| {
            let after = newer_rows::tables(&later.after(&refusal.keys, *number));
            (RowKey::written(&refusal.keys), after)
        };
        let known: Vec<(String, String)> = self.rows.iter().map(known).collect();
        for ((header, refusal, _), (keys, after)) in self.rows.iter().zip(&known) {
            let start = rows.cells.len();
            rows.cells.resize(start + layout.width(), Cell::Null);
            let ingest = refusal.first.and_then(|first| i64::try_from(first).ok()).unwrap_or(number);
            let place = [
                ("ingest", Cell::Whole(ingest)),
                ("file", Cell::Text(&id.file)),
                ("folder", Cell::Text(&id.folder)),
                ("line", Cell::Whole(line(refusal))),
                ("header", Cell::Text(header)),
                ("keys", Cell::Text(keys)),
                ("later", Cell::Text(after)),
            ];
            let shown = TEXTS.into_iter().zip(texts(refusal).map(Cell::Text));
            for (column, value) in place.into_iter().chain(shown) {
                rows.cells[start + layout.slot(column)?] = value;
            }
        }
        self.files.push(write(&layout, &rows, transaction)?);
        self.rows.clear();
        Ok(())
    }
}

/// Whether a row stays when these are mended. What an ingest before that of the export's newest reading refused waits no
/// more: only stores of an early Voronka hold such rows.
fn waits_on(mended: &BTreeSet<RepairOrigin>, place: RepairOrigin) -> bool {
    !mended.contains(&place) && mended.last().is_none_or(|newest| place.ingest >= newest.ingest)
}

fn line(refusal: &Refusal) -> i64 {
    i64::try_from(refusal.line).unwrap_or(i64::MAX)
}

/// In the order of [`TEXTS`].
fn texts(refusal: &Refusal) -> [&str; TEXTS.len()] {
    [&refusal.column, &refusal.value, &refusal.reason.en, &refusal.reason.ru, &refusal.raw]
}
