//! Reads the rows of all exports: the good ones into the spill, the others into quarantine.

mod file;
pub(crate) mod ids;
pub(crate) mod layouts;
mod piece;
pub(crate) mod shape;
pub(crate) mod sink;
pub(crate) mod spill;

use std::collections::BTreeMap;

use super::begin::Begun;
use super::bucket::closing_dates;
use super::bucket::listing_history::SnapshotFile;
use super::currencies::Currencies;
use super::open::{OpenFile, OpenFiles};
use super::quarantine::{Later, Quarantine, Waits, keys};
use super::sizes::{Sizes, buckets_for};
use super::summary::Summary;
use super::{IngestError, key_file};
use crate::export::read::{FileSum, Oddities};
use crate::export::snapshot_date::Reach;
use crate::export::values::personal::{Key, Personal};
use crate::model::tables::Table;
use crate::model::timings;
use crate::store::Transaction;
use shape::Shape;
use spill::Spill;

/// What the exports gave.
pub(crate) struct Staged {
    pub(crate) spill: Spill,
    /// The shapes of the rows in the spill.
    pub(crate) shapes: Vec<Shape>,
    /// Of each of them, what is known of its export.
    pub(crate) exports: Vec<closing_dates::Of>,
    pub(crate) quarantine: Quarantine,
    pub(crate) read: BTreeMap<Table, sink::Read>,
    /// In how many pieces the files were read.
    pieces: u64,
    /// Up to when the exports reach that fill a table.
    pub(crate) reaches: BTreeMap<Table, Reach>,
    pub(crate) oddities: Oddities,
    pub(crate) snapshots: Vec<SnapshotFile>,
    pub(crate) sums: Vec<FileSum>,
    pub(crate) currencies: Currencies,
    /// Of each file: the columns of money that have amounts, and the code of their currency if anything names one.
    pub(crate) money: Vec<Vec<(String, Option<String>)>>,
    pub(crate) summary: Summary,
}

/// What is needed to read one file, beside the [`Begun`].
struct Reading {
    waits: Waits,
    /// Texts are searched for what is personal, whatever the mapping calls so.
    secret: Option<Key>,
    /// Of each fill of a section the first shape, which tells its kind.
    kinds: BTreeMap<(String, usize), u32>,
}

/// Reads all files, one after another.
pub(super) fn stage(
    opened: OpenFiles<'_>,
    begun: &Begun<'_>,
    transaction: &mut Transaction,
) -> Result<Staged, IngestError> {
    let (dir, sizes) = (begun.store.dir(), begun.options.sizes);
    let mut quarantine = Quarantine::default();
    let spill = Spill::new(dir.join(".spill"), parts(&opened.files, sizes), sizes.spill)?;
    quarantine.later = Later::watching(keys(&begun.base)?);
    let mut reading = Reading {
        waits: Waits::of(&begun.base, begun.chosen.iter().map(|(input, ..)| input))?,
        secret: match begun.mapping.personal {
            Personal::Hash => Some(key_file::of(begun.store)?),
            Personal::Drop | Personal::Keep => None,
        },
        kinds: BTreeMap::new(),
    };
    let mut staged = Staged {
        spill,
        shapes: Vec::new(),
        exports: Vec::new(),
        quarantine,
        read: BTreeMap::new(),
        pieces: 0,
        reaches: BTreeMap::new(),
        oddities: Oddities::default(),
        snapshots: Vec::new(),
        sums: Vec::new(),
        currencies: begun.currencies.clone(),
        money: Vec::new(),
        summary: Summary { notes: opened.notes, ..Summary::default() },
    };
    for file in opened.files {
        let (began, name) = (timings::begin(), file.opened.readable.input.name.clone());
        staged.file(file, begun, &mut reading, transaction)?;
        let rows = staged.summary.files.last().map(|file| usize::try_from(file.rows).unwrap_or(usize::MAX));
        timings::end(began, || format!("ingest: read {name}"), rows);
    }
    staged.spill.close();
    begun.rule.check_keys(&begun.store.shown(), staged.oddities.searched_keys)?;
    Ok(staged)
}

impl Staged {
    /// How many good rows were read for a table.
    pub(super) fn count(&self, table: Table) -> u64 {
        self.read.get(&table).map_or(0, |read| read.rows - read.quarantined)
    }

    /// How many rows were refused.
    fn refused(&self) -> u64 {
        self.read.values().map(|read| read.quarantined).sum()
    }
}

/// Into how many parts rows are spread while they are read: a guess by size, settled when they are counted.
fn parts(files: &[OpenFile<'_>], sizes: Sizes) -> u32 {
    /// A row of an export is rarely shorter.
    const ROW: u64 = 60;
    let rows = |OpenFile { opened, export, .. }: &OpenFile<'_>| {
        let fills = export.fills.iter().filter(|fill| !fill.table.bucket_by().is_empty()).count();
        // what is packed holds several times as many
        let packed = if opened.readable.input.is_packed() { 8 } else { 1 };
        opened.readable.input.bytes * packed / ROW * fills as u64
    };
    buckets_for(files.iter().map(rows).sum(), sizes)
}
