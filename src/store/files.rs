//! Data files: as a snapshot lists them, and as the log of a table does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StoreError;
use super::remote::View;
use crate::model::tables::Table;

/// Which rows of a bucket a file holds. To readers it is all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heat {
    /// All rows that are in no cold file: an ingest that changes one of them writes all of them anew.
    Hot,
    /// Rows of which the next ingests are expected not to tell, and the mark of the rules by which their journeys were folded: ingest's own.
    Cold(u32),
}

/// One Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// The absolute path. Of a store in a bucket the file is there once it was fetched: see [`DataFile::at_hand`].
    pub path: PathBuf,
    /// Its bucket.
    pub bucket: u32,
    /// Which rows of the bucket it holds.
    pub heat: Heat,
    /// Its row count.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    pub(super) from: Origin,
}

/// The bucket that a data file is fetched from, if any. It does not tell two files apart.
#[derive(Clone, Default)]
pub(super) struct Origin(pub(super) Option<Arc<View>>);

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "bucket" } else { "folder" })
    }
}

impl PartialEq for Origin {
    fn eq(&self, _: &Origin) -> bool {
        true
    }
}

impl Eq for Origin {}

/// Sees to it that files can be read at their paths: those of a store in a bucket are fetched, many at once.
pub(crate) fn at_hand(files: &[DataFile]) -> Result<(), StoreError> {
    let Some(view) = files.first().and_then(|file| file.from.0.as_ref()) else { return Ok(()) };
    let names = files.iter().filter_map(|file| view.within(&file.path)).collect();
    view.fetch_now(names).map_err(|error| view.told(error))
}

impl DataFile {
    /// A file of a table with one bucket that lies here.
    pub fn here(path: PathBuf, rows: u64, bytes: u64) -> DataFile {
        DataFile { path, bucket: 0, heat: Heat::Hot, rows, bytes, from: Origin::default() }
    }

    /// The path, at which the file can be read now.
    pub fn at_hand(&self) -> Result<&Path, StoreError> {
        at_hand(std::slice::from_ref(self))?;
        Ok(&self.path)
    }

    /// Whether the file belongs to that table.
    pub(super) fn is_of(&self, store: &Path, table: Table) -> bool {
        self.path.starts_with(store.join(table.name()))
    }
}

/// A data file, as listed in the log.
#[derive(Debug, Clone)]
pub(super) struct Logged {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// The Delta statistics, JSON.
    pub(super) stats: String,
    /// Milliseconds since the epoch.
    pub(super) modified: i64,
}

/// Data files by their path inside the table's folder.
pub(super) type Files = BTreeMap<String, Logged>;
