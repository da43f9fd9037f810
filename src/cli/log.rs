//! `voronka log`.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::record_batch::RecordBatch;

use super::args::{Log, Place};
use super::outcome::Outcome;
use super::output::To;
use super::{open, output};
use crate::delivery::newest;
use crate::store::{IngestRecord, SentEntry, SentEvent, Store, TableCount};

pub async fn run(args: &Log, place: &Place) -> Result<Outcome> {
    if args.sent {
        return sent(args, place).await;
    }
    let records = Store::open(&place.store).await?.log().await?;
    let rows: Vec<(&IngestRecord, &TableCount)> =
        records.iter().flat_map(|record| record.tables.iter().map(move |count| (record, count))).collect();
    let text = |of: &dyn Fn(&IngestRecord, &TableCount) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(r, c)| of(r, c))))
    };
    let number = |of: &dyn Fn(&IngestRecord, &TableCount) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(r, c)| of(r, c))))
    };
    let batch = RecordBatch::try_from_iter([
        ("ingest", number(&|r, _| r.ingest)),
        ("at", text(&|r, _| r.at.format("%Y-%m-%d %H:%M:%SZ").to_string())),
        ("exports", text(&|r, _| r.exports.join(", "))),
        ("table", text(&|_, c| c.table.name().to_owned())),
        ("read", number(&|_, c| c.read)),
        ("new", number(&|_, c| c.new)),
        ("changed", number(&|_, c| c.changed)),
        ("unchanged", number(&|_, c| c.unchanged)),
        ("quarantined", number(&|_, c| c.quarantined)),
    ])?;
    output::print(&batch, &To::stdout(args.format, open::lang(args.speaks.lang, place)))?;
    Ok(Outcome::Fine)
}

/// What was sent to whom: a row for each part of a delivery, with its last event.
async fn sent(args: &Log, place: &Place) -> Result<Outcome> {
    let lang = open::lang(args.speaks.lang, place);
    let entries = Store::open(&place.store).await?.sent()?;
    let mut rows = newest(&entries);
    rows.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.at));
    let text = |of: &dyn Fn(&SentEntry, SentEvent) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(rows.iter().map(|(entry, last)| of(entry, last.event))))
    };
    let word = |event| match event {
        SentEvent::Sent => lang.pick("отправлено", "sent"),
        SentEvent::Failed => lang.pick("не вышло", "failed"),
        SentEvent::Refused => lang.pick("отказано", "refused"),
        SentEvent::Unknown | SentEvent::Begun => lang.pick("неизвестно", "unknown"),
    };
    let attempts: ArrayRef = Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(e, _)| u64::from(e.attempt))));
    let version: ArrayRef = Arc::new(UInt64Array::from_iter_values(rows.iter().map(|(e, _)| e.version)));
    let batch = RecordBatch::try_from_iter([
        ("at", text(&|e, _| e.at.format("%Y-%m-%d %H:%M:%SZ").to_string())),
        ("report", text(&|e, _| e.report.clone())),
        ("from", text(&|e, _| e.from.to_string())),
        ("to", text(&|e, _| e.to.to_string())),
        ("recipient", text(&|e, _| e.recipient.clone())),
        ("channel", text(&|e, _| e.channel.clone())),
        ("address", text(&|e, _| e.address.clone())),
        ("rows", text(&|e, _| e.rows.clone())),
        ("part", text(&|e, _| e.part.clone())),
        ("state", text(&|_, event| word(event).to_owned())),
        ("attempts", attempts),
        ("version", version),
        ("why", text(&|e, _| e.why.get(lang).to_owned())),
        ("key", text(&|e, _| e.key.clone())),
    ])?;
    output::print(&batch, &To::stdout(args.format, lang))?;
    Ok(Outcome::Fine)
}
