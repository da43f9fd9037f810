//! The rows of the record of ingests, in memory. How they are read, proven and written is in `record`.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::digest::{Digest, Digests};
use crate::model::tables::Table;

/// A summary of one ingest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestRecord {
    /// Its number, from 1, which is also the version of the store that it made.
    pub ingest: u64,
    /// When it ran.
    pub at: DateTime<Utc>,
    /// The files that it read.
    pub exports: Vec<String>,
    /// The row counts by table.
    pub tables: Vec<TableCount>,
    /// Notes for readers of the log.
    pub notes: Vec<String>,
    /// The currencies of its amounts by column: `deals.amount=USD`; without a code if the amounts named none.
    pub currencies: Vec<String>,
}

/// The row counts of one table in one ingest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCount {
    /// The table.
    pub table: Table,
    /// Rows read from the exports.
    pub read: u64,
    /// Rows whose key the store did not have.
    pub new: u64,
    /// Rows whose key the store had with other values.
    pub changed: u64,
    /// Rows that the store had already.
    pub unchanged: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// The moment up to which the exports of this table reach; `None` if it is not known.
    pub taken: Option<DateTime<Utc>>,
}

/// Columns of `ingests` that are internal to the store: not canonical, and hidden from SQL.
pub(super) const OWN: [&str; 8] =
    ["delta_version", "buckets", "notes", "state", "commit", "files", "proof", "currencies"];

/// The state of a table after an ingest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) table: Table,
    pub(super) delta_version: u64,
    pub(super) buckets: u32,
    /// The digest of the state; `None` for ingests of an early Voronka, and for `ingests` itself, whose last file holds
    /// this row.
    pub(super) state: Option<Digest>,
    /// The digest of the commit that made the version.
    pub(super) commit: Option<Digest>,
    /// The digests of data files that no earlier ingest recorded; for `ingests`, those of all files but the last.
    pub(super) files: Digests,
}

/// All rows of `ingests`.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) ingests: BTreeMap<u64, (IngestRecord, Vec<Named>)>,
    pub(super) versions: Vec<u64>,
    /// The recorded digest of the rows, by ingest.
    pub(super) proofs: BTreeMap<u64, Digest>,
}

impl Rows {
    /// The recorded digests of all data files of a table.
    pub(super) fn digests(&self, table: Table) -> Digests {
        let named = self.ingests.values().flat_map(|(_, named)| named).filter(|named| named.table == table);
        named.flat_map(|named| named.files.clone()).collect()
    }

    /// The recorded digests of all commits of a table, by version.
    pub(super) fn commits(&self, table: Table) -> BTreeMap<u64, Digest> {
        let named = self.ingests.values().flat_map(|(_, named)| named).filter(|named| named.table == table);
        named.filter_map(|named| Some((named.delta_version, named.commit?))).collect()
    }

    /// The numbers of the complete ingests, ascending.
    pub(super) fn versions(&self) -> &[u64] {
        &self.versions
    }

    /// The state of each table after the ingest.
    pub(super) fn tables(&self, ingest: u64) -> &[Named] {
        self.ingests.get(&ingest).map_or(&[], |(_, named)| named)
    }

    /// The records, newest first.
    pub(super) fn records(self) -> Vec<IngestRecord> {
        self.ingests.into_values().rev().map(|(record, _)| record).collect()
    }

    pub(super) fn push(&mut self, record: IngestRecord, named: Vec<Named>) {
        self.ingests.insert(record.ingest, (record, named));
        self.versions = self.ingests.keys().copied().collect();
    }

    /// The rows of one ingest.
    pub(super) fn only(&self, ingest: u64) -> Rows {
        let mut rows = Rows::default();
        if let Some((record, named)) = self.ingests.get(&ingest) {
            rows.push(record.clone(), named.clone());
        }
        rows
    }
}
