//! Refused rows: the table `quarantine` holds what the newest ingest of each export refused, the summary counts them.
//!
//! An export is known by its file's name. When it is ingested again its rows here are replaced, so that those which were
//! mended are gone; where the same rows are refused as the last time, nothing is written. Rows of other exports stay.
//! Mended rows take the place of those that waited for them, one by one: `ingest` stays that of the export's reading, so that
//! all rows of an export have one, and a file of mended rows can be mended further and read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_128;

use super::IngestError;
use super::cell::{Cell, Rows};
use super::data_file::{self, OldBucket};
use super::export::Refusal;
use super::files::Input;
use super::layout::Layout;
use super::records::Mends;
use super::summary::QuarantineCount;
use crate::model::tables::Table;
use crate::store::{Snapshot, Transaction};

/// Rows kept in memory before they become files.
const PIECE: usize = 100_000;

/// The columns of text that, with the line, make two refusals of an export the same one.
const TEXTS: [&str; 5] = ["column", "value", "reason", "reason_ru", "raw"];

/// The quarantine of one ingest.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    exports: BTreeMap<String, Refused>,
    /// The exports that were read; of files of mended rows, the places of those that were taken.
    read: Read,
    /// How many rows of all exports are in memory.
    waiting: usize,
    counts: BTreeMap<(String, String, String), QuarantineCount>,
}

type Read = BTreeMap<String, Option<BTreeSet<Mends>>>;

/// What was refused of one export.
#[derive(Debug, Default)]
struct Refused {
    header: Arc<str>,
    digest: Digest,
    /// Each with the header of its own file: there may be several files of one name.
    rows: Vec<(Arc<str>, Refusal)>,
    files: Vec<(PathBuf, u64)>,
}

/// Tells whether the same rows were refused, in whatever order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Digest {
    rows: u64,
    sum: u128,
}

impl Digest {
    fn add(&mut self, line: i64, texts: [&str; TEXTS.len()]) {
        let mut bytes = line.to_le_bytes().to_vec();
        for text in texts {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0xff);
        }
        self.rows += 1;
        self.sum = self.sum.wrapping_add(xxh3_128(&bytes));
    }
}

impl Quarantine {
    /// Begins with an export: its header stands beside every row that is refused.
    pub(super) fn begin(&mut self, file: &str, header: String) {
        self.exports.entry(file.to_owned()).or_default().header = header.into();
    }

    /// Hears that an export was read: all of it, or only the rows of these places, mended.
    pub(super) fn was_read(&mut self, file: &str, mended: Option<BTreeSet<Mends>>) {
        match (self.read.get_mut(file), mended) {
            (Some(None), _) => {}
            (Some(Some(known)), Some(mended)) => known.extend(mended),
            (_, mended) => drop(self.read.insert(file.to_owned(), mended)),
        }
    }

    /// Takes a refused row of a file.
    pub(super) fn push(
        &mut self,
        file: &str,
        refusal: Refusal,
        transaction: &mut Transaction,
    ) -> Result<(), IngestError> {
        let reason = (file.to_owned(), refusal.column.clone(), refusal.reason.en.clone());
        let count = self.counts.entry(reason).or_insert_with(|| QuarantineCount {
            file: file.to_owned(),
            column: refusal.column.clone(),
            reason: refusal.reason.clone(),
            rows: 0,
            first_line: refusal.line,
            first_value: refusal.value.clone(),
        });
        count.rows += 1;
        let export = self.exports.entry(file.to_owned()).or_default();
        export.digest.add(line(&refusal), texts(&refusal));
        export.rows.push((export.header.clone(), refusal));
        self.waiting += 1;
        if self.waiting >= PIECE {
            self.waiting = 0;
            for (name, export) in &mut self.exports {
                export.write(name, transaction)?;
            }
        }
        Ok(())
    }

    /// Hands over to the transaction what differs from the last ingest of each export that was read. Returns the
    /// counts by file, column and reason, most rows first.
    pub(super) fn finish(mut self, transaction: &mut Transaction) -> Result<Vec<QuarantineCount>, IngestError> {
        let read = std::mem::take(&mut self.read);
        let base = transaction.base().tables.get(&Table::Quarantine);
        let held: Vec<Held> = base
            .into_iter()
            .flat_map(|state| &state.files)
            .map(|file| Held::of(&file.path, &read))
            .collect::<Result<_, _>>()?;
        let mut last: BTreeMap<String, Digest> = BTreeMap::new();
        for held in held.iter().filter(|held| !held.exports.is_empty()) {
            held.digest(&mut last)?;
        }
        let mut changed: BTreeMap<&str, Option<&BTreeSet<Mends>>> = BTreeMap::new();
        for (name, mended) in &read {
            let mut export = self.exports.remove(name).unwrap_or_default();
            if mended.as_ref().is_some_and(BTreeSet::is_empty) {
                // none of its rows was taken, so that none was refused either
                continue;
            }
            match mended.is_none() && export.digest == last.get(name).copied().unwrap_or_default() {
                // so many that they were written early: they are there already
                true => export
                    .files
                    .iter()
                    .try_for_each(|(path, _)| fs::remove_file(path).map_err(IngestError::io(path)))?,
                false => {
                    export.write(name, transaction)?;
                    transaction.append(Table::Quarantine, export.files);
                    changed.insert(name.as_str(), mended.as_ref());
                }
            }
        }
        for held in held.into_iter().filter(|held| held.exports.iter().any(|name| changed.contains_key(name.as_str())))
        {
            held.without(&changed, transaction)?;
        }
        let mut counts: Vec<QuarantineCount> = self.counts.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.rows));
        Ok(counts)
    }
}

impl Refused {
    /// Writes the rows in memory as a data file.
    fn write(&mut self, name: &str, transaction: &mut Transaction) -> Result<(), IngestError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let layout = layout();
        let number = i64::try_from(transaction.number()).unwrap_or(i64::MAX);
        let mut rows = Rows::new(layout.width());
        for (header, refusal) in &self.rows {
            let start = rows.cells.len();
            rows.cells.resize(start + layout.width(), Cell::Null);
            let ingest = refusal.first.and_then(|first| i64::try_from(first).ok()).unwrap_or(number);
            let place =
                [("ingest", Cell::Whole(ingest)), ("file", Cell::Text(name)), ("line", Cell::Whole(line(refusal)))];
            let shown = TEXTS.into_iter().zip(texts(refusal).map(Cell::Text));
            for (column, value) in place.into_iter().chain(shown).chain([("header", Cell::Text(header))]) {
                if let Some(slot) = layout.slot(column) {
                    rows.cells[start + slot] = value;
                }
            }
        }
        self.files.push(write(&layout, &rows, transaction)?);
        self.rows.clear();
        Ok(())
    }
}

/// A data file of the base.
struct Held {
    path: PathBuf,
    /// The exports, of those that were read, whose rows it holds.
    exports: BTreeSet<String>,
}

impl Held {
    fn of(path: &Path, read: &Read) -> Result<Held, IngestError> {
        let mut layout = layout();
        layout.columns.retain(|(name, _)| name == "file");
        let old = OldBucket::read_columns(path, &["file"])?;
        let rows = old.rows(&layout)?;
        let names = rows.cells.iter().filter_map(|name| read.get_key_value(name.text()?));
        Ok(Held { path: path.to_owned(), exports: names.map(|(name, _)| name.clone()).collect() })
    }

    /// Adds its rows to what the last ingest of their export refused.
    fn digest(&self, last: &mut BTreeMap<String, Digest>) -> Result<(), IngestError> {
        let layout = layout();
        let old = OldBucket::read([self.path.as_path()].into_iter())?;
        let rows = old.rows(&layout)?;
        let slot = |name: &str| layout.slot(name).unwrap_or_default();
        let (file, line, texts) = (slot("file"), slot("line"), TEXTS.map(slot));
        for row in 0..rows.len() {
            let text = |slot: usize| rows.cell(row, slot).text().unwrap_or_default();
            let Some(name) = self.exports.get(text(file)) else { continue };
            let digest = last.entry(name.clone()).or_default();
            digest.add(rows.cell(row, line).whole().unwrap_or_default(), texts.map(text));
        }
        Ok(())
    }

    /// Takes the rows of the changed exports out of the table: all of them, or those that were mended. The file may hold
    /// those of others: they are kept.
    fn without(
        &self,
        changed: &BTreeMap<&str, Option<&BTreeSet<Mends>>>,
        transaction: &mut Transaction,
    ) -> Result<(), IngestError> {
        let layout = layout();
        let old = OldBucket::read([self.path.as_path()].into_iter())?;
        let rows = old.rows(&layout)?;
        let [ingest, file, line] = ["ingest", "file", "line"].map(|name| layout.slot(name).unwrap_or_default());
        let mut kept = Rows::new(layout.width());
        for row in 0..rows.len() {
            let number = |slot: usize| {
                rows.cell(row, slot).whole().and_then(|number| u64::try_from(number).ok()).unwrap_or_default()
            };
            let is_kept = match changed.get(rows.cell(row, file).text().unwrap_or_default()) {
                None => true,
                Some(None) => false,
                Some(Some(mended)) => waits_on(mended, Mends { ingest: number(ingest), line: number(line) }),
            };
            if is_kept {
                kept.cells.extend_from_slice(rows.row(row));
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

/// Whether a row stays when these are mended. What an ingest before that of the export's newest reading refused waits no
/// more: only stores of an early Voronka hold such rows.
fn waits_on(mended: &BTreeSet<Mends>, place: Mends) -> bool {
    !mended.contains(&place) && mended.last().is_none_or(|newest| place.ingest >= newest.ingest)
}

fn layout() -> Layout {
    Layout::new(Table::Quarantine, Vec::new())
}

fn write(layout: &Layout, rows: &Rows<'_>, transaction: &mut Transaction) -> Result<(PathBuf, u64), IngestError> {
    let order = rows.sorted(&layout.slots(Table::Quarantine.sorted_by()));
    let path = transaction.new_file(Table::Quarantine, 0);
    data_file::write(&path, layout, rows, &order)?;
    Ok((path, rows.len() as u64))
}

fn line(refusal: &Refusal) -> i64 {
    i64::try_from(refusal.line).unwrap_or(i64::MAX)
}

/// In the order of [`TEXTS`].
fn texts(refusal: &Refusal) -> [&str; TEXTS.len()] {
    [&refusal.column, &refusal.value, &refusal.reason.en, &refusal.reason.ru, &refusal.raw]
}

/// How many rows wait in a store, by export and place: of those exports whose mended rows are read.
#[derive(Debug, Default)]
pub(super) struct Waits(BTreeMap<String, BTreeMap<Mends, u64>>);

impl Waits {
    /// Looks them up. Of an export that is read itself nothing waits any more: its newest reading counts alone.
    pub(super) fn of<'i>(
        base: &Snapshot,
        inputs: impl Iterator<Item = &'i Input> + Clone,
    ) -> Result<Waits, IngestError> {
        let mended = inputs.clone().filter(|input| input.repairs);
        let mut waits: BTreeMap<String, BTreeMap<Mends, u64>> =
            mended.map(|input| (input.name.clone(), BTreeMap::new())).collect();
        for input in inputs.filter(|input| !input.repairs) {
            waits.remove(&input.name);
        }
        if waits.is_empty() {
            return Ok(Waits(waits));
        }
        for file in base.tables.get(&Table::Quarantine).into_iter().flat_map(|state| &state.files) {
            count(&file.path, &mut waits)?;
        }
        // a store of an early Voronka holds what older ingests of an export refused as well
        for places in waits.values_mut() {
            let newest = places.keys().map(|place| place.ingest).max();
            places.retain(|place, _| Some(place.ingest) == newest);
        }
        Ok(Waits(waits))
    }

    /// How many rows of an export wait at one place.
    pub(super) fn at(&self, export: &str, place: Mends) -> u64 {
        self.0.get(export).and_then(|places| places.get(&place)).copied().unwrap_or_default()
    }
}

/// Counts the rows of a data file.
fn count(path: &Path, waits: &mut BTreeMap<String, BTreeMap<Mends, u64>>) -> Result<(), IngestError> {
    const COLUMNS: [&str; 3] = ["ingest", "file", "line"];
    let mut layout = Layout::new(Table::Quarantine, Vec::new());
    layout.columns.retain(|(name, _)| COLUMNS.contains(&name.as_str()));
    let [ingest, file, line] = COLUMNS.map(|name| layout.slot(name).unwrap_or_default());
    let old = OldBucket::read_columns(path, &COLUMNS)?;
    let rows = old.rows(&layout)?;
    for row in 0..rows.len() {
        let number = |slot: usize| rows.cell(row, slot).whole().and_then(|number| u64::try_from(number).ok());
        let (Some(ingest), Some(line)) = (number(ingest), number(line)) else { continue };
        if let Some(places) = waits.get_mut(rows.cell(row, file).text().unwrap_or_default()) {
            *places.entry(Mends { ingest, line }).or_default() += 1;
        }
    }
    Ok(())
}
