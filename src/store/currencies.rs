//! The currencies of a store's amounts, as its ingests recorded them.

use super::IngestRecord;

/// One entry per money column and ingest that brought amounts: the column as `deals.amount`, the currency code if the
/// amounts named one, and the number of the ingest.
pub fn currencies(records: &[IngestRecord]) -> impl Iterator<Item = (&str, Option<&str>, u64)> {
    records.iter().flat_map(|record| {
        let lines = record.currencies.iter().filter_map(|line| line.split_once('='));
        lines.map(move |(place, code)| (place, Some(code).filter(|code| !code.is_empty()), record.ingest))
    })
}
