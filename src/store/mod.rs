//! The store: a folder with a Delta table per canonical table, and the table `ingests`, which records the version of
//! each table that belongs together.
//!
//! An ingest changes several tables, but Delta commits one table at a time. So readers do not open the newest version
//! of each table: they open the versions that the newest *complete* ingest names. The commit to `ingests` makes an
//! ingest visible, all of it or nothing. Why: `docs/decisions/store.md`.
//!
//! Out of scope: the meaning of rows (`ingest`), and queries (`session`).

mod answers;
mod check;
mod currencies;
mod delta;
mod damage;
mod digest;
mod error;
mod files;
mod footer;
#[cfg(test)]
mod killed;
mod layout;
mod names;
mod proof;
mod record;
mod regulations;
mod rows;
mod sent;
mod snapshot;
#[cfg(test)]
mod tests;
mod transaction;

use std::path::{Path, PathBuf};

pub use self::answers::Answers;
pub(crate) use self::answers::program;
pub use self::check::Checked;
pub(crate) use self::currencies::currencies;
pub(crate) use self::digest::fingerprint;
pub use self::error::StoreError;
pub use self::files::DataFile;
pub(crate) use self::regulations::{Kept, regulations};
pub use self::rows::{IngestRecord, TableCount};
pub use self::sent::{SentEntry, SentEvent, SentLog};
pub use self::snapshot::{Snapshot, TableState};
pub(crate) use self::transaction::Transaction;

/// A folder that was checked to be a store.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens an existing store.
    pub async fn open(dir: &Path) -> Result<Store, StoreError> {
        layout::marker(dir)?;
        let dir = dir.canonicalize().map_err(StoreError::io(dir))?;
        Ok(Store { dir })
    }

    /// Opens a store, or creates an empty one in a new or empty folder.
    pub async fn open_or_create(dir: &Path) -> Result<Store, StoreError> {
        layout::create(dir)?;
        Store::open(dir).await
    }

    /// The absolute path of the folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The state that an ingest left, or the newest one; version 0, empty, if no ingest is complete.
    ///
    /// Every file is compared with what the ingest wrote, so a damaged store fails here and not in a later query.
    pub async fn snapshot(&self, version: Option<u64>) -> Result<Snapshot, StoreError> {
        Ok(snapshot::load(&self.dir, version).await?.0)
    }

    /// The number of the newest complete ingest, and what tells it from any other of that number. `None` if nothing does.
    pub(crate) fn seal(&self) -> Option<(u64, String)> {
        let text = std::fs::read_to_string(self.dir.join(names::MARKER)).ok()?;
        let marker = layout::marker(&self.dir).ok()?;
        marker.record()?;
        Some((marker.newest?, fingerprint(&text)))
    }

    /// The complete ingests, newest first. Checks the newest state.
    pub async fn log(&self) -> Result<Vec<IngestRecord>, StoreError> {
        Ok(snapshot::load(&self.dir, None).await?.1.records())
    }

    /// Reads every file that any ingest names, and reports which differ from what was written.
    pub async fn check(&self) -> Result<Checked, StoreError> {
        check::check(&self.dir).await
    }

    /// Begins an ingest. Only one can run at a time: the lock is held until the transaction is committed or dropped;
    /// the system releases it when the process dies.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Transaction::begin(&self.dir).await
    }
}
