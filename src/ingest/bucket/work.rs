//! From spilled rows to new files of the store, a bucket at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use super::client_events::{self, Files, OfClients, ToDo};
use super::closing_dates::{self, Closings};
use super::cold::{self, Cold, Portion};
use super::context::{Work, Written};
use super::field_history::{Fields, Watch};
use super::journeys::fold_all;
use super::listing_history::Comparison;
use super::near_duplicates;
use super::orphan_events::{self, OrphanEvents};
use super::seen::Seen;
use super::upsert::{Counts, upsert, upsert_settled};
use crate::export::datum::Cell;
use crate::ingest::IngestError;
use crate::ingest::data_file::{self, OldBucket};
use crate::ingest::pool::Of;
use crate::ingest::rows::Rows;
use crate::ingest::sizes::together;
use crate::ingest::stage::spill::{Patches, bucket};
use crate::model::layout::{Layout, NoColumn};
use crate::model::parallel::each;
use crate::model::progress::Progress;
use crate::model::tables::Table;
use crate::model::timings;
use crate::store::{Content, Heat};

/// What one bucket gave.
#[derive(Debug, Default)]
struct Done {
    counts: BTreeMap<Table, Counts>,
    written: Vec<Written>,
    seen: Seen,
    /// Whether the journeys are still to be folded.
    unfolded: bool,
    deals_differ: bool,
    events_differ: bool,
    /// The deals that lost an event which names another one now, as their buckets.
    left: BTreeSet<u32>,
    told: Told,
    /// The ids that were not known.
    fresh: Vec<String>,
}

/// Rows of a table, and which columns they have.
type Laid<'r, 'a> = (&'r Rows<'a>, &'r Layout);

/// What is worth telling of the deals and events of an ingest.
#[derive(Debug, Default)]
pub(crate) struct Told {
    pub(crate) closings: closing_dates::Told,
    /// Events of unknown deals.
    pub(crate) strays: OrphanEvents,
    /// Whether any event tells of a stage.
    pub(crate) has_stages: bool,
}

/// What all buckets gave.
#[derive(Debug, Default)]
pub(crate) struct AllDone {
    pub(crate) counts: BTreeMap<Table, Counts>,
    /// The result of comparing listing exports.
    pub(crate) seen: Seen,
    /// The outcome of joining events that name only a client. `None` if nothing changed, so that no join ran.
    pub(crate) of_clients: Option<OfClients>,
    pub(crate) told: Told,
    /// The ids that were not known, by table.
    pub(crate) fresh: BTreeMap<Table, Vec<String>>,
}

impl Work<'_> {
    /// Works through all buckets, several at a time, and hands the new files to the transaction in their order.
    pub(crate) fn run(self, progress: &dyn Progress) -> Result<AllDone, IngestError> {
        let numbers = |table: Table| (0..self.buckets(table)).map(move |number| (table, number));
        let alone = self.layouts.keys().filter(|table| !matches!(table, Table::Deals | Table::Events));
        let pieces: Vec<(Table, u32)> =
            numbers(Table::Journeys).chain(alone.flat_map(|table| numbers(*table))).collect();
        let work = |piece: &(Table, u32)| match *piece {
            (Table::Journeys, number) => self.bucket(number),
            (table, number) => self.alone(table, number),
        };
        let total = pieces.len() as u64;
        let finished = each(&pieces, work, |done| progress.step("write", done, total))?;
        let mut all = AllDone::default();
        let (mut files, mut to_do, mut differs) = (Files::new(self.base), ToDo::default(), self.is_unjoined()?);
        for ((table, number), done) in pieces.into_iter().zip(finished) {
            for (table, counts) in done.counts {
                all.counts.entry(table).or_default().add(counts);
            }
            done.written.into_iter().for_each(|written| files.put(written));
            if table == Table::Journeys {
                differs |= done.deals_differ || done.events_differ;
                to_do.unfolded.extend(done.unfolded.then_some(number));
                to_do.events_changed.extend(done.events_differ.then_some(number));
                to_do.left.extend(done.left);
            }
            let of = if table == Table::Journeys { Table::Deals } else { table };
            near_duplicates::add(all.fresh.entry(of).or_default(), done.fresh);
            all.seen.add(done.seen);
            all.told.closings.add(done.told.closings);
            all.told.strays.add(done.told.strays);
            all.told.has_stages |= done.told.has_stages;
        }
        if differs {
            all.of_clients = Some(client_events::join(&self, &mut files, to_do)?);
        }
        let transaction = self.transaction.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (table, number, content) in files.written() {
            let of = if table == Table::Journeys { Table::Deals } else { table };
            let extra = self.layouts.get(&of).map(|layout| layout.extra.clone()).unwrap_or_default();
            let buckets = self.buckets.get(&table).copied().unwrap_or(1);
            transaction.replace_by(table, buckets, extra, number, content);
        }
        all.counts.entry(Table::Events).or_default().add(self.moved.counts);
        Ok(all)
    }

    /// Deals and events of one bucket, and their journeys.
    fn bucket(&self, number: u32) -> Result<Done, IngestError> {
        let parts =
            self.spill.bucket(Table::Journeys, (number, self.buckets(Table::Journeys)), || self.pool.bytes())?;
        let done = self.of_parts(number, &parts);
        parts.into_iter().for_each(|part| self.pool.keep_bytes(part));
        done
    }

    /// The same, of the parts of the spill that may have new rows.
    fn of_parts(&self, number: u32, parts: &[Vec<u8>]) -> Result<Done, IngestError> {
        let (mut done, mut lap) = (Done::default(), timings::laps());
        let [mut deals, mut events] = [Table::Deals, Table::Events].map(|table| self.table(table, parts, number));
        lap("ingest: bucket: read the new");
        self.moved.leave_out(&mut events, self.shapes);
        let (regrouped, moved) = (self.is_regrouped(Table::Journeys), self.moved.touches(number));
        let nothing_read = deals.rows.is_empty() && events.rows.is_empty();
        // a snapshot tells of the deals too that it does not list
        if nothing_read && self.snapshots.is_empty() && !regrouped && !moved {
            return Ok(done);
        }
        let arrived = self.moved.arrived(number)?;
        let (deals_layout, events_layout) = (&self.layouts[&Table::Deals], &self.layouts[&Table::Events]);
        let stays = !regrouped && !moved && !self.fold_later && self.snapshots.is_empty();
        let kept = if stays { self.cold(number, &deals, &events)? } else { Vec::new() };
        lap("ingest: bucket: look for the new among the cold");
        let (old_deals, old_events) = (self.old(Table::Deals, number, &kept)?, self.old(Table::Events, number, &kept)?);
        let mut deal_rows = self.rows(&old_deals, deals_layout, number)?;
        let mut event_rows = self.rows(&old_events, events_layout, number)?;
        self.moved.exchange(&mut event_rows, &arrived, events_layout);
        lap("ingest: bucket: read the old");
        let of_snapshots = self.snapshots.take(&mut deals, self.shapes);
        let known = deal_rows.len();
        let mut closings = Closings::new(self.exports, self.shapes, deals_layout)?;
        let mut watch = Watch::new(&mut closings, Fields::new(deals_layout)?, self.exports);
        let (mut deal_counts, mut touched) =
            upsert_settled(&mut deal_rows, &deals, self.shapes, deals_layout, &mut watch);
        let edited = watch.changed();
        let (mut event_counts, touched_events) = upsert(&mut event_rows, &events, self.shapes, events_layout);
        // what is written needs memory of its own
        self.pool.keep_cells(Of::New(Table::Deals), deals.cells);
        self.pool.keep_cells(Of::New(Table::Events), events.cells);
        done.fresh = near_duplicates::fresh(&deal_rows, known, deals_layout)?;
        let compared = Comparison::run(
            self.snapshots,
            &of_snapshots,
            (self.shapes, self.exports),
            (&mut deal_rows, deals_layout, edited),
            (&event_rows, events_layout),
            &mut closings,
        )?;
        compared.write(&mut event_rows, events_layout)?;
        deal_counts.add(compared.counts);
        event_counts.new += compared.seen.moves + compared.seen.records;
        touched.extend(&compared.touched);
        touched.sort_unstable();
        touched.dedup();
        done.seen = compared.seen;
        done.left = self.forget_joined(&mut event_rows, events_layout)?;
        done.told = Told {
            closings: closings.told(&deal_rows, deals_layout, &touched)?,
            strays: OrphanEvents::find((&event_rows, events_layout), &touched_events, (&deal_rows, deals_layout))?,
            has_stages: self.has_stages((&event_rows, events_layout), &kept)?,
        };
        done.counts.insert(Table::Deals, deal_counts);
        done.counts.insert(Table::Events, event_counts);
        lap("ingest: bucket: upsert");
        let events_differ = event_counts.differs() || moved;
        let deals_differ = deal_counts.differs() || compared.seen.touches_deals();
        if !deals_differ && !events_differ && !regrouped {
            return Ok(done);
        }
        (done.deals_differ, done.events_differ) = (deals_differ || regrouped, events_differ || regrouped);
        let deal_order = deal_rows.sorted(&deals_layout.slots(Table::Deals.sorted_by()));
        let event_order = event_rows.sorted(&events_layout.slots(Table::Events.sorted_by()));
        lap("ingest: bucket: sort");
        let (of_deals, of_events) =
            ((&deal_rows, deals_layout, &*deal_order), (&event_rows, events_layout, &*event_order));
        let divides = !self.fold_later && self.snapshots.is_empty();
        let divided = match divides {
            true => cold::divide(of_deals, of_events, self.moment, (self.mark, self.sizes.cold_events))?,
            false => None,
        };
        let refolds = deal_counts.differs() || events_differ || regrouped;
        // cold files of all tables go together; where only a listing was noted, those of the deals go alone
        let writes_all = divided.is_some() || refolds && self.melts(number, &kept);
        let whole = || vec![Portion { heat: Heat::Hot, deals: deal_order.clone(), events: event_order.clone() }];
        let portions = divided.map_or_else(whole, Vec::from);
        let rows = ((&deal_rows, deals_layout), (&event_rows, events_layout));
        if done.deals_differ || writes_all {
            done.written.push(self.write_portions(Table::Deals, number, rows, &portions, &kept)?);
        }
        if done.events_differ || writes_all {
            done.written.push(self.write_portions(Table::Events, number, rows, &portions, &kept)?);
        }
        lap("ingest: bucket: write deals and events");
        // journeys do not hold when a deal was seen
        if !refolds && !writes_all {
            return Ok(done);
        }
        done.unfolded = self.fold_later;
        if !self.fold_later {
            done.written.push(self.write_portions(Table::Journeys, number, rows, &portions, &kept)?);
        }
        self.pool.keep_cells(Of::Whole(Table::Deals), deal_rows.cells);
        self.pool.keep_cells(Of::Whole(Table::Events), event_rows.cells);
        Ok(done)
    }

    /// Writes a table's files of a bucket, one for each portion; those that are kept stay beside them. Journeys are folded for
    /// it: all of a portion, since its file is written anew.
    fn write_portions(
        &self,
        table: Table,
        number: u32,
        ((deals, deals_layout), (events, events_layout)): (Laid<'_, '_>, Laid<'_, '_>),
        portions: &[Portion],
        kept: &[Cold<'_>],
    ) -> Result<Written, IngestError> {
        let one = |portion: &Portion| {
            let place = (table, number, portion.heat);
            let (of_deals, of_events) =
                ((deals, deals_layout, &*portion.deals), (events, events_layout, &*portion.events));
            match table {
                Table::Journeys => {
                    let mut lap = timings::laps();
                    let folded = fold_all(of_deals, of_events, &[], self.days)?;
                    lap("ingest: bucket: fold journeys");
                    let file = self.write_journeys(number, portion.heat, of_deals, &folded);
                    lap("ingest: bucket: write journeys");
                    file
                }
                Table::Events => self.write(place, portion.events.len(), |path| {
                    data_file::write(path, events_layout, events, &portion.events)
                }),
                _ => self.write(place, portion.deals.len(), |path| {
                    data_file::write(path, deals_layout, deals, &portion.deals)
                }),
            }
        };
        let files: Vec<_> = portions.iter().map(one).collect::<Result<_, IngestError>>()?;
        let kept = kept.iter().filter_map(|cold| cold.path(table)).collect();
        Ok((table, number, Content { files: files.into_iter().flatten().collect(), kept }))
    }

    /// The cold files of a bucket that can stay as they are, since no new row tells of what they hold.
    fn cold(&self, number: u32, deals: &Patches<'_>, events: &Patches<'_>) -> Result<Vec<Cold<'_>>, IngestError> {
        let (colds, mut kept) = (Cold::of(self.base, number, self.mark), Vec::new());
        if colds.is_empty() {
            return Ok(kept);
        }
        let told = cold::Told::of(deals, events, self.shapes, &self.layouts[&Table::Events])?;
        for cold in colds {
            if !cold.is_met(&told, self.moved)? {
                kept.push(cold);
            }
        }
        Ok(kept)
    }

    /// Whether cold files of a bucket are read with the hot ones.
    fn melts(&self, number: u32, kept: &[Cold<'_>]) -> bool {
        let cold = |table: &Table| {
            let files = self.base.tables.get(table).into_iter().flat_map(|state| state.bucket(number));
            files.filter(|file| matches!(file.heat, Heat::Cold(_))).count()
        };
        cold::TABLES.iter().any(|table| cold(table) > kept.len())
    }

    /// Whether any event of a bucket tells of a stage.
    fn has_stages(&self, (events, layout): Laid<'_, '_>, kept: &[Cold<'_>]) -> Result<bool, IngestError> {
        let mut found = orphan_events::has_stages(events, layout)?;
        for cold in kept {
            found = found || cold.has_stages()?;
        }
        Ok(found)
    }

    /// An event that names a deal now, or became a mailing, is joined to none. Returns the buckets of the deals that had it.
    fn forget_joined(&self, events: &mut Rows<'_>, layout: &Layout) -> Result<BTreeSet<u32>, NoColumn> {
        let [deal_id, kind, joined] = layout.places(["deal_id", "kind", "joined_deal"])?;
        let mut left = BTreeSet::new();
        for row in 0..events.len() {
            let is_own = client_events::is_own(events.cell(row, deal_id), events.cell(row, kind));
            if let (Some(deal), false) = (events.cell(row, joined).text(), is_own) {
                left.insert(bucket(deal, self.buckets(Table::Journeys)));
                let place = row * events.width + joined;
                events.cells[place] = Cell::Null;
            }
        }
        Ok(left)
    }

    /// Whether the store is from a Voronka that did not join events which know only their client.
    fn is_unjoined(&self) -> Result<bool, IngestError> {
        let first = self.base.tables.get(&Table::Events).and_then(|state| state.files.first());
        first.map_or(Ok(false), |file| client_events::is_unjoined(&file.path))
    }

    /// One bucket of a table that no other goes with.
    fn alone(&self, table: Table, number: u32) -> Result<Done, IngestError> {
        let mut done = Done::default();
        let parts = self.spill.bucket(table, (number, self.buckets(table)), || self.pool.bytes())?;
        let patches = self.table(table, &parts, number);
        let regrouped = self.is_regrouped(table);
        if patches.rows.is_empty() && !regrouped {
            return Ok(done);
        }
        let (old, layout) = (self.old(table, number, &[])?, &self.layouts[&table]);
        let mut rows = self.rows(&old, layout, number)?;
        let known = rows.len();
        let (counts, _) = upsert(&mut rows, &patches, self.shapes, layout);
        drop(patches);
        done.fresh = near_duplicates::fresh(&rows, known, layout)?;
        done.counts.insert(table, counts);
        if counts.differs() || regrouped {
            let order = rows.sorted(&layout.slots(table.sorted_by()));
            let write = |path: &Path| data_file::write(path, layout, &rows, &order);
            let file = self.write((table, number, Heat::Hot), order.len(), write)?;
            done.written.push((table, number, Content { files: file.into_iter().collect(), kept: Vec::new() }));
        }
        Ok(done)
    }

    /// Whether the number of a table's buckets changes, so that every one of them has to be written.
    fn is_regrouped(&self, table: Table) -> bool {
        together(&table)
            .iter()
            .filter_map(|table| self.base.tables.get(table))
            .any(|state| !state.files.is_empty() && state.buckets != self.buckets(table))
    }

    fn table<'p>(&self, table: Table, parts: &'p [Vec<u8>], number: u32) -> Patches<'p> {
        let mut patches = Patches { rows: Vec::new(), cells: self.pool.cells(Of::New(table)) };
        for part in parts {
            patches.extend(part, table, self.shapes, (number, self.buckets(table)));
        }
        patches
    }

    /// The old files of a bucket, without those that are kept.
    fn old(&self, table: Table, number: u32, kept: &[Cold<'_>]) -> Result<OldBucket, IngestError> {
        let Some(state) = self.base.tables.get(&table) else { return Ok(OldBucket::default()) };
        let kept: Vec<PathBuf> = kept.iter().filter_map(|cold| cold.path(table)).collect();
        let files = state.bucket(number % state.buckets.max(1)).filter(|file| !kept.contains(&file.path));
        OldBucket::read(files.map(|file| file.path.as_path()))
    }

    /// The old rows of a bucket: where the number of buckets grew, those that stay in this one.
    fn rows<'o>(&self, old: &'o OldBucket, layout: &Layout, number: u32) -> Result<Rows<'o>, IngestError> {
        let mut rows = old.rows_within(layout, self.pool.cells(Of::Whole(layout.table)))?;
        if self.is_regrouped(layout.table) {
            let by = layout.slots(layout.table.bucket_by());
            let mut kept = Rows::new(rows.width);
            for row in 0..rows.len() {
                let key = by.iter().find_map(|slot| rows.cell(row, *slot).text()).unwrap_or_default();
                if bucket(key, self.buckets(layout.table)) == number {
                    kept.cells.extend_from_slice(rows.row(row));
                }
            }
            rows = kept;
        }
        Ok(rows)
    }
}
