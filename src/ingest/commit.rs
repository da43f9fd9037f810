//! Writes the record of an ingest and commits it as the store's next version.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::begin::Begun;
use super::bucket::near_duplicates;
use super::bucket::work::AllDone;
use super::currencies::Currencies;
use super::open::OpenFiles;
use super::repeat::{self, TableTold, Told};
use super::stage::Staged;
use super::summary::{self, Summary};
use super::sums::MoneySum;
use super::{IngestError, key_file, notes, sums};
use crate::export::snapshot_date::Reach;
use crate::export::values::amounts;
use crate::export::values::personal::Personal;
use crate::model::lang::Text;
use crate::model::tables::Table;
use crate::model::timings;
use crate::store::{IngestRecord, TableCount, Transaction};

/// Commits the transaction: all of the ingest becomes visible, or nothing.
pub(super) async fn commit(
    (staged, folded): (Staged, AllDone),
    (inputs, is_plain): (String, bool),
    begun: Begun<'_>,
    mut transaction: Transaction,
) -> Result<Summary, IngestError> {
    let Staged {
        spill, quarantine, mut read, reaches, oddities, sums: file_sums, currencies, money, mut summary, ..
    } = staged;
    drop(spill);
    let is_plain = is_plain && oddities.beyond == 0 && !folded.told.closings.depends_on_moment();
    let notes_of_files = summary.notes.clone();
    let at = begun.options.at;
    let began = timings::begin();
    summary.quarantined = quarantine.finish(&mut transaction)?;
    timings::end(began, || "ingest: quarantine".to_owned(), None);
    if folded.seen.moves + folded.seen.records > 0 {
        // no export gave them, and yet they are new
        read.entry(Table::Events).or_default();
    }
    let count = |(table, read): (&Table, &super::stage::sink::Read)| {
        let counts = folded.counts.get(table).copied().unwrap_or_default();
        TableCount {
            table: *table,
            read: read.rows,
            new: counts.new,
            changed: counts.changed,
            unchanged: counts.unchanged,
            quarantined: read.quarantined,
            taken: reaches.get(table).and_then(|reach: &Reach| reach.moment(at, counts.differs())),
        }
    };
    summary.tables = read.iter().map(count).collect();
    let notes_of_rows = notes::of_rows(folded.counts.iter().map(|(table, counts)| (*table, counts.repeated)), oddities);
    let notes_of_joined = notes::joined(folded.counts.iter().map(|(table, counts)| (*table, counts.joined)));
    summary.notes.extend(notes_of_rows.iter().cloned());
    let began = timings::begin();
    for (table, fresh) in &folded.fresh {
        summary.notes.extend(near_duplicates::look(*table, fresh, begun.base.tables.get(table))?);
    }
    timings::end(began, || "ingest: look for ids that are written alike".to_owned(), None);
    summary.notes.extend(notes_of_joined.iter().cloned());
    summary.notes.extend(currencies.notes());
    summary.sums = sums::sums(file_sums, &folded.counts, &begun.layouts)?;
    let notes_of_deals = of_deals(&mut summary, folded, &begun);
    let told = Told {
        files: summary.files.clone(),
        tables: summary.tables.iter().map(told_of).collect(),
        sums: summary.sums.iter().map(unchanged).collect(),
        quarantined: summary.quarantined.clone(),
        money,
        notes_of_files,
        notes_of_rows: [notes_of_rows, notes_of_joined].concat(),
        notes_of_deals,
        ..Told::default()
    };
    let is_kept = is_plain && repeat::is_steady(&begun, &summary);
    finish(summary, currencies, is_kept.then_some((inputs, told)), begun, transaction).await
}

/// Commits an ingest of exports that the one before it read: nothing changes, and it tells what follows from what that one told.
pub(super) async fn repeat(
    (inputs, told): (String, Told),
    files: &OpenFiles<'_>,
    begun: Begun<'_>,
    transaction: Transaction,
) -> Result<Summary, IngestError> {
    if begun.mapping.personal == Personal::Hash {
        // a missing key stops the ingest in any case
        key_file::of(begun.store)?;
    }
    let (mut currencies, mut reaches) = (begun.currencies.clone(), BTreeMap::<Table, Reach>::new());
    for ((file, money), count) in files.files.iter().zip(&told.money).zip(&told.files) {
        file.opened.readable.input.unchanged()?;
        let code = |code: &Option<String>| code.as_deref().and_then(amounts::currency);
        let money = money.iter().map(|(place, named)| (place.as_str(), code(named)));
        currencies.see(&file.opened.path(), &count.file, money)?;
        for fill in &file.export.fills {
            reaches.entry(fill.table).or_default().see(file.when, file.export.snapshot, false);
        }
    }
    let at = begun.options.at;
    let count = |of: &TableTold| {
        let table = Table::named(&of.table)?;
        Some(TableCount {
            table,
            read: of.read,
            new: 0,
            changed: 0,
            unchanged: of.keys,
            quarantined: of.quarantined,
            taken: reaches.get(&table).and_then(|reach| reach.moment(at, false)),
        })
    };
    let notes =
        [told.notes_of_files.clone(), told.notes_of_rows.clone(), currencies.notes(), told.notes_of_deals.clone()];
    let summary = Summary {
        files: told.files.clone(),
        tables: told.tables.iter().filter_map(count).collect(),
        sums: told.sums.clone(),
        quarantined: told.quarantined.clone(),
        notes: notes.concat(),
        ..Summary::default()
    };
    finish(summary, currencies, Some((inputs, told)), begun, transaction).await
}

/// What the next ingest of the same exports would tell of a table.
fn told_of(count: &TableCount) -> TableTold {
    let keys = count.new + count.changed + count.unchanged;
    TableTold { table: count.table.name().to_owned(), read: count.read, quarantined: count.quarantined, keys }
}

/// What it would tell of the amounts of a column.
fn unchanged(sum: &MoneySum) -> MoneySum {
    MoneySum { written: 0, unchanged: sum.written + sum.unchanged, ..sum.clone() }
}

/// Commits, and keeps what the same exports would tell once more.
async fn finish(
    mut summary: Summary,
    currencies: Currencies,
    told: Option<(String, Told)>,
    begun: Begun<'_>,
    transaction: Transaction,
) -> Result<Summary, IngestError> {
    let at = begun.options.at;
    let record = record(&summary, &transaction, at, currencies.record());
    begun.rule.keep(begun.store.dir(), begun.now)?;
    summary.ingest = transaction.commit(record).await?;
    if let Some((inputs, told)) = told {
        repeat::keep(begun.store, summary.ingest, at.timestamp_micros(), inputs, told);
    }
    Ok(summary)
}

/// Adds what became of deals and of the events of clients. Returns the notes that the same exports would give again.
fn of_deals(summary: &mut Summary, folded: AllDone, begun: &Begun<'_>) -> Vec<Text> {
    let mut again = folded.told.closings.notes();
    again.extend(folded.told.strays.note());
    let has_deals = summary.tables.iter().any(|count| count.table == Table::Deals && count.read > count.quarantined);
    if has_deals && !folded.told.has_stages {
        again.extend(begun.chosen.iter().find_map(|(_, export, _)| summary::of_missing_log(export)));
    }
    summary.notes.extend(again.iter().cloned());
    summary.rejoined = folded.of_clients.map_or(0, |told| told.changed);
    summary.notes.extend(folded.of_clients.and_then(summary::of_clients));
    summary.marked = folded.seen.marked();
    summary.notes.extend(summary::of_comparison(folded.seen));
    again
}

/// What the store keeps of the ingest.
fn record(summary: &Summary, transaction: &Transaction, at: DateTime<Utc>, currencies: Vec<String>) -> IngestRecord {
    IngestRecord {
        ingest: transaction.number(),
        at,
        exports: summary.files.iter().map(|f| f.file.clone()).collect(),
        tables: summary.tables.clone(),
        notes: summary.notes.iter().map(|note| note.en.clone()).collect(),
        currencies,
    }
}
