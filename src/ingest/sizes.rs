//! How much an ingest does at a time, and into how many buckets the rows of a table are laid out.

use std::collections::BTreeMap;

use crate::export::read::Division;
use crate::model::tables::Table;
use crate::store::{Snapshot, TableState};

/// How much is done at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// Rows that a bucket is laid out for.
    pub(crate) rows_at_first: u64,
    /// Rows beyond which the number of buckets grows: more than at first, so that no ingest grows what the last one
    /// laid out.
    pub(crate) rows_at_most: u64,
    /// Events of a bucket that get a file of their own once they are cold.
    pub(crate) cold_events: usize,
    /// Bytes of rows in memory before they are spilled to disk.
    pub(crate) spill: usize,
    /// Ids of events in memory at a time, 16 bytes each.
    pub(crate) ids: u64,
    /// How the reading of a file is divided among threads.
    pub(crate) reading: Division,
    /// Whether exports that the last ingest read are read again, as if they were others.
    pub(crate) always_reads: bool,
}

impl Default for Sizes {
    fn default() -> Sizes {
        let reading = Division::default();
        Sizes {
            rows_at_first: 225_000,
            rows_at_most: 300_000,
            cold_events: 30_000,
            spill: 192 << 20,
            ids: 8_000_000,
            reading,
            always_reads: false,
        }
    }
}

/// More buckets than these make files too small to be worth opening.
const MOST_BUCKETS: u64 = 4096;

/// How many buckets so many rows need.
pub(crate) fn buckets_for(rows: u64, sizes: Sizes) -> u32 {
    u32::try_from(rows.div_ceil(sizes.rows_at_first).next_power_of_two().min(MOST_BUCKETS)).unwrap_or(1)
}

/// The number of buckets of every table: as it is, unless they have grown too full. Deals, events and journeys have the
/// same, so that a bucket's journeys come out of that bucket's deals and events.
pub(crate) fn buckets_needed(base: &Snapshot, new_rows: impl Fn(Table) -> u64, sizes: Sizes) -> BTreeMap<Table, u32> {
    let needed = |tables: &[Table]| {
        let filled =
            || tables.iter().filter_map(|table| base.tables.get(table)).filter(|state| !state.files.is_empty());
        let rows = filled().map(TableState::rows).max().unwrap_or(0);
        let most = tables.iter().map(|table| new_rows(*table)).max().unwrap_or(0).max(rows);
        match filled().next().map(|state| state.buckets) {
            Some(old) if most <= sizes.rows_at_most * u64::from(old) => old,
            Some(old) => buckets_for(most, sizes).max(old),
            None => buckets_for(most, sizes),
        }
    };
    let of = |table: Table| match table {
        _ if table.bucket_by().is_empty() => 1,
        _ => needed(together(&table)),
    };
    Table::ALL.into_iter().map(|table| (table, of(table))).collect()
}

/// The tables that have the same buckets as this one.
pub(crate) fn together(table: &Table) -> &[Table] {
    match table {
        Table::Deals | Table::Events | Table::Journeys => &[Table::Deals, Table::Events],
        _ => std::slice::from_ref(table),
    }
}
