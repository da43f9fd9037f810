//! `voronka log`.

use std::sync::Arc;

use anyhow::Result;
use arrow::array::{ArrayRef, StringArray, UInt64Array};
use arrow::record_batch::RecordBatch;

use super::args::{Log, Place};
use super::outcome::Outcome;
use super::output::To;
use super::{open, output};
use crate::store::{IngestRecord, Store, TableCount};

pub async fn run(args: &Log, place: &Place) -> Result<Outcome> {
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
