//! Stage history out of snapshots: exports that list all deals of a kind, each in its present stage.
//!
//! What a snapshot shows is compared with what the store knows of the deal: where its log of stages does not say that the deal
//! stood there, a stage event is made that lies between the last moment at which it stood elsewhere and the snapshot. A deal that
//! its kind of snapshot lists no longer is marked. Works on one bucket, which holds a deal and all its events.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::closing_dates;
use super::event_owner::Owner;
use super::field_history::{Edited, FieldHistory, Fields, Shown, Values, Watch};
use super::seen::Seen;
use super::upsert::{Counts, Settle, upsert_settled};
use crate::export::datum::Cell;
use crate::export::snapshot_date::Span;
use crate::ingest::rows::Rows;
use crate::ingest::stage::shape::Shape;
use crate::ingest::stage::spill::Patches;
use crate::model::index::index_u32;
use crate::model::layout::{Layout, NoColumn};
use crate::model::tables::{GONE_KIND, Table};

/// One snapshot: all files of one kind of export that were taken at the same time.
#[derive(Debug)]
struct Snapshot {
    taken: Span,
    export: String,
    /// The marks of the deals whose rows were refused or left out: they are listed all the same.
    listed: BTreeSet<u64>,
    /// Whether there are rows of which not even the deal could be read: a deal that seems to be missing may be one of them.
    has_gaps: bool,
}

/// The snapshots of an ingest, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    all: Vec<Snapshot>,
    /// Of each shape of deals, the snapshot that its rows are of.
    of_shape: BTreeMap<u32, usize>,
}

/// What was read of one file of a snapshot.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    pub(crate) taken: Span,
    pub(crate) export: String,
    /// The shapes of its rows.
    pub(crate) shapes: Range<usize>,
    /// The marks of the deals whose rows were refused or left out.
    pub(crate) listed: BTreeSet<u64>,
    pub(crate) has_gaps: bool,
}

/// 64-bit hash of the id of a listed deal that was not stored: a file may have millions of them. A collision only means that one
/// gone deal is not reported as gone.
pub(crate) fn mark(deal_id: &str) -> u64 {
    xxh3_64(deal_id.as_bytes())
}

impl Snapshots {
    /// Puts the files together to snapshots.
    pub(crate) fn new(files: Vec<SnapshotFile>, shapes: &[Shape]) -> Snapshots {
        let mut by_time: BTreeMap<(Span, String), Vec<SnapshotFile>> = BTreeMap::new();
        for file in files {
            by_time.entry((file.taken, file.export.clone())).or_default().push(file);
        }
        let mut snapshots = Snapshots::default();
        for (index, ((taken, export), files)) in by_time.into_iter().enumerate() {
            let has_gaps = files.iter().any(|file| file.has_gaps);
            let listed = files.iter().flat_map(|file| file.listed.iter().copied()).collect();
            snapshots.all.push(Snapshot { taken, export, listed, has_gaps });
            let of_deals = files.into_iter().flat_map(|file| file.shapes).filter(|n| shapes[*n].table == Table::Deals);
            snapshots.of_shape.extend(of_deals.map(|n| (index_u32(n), index)));
        }
        snapshots
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Takes the rows of snapshots out of those of a bucket: a part for each snapshot.
    pub(crate) fn take<'a>(&self, patches: &mut Patches<'a>, shapes: &[Shape]) -> Vec<Patches<'a>> {
        let mut parts: Vec<Patches<'a>> = self.all.iter().map(|_| Patches::default()).collect();
        let Patches { rows, cells } = patches;
        rows.retain(|(shape, start)| {
            let Some(index) = self.of_shape.get(shape) else { return true };
            let (part, start) = (&mut parts[*index], *start as usize);
            part.rows.push((*shape, index_u32(part.cells.len())));
            part.cells.extend_from_slice(&cells[start..start + shapes[*shape as usize].columns.len()]);
            false
        });
        parts
    }
}

/// A stage event as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step<'a> {
    at: i64,
    id: String,
    stage: &'a str,
    /// Whether the deal stood there at that very moment. A snapshot of a day shows that it had come there by the day's end, and
    /// may have left by then.
    is_exact: bool,
}

/// What a snapshot and the store say of a deal.
#[derive(Debug, Clone, Copy)]
struct Deal<'a> {
    of: Owner<'a>,
    stage: &'a str,
    created_at: Option<i64>,
    /// When it was closed, if it is.
    closed_at: Option<i64>,
    /// The newest snapshot before this one in which it stood.
    seen_at: Option<i64>,
}

/// A move that a snapshot shows and no log tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found<'a> {
    id: String,
    stage: &'a str,
    at: i64,
    after: Option<i64>,
    before: i64,
    of: Owner<'a>,
}

/// A time in which snapshots did not list a deal that is back.
#[derive(Debug, Clone)]
struct Gone<'a> {
    id: String,
    at: i64,
    after: Option<i64>,
    until: i64,
    of: Owner<'a>,
}

/// Compares a deal in a snapshot with its stage events, which stand in the order of time. None: they say the same.
fn compare<'a>(deal: Deal<'a>, taken: Span, steps: &[Step<'a>]) -> Option<Found<'a>> {
    let known = &steps[..steps.partition_point(|step| step.at <= taken.latest)];
    // of a day it is not known when the snapshot was taken: what the log says of any of its moments is the same
    let (before, within) = known.split_at(known.partition_point(|step| step.at <= taken.earliest));
    if before.last().into_iter().chain(within).any(|step| step.stage == deal.stage) {
        return None;
    }
    let mut key = [deal.of.deal, "\u{ff}", deal.stage, "\u{ff}"].concat().into_bytes();
    key.extend_from_slice(&taken.earliest.to_le_bytes());
    let id = format!("{:016x}", xxh3_64(&key));
    if steps.iter().any(|step| step.id == id) {
        return None;
    }
    // the last moment at which it is known not to have stood here yet
    let moments = [deal.seen_at, before.last().filter(|step| step.is_exact).map(|step| step.at), deal.created_at];
    let after = moments.into_iter().flatten().filter(|after| *after < taken.latest).max();
    let fits = |closed: &i64| {
        *closed <= taken.latest
            && after.is_none_or(|after| after <= *closed)
            && known.last().is_none_or(|step| step.at < *closed)
    };
    let at = deal.closed_at.filter(fits).unwrap_or(taken.latest);
    Some(Found { id, stage: deal.stage, at, after, before: taken.latest, of: deal.of })
}

/// What was found in a bucket.
#[derive(Debug, Default)]
pub(crate) struct Comparison<'a> {
    /// The rows of deals that a snapshot lists.
    pub(crate) touched: Vec<usize>,
    pub(crate) counts: Counts,
    pub(crate) seen: Seen,
    found: Vec<Found<'a>>,
    gone: Vec<Gone<'a>>,
    fields: FieldHistory<'a>,
}

/// Where the columns of deals stand that are looked at.
struct Slots {
    deal_id: usize,
    client_id: usize,
    manager: usize,
    stage: usize,
    status: usize,
    created_at: usize,
    closed_at: usize,
    listed_at: usize,
    seen_at: usize,
    seen_in: usize,
    gone_at: usize,
    fields: Fields,
}

impl Slots {
    fn new(layout: &Layout) -> Result<Slots, NoColumn> {
        let slot = |name: &str| layout.slot(name);
        Ok(Slots {
            deal_id: slot("deal_id")?,
            client_id: slot("client_id")?,
            manager: slot("manager")?,
            stage: slot("stage")?,
            status: slot("status")?,
            created_at: slot("created_at")?,
            closed_at: slot("closed_at")?,
            listed_at: slot("listed_at")?,
            seen_at: slot("seen_at")?,
            seen_in: slot("seen_in")?,
            gone_at: slot("gone_at")?,
            fields: Fields::new(layout)?,
        })
    }

    fn owner<'a>(&self, deals: &Rows<'a>, row: usize) -> Owner<'a> {
        let cell = |slot: usize| deals.cell(row, slot);
        let deal = cell(self.deal_id).text().unwrap_or_default();
        Owner { deal, client: cell(self.client_id), manager: cell(self.manager) }
    }

    /// A deal with its fields; `was` is what they were before, where that is something else.
    fn shown<'a>(&self, deals: &Rows<'a>, row: usize, was: Option<Values<'a>>) -> Shown<'a> {
        let whole = |slot: usize| deals.cell(row, slot).whole();
        let (listed_at, seen_at) = (whole(self.listed_at), whole(self.seen_at));
        Shown { of: self.owner(deals, row), now: self.fields.of(deals.row(row)), was, listed_at, seen_at }
    }
}

impl<'a> Comparison<'a> {
    /// Brings the snapshots into the deals of a bucket, oldest first; `parts` are their rows.
    pub(crate) fn run(
        snapshots: &'a Snapshots,
        parts: &[Patches<'a>],
        (shapes, exports): (&[Shape], &[closing_dates::Of]),
        (deals, layout, edited): (&mut Rows<'a>, &Layout, Edited<'a>),
        (events, events_layout): (&Rows<'a>, &Layout),
        settle: &mut dyn Settle<'a>,
    ) -> Result<Comparison<'a>, NoColumn> {
        let mut comparison = Comparison::default();
        if snapshots.is_empty() && edited.is_empty() {
            return Ok(comparison);
        }
        let slots = Slots::new(layout)?;
        comparison.fields = FieldHistory::new(events, events_layout)?;
        for (row, (taken, was)) in edited {
            let shown = slots.shown(deals, row, Some(was));
            // of an export that is older than what was seen, nothing says which of the two is right
            if shown.seen_at.is_some_and(|seen_at| seen_at < taken) {
                comparison.fields.see(shown, Span { earliest: taken, latest: taken });
            }
        }
        let mut steps = if snapshots.is_empty() { BTreeMap::new() } else { steps(events, events_layout)? };
        for (snapshot, part) in snapshots.all.iter().zip(parts) {
            let shapes = (shapes, exports);
            comparison.one(snapshot, part, shapes, (&mut *deals, layout, &slots), &mut steps, &mut *settle);
        }
        let (made, mended) = comparison.fields.counts();
        comparison.seen.changes = comparison.fields.changes;
        comparison.seen.records = made + mended + comparison.gone.len() as u64;
        comparison.touched.sort_unstable();
        comparison.touched.dedup();
        Ok(comparison)
    }

    fn one(
        &mut self,
        snapshot: &'a Snapshot,
        part: &Patches<'a>,
        (shapes, exports): (&[Shape], &[closing_dates::Of]),
        (deals, layout, slots): (&mut Rows<'a>, &Layout, &Slots),
        steps: &mut BTreeMap<&'a str, Vec<Step<'a>>>,
        settle: &mut dyn Settle<'a>,
    ) {
        let taken = snapshot.taken;
        let last_seen: BTreeMap<&str, i64> = (0..deals.len())
            .filter_map(|row| Some((deals.cell(row, slots.deal_id).text()?, deals.cell(row, slots.seen_at).whole()?)))
            .collect();
        let next = next(snapshot, deals, slots);
        let (mut fresh, mut older) = (Patches { rows: Vec::new(), cells: part.cells.clone() }, BTreeSet::new());
        for (shape, start) in &part.rows {
            let key = shapes[*shape as usize].key.first().copied().flatten();
            let id = key.and_then(|at| part.cells[*start as usize + at].text()).unwrap_or_default();
            match last_seen.get(id).is_some_and(|seen_at| *seen_at > taken.earliest) {
                true => {
                    self.counts.leave_out(layout, &shapes[*shape as usize], &part.cells[*start as usize..]);
                    older.insert(id);
                }
                false => fresh.rows.push((*shape, *start)),
            }
        }
        self.seen.older += older.len() as u64;
        self.counts.unchanged += older.len() as u64;
        let mut watch = Watch::new(settle, slots.fields, exports);
        let (counts, touched) = upsert_settled(deals, &fresh, shapes, layout, &mut watch);
        let changed = watch.changed();
        self.counts.add(counts);
        for row in &touched {
            self.fields.see(slots.shown(deals, *row, changed.get(row).map(|(_, was)| *was)), taken);
            self.see((snapshot, next), deals, *row, slots, steps);
        }
        if !snapshot.has_gaps {
            self.miss(snapshot, deals, slots);
        }
        self.touched.extend(touched);
    }

    /// Takes in a deal that a snapshot lists: row `row`, as the snapshot has it. `next` is the snapshot after it, if that came
    /// before.
    fn see(
        &mut self,
        (snapshot, next): (&'a Snapshot, Option<i64>),
        deals: &mut Rows<'a>,
        row: usize,
        slots: &Slots,
        steps: &mut BTreeMap<&'a str, Vec<Step<'a>>>,
    ) {
        let taken = snapshot.taken;
        let cell = |slot: usize| deals.cell(row, slot);
        let of = slots.owner(deals, row);
        let deal = of.deal;
        let is_closed = matches!(cell(slots.status).text(), Some("won" | "lost"));
        let found = cell(slots.stage).text().and_then(|stage| {
            let known = steps.get(deal).map_or(&[][..], Vec::as_slice);
            let deal = Deal {
                of,
                stage,
                created_at: cell(slots.created_at).whole(),
                closed_at: cell(slots.closed_at).whole().filter(|_| is_closed),
                seen_at: cell(slots.seen_at).whole(),
            };
            compare(deal, taken, known)
        });
        if let Some(found) = found {
            self.seen.moves += 1;
            let is_dated = found.at < found.before;
            self.seen.dated += u64::from(is_dated);
            self.seen.first += u64::from(!is_dated && cell(slots.seen_at).is_null());
            let own = steps.entry(deal).or_default();
            own.push(Step {
                at: found.at,
                id: found.id.clone(),
                stage: found.stage,
                is_exact: found.at < found.before,
            });
            own.sort();
            self.found.push(found);
        }
        let (seen_at, gone_at) = (cell(slots.seen_at).whole(), cell(slots.gone_at).whole());
        let still_gone = match gone_at {
            Some(gone_at) if gone_at > taken.earliest => Some(gone_at),
            // the next one does not list it, or it would have been seen there
            Some(_) => next,
            // what was refused of one snapshot may have been refused of the next one too
            None if seen_at.is_none() && !snapshot.has_gaps => next,
            None => None,
        };
        self.seen.remark(gone_at, still_gone);
        if let Some(at) = gone_at.filter(|gone_at| *gone_at <= taken.earliest) {
            let mut key = [deal, "\u{ff}", GONE_KIND, "\u{fe}"].concat().into_bytes();
            key.extend_from_slice(&at.to_le_bytes());
            let id = format!("{:016x}", xxh3_64(&key));
            self.gone.push(Gone { id, at, after: seen_at, until: taken.earliest, of });
        }
        let listed_at = cell(slots.listed_at).whole().or(seen_at).unwrap_or(taken.earliest);
        let now = [
            (slots.listed_at, Cell::Whole(listed_at.min(taken.earliest))),
            (slots.seen_at, Cell::Whole(taken.earliest)),
            (slots.seen_in, Cell::Text(&snapshot.export)),
            (slots.gone_at, still_gone.map_or(Cell::Null, Cell::Whole)),
        ];
        let differs = now.iter().any(|(slot, value)| deals.cell(row, *slot) != *value);
        self.seen.again += u64::from(differs);
        for (slot, value) in now {
            deals.cells[row * deals.width + slot] = value;
        }
    }

    /// Marks the deals that were seen in this kind of snapshot before, and not in this one; of those that a newer one marked,
    /// this is the first that does not list them.
    fn miss(&mut self, snapshot: &Snapshot, deals: &mut Rows<'a>, slots: &Slots) {
        let taken = snapshot.taken.earliest;
        for row in 0..deals.len() {
            let gone_at = deals.cell(row, slots.gone_at).whole();
            let is_missing = deals.cell(row, slots.seen_in).text() == Some(snapshot.export.as_str())
                && deals.cell(row, slots.seen_at).whole().is_some_and(|seen_at| seen_at < taken)
                && gone_at.is_none_or(|gone_at| gone_at > taken)
                && deals.cell(row, slots.deal_id).text().is_some_and(|id| !snapshot.listed.contains(&mark(id)));
            if is_missing {
                deals.cells[row * deals.width + slots.gone_at] = Cell::Whole(taken);
                self.seen.remark(gone_at, Some(taken));
            }
        }
    }

    /// Puts what was found among the events.
    pub(crate) fn write<'e>(&'e self, events: &mut Rows<'e>, layout: &Layout) -> Result<(), NoColumn>
    where
        'a: 'e,
    {
        // those that say something else stand where they were read
        self.fields.write(events, layout)?;
        let stage = layout.slot("stage")?;
        for found in &self.found {
            found.of.write(events, layout, (&found.id, "stage"), (found.at, found.after, found.before))?;
            let start = events.cells.len() - events.width;
            events.cells[start + stage] = Cell::Text(found.stage);
        }
        for gone in &self.gone {
            gone.of.write(events, layout, (&gone.id, GONE_KIND), (gone.at, gone.after, gone.until))?;
        }
        Ok(())
    }
}

/// The snapshot of the same kind after this one, as far as the deals of a bucket tell: one that came late is followed by some.
fn next(snapshot: &Snapshot, deals: &Rows<'_>, slots: &Slots) -> Option<i64> {
    let is_of_kind = |row: &usize| deals.cell(*row, slots.seen_in).text() == Some(snapshot.export.as_str());
    let moments = |row: usize| [slots.seen_at, slots.gone_at].map(|slot| deals.cell(row, slot).whole());
    let known = (0..deals.len()).filter(is_of_kind).flat_map(moments).flatten();
    // within its own day it is not known which of the two was first
    known.filter(|moment| *moment > snapshot.taken.latest).min()
}

/// The stage events of each deal, in the order of time.
fn steps<'a>(events: &Rows<'a>, layout: &Layout) -> Result<BTreeMap<&'a str, Vec<Step<'a>>>, NoColumn> {
    let [id, at, kind, deal, stage, before] =
        layout.places(["event_id", "at", "kind", "deal_id", "stage", "before"])?;
    let mut all: BTreeMap<&str, Vec<Step<'_>>> = BTreeMap::new();
    for row in (0..events.len()).filter(|row| events.cell(*row, kind).text() == Some("stage")) {
        let text = |slot: usize| events.cell(row, slot).text();
        if let (Some(deal), Some(stage), Some(at)) = (text(deal), text(stage), events.cell(row, at).whole()) {
            let is_exact = events.cell(row, before).whole().is_none_or(|before| at < before);
            all.entry(deal).or_default().push(Step {
                at,
                id: text(id).unwrap_or_default().to_owned(),
                stage,
                is_exact,
            });
        }
    }
    all.values_mut().for_each(|steps| steps.sort());
    Ok(all)
}

#[cfg(test)]
mod tests;
