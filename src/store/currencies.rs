//! What the amounts of a store are in, as its ingests recorded it.

use super::IngestRecord;

/// Of each column of money and each ingest that brought amounts: the column as `deals.amount`, the currency's code where
/// something named it, and the ingest.
pub fn currencies(records: &[IngestRecord]) -> impl Iterator<Item = (&str, Option<&str>, u64)> {
    records.iter().flat_map(|record| {
        let lines = record.currencies.iter().filter_map(|line| line.split_once('='));
        lines.map(move |(place, code)| (place, Some(code).filter(|code| !code.is_empty()), record.ingest))
    })
}
