//! What the amount, the expected closing date and the probability of deals were, out of snapshots.
//!
//! A deal that snapshots list held, since the first of them, what the newest one shows, until an export shows something else. So
//! nothing is kept of a field that never changed. With its first change two events are made: what it held since the first snapshot,
//! and what it holds now; the change lies between the last snapshot before it and the export that shows it. Where a log tells of
//! the field, events are made only of what the log does not tell.

use std::collections::BTreeMap;

use xxhash_rust::xxh3::xxh3_64;

use super::closing_dates;
use super::event_owner::Owner;
use super::upsert::{Group, Settle};
use crate::export::datum::Cell;
use crate::export::snapshot_date::Span;
use crate::ingest::rows::Rows;
use crate::model::layout::{Layout, NoColumn};
use crate::model::tables::{CHANGE_KINDS, value_of_change};

/// The values of a deal's fields, in the order of [`CHANGE_KINDS`].
pub(crate) type Values<'a> = [Cell<'a>; CHANGE_KINDS.len()];

/// Where the fields stand in deals.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields([usize; CHANGE_KINDS.len()]);

impl Fields {
    pub(crate) fn new(deals: &Layout) -> Result<Fields, NoColumn> {
        deals.places(CHANGE_KINDS).map(Fields)
    }

    pub(crate) fn of<'a>(self, row: &[Cell<'a>]) -> Values<'a> {
        self.0.map(|slot| row[slot])
    }
}

/// Rows that held something else before they were patched.
pub(crate) struct Watch<'w, 'a> {
    inner: &'w mut dyn Settle<'a>,
    fields: Fields,
    /// Of each shape, what is known of its export.
    exports: &'w [closing_dates::Of],
    /// By row: when the export was taken that changed it, and what it held before.
    was: Edited<'a>,
}

/// Rows that exports changed: when the export was taken, and what the row held.
pub(crate) type Edited<'a> = BTreeMap<usize, (i64, Values<'a>)>;

impl<'w, 'a> Watch<'w, 'a> {
    pub(crate) fn new(inner: &'w mut dyn Settle<'a>, fields: Fields, exports: &'w [closing_dates::Of]) -> Self {
        Watch { inner, fields, exports, was: BTreeMap::new() }
    }

    pub(crate) fn changed(self) -> Edited<'a> {
        self.was
    }
}

impl<'a> Settle<'a> for Watch<'_, 'a> {
    fn settle(&mut self, row: usize, before: Option<&[Cell<'a>]>, now: &mut [Cell<'a>], group: Group<'_, 'a>) {
        self.inner.settle(row, before, now, group);
        let Some(before) = before.map(|before| self.fields.of(before)) else { return };
        if before != self.fields.of(now) {
            let taken = group.rows().filter_map(|(shape, _)| self.exports.get(shape)).map(|of| of.taken);
            self.was.insert(row, (taken.max().unwrap_or_default(), before));
        }
    }
}

/// A deal as an export shows it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown<'a> {
    pub(crate) of: Owner<'a>,
    pub(crate) now: Values<'a>,
    /// What it held before the export, where that is something else.
    pub(crate) was: Option<Values<'a>>,
    pub(crate) listed_at: Option<i64>,
    pub(crate) seen_at: Option<i64>,
}

/// Something that the log says of a field, or an event that was made before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step<'a> {
    at: i64,
    id: String,
    value: Cell<'a>,
    is_exact: bool,
    /// Its row among the events, or among the events that were made.
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Event(usize),
    Made(usize),
}

/// An event that is to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Made<'a> {
    id: String,
    field: usize,
    at: i64,
    after: Option<i64>,
    before: i64,
    value: Cell<'a>,
    of: Owner<'a>,
}

/// The histories of a bucket's deals.
#[derive(Debug, Default)]
pub(crate) struct FieldHistory<'a> {
    steps: BTreeMap<&'a str, [Vec<Step<'a>>; CHANGE_KINDS.len()]>,
    made: Vec<Made<'a>>,
    /// Events that say something else now: an export of a day was read again. By row.
    mended: BTreeMap<usize, (usize, Cell<'a>)>,
    /// How many changes were found.
    pub(crate) changes: u64,
}

impl<'a> FieldHistory<'a> {
    pub(crate) fn new(events: &Rows<'a>, layout: &Layout) -> Result<FieldHistory<'a>, NoColumn> {
        let [id, at, kind, deal, before] = layout.places(["event_id", "at", "kind", "deal_id", "before"])?;
        let mut history = FieldHistory::default();
        let values = values(layout)?;
        for row in 0..events.len() {
            let cell = |slot: usize| events.cell(row, slot);
            let Some(field) = cell(kind).text().and_then(field) else { continue };
            if let (Some(deal), Some(at)) = (cell(deal).text(), cell(at).whole()) {
                history.steps.entry(deal).or_default()[field].push(Step {
                    at,
                    id: cell(id).text().unwrap_or_default().to_owned(),
                    value: cell(values[field]),
                    is_exact: cell(before).is_null(),
                    place: Place::Event(row),
                });
            }
        }
        history.steps.values_mut().flatten().for_each(|steps| steps.sort());
        Ok(history)
    }

    /// Takes in what an export shows of a deal.
    pub(crate) fn see(&mut self, shown: Shown<'a>, taken: Span) {
        let is_known = self.steps.contains_key(shown.of.deal);
        if !is_known && shown.was.is_none() {
            return;
        }
        for field in 0..CHANGE_KINDS.len() {
            let is_told = self.steps.get(shown.of.deal).is_some_and(|steps| !steps[field].is_empty());
            match (is_told, shown.was, shown.seen_at) {
                (true, ..) => self.compare(&shown, field, taken),
                (false, Some(was), Some(seen_at)) if was[field] != shown.now[field] => {
                    let begun = shown.listed_at.unwrap_or(seen_at);
                    // the first snapshot, read again with another value, is no change
                    if begun < taken.earliest {
                        let first = Made { at: begun, after: None, before: begun, ..made(&shown, field, taken) };
                        self.put(Made { id: id(shown.of.deal, field, begun), value: was[field], ..first });
                        self.put(Made { after: Some(seen_at), ..made(&shown, field, taken) });
                        self.changes += 1;
                    }
                }
                _ => {}
            }
        }
    }

    /// Compares a field with what is told of it.
    fn compare(&mut self, shown: &Shown<'a>, field: usize, taken: Span) {
        let Some(steps) = self.steps.get_mut(shown.of.deal).map(|steps| &mut steps[field]) else { return };
        let (value, id) = (shown.now[field], id(shown.of.deal, field, taken.earliest));
        if let Some(same) = steps.iter_mut().find(|step| step.id == id) {
            if same.value != value {
                same.value = value;
                match same.place {
                    Place::Event(row) => drop(self.mended.insert(row, (field, value))),
                    Place::Made(at) => self.made[at].value = value,
                }
            }
            return;
        }
        let known = &steps[..steps.partition_point(|step| step.at <= taken.latest)];
        // of a day it is not known when the export was taken: what is told of any of its moments is the same
        let (before, within) = known.split_at(known.partition_point(|step| step.at <= taken.earliest));
        if before.last().into_iter().chain(within).any(|step| step.value == value) {
            return;
        }
        let moments = [shown.seen_at, before.last().filter(|step| step.is_exact).map(|step| step.at)];
        let after = moments.into_iter().flatten().filter(|after| *after < taken.latest).max();
        self.put(Made { after, ..made(shown, field, taken) });
        self.changes += 1;
    }

    fn put(&mut self, made: Made<'a>) {
        let steps = &mut self.steps.entry(made.of.deal).or_default()[made.field];
        let place = Place::Made(self.made.len());
        steps.push(Step { at: made.at, id: made.id.clone(), value: made.value, is_exact: false, place });
        steps.sort();
        self.made.push(made);
    }

    /// How many events are new, and how many say something else.
    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.made.len() as u64, self.mended.len() as u64)
    }

    /// Puts what was found among the events.
    pub(crate) fn write<'e>(&'e self, events: &mut Rows<'e>, layout: &Layout) -> Result<(), NoColumn>
    where
        'a: 'e,
    {
        let values = values(layout)?;
        for (row, (field, value)) in &self.mended {
            let place = row * events.width + values[*field];
            events.cells[place] = *value;
        }
        for made in &self.made {
            let kind = CHANGE_KINDS[made.field];
            made.of.write(events, layout, (&made.id, kind), (made.at, made.after, made.before))?;
            let start = events.cells.len() - events.width;
            events.cells[start + values[made.field]] = made.value;
        }
        Ok(())
    }
}

fn field(kind: &str) -> Option<usize> {
    CHANGE_KINDS.iter().position(|name| *name == kind)
}

/// Where events hold the values.
fn values(events: &Layout) -> Result<[usize; CHANGE_KINDS.len()], NoColumn> {
    events.places(CHANGE_KINDS.map(|kind| value_of_change(kind).unwrap_or(kind)))
}

fn made<'a>(shown: &Shown<'a>, field: usize, taken: Span) -> Made<'a> {
    let id = id(shown.of.deal, field, taken.earliest);
    let value = shown.now[field];
    Made { id, field, at: taken.latest, after: None, before: taken.latest, value, of: shown.of }
}

/// One export says one thing of a field: read again, it is the same event.
fn id(deal: &str, field: usize, moment: i64) -> String {
    let mut key = [deal, "\u{ff}", CHANGE_KINDS[field], "\u{fe}"].concat().into_bytes();
    key.extend_from_slice(&moment.to_le_bytes());
    format!("{:016x}", xxh3_64(&key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::datum::Datum::{Null, Real, Text, Whole};
    use crate::model::tables::Table;

    fn day(day: i64) -> Span {
        Span { earliest: day * 10, latest: day * 10 + 9 }
    }

    const OF: Owner<'_> = Owner { deal: "1", client: Null, manager: Text("Ann") };

    fn shown<'a>(now: Values<'a>, was: Option<Values<'a>>, seen: i64) -> Shown<'a> {
        Shown { of: OF, now, was, listed_at: Some(10), seen_at: Some(seen * 10) }
    }

    fn told(history: &FieldHistory<'_>) -> Vec<(&'static str, i64, Option<i64>, Cell<'static>)> {
        let value = |cell: Cell<'_>| cell.real().map_or(cell.whole().map_or(Null, Whole), Real);
        history.made.iter().map(|made| (CHANGE_KINDS[made.field], made.at, made.after, value(made.value))).collect()
    }

    #[test]
    fn a_change_tells_what_was_since_the_first_snapshot_and_what_is_now() {
        let mut history = FieldHistory::default();
        history.see(shown([Whole(5), Null, Real(0.5)], None, 1), day(2));
        assert_eq!(told(&history), []);
        history.see(shown([Whole(7), Null, Null], Some([Whole(5), Null, Real(0.5)]), 2), day(3));
        let first = [
            ("amount", 10, None, Whole(5)),
            ("amount", 39, Some(20), Whole(7)),
            ("probability", 10, None, Real(0.5)),
            ("probability", 39, Some(20), Null),
        ];
        assert_eq!(told(&history), first);
        // the same again, and the same day with another value
        history.see(shown([Whole(7), Null, Null], None, 3), day(3));
        assert_eq!(told(&history), first);
        history.see(shown([Whole(8), Null, Null], Some([Whole(7), Null, Null]), 3), day(3));
        assert_eq!(told(&history)[1], ("amount", 39, Some(20), Whole(8)));
        history.see(shown([Whole(5), Null, Null], Some([Whole(8), Null, Null]), 3), day(4));
        assert_eq!((told(&history)[4], history.changes), (("amount", 49, Some(30), Whole(5)), 3));
    }

    #[test]
    fn the_first_snapshot_read_again_is_no_change() {
        let mut history = FieldHistory::default();
        history.see(shown([Whole(7), Null, Null], Some([Whole(5), Null, Null]), 1), day(1));
        // nor is what an export says of a deal that no snapshot has listed
        let unlisted = Shown { listed_at: None, seen_at: None, ..shown([Whole(7); 3], Some([Whole(5); 3]), 1) };
        history.see(unlisted, day(2));
        assert_eq!((told(&history), history.changes), (vec![], 0));
    }

    #[test]
    fn what_a_log_tells_is_not_told_again() {
        let layout = Layout::new(Table::Events, vec![]);
        let [event_id, at, kind, deal, amount] =
            layout.places(["event_id", "at", "kind", "deal_id", "amount"]).unwrap();
        let mut events = Rows::new(layout.width());
        for (id, moment, value) in [("a", 12, 5), ("b", 35, 7)] {
            let start = events.cells.len();
            events.cells.resize(start + events.width, Null);
            let cells = [
                (event_id, Text(id)),
                (at, Whole(moment)),
                (kind, Text("amount")),
                (deal, Text("1")),
                (amount, Whole(value)),
            ];
            cells.into_iter().for_each(|(slot, cell)| events.cells[start + slot] = cell);
        }
        let mut history = FieldHistory::new(&events, &layout).unwrap();
        history.see(shown([Whole(5), Null, Null], None, 1), day(2));
        // of its day both are right
        history.see(shown([Whole(7), Null, Null], Some([Whole(5), Null, Null]), 2), day(3));
        assert_eq!(told(&history), []);
        // a change that the log lacks, after what it has
        history.see(shown([Whole(9), Null, Null], Some([Whole(7), Null, Null]), 3), day(4));
        assert_eq!(told(&history), [("amount", 49, Some(35), Whole(9))]);
        let mut written = events.clone();
        history.write(&mut written, &layout).unwrap();
        assert_eq!((written.len(), written.cell(2, amount), written.cell(2, at)), (3, Whole(9), Whole(49)));
        // read again with another value, the event of that day says it
        let mut again = FieldHistory::new(&written, &layout).unwrap();
        again.see(shown([Whole(11), Null, Null], Some([Whole(9), Null, Null]), 4), day(4));
        let mut mended = written.clone();
        again.write(&mut mended, &layout).unwrap();
        assert_eq!((again.counts(), mended.len(), mended.cell(2, amount)), ((0, 1), 3, Whole(11)));
    }
}
