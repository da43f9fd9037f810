//! The store: a folder with a Delta table per canonical table, and the record of ingests that names which version of
//! each belongs together.
//!
//! An ingest touches several tables, and Delta commits one at a time. So readers never open "the newest version of
//! each": they open the versions that the newest *complete* ingest names. The commit of its record is the atom.
//! Why so: `docs/decisions/store.md`.
//!
//! Leaves to others: what the rows mean (ingest), and reading them (session).

mod currencies;
mod delta;
mod damage;
mod error;
mod footer;
#[cfg(test)]
mod killed;
mod layout;
mod proof;
mod record;
mod regulations;
mod snapshot;
#[cfg(test)]
mod tests;
mod transaction;

use std::path::{Path, PathBuf};

pub use self::currencies::currencies;
pub use self::damage::Checked;
pub use self::error::StoreError;
pub use self::record::{IngestRecord, TableCount};
pub use self::regulations::{Kept, regulations};
pub use self::snapshot::{DataFile, Snapshot, TableState};
pub use self::transaction::Transaction;

/// A store's folder, checked to be one.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
}

impl Store {
    /// Opens a store that exists.
    pub async fn open(dir: &Path) -> Result<Store, StoreError> {
        layout::marker(dir)?;
        let dir = dir.canonicalize().map_err(StoreError::io(dir))?;
        Ok(Store { dir })
    }

    /// Opens a store, or makes an empty one where there is nothing yet.
    pub async fn open_or_create(dir: &Path) -> Result<Store, StoreError> {
        layout::create(dir)?;
        Store::open(dir).await
    }

    /// Where it is, absolute.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The state that an ingest left, or the newest one; the empty state, version 0, if no ingest is complete.
    ///
    /// Every file of it has been compared with what the ingest wrote: a damaged store is an error here, and nowhere later.
    pub async fn snapshot(&self, version: Option<u64>) -> Result<Snapshot, StoreError> {
        Ok(snapshot::load(&self.dir, version).await?.0)
    }

    /// The complete ingests, newest first, of a store whose newest state is whole.
    pub async fn log(&self) -> Result<Vec<IngestRecord>, StoreError> {
        Ok(snapshot::load(&self.dir, None).await?.1.records())
    }

    /// Reads every file that any ingest names, and says which are not what was written.
    pub async fn check(&self) -> Result<Checked, StoreError> {
        damage::check(&self.dir).await
    }

    /// Begins an ingest. There is one at a time: the lock is held until the transaction is committed or dropped, and
    /// the system releases it when the process dies.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Transaction::begin(&self.dir).await
    }
}
