//! Exports in, new files for the store out: mapping → reading → quarantine → upsert → fold.
//!
//! Takes a checked [`Mapping`] and export files; gives the store new files of the touched buckets in one transaction,
//! and a [`Summary`]. How files are read and why so: `docs/decisions/ingest-reading.md`. Leaves to others: what is
//! done with the data (metrics), and how an ingest becomes visible (store).

mod buckets;
mod cell;
mod data_file;
mod dates;
mod error;
mod export;
mod fold;
mod layout;
mod mapping;
mod moved;
mod numbers;
mod parallel;
mod quarantine;
mod regulations;
mod sink;
mod snapshot;
mod spill;
mod summary;
mod taken;
#[cfg(test)]
mod tests;
mod upsert;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chrono::{DateTime, Utc};

pub use error::IngestError;
pub use fold::{Between, Entry, Happening, Interval, Journey, Return, fold};
pub use mapping::Mapping;
pub use spill::bucket;
pub use summary::{FileCount, QuarantineCount, Summary};
pub use taken::Taken;

use crate::model::lang::Text;
use crate::model::progress::Progress;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::{IngestRecord, Store, TableCount};
use buckets::{Sizes, Work, buckets_for, buckets_needed};
use export::{Opened, Outcome, Plan, read_rows};
use mapping::Export;
use moved::Search;
use quarantine::Quarantine;
use sink::Sink;
use snapshot::{SnapshotFile, Snapshots};
use spill::{Shape, Spill};

/// Loads exports into a store, all of them or nothing. `at` is when this happens.
///
/// Everything that can refuse a file by its header is looked at before the first row is read.
pub async fn ingest(
    store: &Store,
    mapping: &Mapping,
    exports: &[PathBuf],
    at: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<Summary, IngestError> {
    ingest_told(Told::default(), store, mapping, exports, at, progress).await
}

/// What an ingest may be told beside its exports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'r> {
    /// The regulation in force, which stays with the store.
    pub regulation: Option<&'r Regulation>,
    /// When the snapshots were taken whose names do not say it.
    pub taken: Option<Taken>,
}

/// As [`ingest`], and told more.
pub async fn ingest_told(
    told: Told<'_>,
    store: &Store,
    mapping: &Mapping,
    exports: &[PathBuf],
    at: DateTime<Utc>,
    progress: &dyn Progress,
) -> Result<Summary, IngestError> {
    ingest_in_pieces(told, store, mapping, exports, at, progress, Sizes::default()).await
}

/// As [`ingest`], with the sizes of its pieces stated.
async fn ingest_in_pieces(
    told: Told<'_>,
    store: &Store,
    mapping: &Mapping,
    exports: &[PathBuf],
    at: DateTime<Utc>,
    progress: &dyn Progress,
    sizes: Sizes,
) -> Result<Summary, IngestError> {
    let chosen = choose(mapping, exports)?;
    if told.taken.is_some() && !chosen.iter().any(|(_, export)| export.snapshot) {
        return Err(IngestError::NoSnapshot { mapping: mapping.file.clone() });
    }
    let mut opened = Vec::new();
    let mut taken = Vec::new();
    for (path, export) in &chosen {
        taken.push(export.snapshot.then(|| taken::when(path, export, &mapping.file, told.taken, at)).transpose()?);
        opened.push((Opened::open(path, export, &mapping.file)?, *export));
    }
    let mut transaction = store.begin().await?;
    if let Some(regulation) = told.regulation {
        regulations::keep(regulation, &mut transaction)?;
    }
    let base = transaction.base().clone();
    let layouts = layout::layouts(mapping, &base);
    let mut spill = Spill::new(store.dir().join(".spill"), parts(&opened, sizes), sizes.spill)?;
    let mut shapes: Vec<Shape> = Vec::new();
    let mut quarantine = Quarantine::default();
    let mut read: BTreeMap<Table, sink::Read> = BTreeMap::new();
    let mut summary = Summary::default();
    let mut rounded = 0;
    let mut files = Vec::new();
    for ((opened, export), taken) in opened.into_iter().zip(taken) {
        let file = opened.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let bytes = opened.bytes;
        let refused = |read: &BTreeMap<Table, sink::Read>| read.values().map(|read| read.quarantined).sum::<u64>();
        let (first_shape, refused_before) = (shapes.len(), refused(&read));
        let mut plan = Plan::new(export, &opened, &layouts);
        let mut sink = Sink {
            first_shape,
            takers: plan.fills.iter().map(sink::Taker::new).collect(),
            file: &file,
            bytes,
            spill: &mut spill,
            quarantine: &mut quarantine,
            transaction: &mut transaction,
            read: &mut read,
            refused_deals: sink::RefusedDeals::default(),
            progress,
            row: Vec::new(),
            scratch: Vec::new(),
        };
        for (fill, of) in plan.fills.iter().zip(&export.fills) {
            shapes.push(Shape::new(fill, &layouts[&fill.table], of.repeated));
        }
        let Outcome { rows, ignored, unwanted, rounded: here } =
            read_rows(opened, &mut plan, export, &mapping.file, &mut sink)?;
        let of_refused = sink.refused_deals;
        rounded += here;
        if let Some((taken, by_the_clock)) = taken {
            let gaps = refused(&read) - refused_before - of_refused.rows;
            summary.notes.extend(summary::of_snapshot(&file, by_the_clock, gaps));
            let (export, shapes) = (export.name.clone(), first_shape..shapes.len());
            files.push(SnapshotFile { taken, export, shapes, refused: of_refused.ids, has_gaps: gaps > 0 });
        }
        summary.files.push(FileCount { file, export: export.name.clone(), rows, ignored, unwanted });
    }
    let count = |table: Table| read.get(&table).map_or(0, |read| read.rows - read.quarantined);
    let buckets = buckets_needed(&base, count, sizes);
    let events = &layouts[&Table::Events];
    shapes.push(Shape::whole(events));
    let search = Search {
        spill: &spill,
        shapes: &shapes,
        layout: events,
        base: base.tables.get(&Table::Events),
        buckets: buckets[&Table::Events],
        read: count(Table::Events),
        sizes,
    };
    let moved = search.run()?;
    let snapshots = Snapshots::new(files, &shapes);
    let work = Work {
        spill: &spill,
        shapes: &shapes,
        layouts: &layouts,
        base: &base,
        buckets: &buckets,
        moved: &moved,
        snapshots: &snapshots,
        transaction: Mutex::new(&mut transaction),
    };
    let done = work.run(progress)?;
    drop(moved);
    drop(spill);
    let exports = summary.files.iter().map(|f| f.file.clone()).collect();
    summary.quarantined = quarantine.finish(&exports, &mut transaction)?;
    if done.seen.moves > 0 {
        // no export gave them, and yet they are new
        read.entry(Table::Events).or_default();
    }
    summary.tables = read
        .iter()
        .map(|(table, read)| {
            let counts = done.counts.get(table).copied().unwrap_or_default();
            TableCount {
                table: *table,
                read: read.rows,
                new: counts.new,
                changed: counts.changed,
                unchanged: counts.unchanged,
                quarantined: read.quarantined,
            }
        })
        .collect();
    let repeated = done.counts.iter().map(|(table, counts)| (*table, counts.repeated));
    summary.notes.extend(notes(repeated, rounded, &done.closed_before_created));
    summary.marked = done.seen.gone + done.seen.back;
    summary.notes.extend(summary::of_comparison(done.seen));
    let record = IngestRecord {
        ingest: transaction.number(),
        at,
        exports: summary.files.iter().map(|f| f.file.clone()).collect(),
        tables: summary.tables.clone(),
        notes: summary.notes.iter().map(|note| note.en.clone()).collect(),
    };
    summary.ingest = transaction.commit(record).await?;
    Ok(summary)
}

/// The section of the mapping for each file.
fn choose<'m>(mapping: &'m Mapping, exports: &[PathBuf]) -> Result<Vec<(PathBuf, &'m Export)>, IngestError> {
    let mut seen = BTreeSet::new();
    let mut chosen = Vec::new();
    for path in exports {
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone())) {
            return Err(IngestError::Twice { path: path.clone() });
        }
        let fitting: Vec<&Export> = mapping.exports.iter().filter(|export| is_for(export, path)).collect();
        match fitting.as_slice() {
            [one] => chosen.push((path.clone(), *one)),
            [] => {
                let known = mapping.exports().map(|(name, files)| format!("{name} ({})", files.join(", ")));
                return Err(IngestError::NoExport {
                    path: path.clone(),
                    mapping: mapping.file.clone(),
                    known: known.collect::<Vec<_>>().join("; "),
                });
            }
            several => {
                return Err(IngestError::SeveralExports {
                    path: path.clone(),
                    mapping: mapping.file.clone(),
                    names: several.iter().map(|e| e.name.as_str()).collect::<Vec<_>>().join(", "),
                });
            }
        }
    }
    Ok(chosen)
}

/// Whether a section is for a file: by its name, or by the end of its path where the pattern has folders.
fn is_for(export: &Export, path: &Path) -> bool {
    let parts: Vec<String> = path.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    export.files.is_empty()
        || export.files.iter().any(|pattern| {
            let depth = pattern.as_str().split('/').count().min(parts.len());
            pattern.matches(&parts[parts.len() - depth..].join("/"))
        })
}

/// Into how many parts rows are spread while they are read: a guess by size, settled when they are counted.
fn parts(opened: &[(Opened, &Export)], sizes: Sizes) -> u32 {
    /// A row of an export is rarely shorter.
    const ROW: u64 = 60;
    let rows = |(opened, export): &(Opened, &Export)| {
        let fills = export.fills.iter().filter(|fill| !fill.table.bucket_by().is_empty()).count();
        opened.bytes / ROW * fills as u64
    };
    buckets_for(opened.iter().map(rows).sum(), sizes)
}

/// What is worth telling and was kept.
fn notes(repeated: impl Iterator<Item = (Table, u64)>, rounded: u64, early: &(u64, Vec<String>)) -> Vec<Text> {
    let mut notes = Vec::new();
    for (table, rows) in repeated.filter(|(_, rows)| *rows > 0) {
        let name = table.name();
        notes.push(Text::new(
            format!("{name}: строк, повторяющих ключ более ранней строки того же файла: {rows}"),
            format!("{name}: rows that repeat the key of an earlier row of the same file: {rows}"),
        ));
    }
    if rounded > 0 {
        notes.push(Text::new(
            format!("сумм с более чем четырьмя знаками после запятой, округлены: {rounded}"),
            format!("amounts with more than four decimals, rounded: {rounded}"),
        ));
    }
    if early.0 > 0 {
        let ids = early.1.join(", ");
        notes.push(Text::new(
            format!("сделок, закрытых раньше, чем созданы: {} ({ids})", early.0),
            format!("deals closed before they were created: {} ({ids})", early.0),
        ));
    }
    notes
}
