//! What the work on a bucket reads, and how its new files are written.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::closing_dates;
use super::journeys::Sorted;
use super::listing_history::Snapshots;
use super::reassigned::Moved;
use crate::ingest::pool::Pool;
use crate::ingest::sizes::Sizes;
use crate::ingest::stage::shape::Shape;
use crate::ingest::stage::spill::Spill;
use crate::ingest::{IngestError, data_file};
use crate::journey::Journey;
use crate::journey::day::DayOf;
use crate::model::layout::Layout;
use crate::model::tables::Table;
use crate::store::{Content, Heat, Snapshot, Transaction};

/// The new content of a table's bucket.
pub(crate) type Written = (Table, u32, Content);

/// A new file and its number of rows; `None` if there are none.
pub(crate) type NewFile = Option<(PathBuf, u64)>;

/// Everything that the work on a bucket reads.
pub(crate) struct Work<'a> {
    pub(crate) spill: &'a Spill,
    pub(crate) shapes: &'a [Shape],
    /// Of each shape of an export, what is known of that.
    pub(crate) exports: &'a [closing_dates::Of],
    pub(crate) layouts: &'a BTreeMap<Table, Layout>,
    pub(crate) base: &'a Snapshot,
    /// The number of buckets of every table from now on.
    pub(crate) buckets: &'a BTreeMap<Table, u32>,
    /// The events that change their bucket.
    pub(crate) moved: &'a Moved,
    pub(crate) snapshots: &'a Snapshots,
    pub(crate) days: &'a DayOf,
    /// The mark of the rules by which journeys are folded.
    pub(crate) mark: u32,
    /// The moment of the ingest, in microseconds since the epoch.
    pub(crate) moment: i64,
    pub(crate) sizes: Sizes,
    /// Whether events that know only their client are expected, so that journeys are folded when these are joined.
    pub(crate) fold_later: bool,
    pub(crate) transaction: Mutex<&'a mut Transaction>,
    pub(crate) pool: Pool,
}

impl Work<'_> {
    pub(crate) fn buckets(&self, table: Table) -> u32 {
        self.buckets.get(&table).copied().unwrap_or(1)
    }

    /// Writes journeys of a bucket.
    pub(crate) fn write_journeys(
        &self,
        number: u32,
        heat: Heat,
        (rows, layout, order): Sorted<'_, '_>,
        folded: &[Journey<'_>],
    ) -> Result<NewFile, IngestError> {
        let journeys = Layout::new(Table::Journeys, layout.extra.clone());
        let write = |path: &Path| data_file::write_journeys(path, &journeys, (layout, rows, order), folded);
        self.write((Table::Journeys, number, heat), order.len(), write)
    }

    /// Writes so many rows as a new file of a bucket.
    pub(crate) fn write(
        &self,
        (table, number, heat): (Table, u32, Heat),
        rows: usize,
        write: impl FnOnce(&Path) -> Result<(), IngestError>,
    ) -> Result<NewFile, IngestError> {
        if rows == 0 {
            return Ok(None);
        }
        let path = {
            let mut transaction = self.transaction.lock().unwrap_or_else(PoisonError::into_inner);
            transaction.new_file_of(table, number, heat)
        };
        write(&path)?;
        Ok(Some((path, rows as u64)))
    }
}
