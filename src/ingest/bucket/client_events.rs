//! Events that know only their client, joined to its deals: after the buckets are written, when every deal is known.
//!
//! Such an event lies in the bucket of its client, and the deal in another. Held in memory are the deals of the clients that
//! have such events: for each some numbers, and its id. The events go through memory a bucket at a time; those that belong
//! to a deal are spilled to that deal's bucket, where they are folded. The whole join is made anew whenever deals or events
//! changed, so the order of ingests does not matter; written again are the buckets in which something comes out otherwise.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_64;

use super::context::{NewFile, Work, Written};
use super::journeys::{Guest, fold_all, guests};
use crate::export::datum::Cell;
use crate::ingest::IngestError;
use crate::ingest::data_file::{self, OldBucket};
use crate::ingest::rows::Rows;
use crate::ingest::stage::shape::Shape;
use crate::ingest::stage::spill::{Spill, bucket};
use crate::journey::owner::{ClientDeal, ClientEvent, MOST_DEALS, belongs, first_answer, is_of_client_alone};
use crate::model::layout::{Layout, NoColumn};
use crate::model::parallel::each;
use crate::model::tables::Table;
use crate::model::timings;
use crate::store::{Content, DataFile, Heat, Snapshot, TableState};

/// What became of the events that know only their client; mailings, which are nobody's deal, are not among them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct OfClients {
    /// Those that belong to a deal.
    pub(crate) joined: u64,
    /// Those whose client had no deal then to which they could belong.
    pub(crate) without_deal: u64,
    /// Those of whose client no deal is known.
    pub(crate) unknown_client: u64,
    /// Those of all that belong to another deal than before, or to none any more.
    pub(crate) changed: u64,
}

impl OfClients {
    fn add(&mut self, other: OfClients) {
        self.joined += other.joined;
        self.without_deal += other.without_deal;
        self.unknown_client += other.unknown_client;
        self.changed += other.changed;
    }
}

/// Which files hold a bucket now: what this ingest wrote and left, else what the base has.
pub(crate) struct Files<'a> {
    base: &'a Snapshot,
    written: BTreeMap<(Table, u32), Content>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(base: &'a Snapshot) -> Files<'a> {
        Files { base, written: BTreeMap::new() }
    }

    /// Takes the new content of a bucket; what this ingest had written before is worth nothing any more.
    pub(crate) fn put(&mut self, (table, number, content): Written) {
        let stale = self.written.insert((table, number), content);
        for (path, _) in stale.into_iter().flat_map(|content| content.files) {
            // where it cannot be deleted, the next ingest does it: no state of the store names it
            let _ = std::fs::remove_file(path);
        }
    }

    /// Takes a file that holds all rows of a bucket.
    fn put_whole(&mut self, table: Table, number: u32, file: NewFile) {
        self.put((table, number, Content { files: file.into_iter().collect(), kept: Vec::new() }));
    }

    /// All that was written, in order.
    pub(crate) fn written(self) -> impl Iterator<Item = Written> {
        self.written.into_iter().map(|((table, number), content)| (table, number, content))
    }

    fn paths(&self, table: Table, number: u32) -> Vec<&Path> {
        match (self.written.get(&(table, number)), self.base.tables.get(&table)) {
            (Some(content), _) => {
                content.files.iter().map(|(path, _)| path).chain(&content.kept).map(|path| path.as_path()).collect()
            }
            (None, Some(state)) => state.bucket(number).map(|file| file.path.as_path()).collect(),
            (None, None) => Vec::new(),
        }
    }
}

/// What the buckets left to be done.
#[derive(Debug, Default)]
pub(crate) struct ToDo {
    /// The buckets whose deals and events are written and whose journeys are not.
    pub(crate) unfolded: BTreeSet<u32>,
    /// The buckets of deals that lost an event to another deal that the event names now.
    pub(crate) left: BTreeSet<u32>,
    /// The buckets of which events changed.
    pub(crate) events_changed: BTreeSet<u32>,
}

/// The deals of those clients that have events of their own.
#[derive(Debug, Default)]
struct Deals {
    /// By client and creation.
    deals: Vec<ClientDeal>,
    /// Whose they are, and where their ids stand.
    of: Vec<(u64, Range<usize>)>,
    ids: String,
}

impl Deals {
    fn new(parts: Vec<(Vec<Found>, String)>) -> Deals {
        let (mut found, mut ids) = (Vec::new(), String::new());
        for (rows, texts) in parts {
            let from = ids.len();
            ids.push_str(&texts);
            found.extend(rows.into_iter().map(|row| Found { id: from + row.id.start..from + row.id.end, ..row }));
        }
        found.sort_unstable_by(|a, b| {
            let key = |row: &Found| (row.client, row.deal.created_at.is_none(), row.deal.created_at);
            key(a).cmp(&key(b)).then_with(|| ids[a.id.clone()].cmp(&ids[b.id.clone()]))
        });
        let deals = found.iter().map(|row| row.deal).collect();
        Deals { deals, of: found.into_iter().map(|row| (row.client, row.id)).collect(), ids }
    }

    fn of_client(&self, client: u64) -> Range<usize> {
        let from = self.of.partition_point(|(of, _)| *of < client);
        from..from + self.of[from..].partition_point(|(of, _)| *of == client)
    }

    fn id(&self, place: usize) -> &str {
        &self.ids[self.of[place].1.clone()]
    }
}

/// A deal as a bucket gives it.
#[derive(Debug)]
struct Found {
    client: u64,
    deal: ClientDeal,
    id: Range<usize>,
}

/// What a bucket of events gave.
#[derive(Debug, Default)]
struct Joined {
    told: OfClients,
    /// The buckets of deals whose journeys may come out otherwise now.
    touched: BTreeSet<u32>,
    /// The events, if some belong to another deal than before.
    written: Option<NewFile>,
}

/// Two names of one mark are treated alike: with a million of them that is one case in thirty million stores.
fn mark(name: Cell<'_>) -> Option<u64> {
    name.text().filter(|name| !name.is_empty()).map(|name| xxh3_64(name.as_bytes()))
}

/// Joins, and folds what is to be folded.
pub(crate) fn join(work: &Work<'_>, files: &mut Files<'_>, to_do: ToDo) -> Result<OfClients, IngestError> {
    let began = timings::begin();
    let buckets: Vec<u32> = (0..work.buckets(Table::Journeys)).collect();
    let own = each(&buckets, |number| clients(files, *number), |_| ())?;
    let mut wanted: Vec<u64> = own.iter().flatten().copied().collect();
    wanted.sort_unstable();
    wanted.dedup();
    let with_own: Vec<u32> = buckets.iter().zip(&own).filter(|(_, own)| !own.is_empty()).map(|(n, _)| *n).collect();
    drop(own);
    let parts = match wanted.is_empty() {
        true => Vec::new(),
        false => each(&buckets, |number| deals(work, files, *number, &wanted), |_| ())?,
    };
    drop(wanted);
    let deals = Deals::new(parts);
    let spill = Spill::new(work.spill.dir().join("guests"), work.buckets(Table::Journeys), work.sizes.spill / 4)?;
    let spill = Mutex::new(spill);
    let (mut told, mut touched) = (OfClients::default(), to_do.left);
    let one = |number: &u32| bucket_of_events(work, files, *number, &deals, &spill, &to_do.events_changed);
    for (number, joined) in with_own.iter().zip(each(&with_own, one, |_| ())?) {
        told.add(joined.told);
        touched.extend(joined.touched);
        if let Some(file) = joined.written {
            files.put_whole(Table::Events, *number, file);
        }
    }
    drop(deals);
    let spill = spill.into_inner().unwrap_or_else(PoisonError::into_inner);
    touched.extend(to_do.unfolded);
    let touched: Vec<u32> = touched.into_iter().collect();
    for (number, file) in touched.iter().zip(each(&touched, |number| folded(work, files, *number, &spill), |_| ())?) {
        files.put_whole(Table::Journeys, *number, file);
    }
    timings::end(began, || "ingest: join events of clients".to_owned(), None);
    Ok(told)
}

/// Whether events are to be expected that know only their client: an export fills none but such, or the store has joined some.
pub(crate) fn expected(shapes: &[Shape], layout: &Layout, base: Option<&TableState>) -> Result<bool, IngestError> {
    let deal_id = layout.slot("deal_id")?;
    let names_deals = |shape: &Shape| shape.columns.iter().any(|column| column.slot == deal_id);
    if shapes.iter().any(|shape| shape.table == Table::Events && !names_deals(shape)) {
        return Ok(true);
    }
    let is_joined = |file: &DataFile| {
        let nulls = OldBucket::nulls(&file.path, "joined_deal")?;
        Ok::<_, IngestError>((nulls as u64) < file.rows)
    };
    let joined = each(base.map_or(&[][..], |state| state.files.as_slice()), is_joined, |_| ())?;
    Ok(joined.contains(&true))
}

/// Whether an event may be joined to a deal: it names none, and is a matter of deals.
pub(crate) fn is_own(deal_id: Cell<'_>, kind: Cell<'_>) -> bool {
    deal_id.is_null() && !kind.text().is_some_and(is_of_client_alone)
}

/// Whether a file of events is from a Voronka that did not join.
pub(crate) fn is_unjoined(path: &Path) -> Result<bool, IngestError> {
    Ok(!OldBucket::columns(path)?.iter().any(|name| name == "joined_deal"))
}

fn columns(table: Table, names: &[&str]) -> Layout {
    let mut layout = Layout::new(table, Vec::new());
    layout.columns.retain(|(name, _)| names.contains(&name.as_str()));
    layout
}

/// The clients of a bucket that have events which name no deal.
fn clients(files: &Files<'_>, number: u32) -> Result<Vec<u64>, IngestError> {
    let names = ["deal_id", "client_id", "kind"];
    let layout = columns(Table::Events, &names);
    let [deal_id, client_id, kind] = layout.places(names)?;
    let mut clients = Vec::new();
    for path in files.paths(Table::Events, number) {
        // those that name no deal stand first
        let of_no_deal = OldBucket::nulls(path, "deal_id")?;
        if of_no_deal == 0 {
            continue;
        }
        let old = OldBucket::read_head(path, &names, of_no_deal)?;
        let rows = old.rows(&layout)?;
        let own = (0..rows.len()).filter(|row| is_own(rows.cell(*row, deal_id), rows.cell(*row, kind)));
        clients.extend(own.filter_map(|row| mark(rows.cell(row, client_id))));
    }
    clients.sort_unstable();
    clients.dedup();
    Ok(clients)
}

/// The deals of a bucket whose clients are wanted, and their ids.
fn deals(work: &Work<'_>, files: &Files<'_>, number: u32, wanted: &[u64]) -> Result<(Vec<Found>, String), IngestError> {
    let names = ["deal_id", "client_id", "status", "manager", "created_at", "closed_at", "closed_by"];
    let layout = columns(Table::Deals, &names);
    let [deal_id, client_id, status, manager, created_at, closed_at, closed_by] = layout.places(names)?;
    let (mut found, mut ids) = (Vec::new(), String::new());
    for path in files.paths(Table::Deals, number) {
        let old = OldBucket::read_columns(path, &names)?;
        let rows = old.rows(&layout)?;
        for row in 0..rows.len() {
            let cell = |slot: usize| rows.cell(row, slot);
            let client = mark(cell(client_id)).filter(|client| wanted.binary_search(client).is_ok());
            let (Some(client), Some(id)) = (client, cell(deal_id).text()) else { continue };
            let [created_at, closed_at, closed_by] = [created_at, closed_at, closed_by].map(|slot| cell(slot).whole());
            // the status decides: an open deal's date is a plan
            let (is_won, is_closed) = match cell(status).text() {
                Some("won") => (true, true),
                Some("lost") => (false, true),
                _ => (false, false),
            };
            let closed = closed_at.or(closed_by).filter(|_| is_closed);
            let open_until = closed.map_or(i64::MAX, |closed| work.days.ends_at(closed));
            // one that is won and nobody knows when was won at some moment since its creation
            let won_at = closed_at.or(created_at).filter(|_| is_won);
            let deal = ClientDeal { created_at, open_until, won_at, manager: mark(cell(manager)) };
            let from = ids.len();
            ids.push_str(id);
            found.push(Found { client, deal, id: from..ids.len() });
        }
    }
    Ok((found, ids))
}

/// Where the columns of events stand that are looked at.
struct Slots {
    event_id: usize,
    at: usize,
    kind: usize,
    deal_id: usize,
    client_id: usize,
    manager: usize,
    direction: usize,
    stage: usize,
    joined_deal: usize,
}

impl Slots {
    fn new(layout: &Layout) -> Result<Slots, NoColumn> {
        let slot = |name: &str| layout.slot(name);
        Ok(Slots {
            event_id: slot("event_id")?,
            at: slot("at")?,
            kind: slot("kind")?,
            deal_id: slot("deal_id")?,
            client_id: slot("client_id")?,
            manager: slot("manager")?,
            direction: slot("direction")?,
            stage: slot("stage")?,
            joined_deal: slot("joined_deal")?,
        })
    }
}

/// Joins the events of a bucket.
fn bucket_of_events(
    work: &Work<'_>,
    files: &Files<'_>,
    number: u32,
    deals: &Deals,
    spill: &Mutex<Spill>,
    events_changed: &BTreeSet<u32>,
) -> Result<Joined, IngestError> {
    let old = OldBucket::read(files.paths(Table::Events, number).into_iter())?;
    let layout = &work.layouts[&Table::Events];
    let mut rows = old.rows(layout)?;
    let slots = Slots::new(layout)?;
    let mut own: Vec<(u64, i64, usize)> = (0..rows.len())
        .filter(|row| is_own(rows.cell(*row, slots.deal_id), rows.cell(*row, slots.kind)))
        .filter_map(|row| Some((mark(rows.cell(row, slots.client_id))?, rows.cell(row, slots.at).whole()?, row)))
        .collect();
    let id = |row: usize| rows.cell(row, slots.event_id);
    own.sort_unstable_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| id(a.2).cmp(&id(b.2))));
    let mut joined = Joined::default();
    let mut differing: Vec<(usize, Option<&str>)> = Vec::new();
    let (mut encoded, mut found): (Vec<u8>, Vec<Guest<'_>>) = (Vec::new(), Vec::new());
    for group in own.chunk_by(|a, b| a.0 == b.0) {
        let places = deals.of_client(group[0].0);
        let (of, first) = (&deals.deals[places.clone()], places.start);
        let events: Vec<ClientEvent<'_>> = group.iter().map(|(_, _, row)| event(work, &rows, &slots, *row)).collect();
        let belonging: Vec<Option<usize>> = events.iter().map(|event| belongs(event, of)).collect();
        let before = differing.len();
        for ((_, _, row), (event, belongs)) in group.iter().zip(events.iter().zip(&belonging)) {
            let now = belongs.map(|place| deals.id(first + place));
            let known = rows.cell(*row, slots.joined_deal).text();
            if known != now {
                differing.push((*row, now));
                joined.touched.extend(known.map(|deal| bucket(deal, work.buckets(Table::Journeys))));
            }
            found.extend(now.map(|deal| guest(&rows, &slots, *row, event, deal, false)));
            let told = match (belongs, places.is_empty()) {
                (Some(_), _) => &mut joined.told.joined,
                (None, false) => &mut joined.told.without_deal,
                (None, true) => &mut joined.told.unknown_client,
            };
            *told += 1;
        }
        for (place, deal) in of.iter().enumerate().filter(|_| of.len() <= MOST_DEALS) {
            // which of the deals was talked about nobody knows: none of those that were open waited any longer
            let answer = first_answer(deal, &events).filter(|at| belonging[*at] != Some(place));
            let deal = deals.id(first + place);
            found.extend(answer.map(|at| guest(&rows, &slots, group[at].2, &events[at], deal, true)));
        }
        if differing.len() > before || events_changed.contains(&number) {
            joined.touched.extend(places.map(|place| bucket(deals.id(place), work.buckets(Table::Journeys))));
        }
    }
    let mut spill = spill.lock().unwrap_or_else(PoisonError::into_inner);
    for guest in &found {
        encoded.clear();
        guest.encode(&mut encoded);
        spill.push(0, Table::Journeys, guest.deal, &encoded)?;
    }
    drop((spill, found));
    joined.told.changed = differing.len() as u64;
    if differing.is_empty() {
        return Ok(joined);
    }
    for (row, deal) in differing {
        let place = row * rows.width + slots.joined_deal;
        rows.cells[place] = deal.map_or(Cell::Null, Cell::Text);
    }
    let order = rows.sorted(&layout.slots(Table::Events.sorted_by()));
    let write = |path: &Path| data_file::write(path, layout, &rows, &order);
    joined.written = Some(work.write((Table::Events, number, Heat::Hot), order.len(), write)?);
    Ok(joined)
}

fn event<'a>(work: &Work<'_>, rows: &Rows<'a>, slots: &Slots, row: usize) -> ClientEvent<'a> {
    let cell = |slot: usize| rows.cell(row, slot);
    let at = cell(slots.at).whole().unwrap_or_default();
    ClientEvent {
        at,
        ends_at: work.days.ends_at(at),
        kind: cell(slots.kind).text().unwrap_or_default(),
        outgoing: cell(slots.direction).text() == Some("outgoing"),
        manager: mark(cell(slots.manager)),
    }
}

fn guest<'a>(
    rows: &Rows<'a>,
    slots: &Slots,
    row: usize,
    event: &ClientEvent<'a>,
    deal: &'a str,
    only_answers: bool,
) -> Guest<'a> {
    Guest {
        deal,
        at: event.at,
        event_id: rows.cell(row, slots.event_id).text().unwrap_or_default(),
        kind: event.kind,
        stage: rows.cell(row, slots.stage).text(),
        outgoing: event.outgoing,
        only_answers,
    }
}

/// Folds the journeys of a bucket.
fn folded(work: &Work<'_>, files: &Files<'_>, number: u32, spill: &Spill) -> Result<NewFile, IngestError> {
    let [old_deals, old_events] =
        [Table::Deals, Table::Events].map(|table| OldBucket::read(files.paths(table, number).into_iter()));
    let (old_deals, old_events, part) = (old_deals?, old_events?, spill.part(number as usize)?);
    let [deals_layout, events_layout] = [Table::Deals, Table::Events].map(|table| &work.layouts[&table]);
    let (deals, events) = (old_deals.rows(deals_layout)?, old_events.rows(events_layout)?);
    let deal_order = deals.sorted(&deals_layout.slots(Table::Deals.sorted_by()));
    let event_order = events.sorted(&events_layout.slots(Table::Events.sorted_by()));
    let guests = guests(&part);
    let of_deals = (&deals, deals_layout, deal_order.as_slice());
    let journeys = fold_all(of_deals, (&events, events_layout, &event_order), &guests, work.days)?;
    work.write_journeys(number, Heat::Hot, of_deals, &journeys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_from_before_lacks_the_column_and_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("events.parquet");
        let old = columns(Table::Events, &["event_id", "deal_id", "client_id"]);
        let cells = vec![Cell::Text("a"), Cell::Null, Cell::Text("c1"), Cell::Text("b"), Cell::Text("1"), Cell::Null];
        let rows = Rows { width: old.width(), cells };
        data_file::write(&path, &old, &rows, &[0, 1]).unwrap();
        assert!(is_unjoined(&path).unwrap());
        let read = OldBucket::read_columns(&path, &["deal_id", "joined_deal"]).unwrap();
        let now = columns(Table::Events, &["deal_id", "joined_deal"]);
        assert_eq!(read.rows(&now).unwrap().cells, [Cell::Null, Cell::Null, Cell::Text("1"), Cell::Null]);
        let first = OldBucket::read_head(&path, &["deal_id"], 1).unwrap();
        assert_eq!(first.rows(&columns(Table::Events, &["deal_id"])).unwrap().cells, [Cell::Null]);
        let nulls = |column| OldBucket::nulls(&path, column).unwrap();
        assert_eq!((nulls("event_id"), nulls("deal_id"), nulls("joined_deal")), (0, 1, 2));
        assert_eq!(read.texts("deal_id").unwrap().collect::<Vec<_>>(), [None, Some("1")]);
        assert_eq!(read.texts("joined_deal").unwrap().count(), 0);
        let none = OldBucket::read_columns(&path, &["joined_deal"]).unwrap();
        assert!(none.rows(&columns(Table::Events, &["joined_deal"])).unwrap().cells.iter().all(|cell| cell.is_null()));
        data_file::write(
            &path,
            &Layout::new(Table::Events, Vec::new()),
            &Rows::new(Layout::new(Table::Events, Vec::new()).width()),
            &[],
        )
        .unwrap();
        assert!(!is_unjoined(&path).unwrap());
        assert_eq!(OldBucket::read_head(&path, &["deal_id"], 1).unwrap().rows(&now).unwrap().len(), 0);
        assert_eq!(OldBucket::nulls(&path, "deal_id").unwrap(), 0);
    }

    #[test]
    fn the_deals_of_a_client_stand_in_the_order_of_creation() {
        let found = |client, created_at, id| {
            let deal = ClientDeal { created_at, open_until: i64::MAX, won_at: None, manager: None };
            Found { client, deal, id }
        };
        let first = (vec![found(2, Some(5), 0..1), found(1, None, 1..3)], "abb".to_owned());
        let second =
            (vec![found(1, Some(9), 0..1), found(1, Some(7), 1..2), found(1, Some(7), 2..3)], "xzy".to_owned());
        let deals = Deals::new(vec![first, second]);
        let of = |client| deals.of_client(client).map(|place| deals.id(place)).collect::<Vec<_>>();
        assert_eq!((of(0), of(1), of(2), of(3)), (vec![], vec!["y", "z", "x", "bb"], vec!["a"], vec![]));
    }
}
