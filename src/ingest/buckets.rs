//! From spilled rows to new files of the store, a bucket at a time.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::cell::{Cell, Rows};
use super::data_file::{self, OldBucket};
use super::fold::{Happening, Journey, fold};
use super::layout::Layout;
use super::spill::{Patches, Shape, Spill, bucket};
use super::upsert::{Counts, upsert};
use super::{IngestError, Progress};
use crate::model::tables::Table;
use crate::store::{Snapshot, Transaction};

/// How much is done at a time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    /// Rows that a bucket is laid out for.
    pub(super) rows_at_first: u64,
    /// Rows beyond which the number of buckets grows: more than at first, so that no ingest grows what the last one
    /// laid out.
    pub(super) rows_at_most: u64,
    /// Bytes of rows in memory before they are spilled to disk.
    pub(super) spill: usize,
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes { rows_at_first: 150_000, rows_at_most: 200_000, spill: 256 << 20 }
    }
}

/// More buckets than these make files too small to be worth opening.
const MOST_BUCKETS: u64 = 4096;

/// How many buckets so many rows need.
pub(super) fn buckets_for(rows: u64, sizes: Sizes) -> u32 {
    u32::try_from(rows.div_ceil(sizes.rows_at_first).next_power_of_two().min(MOST_BUCKETS)).unwrap_or(1)
}

/// The number of buckets of deals, events and journeys: as it is, unless they have grown too full.
pub(super) fn buckets_needed(base: &Snapshot, new_rows: u64, sizes: Sizes) -> u32 {
    let filled = |table: Table| base.tables.get(&table).filter(|state| !state.files.is_empty());
    let rows = [Table::Deals, Table::Events].into_iter().filter_map(filled).map(|s| s.rows()).max().unwrap_or(0);
    let old = filled(Table::Deals).or(filled(Table::Events)).map(|state| state.buckets);
    let most = rows.max(new_rows);
    match old {
        Some(old) if most <= sizes.rows_at_most * u64::from(old) => old,
        Some(old) => buckets_for(most, sizes).max(old),
        None => buckets_for(most, sizes),
    }
}

/// The new content of a table's bucket: its file and number of rows; none: empty.
type Written = (Table, u32, Option<(PathBuf, u64)>);

/// What one bucket gave.
#[derive(Debug, Default)]
struct Done {
    counts: BTreeMap<Table, Counts>,
    written: Vec<Written>,
    closed_before_created: (u64, Vec<String>),
}

/// What all buckets gave.
#[derive(Debug, Default)]
pub(super) struct AllDone {
    pub(super) counts: BTreeMap<Table, Counts>,
    /// How many deals of this ingest are closed before they were created, and a few of their ids.
    pub(super) closed_before_created: (u64, Vec<String>),
}

/// Everything that the work on a bucket reads.
pub(super) struct Work<'a> {
    pub(super) spill: &'a Spill,
    pub(super) shapes: &'a [Shape],
    pub(super) layouts: &'a BTreeMap<Table, Layout>,
    pub(super) base: &'a Snapshot,
    /// The buckets of deals, events and journeys from now on.
    pub(super) buckets: u32,
    pub(super) transaction: Mutex<&'a mut Transaction>,
}

impl Work<'_> {
    /// Works through all buckets, several at a time, and hands the new files to the transaction in their order.
    pub(super) fn run(self, progress: &dyn Progress) -> Result<AllDone, IngestError> {
        let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
        let next = AtomicU32::new(0);
        let finished: Mutex<BTreeMap<u32, Result<Done, IngestError>>> = Mutex::default();
        let total = self.buckets + 1;
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= total {
                            break;
                        }
                        // the last number stands for the tables without buckets
                        let done = if number == self.buckets { self.plain_tables() } else { self.bucket(number) };
                        let failed = done.is_err();
                        if let Ok(mut finished) = finished.lock() {
                            finished.insert(number, done);
                            progress.step("write", finished.len() as u64, u64::from(total));
                        }
                        if failed {
                            next.store(total, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let mut all = AllDone::default();
        let finished = finished.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        let transaction = self.transaction.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for done in finished.into_values() {
            let done = done?;
            for (table, counts) in done.counts {
                all.counts.entry(table).or_default().add(counts);
            }
            for (table, number, file) in done.written {
                let of = if table == Table::Journeys { Table::Deals } else { table };
                let extra = self.layouts.get(&of).map(|layout| layout.extra.clone()).unwrap_or_default();
                let buckets = if table.bucket_by().is_empty() { 1 } else { self.buckets };
                transaction.replace(table, buckets, extra, number, file.into_iter().collect());
            }
            all.closed_before_created.0 += done.closed_before_created.0;
            all.closed_before_created.1.extend(done.closed_before_created.1);
        }
        all.closed_before_created.1.sort();
        all.closed_before_created.1.truncate(3);
        Ok(all)
    }

    /// Deals and events of one bucket, and their journeys.
    fn bucket(&self, number: u32) -> Result<Done, IngestError> {
        let mut done = Done::default();
        let parts = self.parts(number)?;
        let (deals, events) = (self.table(Table::Deals, &parts, number), self.table(Table::Events, &parts, number));
        let regrouped = self.is_regrouped();
        if deals.rows.is_empty() && events.rows.is_empty() && !regrouped {
            return Ok(done);
        }
        let (old_deals, old_events) = (self.old(Table::Deals, number)?, self.old(Table::Events, number)?);
        let deals_layout = &self.layouts[&Table::Deals];
        let events_layout = &self.layouts[&Table::Events];
        let mut deal_rows = self.rows(&old_deals, deals_layout, number)?;
        let mut event_rows = self.rows(&old_events, events_layout, number)?;
        let (deal_counts, touched) = upsert(&mut deal_rows, &deals, self.shapes, deals_layout);
        let (event_counts, _) = upsert(&mut event_rows, &events, self.shapes, events_layout);
        done.closed_before_created = closed_before_created(&deal_rows, deals_layout, &touched);
        done.counts.insert(Table::Deals, deal_counts);
        done.counts.insert(Table::Events, event_counts);
        if !deal_counts.differs() && !event_counts.differs() && !regrouped {
            return Ok(done);
        }
        let deal_order = deal_rows.sorted(&deals_layout.slots(Table::Deals.sorted_by()));
        let event_order = event_rows.sorted(&events_layout.slots(Table::Events.sorted_by()));
        if deal_counts.differs() || regrouped {
            let write = |path: &Path| data_file::write(path, deals_layout, &deal_rows, &deal_order);
            done.written.push(self.write(Table::Deals, number, deal_order.len(), write)?);
        }
        if event_counts.differs() || regrouped {
            let write = |path: &Path| data_file::write(path, events_layout, &event_rows, &event_order);
            done.written.push(self.write(Table::Events, number, event_order.len(), write)?);
        }
        // only the journeys of touched buckets are folded again; all of such a bucket, since its file is written anew
        let journeys = Layout::new(Table::Journeys, deals_layout.extra.clone());
        let folded = fold_all((&deal_rows, deals_layout, &deal_order), (&event_rows, events_layout, &event_order));
        let write =
            |path: &Path| data_file::write_journeys(path, &journeys, (deals_layout, &deal_rows, &deal_order), &folded);
        done.written.push(self.write(Table::Journeys, number, deal_order.len(), write)?);
        Ok(done)
    }

    /// The tables without buckets.
    fn plain_tables(&self) -> Result<Done, IngestError> {
        let mut done = Done::default();
        for (table, layout) in self.layouts.iter().filter(|(table, _)| table.bucket_by().is_empty()) {
            let part = self.spill.part(self.spill.own_part(*table))?;
            let mut patches = Patches::default();
            patches.extend(&part, *table, self.shapes, (0, 1));
            if patches.rows.is_empty() {
                continue;
            }
            let old = self.old(*table, 0)?;
            let mut rows = old.rows(layout)?;
            let (counts, _) = upsert(&mut rows, &patches, self.shapes, layout);
            done.counts.insert(*table, counts);
            if counts.differs() {
                let order = rows.sorted(&layout.slots(table.sorted_by()));
                let write = |path: &Path| data_file::write(path, layout, &rows, &order);
                done.written.push(self.write(*table, 0, order.len(), write)?);
            }
        }
        Ok(done)
    }

    /// Whether the number of buckets changes, so that every one of them has to be written.
    fn is_regrouped(&self) -> bool {
        [Table::Deals, Table::Events]
            .iter()
            .filter_map(|table| self.base.tables.get(table))
            .any(|state| !state.files.is_empty() && state.buckets != self.buckets)
    }

    /// The spilled parts that hold rows of a bucket.
    fn parts(&self, number: u32) -> Result<Vec<Vec<u8>>, IngestError> {
        let parts = self.spill.parts();
        (0..parts)
            .filter(|part| part % self.buckets.min(parts) == number % self.buckets.min(parts))
            .map(|part| self.spill.part(part as usize))
            .collect()
    }

    fn table<'p>(&self, table: Table, parts: &'p [Vec<u8>], number: u32) -> Patches<'p> {
        let mut patches = Patches::default();
        for part in parts {
            patches.extend(part, table, self.shapes, (number, self.buckets));
        }
        patches
    }

    fn old(&self, table: Table, number: u32) -> Result<OldBucket, IngestError> {
        let Some(state) = self.base.tables.get(&table) else { return Ok(OldBucket::default()) };
        OldBucket::read(state.bucket(number % state.buckets.max(1)).map(|file| file.path.as_path()))
    }

    /// The old rows of a bucket: where the number of buckets grew, those that stay in this one.
    fn rows<'o>(&self, old: &'o OldBucket, layout: &Layout, number: u32) -> Result<Rows<'o>, IngestError> {
        let mut rows = old.rows(layout)?;
        if self.is_regrouped() {
            let by = layout.slots(layout.table.bucket_by());
            let mut kept = Rows::new(rows.width);
            for row in 0..rows.len() {
                let key = by.iter().find_map(|slot| rows.cell(row, *slot).text()).unwrap_or_default();
                if bucket(key, self.buckets) == number {
                    kept.cells.extend_from_slice(rows.row(row));
                }
            }
            rows = kept;
        }
        Ok(rows)
    }

    fn write(
        &self,
        table: Table,
        number: u32,
        rows: usize,
        write: impl FnOnce(&Path) -> Result<(), IngestError>,
    ) -> Result<Written, IngestError> {
        if rows == 0 {
            return Ok((table, number, None));
        }
        let path = {
            let mut transaction = self.transaction.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            transaction.new_file(table, number)
        };
        write(&path)?;
        Ok((table, number, Some((path, rows as u64))))
    }
}

type Sorted<'r, 'a> = (&'r Rows<'a>, &'r Layout, &'r [u32]);

/// The journeys of all deals of a bucket, in the deals' order. Both sides are sorted by deal.
fn fold_all<'a>(deals: Sorted<'_, '_>, events: Sorted<'_, 'a>) -> Vec<Journey<'a>> {
    let slot = |layout: &Layout, name: &str| layout.slot(name).unwrap_or_default();
    let (deal_rows, deals_layout, deal_order) = deals;
    let (rows, layout, order) = events;
    let (deal_id, created_at) = (slot(deals_layout, "deal_id"), slot(deals_layout, "created_at"));
    let (of, at, kind) = (slot(layout, "deal_id"), slot(layout, "at"), slot(layout, "kind"));
    let (direction, stage) = (slot(layout, "direction"), slot(layout, "stage"));
    let mut next = 0;
    let journey = |deal: &u32| {
        let deal = *deal as usize;
        let id = deal_rows.cell(deal, deal_id).text();
        let owner = |place: usize| order.get(place).map(|row| rows.cell(*row as usize, of).text());
        // events of no deal, or of deals that are not known yet
        while owner(next).is_some_and(|owner| owner < id) {
            next += 1;
        }
        let from = next;
        while owner(next).is_some_and(|owner| owner == id) {
            next += 1;
        }
        let happenings = order[from..next].iter().filter_map(|row| {
            let cell = |slot: usize| rows.cell(*row as usize, slot);
            Some(Happening {
                at: cell(at).whole()?,
                kind: cell(kind).text()?,
                outgoing: cell(direction).text() == Some("outgoing"),
                stage: cell(stage).text(),
            })
        });
        fold(deal_rows.cell(deal, created_at).whole(), happenings)
    };
    deal_order.iter().map(journey).collect()
}

fn closed_before_created(rows: &Rows<'_>, layout: &Layout, touched: &[usize]) -> (u64, Vec<String>) {
    let slot = |name: &str| layout.slot(name).unwrap_or_default();
    let (id, created, closed) = (slot("deal_id"), slot("created_at"), slot("closed_at"));
    let is_early = |row: &&usize| match (rows.cell(**row, created), rows.cell(**row, closed)) {
        (Cell::Whole(created), Cell::Whole(closed)) => closed < created,
        _ => false,
    };
    let found: Vec<String> =
        touched.iter().filter(is_early).filter_map(|row| rows.cell(*row, id).text().map(str::to_owned)).collect();
    (found.len() as u64, found)
}
