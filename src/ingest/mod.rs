//! Exports in, new files for the store out: mapping → reading → quarantine → upsert → fold.
//!
//! Takes a checked [`Mapping`] and export files; gives the store new files of the touched buckets in one transaction,
//! and a [`Summary`]. How files are read and why so: `docs/decisions/ingest-reading.md`. Leaves to others: what is
//! done with the data (metrics), and how an ingest becomes visible (store).

mod alike;
mod amounts;
mod belongs;
mod buckets;
mod cell;
mod choose;
mod currencies;
mod closings;
mod columns_page;
mod counted;
mod data_file;
mod dates;
mod day;
mod draft;
mod durations;
mod error;
mod export;
mod files;
mod fold;
mod journeys;
mod later;
mod layout;
mod mapping;
mod mended;
mod moved;
mod multiples;
mod numbers;
mod of_clients;
mod parallel;
mod personal;
mod presets;
mod privacy;
mod quarantine;
mod records;
mod regulations;
mod scrub;
mod sink;
mod snapshot;
mod spill;
mod strays;
mod summary;
mod sums;
mod taken;
#[cfg(test)]
mod tests;
mod twins;
mod upsert;
mod workplace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

pub use columns_page::columns_page;
pub use draft::{Draft, draft};
pub use error::IngestError;
pub use fold::{Between, ENTERED_WITHIN, Entry, Happening, Interval, Journey, Return, Share, fold};
pub use mapping::Mapping;
pub use presets::shipped;
pub use spill::bucket;
pub use summary::{FileCount, QuarantineCount, Summary};
pub use sums::MoneySum;
pub use taken::Taken;
pub use workplace::{Repairs, Waiting, repairs, waiting};

use crate::model::lang::Text;
use crate::model::progress::Progress;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::{IngestRecord, Store, TableCount};
use buckets::{Sizes, Work, buckets_for, buckets_needed};
use day::DayOf;
use export::{Oddities, Opened, Outcome, Plan, read_rows};
use files::{ExportId, Input};
use later::Later;
use mapping::Export;
use moved::Search;
use personal::{Key, Personal};
use privacy::{Now, Rule};
use quarantine::{Quarantine, Waits};
use records::{Mends, Readable};
use sink::Sink;
use snapshot::{SnapshotFile, Snapshots};
use spill::{Shape, Spill};
use taken::Reach;

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

/// Refuses exports for which the mapping has no section, before there is a store. `scratch` is a folder for what has to be
/// unpacked.
pub fn look(mapping: &Mapping, exports: &[PathBuf], scratch: &Path) -> Result<(), IngestError> {
    choose::choose(mapping, mended::known(files::expand(exports)?, scratch)?, scratch).map(drop)
}

/// What an ingest may be told beside its exports.
#[derive(Debug, Clone, Copy, Default)]
pub struct Told<'r> {
    /// The regulation in force, which stays with the store.
    pub regulation: Option<&'r Regulation>,
    /// When the exports were taken whose names do not say it.
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
    let chosen = choose::choose(mapping, mended::known(files::expand(exports)?, store.dir())?, store.dir())?;
    choose::refuse_parts(&chosen)?;
    let taken = taken::all(&chosen, &mapping.file, told.taken, at)?;
    let mut opened = Vec::new();
    let mut summary = Summary::default();
    for (input, export, why) in &chosen {
        mended::refuse_sums(input, export, &mapping.file)?;
        let readable = Readable::new(input, export.encoding, store.dir(), None)?;
        opened.push((Opened::open(readable, export, &mapping.file)?, export.as_ref()));
        summary.notes.extend(why.as_ref().map(|why| about(&input.name, why)));
    }
    let mut transaction = store.begin().await?;
    if let Some(regulation) = told.regulation {
        regulations::keep(regulation, &mut transaction)?;
    }
    let base = transaction.base().clone();
    let stated = told.regulation.map(Regulation::currency);
    let mut currencies = currencies::Currencies::new(&store.log().await?, stated);
    let mut file_sums = Vec::new();
    let has = |column: &mapping::Mapped| opened.iter().any(|(opened, _)| opened.has(column));
    let rule = Rule::of(store.dir(), base.version)?;
    let is_personal = |(opened, export): &(Opened, &Export)| {
        let columns = export.fills.iter().flat_map(|fill| &fill.columns);
        columns.filter(|column| column.reading.personal).any(|column| !column.optional || opened.has(column))
    };
    let now = Now { personal: mapping.personal, has_columns: opened.iter().any(is_personal), mapping: &mapping.file };
    rule.check(store.dir(), now)?;
    let layouts = layout::layouts(mapping, has, &base);
    let mut spill = Spill::new(store.dir().join(".spill"), parts(&opened, sizes), sizes.spill)?;
    let mut shapes: Vec<Shape> = Vec::new();
    // of each of them, what is known of its export
    let mut of_shapes: Vec<closings::Of> = Vec::new();
    // of each fill of a section the first shape, which tells its kind
    let mut kinds: BTreeMap<(String, usize), u32> = BTreeMap::new();
    let mut quarantine = Quarantine::default();
    quarantine.later = Later::watching(quarantine::keys(&base)?);
    let waits = Waits::of(&base, chosen.iter().map(|(input, ..)| input))?;
    let mut read: BTreeMap<Table, sink::Read> = BTreeMap::new();
    let mut reaches: BTreeMap<Table, Reach> = BTreeMap::new();
    // texts are searched for what is personal, whatever the mapping calls so
    let secret = match mapping.personal {
        Personal::Hash => Some(Key::of(store.dir())?),
        Personal::Drop | Personal::Keep => None,
    };
    let mut oddities = Oddities::default();
    let mut files = Vec::new();
    for ((opened, export), taken) in opened.into_iter().zip(taken) {
        let Input { name, id, bytes, .. } = &opened.readable.input;
        // two branches may call their exports alike: then their folders tell them apart
        let is_alone =
            opened.readable.input.repairs || chosen.iter().filter(|(input, ..)| input.name == *name).count() == 1;
        let (file, bytes) = (if is_alone { name.clone() } else { id.qualified() }, *bytes);
        let repairs = opened.readable.input.repairs;
        let read_as = opened.read_as();
        summary.notes.extend(opened.notes().map(|note| about(&file, note)));
        let refused = |read: &BTreeMap<Table, sink::Read>| read.values().map(|read| read.quarantined).sum::<u64>();
        let (first_shape, refused_before) = (shapes.len(), refused(&read));
        let mut plan = Plan::new(export, &opened, &layouts, (mapping.personal, secret.as_ref()), taken.span.latest);
        let mut sink = Sink {
            first_shape,
            takers: plan.fills.iter().map(sink::Taker::new).collect(),
            file: &file,
            id: &opened.readable.input.id,
            header: String::new().into(),
            bytes,
            spill: &mut spill,
            quarantine: &mut quarantine,
            waits: &waits,
            transaction: &mut transaction,
            read: &mut read,
            listed_deals: sink::ListedDeals::default(),
            progress,
            mends: None,
            overtaken: 0,
            row: Vec::new(),
            scratch: Vec::new(),
        };
        for (number, (fill, of)) in plan.fills.iter().zip(&export.fills).enumerate() {
            let own = u32::try_from(shapes.len()).unwrap_or(u32::MAX);
            let kind = match export.snapshot {
                // it says again what the one before it said, and that is no repetition
                true => own,
                false => *kinds.entry((export.name.clone(), number)).or_insert(own),
            };
            shapes.push(Shape::new(fill, &layouts[&fill.table], of.repeated, kind));
            of_shapes.push(closings::Of { taken: taken.span.latest, zone: export.zone.unwrap_or(Tz::UTC) });
        }
        let problems = plan.clashes();
        if !problems.is_empty() {
            return Err(IngestError::Unproven { path: opened.path(), problems });
        }
        if repairs {
            // mended rows that were overtaken fill only what nobody filled since
            for at in first_shape..shapes.len() {
                shapes.push(shapes[at].late());
                of_shapes.push(of_shapes[at]);
            }
        }
        let Outcome { rows, refused: quarantined, ignored, unwanted, oddities: here, sums, mended, not_taken } =
            read_rows(&opened, &mut plan, export, &mapping.file, &mut sink)?;
        summary.notes.extend(here.of_lines().iter().map(|note| about(&file, note)));
        oddities.add(here);
        file_sums.extend(sums);
        currencies.see(&opened.path(), &file, plan.money())?;
        summary.notes.extend(plan.currencies().map(|note| about(&file, &note)));
        summary.notes.extend(summary::of_row_numbers(export).map(|note| about(&file, &note)));
        summary.notes.extend(mended::of_overtaken(sink.overtaken).map(|note| about(&file, &note)));
        let listed = sink.listed_deals;
        summary.notes.extend(not_taken.notes().iter().map(|note| about(&file, note)));
        if repairs {
            // where none of the rows was taken, the ingest is recorded all the same
            for fill in &export.fills {
                read.entry(fill.table).or_default();
            }
        }
        match repairs {
            false => quarantine.was_read(&opened.readable.input.id, None),
            true => {
                let mut of_folders: BTreeMap<&str, BTreeSet<Mends>> = BTreeMap::new();
                for place in mended {
                    of_folders.entry(waits.folder(&file, place)).or_default().insert(place);
                }
                for (folder, places) in of_folders {
                    let id = ExportId { folder: folder.to_owned(), file: sink::of_file(&file, folder) };
                    quarantine.was_read(&id, Some(places));
                }
            }
        }
        for fill in &export.fills {
            reaches.entry(fill.table).or_default().see(taken, export.snapshot, repairs);
        }
        if export.snapshot {
            let gaps = refused(&read) - refused_before - listed.refused;
            summary.notes.extend(summary::of_snapshot(&file, taken.by, gaps));
            let (export, shapes) = (export.name.clone(), first_shape..shapes.len());
            // a file of mended rows lists those alone
            let has_gaps = gaps > 0 || repairs;
            files.push(SnapshotFile { taken: taken.span, export, shapes, listed: listed.marks, has_gaps });
        }
        summary.files.push(FileCount {
            file,
            export: export.name.clone(),
            read_as,
            rows,
            quarantined,
            ignored,
            unwanted,
        });
    }
    rule.check_keys(store.dir(), oddities.searched_keys)?;
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
    let zone = mapping.exports.iter().find_map(|export| export.zone);
    let days = DayOf::new(told.regulation.map(|regulation| regulation.calendar().zone).or(zone).unwrap_or(Tz::UTC));
    let work = Work {
        spill: &spill,
        shapes: &shapes,
        exports: &of_shapes,
        layouts: &layouts,
        base: &base,
        buckets: &buckets,
        moved: &moved,
        snapshots: &snapshots,
        days: &days,
        sizes,
        fold_later: of_clients::expected(&shapes, events, base.tables.get(&Table::Events))?,
        transaction: Mutex::new(&mut transaction),
    };
    let done = work.run(progress)?;
    drop(moved);
    drop(spill);
    summary.quarantined = quarantine.finish(&mut transaction)?;
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
                taken: reaches.get(table).and_then(|reach| reach.moment(at, counts.differs())),
            }
        })
        .collect();
    let repeated = done.counts.iter().map(|(table, counts)| (*table, counts.repeated));
    summary.notes.extend(notes(repeated, oddities));
    for (table, fresh) in &done.fresh {
        summary.notes.extend(twins::look(*table, fresh, base.tables.get(table))?);
    }
    summary.notes.extend(joined(done.counts.iter().map(|(table, counts)| (*table, counts.joined))));
    summary.notes.extend(currencies.notes());
    summary.sums = sums::sums(file_sums, &done.counts, &layouts);
    summary.notes.extend(done.told.closings.notes());
    summary.notes.extend(done.told.strays.note());
    let has_deals = summary.tables.iter().any(|count| count.table == Table::Deals && count.read > count.quarantined);
    if has_deals && !done.told.has_stages {
        summary.notes.extend(chosen.iter().find_map(|(_, export, _)| summary::of_missing_log(export)));
    }
    summary.rejoined = done.of_clients.map_or(0, |told| told.changed);
    summary.notes.extend(done.of_clients.and_then(summary::of_clients));
    summary.marked = done.seen.marked();
    summary.notes.extend(summary::of_comparison(done.seen));
    let record = IngestRecord {
        ingest: transaction.number(),
        at,
        exports: summary.files.iter().map(|f| f.file.clone()).collect(),
        tables: summary.tables.clone(),
        notes: summary.notes.iter().map(|note| note.en.clone()).collect(),
        currencies: currencies.record(),
    };
    rule.keep(store.dir(), now)?;
    summary.ingest = transaction.commit(record).await?;
    Ok(summary)
}

/// Into how many parts rows are spread while they are read: a guess by size, settled when they are counted.
fn parts(opened: &[(Opened, &Export)], sizes: Sizes) -> u32 {
    /// A row of an export is rarely shorter.
    const ROW: u64 = 60;
    let rows = |(opened, export): &(Opened, &Export)| {
        let fills = export.fills.iter().filter(|fill| !fill.table.bucket_by().is_empty()).count();
        // what is packed holds several times as many
        let packed = if opened.readable.input.is_packed() { 8 } else { 1 };
        opened.readable.input.bytes * packed / ROW * fills as u64
    };
    buckets_for(opened.iter().map(rows).sum(), sizes)
}

/// A note with the file that it is about.
fn about(file: &str, note: &Text) -> Text {
    Text::new(format!("{file}: {}", note.ru), format!("{file}: {}", note.en))
}

/// Rows that say more of what another export tells: they are no keys of their own.
fn joined(joined: impl Iterator<Item = (Table, u64)>) -> Vec<Text> {
    let note = |(table, rows): (Table, u64)| {
        let name = table.name();
        Text::new(
            format!("{name}: строк, дополняющих строку другой выгрузки о том же: {rows}"),
            format!("{name}: rows that add to a row of another export about the same: {rows}"),
        )
    };
    joined.filter(|(_, rows)| *rows > 0).map(note).collect()
}

/// What is worth telling and was kept.
fn notes(repeated: impl Iterator<Item = (Table, u64)>, met: Oddities) -> Vec<Text> {
    let mut notes = Vec::new();
    for (table, rows) in repeated.filter(|(_, rows)| *rows > 0) {
        let name = table.name();
        notes.push(Text::new(
            format!(
                "{name}: строк, повторяющих ключ более ранней строки того же файла или такого же: {rows}; взята последняя \
                 (в одном файле при repeated = \"sum\" — сумма)"
            ),
            format!(
                "{name}: rows that repeat the key of an earlier row of the same file or of one of its kind: {rows}; the \
                 last is kept (within a file, with repeated = \"sum\", their sum)"
            ),
        ));
    }
    notes.extend(met.alike.notes());
    notes.extend(met.notes());
    let counted = [
        (
            met.rounded,
            "сумм с более чем четырьмя знаками после запятой, округлены",
            "amounts with more than four decimals, rounded",
        ),
        (met.headers, "строк, повторяющих заголовок, пропущены", "rows that are the header once more, passed over"),
        (met.spread, "строк за период, разложены поровну по его дням", "rows of a period, spread evenly over its days"),
        (
            met.spread_long,
            "из них за период длиннее года: по дням и неделям такой расход — средний, а не настоящий",
            "of them of a period longer than a year: by day and week such a cost is a mean, not what was spent",
        ),
        (
            met.first_taken,
            "ячеек с несколькими значениями, взято первое",
            "cells of several values, of which the first was taken",
        ),
        (
            met.not_normal,
            "телефонов и адресов, которые не телефоны и не адреса, не взяты",
            "phones and e-mails that are none, left out",
        ),
        (
            met.spoilt,
            "текстов, в которых вместо букв стоит �: файл таким и был, либо кодировка другая (encoding)",
            "texts with � in the place of letters: the file came so, or its encoding is another (encoding)",
        ),
        (met.cleaned, "текстов, из которых убраны невидимые символы", "texts out of which unseen symbols were taken"),
        (
            met.searched,
            "текстов, в которых телефоны и адреса почты заменены (personal в маппинге не keep)",
            "texts in which phones and e-mails were replaced (personal in the mapping is not keep)",
        ),
    ];
    for (count, ru, en) in counted.into_iter().filter(|(count, ..)| *count > 0) {
        notes.push(Text::new(format!("{ru}: {count}"), format!("{en}: {count}")));
    }
    notes
}
