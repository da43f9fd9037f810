//! What the footers of a table's Parquet files tell of its columns, without a look at their rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;

use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaDataReader};
use parquet::file::statistics::Statistics;

use super::SessionError;
use crate::model::parallel::each;
use crate::store::{DataFile, TableState, at_hand};

/// What is known of the columns of a table.
#[derive(Debug, Default)]
pub(super) struct Footers {
    /// The columns that hold at least one value.
    pub(super) filled: BTreeSet<String>,
    /// The columns that hold a value in each row, and no empty text.
    full: BTreeSet<String>,
    /// The last instant of each column of instants, or of lists of instants or of structs with an instant `at`, that holds any; microseconds since the
    /// epoch. Of other columns, and where the files do not say it: the largest number.
    latest: BTreeMap<String, i64>,
    /// What the lists take, unpacked.
    lists: u64,
}

impl Footers {
    pub(super) fn read(state: &TableState) -> Result<Footers, SessionError> {
        let columns = || state.schema.fields().iter().map(|f| f.name().clone());
        at_hand(&state.files)?;
        let files: Vec<&DataFile> = state.files.iter().filter(|f| f.rows > 0).collect();
        let read = |file: &&DataFile| Footers::of_file(&file.path, columns().collect());
        let mut known = Footers { full: columns().collect(), ..Footers::default() };
        each(&files, read, |_| ())?.into_iter().for_each(|file| known.and(file));
        // the record of ingests holds columns of the store's own, which nobody sees
        known.filled.retain(|name| state.schema.column_with_name(name).is_some());
        Ok(known)
    }

    fn of_file(path: &Path, columns: BTreeSet<String>) -> Result<Footers, SessionError> {
        let error = |source| SessionError::Parquet { path: path.to_owned(), source };
        let open = File::open(path).map_err(|e| error(e.into()))?;
        let footer = ParquetMetaDataReader::new().parse_and_finish(&open).map_err(error)?;
        let mut known = Footers { full: columns, ..Footers::default() };
        for group in footer.row_groups() {
            group.columns().iter().for_each(|chunk| known.add(chunk));
            let is_full =
                |name: &String| group.columns().iter().any(|chunk| is_column(chunk, name) && holds_only_values(chunk));
            known.full.retain(is_full);
        }
        Ok(known)
    }

    /// What is known of these files and of another one.
    fn and(&mut self, other: Footers) {
        self.filled.extend(other.filled);
        self.lists += other.lists;
        self.full.retain(|name| other.full.contains(name));
        for (name, last) in other.latest {
            let latest = self.latest.entry(name).or_insert(i64::MIN);
            *latest = (*latest).max(last);
        }
    }

    /// Whether each row has a value of this column, and no empty text.
    pub(super) fn is_full(&self, column: &str) -> bool {
        self.full.contains(column)
    }

    /// What the values of all lists take, unpacked.
    pub(super) fn bytes_of_lists(&self) -> u64 {
        self.lists
    }

    /// Whether the column may hold an instant at this one or later.
    pub(super) fn may_reach(&self, column: &str, instant: i64) -> bool {
        match self.latest.get(column) {
            Some(latest) => *latest >= instant,
            None => self.filled.contains(column),
        }
    }

    fn add(&mut self, chunk: &ColumnChunkMetaData) {
        let [name, within @ ..] = chunk.column_path().parts() else { return };
        if !holds_values(chunk) {
            return;
        }
        self.filled.insert(name.clone());
        if chunk.column_descr().max_rep_level() > 0 {
            self.lists += u64::try_from(chunk.uncompressed_size()).unwrap_or(0);
        }
        // list, element, field
        let is_instant = matches!(within.len(), 0 | 2) || within.last().is_some_and(|field| field == "at");
        if is_instant {
            let last = match chunk.statistics() {
                Some(Statistics::Int64(of)) if is_in_microseconds(chunk) => of.max_opt().copied(),
                _ => None,
            };
            let latest = self.latest.entry(name.clone()).or_insert(i64::MIN);
            *latest = (*latest).max(last.unwrap_or(i64::MAX));
        }
    }
}

fn is_column(chunk: &ColumnChunkMetaData, name: &str) -> bool {
    matches!(chunk.column_path().parts(), [own] if own == name)
}

fn is_in_microseconds(chunk: &ColumnChunkMetaData) -> bool {
    matches!(chunk.column_descr().logical_type_ref(), Some(LogicalType::Timestamp(of)) if of.unit == TimeUnit::MICROS)
}

/// Whether a column chunk, possibly a leaf of a list, holds a value. One without statistics may.
fn holds_values(chunk: &ColumnChunkMetaData) -> bool {
    let Some(statistics) = chunk.statistics() else { return chunk.num_values() > 0 };
    // Polars counts an empty list as a value that is not null: only a least value shows that any list holds something
    if chunk.column_descr().max_rep_level() > 0 && statistics.min_bytes_opt().is_none() {
        return false;
    }
    let nulls = statistics.null_count_opt().unwrap_or(0);
    u64::try_from(chunk.num_values()).is_ok_and(|values| values > nulls)
}

/// Whether each row has a value in this chunk, which is no leaf of a list, and no empty text. One without statistics may lack some.
fn holds_only_values(chunk: &ColumnChunkMetaData) -> bool {
    let Some(statistics) = chunk.statistics() else { return false };
    let is_no_empty_text = match statistics {
        Statistics::ByteArray(of) => of.min_opt().is_some_and(|least| !least.data().is_empty()),
        _ => true,
    };
    statistics.null_count_opt() == Some(0) && is_no_empty_text
}
