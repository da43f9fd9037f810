//! Refused rows: written to the table `quarantine`, and counted by reason for the summary.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::IngestError;
use super::cell::{Cell, Rows};
use super::data_file;
use super::export::Refusal;
use super::layout::Layout;
use super::summary::QuarantineCount;
use crate::model::tables::Table;
use crate::store::Transaction;

/// Rows kept in memory before they become a file.
const PIECE: usize = 100_000;

/// The quarantine of one ingest.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    rows: Vec<(String, Refusal)>,
    files: Vec<(PathBuf, u64)>,
    counts: BTreeMap<(String, String, String), QuarantineCount>,
}

impl Quarantine {
    /// Takes a refused row of a file.
    pub(super) fn push(
        &mut self,
        file: &str,
        refusal: Refusal,
        transaction: &mut Transaction,
    ) -> Result<(), IngestError> {
        let reason = (file.to_owned(), refusal.column.clone(), refusal.reason.clone());
        let count = self.counts.entry(reason).or_insert_with(|| QuarantineCount {
            file: file.to_owned(),
            column: refusal.column.clone(),
            reason: refusal.reason.clone(),
            rows: 0,
            first_line: refusal.line,
            first_value: refusal.value.clone(),
        });
        count.rows += 1;
        self.rows.push((file.to_owned(), refusal));
        match self.rows.len() >= PIECE {
            true => self.write(transaction),
            false => Ok(()),
        }
    }

    fn write(&mut self, transaction: &mut Transaction) -> Result<(), IngestError> {
        let layout = Layout::new(Table::Quarantine, Vec::new());
        let number = i64::try_from(transaction.number()).unwrap_or(i64::MAX);
        let text = |text: &'static str| layout.slot(text);
        let mut rows = Rows::new(layout.width());
        for (file, refusal) in &self.rows {
            let start = rows.cells.len();
            rows.cells.resize(start + layout.width(), Cell::Null);
            let values = [
                ("ingest", Cell::Whole(number)),
                ("file", Cell::Text(file)),
                ("line", Cell::Whole(i64::try_from(refusal.line).unwrap_or(i64::MAX))),
                ("column", Cell::Text(&refusal.column)),
                ("value", Cell::Text(&refusal.value)),
                ("reason", Cell::Text(&refusal.reason)),
                ("raw", Cell::Text(&refusal.raw)),
            ];
            for (name, value) in values {
                if let Some(slot) = text(name) {
                    rows.cells[start + slot] = value;
                }
            }
        }
        let order = rows.sorted(&layout.slots(Table::Quarantine.sorted_by()));
        let path = transaction.new_file(Table::Quarantine, 0);
        data_file::write(&path, &layout, &rows, &order)?;
        self.files.push((path, self.rows.len() as u64));
        self.rows.clear();
        Ok(())
    }

    /// Hands the files over to the transaction; returns the counts by file, column and reason, most rows first.
    pub(super) fn finish(mut self, transaction: &mut Transaction) -> Result<Vec<QuarantineCount>, IngestError> {
        if !self.rows.is_empty() {
            self.write(transaction)?;
        }
        if !self.files.is_empty() {
            transaction.append(Table::Quarantine, self.files);
        }
        let mut counts: Vec<QuarantineCount> = self.counts.into_values().collect();
        counts.sort_by_key(|count| std::cmp::Reverse(count.rows));
        Ok(counts)
    }
}
