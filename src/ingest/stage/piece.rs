//! The rows of a piece of a file, encoded for the spill by whichever thread read them.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::ids;
use super::spill::{Routes, put};
use crate::export::datum::{Value, encode, pack};
use crate::export::read::{FillPlan, Refusal, RowKey, RowPiece};
use crate::export::records::RepairOrigin;
use crate::ingest::bucket::listing_history::mark;
use crate::model::index::index_u32;
use crate::model::tables::{EVENT_IDENTITY, Table};

/// What has to be known of a fill to take its rows.
#[derive(Debug)]
pub(super) struct Taker {
    pub(super) table: Table,
    /// For events: the position of the id, if it is mapped at all.
    event_id: Option<usize>,
    identity: Vec<Option<usize>>,
    bucket_by: Vec<Option<usize>>,
    /// Where the columns of its key stand.
    key: Vec<Option<usize>>,
}

impl Taker {
    pub(super) fn new(fill: &FillPlan) -> Taker {
        let place = |name: &&str| fill.columns.iter().position(|c| c.name == *name);
        Taker {
            table: fill.table,
            event_id: (fill.table == Table::Events).then(|| place(&"event_id")).flatten(),
            identity: EVENT_IDENTITY.iter().map(place).collect(),
            bucket_by: fill.table.bucket_by().iter().map(place).collect(),
            key: fill.table.key().iter().map(place).collect(),
        }
    }
}

/// What is the same for all pieces of a file.
#[derive(Debug)]
pub(super) struct Taking {
    pub(super) takers: Vec<Taker>,
    pub(super) first_shape: usize,
    pub(super) routes: Routes,
    /// The number of all pieces of the files before it.
    pub(super) pieces_before: u64,
    /// Whether it is a file of mended rows, each of which has to be looked at in its order.
    pub(super) is_repair: bool,
}

/// What has to be done in the order of the rows.
#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A good row of this key came.
    Good(RowKey),
    Refused(Box<Refusal>),
    /// The rows that follow are of this place.
    Mends(RepairOrigin),
    /// A mended row of a fill, for this part of the spill.
    Mended {
        fill: usize,
        part: usize,
        key: Option<RowKey>,
        row: Vec<u8>,
    },
}

/// The rows of a piece of a file.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub(super) taking: Arc<Taking>,
    pub(super) number: u64,
    /// The rows, and the ids of events whose export gives ids, by part of the spill.
    pub(super) parts: Vec<Vec<u8>>,
    /// How many rows each fill took.
    pub(super) rows: Vec<u64>,
    pub(super) steps: Vec<Step>,
    /// Of a listing file: the deals in rows that were refused or not wanted, and how many of them were refused.
    pub(super) listed: Vec<u64>,
    pub(super) refused_deals: u64,
    is_watched: bool,
    /// The number of the next event with an id, ascending in the order of the files.
    next_event: u64,
    scratch: Vec<u8>,
}

impl Piece {
    pub(super) fn new(taking: Arc<Taking>, parts: usize) -> Piece {
        let rows = vec![0; taking.takers.len()];
        Piece {
            taking,
            number: 0,
            parts: vec![Vec::new(); parts],
            rows,
            steps: Vec::new(),
            listed: Vec::new(),
            refused_deals: 0,
            is_watched: false,
            next_event: 0,
            scratch: Vec::new(),
        }
    }

    /// Takes out all that is in it, but for the memory of its rows.
    fn clear(&mut self) {
        self.parts.iter_mut().for_each(Vec::clear);
        self.rows.fill(0);
        self.steps.clear();
        self.listed.clear();
        self.refused_deals = 0;
    }
}

impl RowPiece for Piece {
    fn begin(&mut self, number: u64, is_watched: bool) {
        /// No piece has more rows: those of a batch, times the fills of a section.
        const MOST_ROWS: u32 = 24;
        self.clear();
        (self.number, self.is_watched) = (number, is_watched);
        self.next_event = (self.taking.pieces_before + number) << MOST_ROWS;
    }

    fn take(&mut self, fill: usize, values: &[Value<'_>]) {
        let taking = &*self.taking;
        let taker = &taking.takers[fill];
        self.rows[fill] += 1;
        let given = taker.event_id.map(|at| &values[at]).filter(|id| text(id).is_some());
        let derived = match given {
            None if taker.table == Table::Events => Some(derived_id(taker, values, &mut self.scratch)),
            _ => None,
        };
        let filled = |at: &Option<usize>| text(&values[(*at)?]);
        let by = taker.bucket_by.iter().find_map(filled).or(derived.as_deref()).unwrap_or_default();
        let by = xxh3_64(by.as_bytes());
        let part = taking.routes.part(taker.table, by);
        if taker.event_id.is_some() {
            let id = given.and_then(text).or(derived.as_deref()).unwrap_or_default();
            let id = xxh3_64(id.as_bytes());
            ids::put((id, ids::place(by)), &mut self.parts[taking.routes.id_part(id)]);
        }
        let key = match taking.is_repair || self.is_watched {
            true => {
                let key = taker.key.iter().map(|at| at.map(|at| &values[at]));
                RowKey::of_key(taker.table, key, &mut self.scratch)
            }
            false => None,
        };
        let next_event = &mut self.next_event;
        let mut encoded = |row: &mut Vec<u8>| {
            // events always begin with their id
            match (given, &derived) {
                (Some(id), _) => pack(id, row),
                (None, Some(id)) => pack(&Value::Text(id.as_str().into()), row),
                (None, None) => {}
            }
            let others = values.iter().enumerate().filter(|(at, _)| Some(*at) != taker.event_id);
            others.for_each(|(_, value)| pack(value, row));
            if taker.event_id.is_some() {
                // two rows of one event may go to different parts: the order in which they were read tells which is the last
                *next_event += 1;
                row.extend_from_slice(&next_event.to_le_bytes());
            }
        };
        if taking.is_repair {
            let mut row = Vec::new();
            encoded(&mut row);
            self.steps.push(Step::Mended { fill, part, key, row });
        } else {
            self.steps.extend(key.map(Step::Good));
            put(index_u32(taking.first_shape + fill), &mut self.parts[part], encoded);
        }
    }

    fn mends(&mut self, place: RepairOrigin) {
        self.steps.push(Step::Mends(place));
    }

    fn refuses_deal(&mut self, deal_id: &str) {
        self.refused_deals += 1;
        self.lists_deal(deal_id);
    }

    fn lists_deal(&mut self, deal_id: &str) {
        self.listed.push(mark(deal_id));
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.steps.push(Step::Refused(Box::new(refusal)));
        // a good row below may be of its key
        self.is_watched = true;
    }
}

fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

/// The id of an event from an export without ids. It is stable: the same row has the same id in every export.
fn derived_id(taker: &Taker, values: &[Value<'_>], scratch: &mut Vec<u8>) -> String {
    scratch.clear();
    for at in &taker.identity {
        encode(at.map_or(&Value::Null, |at| &values[at]), scratch);
    }
    format!("{:016x}", xxh3_64(scratch))
}
