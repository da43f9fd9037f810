//! The local days on which there are events of each kind: of all, of each manager, in each branch.
//!
//! An engine would join each event with its deal and group by who called, whose deal it is, branch and day. Here the deals are looked up where
//! the deal changes, which is seldom (events are stored by deal), and each event sets at most four bits.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, Date32Array, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Field, Schema};
use arrow::record_batch::RecordBatch;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::SessionContext;
use futures::TryStreamExt as _;
use xxhash_rust::xxh3::xxh3_64;

use super::told::{Told, filled};
use crate::model::tables::is_record;

/// A move that two snapshots show tells of the day of the later one, whatever its own date: before the first snapshot no move is loaded.
const EVENTS: &str = r#"
SELECT kind, direction, manager, coalesce(deal_id, joined_deal) AS deal_id, local_day(coalesce("before", at)) AS day
FROM events
WHERE at IS NOT NULL"#;

/// Of each deal: whose it is, and in which branch.
const DEALS: &str = "SELECT deal_id, manager, branch FROM journeys";

/// Whose days they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Of {
    /// Of all.
    All,
    /// Of who made the event, or whose deal it is of.
    Manager,
    /// In which branch the deal is.
    Branch,
}

impl Of {
    /// As the rows call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Of::All => "all",
            Of::Manager => "manager",
            Of::Branch => "branch",
        }
    }

    /// That of a name.
    pub(super) fn named(name: &str) -> Option<Of> {
        [Of::All, Of::Manager, Of::Branch].into_iter().find(|of| of.name() == name)
    }
}

/// Reads all events: a row per kind, whether it reaches out to a client, whose days, name and day, in this order.
pub(super) async fn read(context: &SessionContext) -> Result<RecordBatch> {
    let deals = Arc::new(Deals::read(context).await?);
    let streams = context.sql(EVENTS).await?.execute_stream_partitioned().await?;
    let tasks = streams.into_iter().map(|events| SpawnedTask::spawn(Found::read(events, Arc::clone(&deals))));
    let mut all = Found::default();
    for task in tasks.collect::<Vec<_>>() {
        let found = task.join_unwind().await.map_err(|e| DataFusionError::ExecutionJoin(Box::new(e)))?;
        all.add(found?);
    }
    all.rows()
}

/// Names and the numbers that they have here.
#[derive(Debug, Default)]
struct Names {
    numbers: BTreeMap<String, u32>,
    last: Option<(String, u32)>,
}

impl Names {
    /// The number of a name; the one before is asked for most.
    fn number(&mut self, name: &str) -> u32 {
        if let Some((_, number)) = self.last.as_ref().filter(|(last, _)| last == name) {
            return *number;
        }
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
                self.numbers.insert(name.to_owned(), number);
                number
            }
        };
        self.last = Some((name.to_owned(), number));
        number
    }

    /// The names by their numbers.
    fn by_number(&self) -> Vec<&str> {
        let mut names: Vec<(u32, &str)> = self.numbers.iter().map(|(name, number)| (*number, name.as_str())).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name).collect()
    }
}

/// Where deals belong.
#[derive(Debug, Default)]
struct Deals {
    managers: Vec<String>,
    branches: Vec<String>,
    /// By the mark of the deal: the places of its manager and of its branch.
    places: Vec<(u64, [Option<u32>; 2])>,
    /// By the first bits of a mark: where those that begin so, stand.
    begin: Vec<usize>,
}

impl Deals {
    async fn read(context: &SessionContext) -> Result<Deals> {
        let mut rows = context.sql(DEALS).await?.execute_stream().await?;
        let (mut managers, mut branches, mut places) = (Names::default(), Names::default(), Vec::new());
        while let Some(batch) = rows.try_next().await? {
            let [deals, manager, branch] = [text(&batch, 0)?, text(&batch, 1)?, text(&batch, 2)?];
            let [deals, manager, branch] = [&deals, &manager, &branch].map(|column| column.as_string_view());
            for row in (0..batch.num_rows()).filter(|row| deals.is_valid(*row)) {
                let place = [
                    filled(manager, row).map(|name| managers.number(name)),
                    filled(branch, row).map(|name| branches.number(name)),
                ];
                places.push((mark(deals.value(row)), place));
            }
        }
        places.sort_unstable_by_key(|(deal, _)| *deal);
        let owned = |names: &Names| names.by_number().into_iter().map(str::to_owned).collect();
        let mut deals = Deals { managers: owned(&managers), branches: owned(&branches), places, begin: Vec::new() };
        deals.index();
        Ok(deals)
    }

    /// As many first bits as there are deals: hashes are spread evenly, so that about one deal begins with each.
    fn index(&mut self) {
        let bits = self.places.len().max(2).ilog2();
        self.begin = vec![0; (1 << bits) + 1];
        for (deal, _) in &self.places {
            self.begin[first_bits(*deal, bits) + 1] += 1;
        }
        for at in 1..self.begin.len() {
            self.begin[at] += self.begin[at - 1];
        }
    }

    /// The manager and the branch of a deal.
    fn place(&self, deal: Option<&str>) -> [Option<&str>; 2] {
        let Some(deal) = deal else { return [None; 2] };
        let hash = mark(deal);
        let first = first_bits(hash, (self.begin.len() - 1).ilog2());
        let those = &self.places[self.begin[first]..self.begin[first + 1]];
        let Some((_, [manager, branch])) = those.iter().find(|(deal, _)| *deal == hash) else { return [None; 2] };
        [(&self.managers, manager), (&self.branches, branch)]
            .map(|(names, number)| names.get((*number)? as usize).map(String::as_str))
    }
}

/// A deal's hash. The last bits of a hash tell the bucket in which the store keeps the deal and its events; here they come first, so that the
/// deals of one bucket lie together.
fn mark(deal: &str) -> u64 {
    xxh3_64(deal.as_bytes()).reverse_bits()
}

fn first_bits(hash: u64, bits: u32) -> usize {
    usize::try_from(hash >> (u64::BITS - bits)).unwrap_or_default()
}

/// A set of days since the epoch.
#[derive(Debug, Default, Clone)]
struct Days {
    /// The number of the first word: its day divided by 64.
    first: i32,
    words: Vec<u64>,
}

impl Days {
    fn add(&mut self, day: i32) {
        let word = day.div_euclid(64);
        if self.words.is_empty() {
            self.first = word;
        }
        if word < self.first {
            let before = usize::try_from(self.first - word).unwrap_or_default();
            self.words.splice(0..0, std::iter::repeat_n(0, before));
            self.first = word;
        }
        let at = usize::try_from(word - self.first).unwrap_or_default();
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        self.words[at] |= 1 << day.rem_euclid(64);
    }

    fn iter(&self) -> impl Iterator<Item = i32> + '_ {
        let words = (self.first..).zip(&self.words);
        words.flat_map(|(word, bits)| (0..64).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| word * 64 + bit))
    }

    fn union(&mut self, other: &Days) {
        other.iter().for_each(|day| self.add(day));
    }
}

/// The days of one kind of event.
#[derive(Debug, Default)]
struct OfKind {
    all: Days,
    /// By the numbers of their names.
    managers: Vec<Days>,
    branches: Vec<Days>,
}

fn days_of(days: &mut Vec<Days>, number: u32) -> &mut Days {
    let at = number as usize;
    if at >= days.len() {
        days.resize_with(at + 1, Days::default);
    }
    &mut days[at]
}

/// What was found in events.
#[derive(Debug, Default)]
struct Found {
    kinds: Names,
    managers: Names,
    branches: Names,
    /// By twice the number of the kind, one more where events reach out to a client.
    days: Vec<OfKind>,
}

impl Found {
    async fn read(mut events: SendableRecordBatchStream, deals: Arc<Deals>) -> Result<Found> {
        let mut found = Found::default();
        while let Some(batch) = events.try_next().await? {
            found.take(&batch, &deals)?;
        }
        Ok(found)
    }

    fn take(&mut self, batch: &RecordBatch, deals: &Deals) -> Result<()> {
        let columns = [text(batch, 0)?, text(batch, 1)?, text(batch, 2)?, text(batch, 3)?];
        let [kind, direction, caller, deal] = [0, 1, 2, 3].map(|at| columns[at].as_string_view());
        let days = batch.column(4).as_primitive::<Date32Type>();
        let (mut kinds, mut directions, mut callers) = (Told::default(), Told::default(), Told::default());
        // what a deal tells is the same until the deal changes
        let (mut last, mut place) = (None, [None; 2]);
        for row in (0..batch.num_rows()).filter(|row| days.is_valid(*row)) {
            let of = deal.is_valid(row).then(|| deal.views()[row]);
            if row == 0 || of != last {
                let [manager, branch] = deals.place(of.map(|_| deal.value(row)));
                place = [manager.map(|name| self.managers.number(name)), branch.map(|name| self.branches.number(name))];
                last = of;
            }
            // what a row of a deal said is no work of anybody
            let number = |[name]: [Option<&str>; 1]| {
                let name = name.unwrap_or_default();
                (!is_record(name)).then(|| (2 * self.kinds.number(name) as usize, name == "meeting"))
            };
            let Some((kind, is_meeting)) = kinds.of([kind], row, number) else { continue };
            let reaches_out = is_meeting || directions.of([direction], row, |name| name == [Some("outgoing")]);
            let kind = kind + usize::from(reaches_out);
            let caller = callers.of([caller], row, |[name]| name.map(|name| self.managers.number(name)));
            if kind >= self.days.len() {
                self.days.resize_with(kind + 1, OfKind::default);
            }
            let (day, of) = (days.value(row), &mut self.days[kind]);
            of.all.add(day);
            // a deal that changed hands tells of both: whoever called, the log of this deal is loaded
            for manager in [caller, place[0].filter(|manager| Some(*manager) != caller)].into_iter().flatten() {
                days_of(&mut of.managers, manager).add(day);
            }
            if let Some(branch) = place[1] {
                days_of(&mut of.branches, branch).add(day);
            }
        }
        Ok(())
    }

    /// Adds what was found in other events.
    fn add(&mut self, other: Found) {
        let (kinds, managers, branches) =
            (other.kinds.by_number(), other.managers.by_number(), other.branches.by_number());
        for (at, of) in other.days.iter().enumerate() {
            let Some(kind) = kinds.get(at / 2) else { continue };
            let kind = 2 * self.kinds.number(kind) as usize + at % 2;
            if kind >= self.days.len() {
                self.days.resize_with(kind + 1, OfKind::default);
            }
            let own = &mut self.days[kind];
            own.all.union(&of.all);
            for (name, days) in managers.iter().zip(&of.managers) {
                days_of(&mut own.managers, self.managers.number(name)).union(days);
            }
            for (name, days) in branches.iter().zip(&of.branches) {
                days_of(&mut own.branches, self.branches.number(name)).union(days);
            }
        }
    }

    fn rows(&self) -> Result<RecordBatch> {
        let (managers, branches) = (self.managers.by_number(), self.branches.by_number());
        let mut rows: Vec<(&str, bool, Of, &str, i32)> = Vec::new();
        for (number, kind) in self.kinds.by_number().into_iter().enumerate() {
            for reaches_out in [false, true] {
                let Some(of) = self.days.get(2 * number + usize::from(reaches_out)) else { continue };
                let mut add = |whose: Of, name, days: &Days| {
                    rows.extend(days.iter().map(|day| (kind, reaches_out, whose, name, day)));
                };
                add(Of::All, "", &of.all);
                managers.iter().zip(&of.managers).for_each(|(name, days)| add(Of::Manager, name, days));
                branches.iter().zip(&of.branches).for_each(|(name, days)| add(Of::Branch, name, days));
            }
        }
        rows.sort_unstable();
        let field = |name: &str, kind| Field::new(name, kind, false);
        let schema = Schema::new(vec![
            field("kind", DataType::Utf8),
            field("reaches_out", DataType::Boolean),
            field("of", DataType::Utf8),
            field("name", DataType::Utf8),
            field("day", DataType::Date32),
        ]);
        let columns: Vec<Arc<dyn Array>> = vec![
            Arc::new(rows.iter().map(|row| Some(row.0)).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| Some(row.1)).collect::<BooleanArray>()),
            Arc::new(rows.iter().map(|row| Some(row.2.name())).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| Some(row.3)).collect::<StringArray>()),
            Arc::new(rows.iter().map(|row| Some(row.4)).collect::<Date32Array>()),
        ];
        Ok(RecordBatch::try_new(Arc::new(schema), columns)?)
    }
}

fn text(batch: &RecordBatch, index: usize) -> Result<Arc<dyn Array>> {
    Ok(cast(batch.column(index), &DataType::Utf8View)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_deal_is_found_where_it_belongs_and_no_other() {
        for count in [0_u32, 1, 2, 3, 1000] {
            let place = |deal: u32| (mark(&deal.to_string()), [Some(deal), None]);
            let mut places: Vec<_> = (0..count).map(place).collect();
            places.sort_unstable_by_key(|(deal, _)| *deal);
            let managers = (0..count).map(|deal| format!("of {deal}")).collect();
            let mut deals = Deals { managers, branches: Vec::new(), places, begin: Vec::new() };
            deals.index();
            for deal in 0..count {
                let expected = format!("of {deal}");
                assert_eq!(deals.place(Some(deal.to_string().as_str())), [Some(expected.as_str()), None]);
            }
            assert_eq!([deals.place(Some("x")), deals.place(None)], [[None; 2]; 2]);
        }
    }

    #[test]
    fn days_come_out_in_order_whatever_the_order_in_which_they_came() {
        let mut days = Days::default();
        for day in [20_000, -3, 20_001, 63, 64, -64, 20_000] {
            days.add(day);
        }
        assert_eq!(days.iter().collect::<Vec<_>>(), [-64, -3, 63, 64, 20_000, 20_001]);
        let mut other = Days::default();
        other.add(1);
        other.union(&days);
        assert_eq!(other.iter().collect::<Vec<_>>(), [-64, -3, 1, 63, 64, 20_000, 20_001]);
    }
}
