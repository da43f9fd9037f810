//! Closings as the store keeps them: the status says whether a deal is closed, a date only when.
//!
//! A closing date of an open deal is a planned one, and goes to `expected_close`. A closing without a date lies between the last
//! export that showed the deal open (`closed_after`) and the first that showed it closed (`closed_by`). Works on the row that the
//! patches of an ingest left, so that it is the same whichever exports the columns came from, and a second time changes nothing.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::upsert::{Group, Settle};
use crate::export::datum::Cell;
use crate::ingest::rows::Rows;
use crate::ingest::stage::shape::Shape;
use crate::model::lang::Text;
use crate::model::layout::{Layout, NoColumn};
use crate::model::tables::Table;

/// What is known of the export that the rows of a shape are of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Of {
    /// When it was taken, in microseconds: the latest moment for which it may stand.
    pub(crate) taken: i64,
    /// The zone of its times.
    pub(crate) zone: Tz,
}

/// Where the columns stand that matter here.
#[derive(Debug, Clone, Copy)]
struct Slots {
    status: usize,
    created_at: usize,
    closed_at: usize,
    expected_close: usize,
    closed_after: usize,
    closed_by: usize,
    seen_at: usize,
}

/// Where they stand among the columns of a shape.
#[derive(Debug, Clone, Copy, Default)]
struct Places {
    status: Option<usize>,
    closed_at: Option<usize>,
    expected_close: Option<usize>,
}

/// Settles the closings of a bucket's deals.
pub(crate) struct Closings<'w> {
    exports: &'w [Of],
    slots: Slots,
    /// Of each shape.
    places: Vec<Places>,
    /// Rows of open deals that carry a closing date.
    planned: BTreeSet<usize>,
    /// Rows of deals that were closed later than their export was taken.
    ahead: BTreeSet<usize>,
}

impl<'w> Closings<'w> {
    /// `exports` tell of each shape which export its rows are of.
    pub(crate) fn new(exports: &'w [Of], shapes: &[Shape], layout: &Layout) -> Result<Closings<'w>, NoColumn> {
        let slot = |name: &str| layout.slot(name);
        let slots = Slots {
            status: slot("status")?,
            created_at: slot("created_at")?,
            closed_at: slot("closed_at")?,
            expected_close: slot("expected_close")?,
            closed_after: slot("closed_after")?,
            closed_by: slot("closed_by")?,
            seen_at: slot("seen_at")?,
        };
        let places = |shape: &Shape| {
            let place = |slot: usize| shape.columns.iter().position(|column| column.slot == slot);
            match shape.table == Table::Deals {
                true => Places {
                    status: place(slots.status),
                    closed_at: place(slots.closed_at),
                    expected_close: place(slots.expected_close),
                },
                false => Places::default(),
            }
        };
        let places = shapes.iter().map(places).collect();
        Ok(Closings { exports, slots, places, planned: BTreeSet::new(), ahead: BTreeSet::new() })
    }

    /// What is worth telling of the deals of these rows.
    pub(crate) fn told(&self, deals: &Rows<'_>, layout: &Layout, touched: &[usize]) -> Result<Told, NoColumn> {
        let mut told = Told { planned: self.planned.len() as u64, ahead: self.ahead.len() as u64, ..Told::default() };
        let id = layout.slot("deal_id")?;
        for row in touched {
            let cell = |slot: usize| deals.cell(*row, slot);
            let closed = cell(self.slots.closed_at).whole();
            match (cell(self.slots.status).text(), closed) {
                (Some("won"), None) => told.won_undated += 1,
                (Some("lost"), None) => told.lost_undated += 1,
                (None, Some(_)) => told.without_status += 1,
                _ => {}
            }
            let created = cell(self.slots.created_at).whole();
            if closed.zip(created).is_some_and(|(closed, created)| self.is_before(closed, created)) {
                told.early += 1;
                told.early_ids.extend(cell(id).text().map(str::to_owned));
            }
        }
        Ok(told)
    }

    /// Whether a deal was closed before it was created. A closing that is a day without a time may be any moment of that day.
    fn is_before(&self, closed: i64, created: i64) -> bool {
        let is_same_day = |of: &Of| match (local(closed, of.zone), local(created, of.zone)) {
            (Some(closed), Some(created)) => closed.time() == NaiveTime::MIN && closed.date() == created.date(),
            _ => false,
        };
        closed < created && !self.exports.iter().any(is_same_day)
    }
}

impl<'a> Settle<'a> for Closings<'_> {
    fn settle(&mut self, row: usize, before: Option<&[Cell<'a>]>, now: &mut [Cell<'a>], group: Group<'_, 'a>) {
        let slots = self.slots;
        let closed = |cells: &[Cell<'a>]| matches!(cells[slots.status].text(), Some("won" | "lost"));
        let (mut says_status, mut says_closed_at, mut says_planned) = (false, None, false);
        // the last export, and the first of those that show it closed
        let (mut last, mut first_closed) = (None, None::<i64>);
        for (shape, cells) in group.rows() {
            let Some(of) = self.exports.get(shape).copied() else { continue };
            let places = self.places[shape];
            let cell = |place: Option<usize>| place.map_or(Cell::Null, |place| cells[place]);
            last = Some(of);
            says_status |= places.status.is_some();
            says_planned |= !cell(places.expected_close).is_null();
            if !cell(places.closed_at).is_null() {
                says_closed_at = Some(of);
            }
            if matches!(cell(places.status).text(), Some("won" | "lost")) {
                first_closed = Some(first_closed.map_or(of.taken, |first| first.min(of.taken)));
            }
        }
        let Some(last) = last else { return };
        let is_closed = closed(now);
        if !is_closed
            && let Some(day) = now[slots.closed_at].whole()
            && (now[slots.status].text().is_some() || says_status)
        {
            // what is left of an earlier closing was never planned
            let is_planned = says_closed_at.is_some() || before.is_some_and(|before| !closed(before));
            if is_planned && !says_planned {
                let zone = says_closed_at.unwrap_or(last).zone;
                let planned = local(day, zone).map(|local| i64::from(local.date().to_epoch_days()));
                now[slots.expected_close] = planned.map_or(Cell::Null, Cell::Whole);
            }
            if is_planned {
                self.planned.insert(row);
            }
            now[slots.closed_at] = Cell::Null;
        } else {
            self.planned.remove(&row);
        }
        let is_ahead =
            is_closed && says_closed_at.is_some_and(|of| now[slots.closed_at].whole().is_some_and(|at| at > of.taken));
        match is_ahead {
            true => drop(self.ahead.insert(row)),
            false => drop(self.ahead.remove(&row)),
        }
        if !is_closed || !now[slots.closed_at].is_null() {
            (now[slots.closed_after], now[slots.closed_by]) = (Cell::Null, Cell::Null);
            return;
        }
        let shown = first_closed.unwrap_or(last.taken);
        let known = before.filter(|before| closed(before)).and_then(|before| before[slots.closed_by].whole());
        let by = known.map_or(shown, |known| known.min(shown));
        let after = match before {
            Some(before) if closed(before) => before[slots.closed_after].whole(),
            Some(before) => before[slots.seen_at].whole(),
            None => None,
        };
        now[slots.closed_by] = Cell::Whole(by);
        now[slots.closed_after] = after.filter(|after| *after < by).map_or(Cell::Null, Cell::Whole);
    }
}

fn local(at: i64, zone: Tz) -> Option<chrono::NaiveDateTime> {
    Some(DateTime::<Utc>::from_timestamp_micros(at)?.with_timezone(&zone).naive_local())
}

/// What is worth telling of closings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    planned: u64,
    ahead: u64,
    won_undated: u64,
    lost_undated: u64,
    without_status: u64,
    early: u64,
    early_ids: Vec<String>,
}

impl Told {
    /// Adds what another bucket told.
    pub(crate) fn add(&mut self, other: Told) {
        self.planned += other.planned;
        self.ahead += other.ahead;
        self.won_undated += other.won_undated;
        self.lost_undated += other.lost_undated;
        self.without_status += other.without_status;
        self.early += other.early;
        self.early_ids.extend(other.early_ids);
        self.early_ids.sort();
        self.early_ids.truncate(3);
    }

    /// Whether anything told depends on when the exports were taken.
    pub(crate) fn depends_on_moment(&self) -> bool {
        self.ahead > 0
    }

    pub(crate) fn notes(&self) -> Vec<Text> {
        let Told { planned, ahead, won_undated, lost_undated, without_status, early, early_ids } = self;
        let ids = early_ids.join(", ");
        let notes = [
            (
                *early,
                format!("сделок, закрытых раньше, чем созданы: {early} ({ids})"),
                format!("deals closed before they were created: {early} ({ids})"),
            ),
            (
                *planned,
                format!(
                    "открытых сделок с датой закрытия: {planned}; дата принята за плановую (expected_close), сделки открыты"
                ),
                format!(
                    "open deals that carry a closing date: {planned}; taken as planned (expected_close), the deals are open"
                ),
            ),
            (
                *ahead,
                format!(
                    "закрытых сделок с датой закрытия позже, чем сделана выгрузка: {ahead}; до этой даты они считаются открытыми"
                ),
                format!(
                    "closed deals whose closing date is later than their export was taken: {ahead}; until that date they count as open"
                ),
            ),
            (
                won_undated + lost_undated,
                format!(
                    "закрытых сделок без даты закрытия: выиграно {won_undated}, проиграно {lost_undated}; известно лишь, что закрыты они \
                     между созданием и выгрузкой, которая первой их такими показала (closed_by). Добавьте дату закрытия в выгрузку и в \
                     маппинг (closed_at)"
                ),
                format!(
                    "closed deals without a closing date: won {won_undated}, lost {lost_undated}; it is only known that they were closed \
                     between their creation and the export that first showed them so (closed_by). Add the closing date to the export and \
                     to the mapping (closed_at)"
                ),
            ),
            (
                *without_status,
                format!(
                    "сделок с датой закрытия и без статуса: {without_status}; чем они кончились, неизвестно, и они считаются открытыми. \
                     Добавьте в маппинг status"
                ),
                format!(
                    "deals with a closing date and no status: {without_status}; how they ended is not known, and they count as open. Map \
                     their status"
                ),
            ),
        ];
        notes.into_iter().filter(|(count, ..)| *count > 0).map(|(_, ru, en)| Text::new(ru, en)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::upsert::{Counts, upsert_settled};
    use super::*;
    use crate::ingest::stage::shape::ShapeColumn;
    use crate::ingest::stage::spill::Patches;

    const NOON: i64 = 43_200_000_000;
    const DAY: i64 = 2 * NOON;

    fn layout() -> Layout {
        Layout::new(Table::Deals, vec![])
    }

    fn shape(columns: &[&str]) -> Shape {
        let layout = layout();
        let columns = columns.iter().map(|name| ShapeColumn {
            slot: layout.slot(name).unwrap(),
            adds_up: false,
            if_unknown: false,
        });
        Shape {
            table: Table::Deals,
            sum: false,
            columns: columns.collect(),
            key: vec![Some(0)],
            bucket_by: vec![],
            gives_ids: false,
            kind: 0,
        }
    }

    /// Brings a row into the deals, out of an export taken on a day: what became of it, and the columns of closings.
    fn ingest<'a>(rows: &mut Rows<'a>, day: i64, columns: &[&str], cells: &[Cell<'a>]) -> (Counts, String, Told) {
        let (layout, shapes) = (layout(), [shape(columns)]);
        let exports = [Of { taken: day * DAY, zone: Tz::Europe__Moscow }];
        let mut closings = Closings::new(&exports, &shapes, &layout).unwrap();
        let patches = Patches { rows: vec![(0, 0)], cells: cells.to_vec() };
        let (counts, touched) = upsert_settled(rows, &patches, &shapes, &layout, &mut closings);
        let shown = ["closed_at", "expected_close", "closed_after", "closed_by"].map(|name| {
            let unit = if name == "expected_close" { 1 } else { DAY };
            let cell = rows.cell(touched[0], layout.slot(name).unwrap()).whole();
            cell.map_or_else(|| "-".to_owned(), |value| (value / unit).to_string())
        });
        (counts, shown.join(" "), closings.told(rows, &layout, &touched).unwrap())
    }

    const ALL: [&str; 3] = ["deal_id", "status", "closed_at"];

    #[test]
    fn a_date_of_an_open_deal_is_planned_and_of_a_closed_one_is_not() {
        use crate::export::datum::Datum::{Null, Text, Whole};
        let mut rows = Rows::new(layout().width());
        // planned for 23:00 UTC, which is the next day in Moscow
        let open = [Text("1"), Text("open"), Whole(30 * DAY + NOON + 11 * NOON / 12)];
        let (counts, shown, told) = ingest(&mut rows, 10, &ALL, &open);
        assert_eq!((counts.new, shown.as_str(), told.planned), (1, "- 31 - -", 1));
        let (counts, shown, _) = ingest(&mut rows, 11, &ALL, &open);
        assert_eq!((counts.unchanged, shown.as_str()), (1, "- 31 - -"));
        // won: the date is the closing's, and what was planned stays what was planned
        let won = [Text("1"), Text("won"), Whole(20 * DAY)];
        let (counts, shown, told) = ingest(&mut rows, 21, &ALL, &won);
        assert_eq!((counts.changed, shown.as_str(), told.planned, told.ahead), (1, "20 31 - -", 0, 0));
        // opened again by an export that does not tell dates: the old closing was never planned
        let (_, shown, told) = ingest(&mut rows, 22, &["deal_id", "status"], &[Text("1"), Text("open")]);
        assert_eq!((shown.as_str(), told.planned), ("- 31 - -", 0));
        // what the export itself says to be planned goes first
        let both = [Text("1"), Text("open"), Whole(40 * DAY), Whole(50)];
        let (_, shown, _) = ingest(&mut rows, 23, &["deal_id", "status", "closed_at", "expected_close"], &both);
        assert_eq!(shown, "- 50 - -");
        // an empty status is no closing; without any status nothing says what the date is
        assert_eq!(ingest(&mut rows, 23, &ALL, &[Text("2"), Null, Whole(40 * DAY)]).1, "- 40 - -");
        let (_, shown, told) = ingest(&mut rows, 23, &["deal_id", "closed_at"], &[Text("3"), Whole(20 * DAY)]);
        assert_eq!((shown.as_str(), told.without_status), ("20 - - -", 1));
        // a status that comes later says it
        assert_eq!(ingest(&mut rows, 24, &["deal_id", "status"], &[Text("3"), Text("open")]).1, "- 20 - -");
    }

    #[test]
    fn a_closing_without_a_date_lies_between_two_exports() {
        use crate::export::datum::Datum::{Null, Text, Whole};
        let mut rows = Rows::new(layout().width());
        ingest(&mut rows, 10, &ALL, &[Text("1"), Text("open"), Null]);
        rows.cells[layout().slot("seen_at").unwrap()] = Whole(10 * DAY);
        let (counts, shown, told) = ingest(&mut rows, 17, &ALL, &[Text("1"), Text("won"), Null]);
        assert_eq!((counts.changed, shown.as_str(), told.won_undated), (1, "- - 10 17", 1));
        // shown again, and by an older export: the first that shows it closed counts
        let (counts, shown, _) = ingest(&mut rows, 24, &ALL, &[Text("1"), Text("won"), Null]);
        assert_eq!((counts.unchanged, shown.as_str()), (1, "- - 10 17"));
        assert_eq!(ingest(&mut rows, 15, &ALL, &[Text("1"), Text("lost"), Null]).1, "- - 10 15");
        // the date becomes known
        assert_eq!(ingest(&mut rows, 31, &ALL, &[Text("1"), Text("won"), Whole(12 * DAY)]).1, "12 - - -");
        // a deal that was never shown open; opened again, nothing is left
        assert_eq!(ingest(&mut rows, 31, &ALL, &[Text("2"), Text("lost"), Null]).1, "- - - 31");
        assert_eq!(ingest(&mut rows, 32, &ALL, &[Text("2"), Text("open"), Null]).1, "- - - -");
        // a date that is yet to come is kept, and told
        let (_, shown, told) = ingest(&mut rows, 32, &ALL, &[Text("4"), Text("won"), Whole(90 * DAY)]);
        assert_eq!((shown.as_str(), told.ahead), ("90 - - -", 1));
    }

    #[test]
    fn a_day_without_a_time_is_not_before_an_hour_of_it() {
        use crate::export::datum::Datum::{Text, Whole};
        let mut rows = Rows::new(layout().width());
        let columns = ["deal_id", "status", "created_at", "closed_at"];
        // Moscow's midnight is at 21:00 UTC
        let midnight = 10 * DAY - 3 * NOON / 12;
        let won = |created, closed| [Text("1"), Text("won"), Whole(created), Whole(closed)];
        let mut early = |created, closed| ingest(&mut rows, 20, &columns, &won(created, closed)).2.early;
        assert_eq!(early(midnight + NOON, midnight), 0);
        assert_eq!(early(midnight + DAY + NOON, midnight), 1);
        assert_eq!(early(midnight + NOON, midnight + 1), 1);
    }
}
