//! Cold rows: deals of a bucket that are over and have been quiet, with their events. They lie in files of their own, so that an
//! ingest that does not tell of them leaves these files as they are; a week writes what is left.
//!
//! Deals, events and journeys get cold files together, of the same deals. Where new rows tell of one of them, the cold files of
//! these deals are read with the others and written anew.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use xxhash_rust::xxh3::xxh3_64;

use super::journeys::Sorted;
use super::orphan_events;
use super::reassigned::Moved;
use crate::export::datum::Cell;
use crate::ingest::IngestError;
use crate::ingest::data_file::OldBucket;
use crate::ingest::stage::shape::Shape;
use crate::ingest::stage::spill::Patches;
use crate::model::layout::{Layout, NoColumn};
use crate::model::tables::Table;
use crate::store::{DataFile, Heat, Snapshot};

/// The tables that get cold files together.
pub(crate) const TABLES: [Table; 3] = [Table::Deals, Table::Events, Table::Journeys];

/// How long a deal that is over has been quiet before it is cold, in microseconds: on generated exports of a million clients a
/// week told of none that had been quiet for 45 days, and of three of a million that had for 30.
const QUIET: i64 = 45 * 24 * 60 * 60 * 1_000_000;

/// A bucket with more of them is written as a whole, which makes one of them: each costs whoever reads the table.
const MOST: usize = 4;

/// Goes up where the same events are to give other journeys than before, or a column another kind: cold files of other rules are not kept.
const RULES: u32 = 1;

/// The mark of the rules by which journeys are folded, of which the time zone is one: it says which instants are days.
pub(crate) fn mark_of(zone: Tz) -> u32 {
    // half of the hash tells zones apart as well
    (xxh3_64(format!("{RULES} {zone}").as_bytes()) >> 32) as u32
}

/// The cold files of some deals of a bucket.
#[derive(Debug)]
pub(crate) struct Cold<'b> {
    /// Of each of [`TABLES`].
    files: [&'b DataFile; 3],
}

impl<'b> Cold<'b> {
    /// Those that a bucket of the store has, folded by the rules of a mark. None where they do not belong together: a file of one
    /// table was written without those of the others.
    pub(crate) fn of(base: &'b Snapshot, number: u32, mark: u32) -> Vec<Cold<'b>> {
        let of = |table: Table| -> Vec<&'b DataFile> {
            let files = base.tables.get(&table).into_iter().flat_map(|state| state.bucket(number));
            files.filter(|file| file.heat == Heat::Cold(mark)).collect()
        };
        let [deals, events, journeys] = TABLES.map(of);
        if deals.len() > MOST || events.len() != deals.len() || journeys.len() != deals.len() {
            return Vec::new();
        }
        let together = deals.into_iter().zip(events).zip(journeys);
        let colds = together.map(|((deals, events), journeys)| Cold { files: [deals, events, journeys] });
        colds.map(|cold| cold.belongs().then_some(cold)).collect::<Option<_>>().unwrap_or_default()
    }

    /// Whether one ingest wrote the three.
    fn belongs(&self) -> bool {
        let [deals, events, journeys] =
            self.files.map(|file| (file.path.parent().and_then(Path::file_name), file.rows));
        deals.0 == events.0 && deals == journeys
    }

    /// The file of a table.
    pub(crate) fn path(&self, table: Table) -> Option<PathBuf> {
        let at = TABLES.iter().position(|of| *of == table)?;
        Some(self.files[at].path.clone())
    }

    /// Whether new rows tell of one of the deals, or of one of the events; of these it may be known by the search for those
    /// that changed their deal.
    pub(crate) fn is_met(&self, told: &Told, moved: &Moved) -> Result<bool, IngestError> {
        let [deals, events, _] = self.files;
        Ok(holds(deals, "deal_id", &told.deals)?
            || moved.meets(&events.path).map_or_else(|| holds(events, "event_id", &told.events), Ok)?)
    }

    /// Whether any of the events tells of a stage.
    pub(crate) fn has_stages(&self) -> Result<bool, IngestError> {
        let layout = only("kind", Table::Events);
        let old = OldBucket::read_columns(&self.files[1].path, &["kind"])?;
        Ok(orphan_events::has_stages(&old.rows(&layout)?, &layout)?)
    }
}

fn only(column: &str, table: Table) -> Layout {
    let mut layout = Layout::new(table, Vec::new());
    layout.columns.retain(|(name, _)| name == column);
    layout
}

/// Whether a column of a file has one of some marks.
fn holds(file: &DataFile, column: &str, marks: &[u64]) -> Result<bool, IngestError> {
    if marks.is_empty() {
        return Ok(false);
    }
    let old = OldBucket::read_columns(&file.path, &[column])?;
    let mut marks_of_file = old.texts(column)?.flatten().map(|id| xxh3_64(id.as_bytes()));
    Ok(marks_of_file.any(|mark| marks.binary_search(&mark).is_ok()))
}

/// Two ids of one mark are treated alike: at worst, files are written anew that could have stayed.
fn mark(id: Cell<'_>) -> Option<u64> {
    id.text().map(|id| xxh3_64(id.as_bytes()))
}

/// The ids of what new rows of a bucket tell of, as marks in their order.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Of deals, and of the deals that events name.
    deals: Vec<u64>,
    events: Vec<u64>,
}

impl Told {
    /// Those of new deals and events.
    pub(crate) fn of(
        deals: &Patches<'_>,
        events: &Patches<'_>,
        shapes: &[Shape],
        layout: &Layout,
    ) -> Result<Told, NoColumn> {
        let named = layout.slot("deal_id")?;
        let mut told = Told::default();
        let key = |patches: &Patches<'_>, (shape, from): (u32, u32)| {
            let at = shapes[shape as usize].key.first().copied().flatten()?;
            mark(patches.cells[from as usize + at])
        };
        told.deals.extend(deals.rows.iter().filter_map(|row| key(deals, *row)));
        for (shape, from) in &events.rows {
            told.events.extend(key(events, (*shape, *from)));
            let at = shapes[*shape as usize].columns.iter().position(|column| column.slot == named);
            told.deals.extend(at.and_then(|at| mark(events.cells[*from as usize + at])));
        }
        for marks in [&mut told.deals, &mut told.events] {
            marks.sort_unstable();
            marks.dedup();
        }
        Ok(told)
    }
}

/// Rows of a bucket that go into files of their own: deals and events, each in their order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Portion {
    pub(crate) heat: Heat,
    pub(crate) deals: Vec<u32>,
    pub(crate) events: Vec<u32>,
}

/// Divides rows of a bucket at a moment, if at least so many events are cold. Events of no deal are cold when they are old; those of deals that
/// are not known wait among the hot ones. Deals that listing exports show are not divided: the next listing tells of all of them.
pub(crate) fn divide(
    deals: Sorted<'_, '_>,
    events: Sorted<'_, '_>,
    moment: i64,
    (mark, least): (u32, usize),
) -> Result<Option<[Portion; 2]>, NoColumn> {
    let ((deal_rows, deals_layout, deal_order), (rows, layout, order)) = (deals, events);
    let [deal_id, status, created_at, closed_at, seen_at] =
        deals_layout.places(["deal_id", "status", "created_at", "closed_at", "seen_at"])?;
    let [of, at] = layout.places(["deal_id", "at"])?;
    // by what was created last and not by the clock: the exports of old years have cold deals as well, and what is planned for
    // later makes none of them
    let of_deals = |slot: usize| deal_order.iter().filter_map(move |deal| deal_rows.cell(*deal as usize, slot).whole());
    let Some(newest) = of_deals(created_at).max().filter(|_| of_deals(seen_at).next().is_none()) else {
        return Ok(None);
    };
    // one creation that was mistyped as of next year would make yesterday's closings cold
    let since = newest.min(moment).saturating_sub(QUIET);
    let is_before = |at: Cell<'_>| at.whole().is_some_and(|at| at < since);
    let is_old = |event: &u32| is_before(rows.cell(*event as usize, at));
    let of_deal = |event: &u32| rows.cell(*event as usize, of).text();
    let portion = |heat| Portion { heat, deals: Vec::new(), events: Vec::new() };
    let (mut cold, mut hot) = (portion(Heat::Cold(mark)), portion(Heat::Hot));
    let mut rest = order;
    let mut take = |is_next: &dyn Fn(Option<&str>) -> bool| {
        let (taken, left) = rest.split_at(rest.iter().take_while(|event| is_next(of_deal(event))).count());
        rest = left;
        taken
    };
    for event in take(&|deal| deal.is_none()) {
        if is_old(event) { &mut cold } else { &mut hot }.events.push(*event);
    }
    for deal in deal_order {
        let cell = |slot: usize| deal_rows.cell(*deal as usize, slot);
        let id = cell(deal_id).text();
        hot.events.extend(take(&|deal| deal < id));
        let own = take(&|deal| deal == id);
        let is_over = matches!(cell(status).text(), Some("won" | "lost"));
        let was_closed = cell(closed_at).is_null() || is_before(cell(closed_at));
        let is_cold = is_over && is_before(cell(created_at)) && was_closed && own.iter().all(is_old);
        let portion = if is_cold { &mut cold } else { &mut hot };
        portion.deals.push(*deal);
        portion.events.extend(own);
    }
    hot.events.extend(take(&|_| true));
    Ok((!cold.deals.is_empty() && cold.events.len() >= least.max(1)).then_some([cold, hot]))
}
