//! The columns of the table `quarantine`, and what tells that the same rows were refused again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use xxhash_rust::xxh3::xxh3_128;

use crate::export::files::ExportId;
use crate::export::records::RepairOrigin;
use crate::ingest::rows::Rows;
use crate::ingest::{IngestError, data_file};
use crate::model::layout::Layout;
use crate::model::tables::Table;
use crate::store::Transaction;

/// The columns of text that, with the line, make two refusals of an export the same one.
pub(super) const TEXTS: [&str; 5] = ["column", "value", "reason", "reason_ru", "raw"];

/// The exports that were read; of files of mended rows, the places of those that were taken.
pub(super) type Read = BTreeMap<ExportId, Option<BTreeSet<RepairOrigin>>>;

/// Digest of refused rows: the same for the same rows in any order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Digest {
    rows: u64,
    sum: u128,
    /// Of those that were overtaken.
    marks: u128,
}

impl Digest {
    pub(super) fn add(&mut self, line: i64, texts: [&str; TEXTS.len()]) {
        let mut bytes = line.to_le_bytes().to_vec();
        for text in texts {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0xff);
        }
        self.rows += 1;
        self.sum = self.sum.wrapping_add(xxh3_128(&bytes));
    }

    /// Adds for which tables the row of a line was overtaken.
    pub(super) fn mark(&mut self, line: i64, later: &str) {
        if !later.is_empty() {
            let bytes = [&line.to_le_bytes(), later.as_bytes()].concat();
            self.marks = self.marks.wrapping_add(xxh3_128(&bytes));
        }
    }
}

pub(super) fn layout() -> Layout {
    Layout::new(Table::Quarantine, Vec::new())
}

pub(super) fn write(
    layout: &Layout,
    rows: &Rows<'_>,
    transaction: &mut Transaction,
) -> Result<(PathBuf, u64), IngestError> {
    let order = rows.sorted(&layout.slots(Table::Quarantine.sorted_by()));
    let path = transaction.new_file(Table::Quarantine, 0);
    data_file::write(&path, layout, rows, &order)?;
    Ok((path, rows.len() as u64))
}
