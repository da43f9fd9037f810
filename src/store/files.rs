//! Data files: as a snapshot lists them, and as the log of a table does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::tables::Table;

/// One Parquet file of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataFile {
    /// The absolute path.
    pub path: PathBuf,
    /// Its bucket.
    pub bucket: u32,
    /// Its row count.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

impl DataFile {
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
