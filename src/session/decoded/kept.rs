//! The columns that are kept of each file of deals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::execution::memory_pool::MemoryPool;

use super::super::room::{Room, Taken};
use super::column::Column;

/// The lists take no more than this part of the memory limit, and the other columns no more than that again.
pub(super) const PART: usize = 8;
/// So many times a column that is no list is read before it is kept.
const SELDOM: usize = 2;

/// A column of a file, in the batches in which it was read.
pub(super) type Batches = Vec<Column>;

/// The columns of one state of a store, for all sessions of a report: what is decoded does not depend on the cut.
#[derive(Debug)]
pub(in crate::session) struct Decoded {
    files: Mutex<BTreeMap<String, Arc<OfFile>>>,
    lists: Taken,
    others: Taken,
    /// How many scans read a column that is no list, by its place in the table.
    scans: Mutex<BTreeMap<usize, usize>>,
    /// The columns that are no lists for which there was no room: of a list, what is kept of some files saves much all the same.
    refused: Mutex<BTreeSet<usize>>,
}

/// The columns of a file that are kept, by their place in the table. Whoever needs another one reads it while others wait.
type OfFile = tokio::sync::Mutex<BTreeMap<usize, Batches>>;

impl Decoded {
    /// Room for lists of so many bytes; `None`: they would not fit, and keeping a part of them would save a part of the work and take all the room.
    pub(in crate::session) fn of(lists: u64, pool: &Arc<dyn MemoryPool>) -> Option<Arc<Decoded>> {
        let begun = |what| {
            let room = Room::of_part(PART);
            let fits = usize::try_from(lists).is_ok_and(|lists| lists <= room.limit(pool));
            fits.then(|| Taken::begun(&room, pool, what))
        };
        Some(Arc::new(Decoded {
            files: Mutex::default(),
            lists: begun("the lists of deals, decoded")?,
            others: begun("the columns of deals, decoded")?,
            scans: Mutex::default(),
            refused: Mutex::default(),
        }))
    }

    /// Those of the columns of a scan that are kept, and the others; counts the scan.
    pub(super) fn dealt(&self, table: &Schema, columns: Vec<usize>) -> (Vec<usize>, Vec<usize>) {
        let mut scans = self.scans.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        columns.into_iter().partition(|column| {
            let times = scans.entry(*column).or_default();
            *times += 1;
            is_list(table, *column) || (*times > SELDOM && !refused.contains(column))
        })
    }

    /// Columns of a file, out of memory where they are kept: `read` reads those that are not.
    pub(super) async fn columns<F: Future<Output = Result<Vec<RecordBatch>>>>(
        &self,
        table: &Schema,
        file: &str,
        wanted: &[usize],
        read: impl FnOnce(Vec<usize>) -> F,
    ) -> Result<Vec<Batches>> {
        let of_file =
            Arc::clone(self.files.lock().unwrap_or_else(PoisonError::into_inner).entry(file.to_owned()).or_default());
        let mut kept = of_file.lock().await;
        let missing: Vec<usize> = wanted.iter().copied().filter(|column| !kept.contains_key(column)).collect();
        let mut others = BTreeMap::new();
        if !missing.is_empty() {
            let mut columns = vec![Batches::new(); missing.len()];
            for batch in read(missing.clone()).await? {
                let (_, arrays, _) = batch.into_parts();
                columns.iter_mut().zip(arrays).for_each(|(column, array)| column.push(Column::kept(array)));
            }
            for (column, batches) in missing.into_iter().zip(columns) {
                let bytes = batches.iter().map(Column::bytes).sum();
                let taken = if is_list(table, column) { &self.lists } else { &self.others };
                if taken.more(bytes) {
                    kept.insert(column, batches);
                } else {
                    self.refused.lock().unwrap_or_else(PoisonError::into_inner).insert(column);
                    others.insert(column, batches);
                }
            }
        }
        Ok(wanted.iter().filter_map(|column| kept.get(column).or_else(|| others.get(column)).cloned()).collect())
    }
}

fn is_list(table: &Schema, column: usize) -> bool {
    table.fields().get(column).is_some_and(|field| field.data_type().is_nested())
}
