//! Where the rows of a file go: encoded into the spill, or into quarantine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::spill::Spill;
use crate::export::datum::{Value, encode};
use crate::export::files::ExportId;
use crate::export::read::{FillPlan, Refusal, RowKey, RowSink};
use crate::export::records::RepairOrigin;
use crate::ingest::IngestError;
use crate::ingest::bucket::listing_history::mark;
use crate::ingest::quarantine::{Quarantine, Waits};
use crate::model::index::index_u32;
use crate::model::progress::Progress;
use crate::model::tables::{EVENT_IDENTITY, Table};
use crate::store::Transaction;

/// Rows read for a table.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Read {
    pub(crate) rows: u64,
    pub(crate) quarantined: u64,
}

/// Deals present in a listing file whose rows were refused or filtered out. They must not be marked as gone.
#[derive(Debug, Default)]
pub(crate) struct ListedDeals {
    pub(crate) marks: BTreeSet<u64>,
    /// How many of the refused rows told which deal they are of.
    pub(crate) refused: u64,
}

/// What has to be known of a fill to take its rows.
pub(crate) struct Taker {
    table: Table,
    /// For events: the position of the id, if it is mapped at all.
    event_id: Option<usize>,
    identity: Vec<Option<usize>>,
    bucket_by: Vec<Option<usize>>,
    /// Where the columns of its key stand.
    key: Vec<(&'static str, Option<usize>)>,
}

impl Taker {
    pub(crate) fn new(fill: &FillPlan) -> Taker {
        let place = |name: &&str| fill.columns.iter().position(|c| c.name == *name);
        Taker {
            table: fill.table,
            event_id: (fill.table == Table::Events).then(|| place(&"event_id")).flatten(),
            identity: EVENT_IDENTITY.iter().map(place).collect(),
            bucket_by: fill.table.bucket_by().iter().map(place).collect(),
            key: fill.table.key().iter().map(|name| (*name, place(name))).collect(),
        }
    }
}

/// Takes the rows of one file.
pub(crate) struct Sink<'s> {
    pub(crate) first_shape: usize,
    pub(crate) takers: Vec<Taker>,
    /// The export: what it is called, and by what it is known.
    pub(crate) file: &'s str,
    pub(crate) id: &'s ExportId,
    pub(crate) header: Arc<str>,
    pub(crate) bytes: u64,
    pub(crate) spill: &'s mut Spill,
    pub(crate) quarantine: &'s mut Quarantine,
    pub(crate) waits: &'s Waits,
    pub(crate) transaction: &'s mut Transaction,
    pub(crate) read: &'s mut BTreeMap<Table, Read>,
    pub(crate) listed_deals: ListedDeals,
    pub(crate) progress: &'s dyn Progress,
    /// For a repair file: the place of the accepted row.
    pub(crate) mends: Option<RepairOrigin>,
    /// How many rows were overtaken.
    pub(crate) overtaken: u64,
    /// The row being encoded.
    pub(crate) row: Vec<u8>,
    /// The identity being hashed.
    pub(crate) scratch: Vec<u8>,
}

impl RowSink for Sink<'_> {
    type Error = IngestError;

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
        let bucket = taker.bucket_by.iter().find_map(filled).or(derived.as_deref()).unwrap_or_default();
        let mut is_late = false;
        if self.mends.is_some() || self.quarantine.later.watches() {
            let place = |name: &str| taker.key.iter().find(|(known, _)| *known == name).and_then(|(_, at)| *at);
            let key = RowKey::of(taker.table, |name| place(name).map(|at| &values[at]));
            let newest = RepairOrigin { ingest: self.transaction.number(), line: u64::MAX };
            if let Some(key) = key {
                is_late = self.mends.is_some_and(|place| {
                    self.waits.may_be_late(self.file, place, taker.table)
                        || self.quarantine.later.is_overtaken(key, place)
                });
                self.quarantine.later.take(key, &self.id.file, self.mends.unwrap_or(newest));
            }
        }
        self.overtaken += u64::from(is_late);
        // the shapes of late rows stand behind those of all fills
        let shape = self.first_shape + fill + if is_late { self.takers.len() } else { 0 };
        self.spill.push(index_u32(shape), taker.table, bucket, &self.row)
    }

    fn mends(&mut self, place: RepairOrigin) {
        self.mends = Some(place);
    }

    fn waits(&self, place: RepairOrigin) -> u64 {
        self.waits.at(self.file, place)
    }

    fn begin(&mut self, header: String) {
        self.header = header.into();
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
        let id = match self.mends {
            Some(place) => {
                let folder = self.waits.folder(self.file, place);
                ExportId { file: of_file(self.file, folder), folder: folder.to_owned() }
            }
            None => self.id.clone(),
        };
        self.quarantine.push((&id, self.file), &self.header, refusal, self.transaction)
    }

    fn progress(&mut self, done: u64) {
        self.progress.step(self.file, done, self.bytes);
    }
}

/// The name of an export's file, of which mended rows may be called by folder and name.
pub(crate) fn of_file(called: &str, folder: &str) -> String {
    let bare = called.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/')).filter(|_| !folder.is_empty());
    bare.unwrap_or(called).to_owned()
}

/// The id of an event from an export without ids. It is stable: the same row has the same id in every export.
fn derived_id(taker: &Taker, values: &[Value<'_>], scratch: &mut Vec<u8>) -> String {
    scratch.clear();
    for at in &taker.identity {
        encode(at.map_or(&Value::Null, |at| &values[at]), scratch);
    }
    format!("{:016x}", xxh3_64(scratch))
}
