//! Where the rows of a file go: encoded into the spill, or into quarantine.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::IngestError;
use super::export::{FillPlan, Refusal, RowSink, Value};
use super::quarantine::{Quarantine, Waits};
use super::records::Mends;
use super::snapshot::mark;
use super::spill::{Spill, encode};
use crate::model::progress::Progress;
use crate::model::tables::Table;
use crate::store::Transaction;

/// What makes an event without an id the same event in the next export.
const IDENTITY: [&str; 8] = ["at", "kind", "deal_id", "client_id", "manager", "direction", "stage", "campaign"];

/// Whether a row without an id is known by this column.
pub(super) fn is_identity(table: Table, column: &str) -> bool {
    table == Table::Events && IDENTITY.contains(&column)
}

/// Rows read for a table.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Read {
    pub(super) rows: u64,
    pub(super) quarantined: u64,
}

/// What is known of the deals that a file lists and that no row of it was taken of.
#[derive(Debug, Default)]
pub(super) struct ListedDeals {
    pub(super) marks: BTreeSet<u64>,
    /// How many of the refused rows told which deal they are of.
    pub(super) refused: u64,
}

/// What has to be known of a fill to take its rows.
pub(super) struct Taker {
    table: Table,
    /// Of events: where the id stands, if it is mapped at all.
    event_id: Option<usize>,
    identity: Vec<Option<usize>>,
    bucket_by: Vec<Option<usize>>,
}

impl Taker {
    pub(super) fn new(fill: &FillPlan) -> Taker {
        let place = |name: &&str| fill.columns.iter().position(|c| c.name == *name);
        Taker {
            table: fill.table,
            event_id: (fill.table == Table::Events).then(|| place(&"event_id")).flatten(),
            identity: IDENTITY.iter().map(place).collect(),
            bucket_by: fill.table.bucket_by().iter().map(place).collect(),
        }
    }
}

/// Takes the rows of one file.
pub(super) struct Sink<'s> {
    pub(super) first_shape: usize,
    pub(super) takers: Vec<Taker>,
    pub(super) file: &'s str,
    pub(super) bytes: u64,
    pub(super) spill: &'s mut Spill,
    pub(super) quarantine: &'s mut Quarantine,
    pub(super) waits: &'s Waits,
    pub(super) transaction: &'s mut Transaction,
    pub(super) read: &'s mut BTreeMap<Table, Read>,
    pub(super) listed_deals: ListedDeals,
    pub(super) progress: &'s dyn Progress,
    /// The row being encoded.
    pub(super) row: Vec<u8>,
    /// The identity being hashed.
    pub(super) scratch: Vec<u8>,
}

impl RowSink for Sink<'_> {
    fn take(&mut self, fill: usize, values: &[Value<'_>]) -> Result<(), IngestError> {
        let taker = &self.takers[fill];
        self.read.entry(taker.table).or_default().rows += 1;
        self.row.clear();
        let mut derived = None;
        if taker.table == Table::Events {
            match taker.event_id.map(|at| &values[at]) {
                Some(id @ Value::Text(_)) => encode(id, &mut self.row),
                _ => {
                    let id = derived_id(taker, values, &mut self.scratch);
                    encode(&Value::Text(id.as_str().into()), &mut self.row);
                    derived = Some(id);
                }
            }
        }
        for (at, value) in values.iter().enumerate() {
            if Some(at) != taker.event_id {
                encode(value, &mut self.row);
            }
        }
        if taker.event_id.is_some() {
            // two rows of one event may go to different parts: the order in which they were read tells which is the last
            self.row.extend_from_slice(&self.read.get(&Table::Events).map_or(0, |read| read.rows).to_le_bytes());
        }
        let filled = |at: &Option<usize>| match at.map(|at| &values[at]) {
            Some(Value::Text(text)) => Some(text.as_ref()),
            _ => None,
        };
        let key = taker.bucket_by.iter().find_map(filled).or(derived.as_deref()).unwrap_or_default();
        let shape = u32::try_from(self.first_shape + fill).unwrap_or(u32::MAX);
        self.spill.push(shape, taker.table, key, &self.row)
    }

    fn waits(&self, place: Mends) -> u64 {
        self.waits.at(self.file, place)
    }

    fn begin(&mut self, header: String) {
        self.quarantine.begin(self.file, header);
    }

    fn refuses_deal(&mut self, deal_id: &str) {
        self.listed_deals.refused += 1;
        self.lists_deal(deal_id);
    }

    fn lists_deal(&mut self, deal_id: &str) {
        self.listed_deals.marks.insert(mark(deal_id));
    }

    fn refuse(&mut self, refusal: Refusal) -> Result<(), IngestError> {
        let read = self.read.entry(refusal.table).or_default();
        read.rows += 1;
        read.quarantined += 1;
        self.quarantine.push(self.file, refusal, self.transaction)
    }

    fn progress(&mut self, done: u64) {
        self.progress.step(self.file, done, self.bytes);
    }
}

/// The id of an event whose export gives none: the same row has the same id in every export.
fn derived_id(taker: &Taker, values: &[Value<'_>], scratch: &mut Vec<u8>) -> String {
    scratch.clear();
    for at in &taker.identity {
        encode(at.map_or(&Value::Null, |at| &values[at]), scratch);
    }
    format!("{:016x}", xxh3_64(scratch))
}
