//! The rows that wait in a store: what becomes of them, and which of them are mended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::columns::{Digest, Read, TEXTS, layout, write};
use super::newer_rows::{self, Later};
use crate::export::datum::Cell;
use crate::export::files::{ExportId, Input};
use crate::export::read::RowKey;
use crate::export::records::RepairOrigin;
use crate::ingest::IngestError;
use crate::ingest::data_file::OldBucket;
use crate::ingest::rows::Rows;
use crate::model::layout::{Layout, NoColumn};
use crate::model::tables::Table;
use crate::store::{Snapshot, Transaction};

/// The columns that tell which row it is.
const MARKS: [&str; 6] = ["ingest", "file", "folder", "line", "keys", "later"];

/// A row that waits, as far as it says which it is.
pub(super) struct Marks<'r> {
    file: &'r str,
    /// Empty: an early Voronka did not keep it.
    folder: &'r str,
    pub(super) place: RepairOrigin,
    keys: &'r str,
    later: &'r str,
}

/// What becomes of a row that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    Stays,
    Goes,
    /// It stays, and was overtaken for these tables.
    Overtaken(String),
}

impl<'r> Marks<'r> {
    fn at(rows: &Rows<'r>, row: usize, slots: [usize; MARKS.len()]) -> Marks<'r> {
        let text = |slot: usize| rows.cell(row, slot).text().unwrap_or_default();
        let number = |slot: usize| {
            rows.cell(row, slot).whole().and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
        };
        let [ingest, file, folder, line, keys, later] = slots;
        Marks {
            file: text(file),
            folder: text(folder),
            place: RepairOrigin { ingest: number(ingest), line: number(line) },
            keys: text(keys),
            later: text(later),
        }
    }

    /// The export that was read, if it is of that.
    pub(super) fn of<'e>(&self, read: &'e Read) -> Option<&'e ExportId> {
        let of_name = |id: &&ExportId| id.file == self.file;
        match self.folder {
            "" => read.keys().find(of_name),
            folder => read.keys().filter(of_name).find(|id| id.folder == folder),
        }
    }

    /// Whether its export was read, and lies in another folder now: one of that name came, and has what it is of.
    pub(super) fn was_moved(&self, read: &Read, later: &Later) -> bool {
        let came = |key: RowKey| later.came(self.file, key);
        read.iter().any(|(id, mended)| id.file == self.file && mended.is_none()) && RowKey::read(self.keys).any(came)
    }

    /// Whether good rows of its keys came after it.
    pub(super) fn overtaken(&self, later: &Later) -> Fate {
        let mut tables: BTreeSet<Table> = self.later.split(' ').filter_map(Table::named).collect();
        let known = tables.len();
        tables.extend(RowKey::read(self.keys).filter(|key| later.is_overtaken(*key, self.place)).map(RowKey::table));
        match tables.len() == known {
            true => Fate::Stays,
            false => Fate::Overtaken(newer_rows::tables(&tables)),
        }
    }
}

/// The columns of a data file that tell which rows are in it.
fn narrow() -> Result<(Layout, [usize; MARKS.len()]), NoColumn> {
    let mut layout = layout();
    layout.columns.retain(|(name, _)| MARKS.contains(&name.as_str()));
    let slots = layout.places(MARKS)?;
    Ok((layout, slots))
}

/// The keys of all rows that wait in a store.
pub(crate) fn keys(base: &Snapshot) -> Result<Vec<RowKey>, IngestError> {
    let (layout, slots) = narrow()?;
    let mut all = Vec::new();
    for file in base.tables.get(&Table::Quarantine).into_iter().flat_map(|state| &state.files) {
        let old = OldBucket::read_columns(&file.path, &MARKS)?;
        let rows = old.rows(&layout)?;
        (0..rows.len()).for_each(|row| all.extend(RowKey::read(Marks::at(&rows, row, slots).keys)));
    }
    Ok(all)
}

/// A data file of the base.
pub(super) struct Held {
    path: PathBuf,
    /// The exports, of those that were read, whose rows it holds.
    pub(super) exports: BTreeSet<ExportId>,
    /// Whether any row in it may be another after this ingest.
    is_touched: bool,
}

impl Held {
    pub(super) fn of(path: &Path, read: &Read, later: &Later) -> Result<Held, IngestError> {
        let (layout, slots) = narrow()?;
        let old = OldBucket::read_columns(path, &MARKS)?;
        let rows = old.rows(&layout)?;
        let mut held = Held { path: path.to_owned(), exports: BTreeSet::new(), is_touched: false };
        for row in 0..rows.len() {
            let row = Marks::at(&rows, row, slots);
            match row.of(read) {
                Some(id) => {
                    held.is_touched = true;
                    if !held.exports.contains(id) {
                        held.exports.insert(id.clone());
                    }
                }
                None => held.is_touched |= row.was_moved(read, later) || row.overtaken(later) != Fate::Stays,
            }
        }
        Ok(held)
    }

    /// Adds its rows to what the last ingest of their export refused.
    pub(super) fn digest(&self, read: &Read, last: &mut BTreeMap<ExportId, Digest>) -> Result<(), IngestError> {
        let layout = layout();
        let old = OldBucket::read([self.path.as_path()].into_iter())?;
        let rows = old.rows(&layout)?;
        let (slots, texts) = (layout.places(MARKS)?, layout.places(TEXTS)?);
        for row in 0..rows.len() {
            let marks = Marks::at(&rows, row, slots);
            let Some(id) = marks.of(read) else { continue };
            let digest = last.entry(id.clone()).or_default();
            let line = i64::try_from(marks.place.line).unwrap_or_default();
            digest.add(line, texts.map(|slot| rows.cell(row, slot).text().unwrap_or_default()));
            digest.mark(line, marks.later);
        }
        Ok(())
    }

    /// Brings what became of its rows into the table. Where nothing did, the file stays.
    pub(super) fn settle(
        &self,
        fate: &dyn Fn(&Marks<'_>) -> Fate,
        transaction: &mut Transaction,
    ) -> Result<(), IngestError> {
        if !self.is_touched {
            return Ok(());
        }
        let layout = layout();
        let old = OldBucket::read([self.path.as_path()].into_iter())?;
        let rows = old.rows(&layout)?;
        let slots = layout.places(MARKS)?;
        let fates: Vec<Fate> = (0..rows.len()).map(|row| fate(&Marks::at(&rows, row, slots))).collect();
        if fates.iter().all(|fate| *fate == Fate::Stays) {
            return Ok(());
        }
        let later = slots[5];
        let mut kept = Rows::new(layout.width());
        for (row, fate) in fates.iter().enumerate().filter(|(_, fate)| **fate != Fate::Goes) {
            kept.cells.extend_from_slice(rows.row(row));
            if let Fate::Overtaken(tables) = fate {
                let start = kept.cells.len() - layout.width();
                kept.cells[start + later] = Cell::Text(tables);
            }
        }
        transaction.remove(Table::Quarantine, vec![self.path.clone()]);
        if kept.len() > 0 {
            let written = write(&layout, &kept, transaction)?;
            transaction.append(Table::Quarantine, vec![written]);
        }
        Ok(())
    }
}

/// What waits at one place of an export.
#[derive(Debug, Default)]
struct Waiting {
    rows: u64,
    folder: String,
    /// The tables for which any of them was overtaken.
    later: BTreeSet<Table>,
    /// The tables of which it is known which row each is of.
    known: BTreeSet<Table>,
}

/// What waits in a store, by export and place: of those exports whose mended rows are read.
#[derive(Debug, Default)]
pub(crate) struct Waits(BTreeMap<String, BTreeMap<RepairOrigin, Waiting>>);

impl Waits {
    /// Looks them up. Of an export that is read itself nothing waits any more: its newest reading counts alone.
    pub(crate) fn of<'i>(
        base: &Snapshot,
        inputs: impl Iterator<Item = &'i Input> + Clone,
    ) -> Result<Waits, IngestError> {
        let names: BTreeSet<&str> = inputs.clone().filter(|i| i.repairs).map(|i| i.id.file.as_str()).collect();
        let read: BTreeSet<&ExportId> = inputs.filter(|input| !input.repairs).map(|input| &input.id).collect();
        let mut waits = Waits::default();
        if names.is_empty() {
            return Ok(waits);
        }
        let (layout, slots) = narrow()?;
        // a store of an early Voronka holds what older ingests of an export refused as well
        let mut newest: BTreeMap<(String, String), u64> = BTreeMap::new();
        for is_newest in [false, true] {
            for file in base.tables.get(&Table::Quarantine).into_iter().flat_map(|state| &state.files) {
                let old = OldBucket::read_columns(&file.path, &MARKS)?;
                let rows = old.rows(&layout)?;
                for row in (0..rows.len()).map(|row| Marks::at(&rows, row, slots)) {
                    let id = ExportId { file: row.file.to_owned(), folder: row.folder.to_owned() };
                    let qualified = id.qualified();
                    let Some(name) = [qualified.as_str(), row.file].into_iter().find(|name| names.contains(name))
                    else {
                        continue;
                    };
                    let is_read = read
                        .iter()
                        .any(|read| read.file == id.file && (id.folder.is_empty() || read.folder == id.folder));
                    if is_read {
                        continue;
                    }
                    let last = newest.entry((id.file, id.folder.clone())).or_default();
                    if !is_newest {
                        *last = row.place.ingest.max(*last);
                    } else if *last == row.place.ingest {
                        let waiting = waits.0.entry(name.to_owned()).or_default().entry(row.place).or_default();
                        waiting.rows += 1;
                        waiting.folder = id.folder;
                        waiting.later.extend(row.later.split(' ').filter_map(Table::named));
                        let known: BTreeSet<Table> = RowKey::read(row.keys).map(RowKey::table).collect();
                        waiting.known = match waiting.rows {
                            1 => known,
                            _ => waiting.known.intersection(&known).copied().collect(),
                        };
                    }
                }
            }
        }
        Ok(waits)
    }

    fn get(&self, export: &str, place: RepairOrigin) -> Option<&Waiting> {
        self.0.get(export).and_then(|places| places.get(&place))
    }

    /// How many rows of an export wait at one place.
    pub(crate) fn at(&self, export: &str, place: RepairOrigin) -> u64 {
        self.get(export, place).map_or(0, |waiting| waiting.rows)
    }

    /// The folder of the export whose row waits at a place.
    pub(crate) fn folder(&self, export: &str, place: RepairOrigin) -> &str {
        self.get(export, place).map_or("", |waiting| waiting.folder.as_str())
    }

    /// Whether a row of the table came after the one at this place, or this is unknown.
    pub(crate) fn may_be_late(&self, export: &str, place: RepairOrigin, table: Table) -> bool {
        self.get(export, place).is_some_and(|waiting| waiting.later.contains(&table) || !waiting.known.contains(&table))
    }
}
