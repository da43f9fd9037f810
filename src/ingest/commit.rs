//! Writes the record of an ingest and commits it as the store's next version.

use chrono::{DateTime, Utc};

use super::begin::Begun;
use super::bucket::near_duplicates;
use super::bucket::work::AllDone;
use super::stage::Staged;
use super::summary::{self, Summary};
use super::{IngestError, notes, sums};
use crate::export::snapshot_date::Reach;
use crate::model::tables::Table;
use crate::store::{IngestRecord, TableCount, Transaction};

/// Commits the transaction: all of the ingest becomes visible, or nothing.
pub(super) async fn commit(
    staged: Staged,
    folded: AllDone,
    begun: Begun<'_>,
    mut transaction: Transaction,
) -> Result<Summary, IngestError> {
    let Staged { spill, quarantine, mut read, reaches, oddities, sums: file_sums, currencies, mut summary, .. } =
        staged;
    drop(spill);
    let at = begun.options.at;
    summary.quarantined = quarantine.finish(&mut transaction)?;
    if folded.seen.moves > 0 {
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
    summary
        .notes
        .extend(notes::of_rows(folded.counts.iter().map(|(table, counts)| (*table, counts.repeated)), oddities));
    for (table, fresh) in &folded.fresh {
        summary.notes.extend(near_duplicates::look(*table, fresh, begun.base.tables.get(table))?);
    }
    summary.notes.extend(notes::joined(folded.counts.iter().map(|(table, counts)| (*table, counts.joined))));
    summary.notes.extend(currencies.notes());
    summary.sums = sums::sums(file_sums, &folded.counts, &begun.layouts)?;
    of_deals(&mut summary, folded, &begun);
    let record = record(&summary, &transaction, at, currencies.record());
    begun.rule.keep(begun.store.dir(), begun.now)?;
    summary.ingest = transaction.commit(record).await?;
    Ok(summary)
}

/// Adds what became of deals and of the events of clients.
fn of_deals(summary: &mut Summary, folded: AllDone, begun: &Begun<'_>) {
    summary.notes.extend(folded.told.closings.notes());
    summary.notes.extend(folded.told.strays.note());
    let has_deals = summary.tables.iter().any(|count| count.table == Table::Deals && count.read > count.quarantined);
    if has_deals && !folded.told.has_stages {
        summary.notes.extend(begun.chosen.iter().find_map(|(_, export, _)| summary::of_missing_log(export)));
    }
    summary.rejoined = folded.of_clients.map_or(0, |told| told.changed);
    summary.notes.extend(folded.of_clients.and_then(summary::of_clients));
    summary.marked = folded.seen.marked();
    summary.notes.extend(summary::of_comparison(folded.seen));
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
