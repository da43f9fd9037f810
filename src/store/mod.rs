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
mod place;
mod proof;
mod record;
mod regulations;
mod remote;
mod rows;
mod sent;
mod snapshot;
#[cfg(test)]
mod tests;
mod transaction;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::answers::Answers;
pub(crate) use self::answers::program;
pub use self::check::Checked;
pub(crate) use self::currencies::currencies;
pub(crate) use self::digest::fingerprint;
pub use self::error::StoreError;
pub(crate) use self::files::at_hand;
pub use self::files::{DataFile, Heat};
use self::place::Place;
pub(crate) use self::regulations::{Kept, regulations};
#[cfg(feature = "cluster")]
pub(crate) use self::remote::Beneath;
pub(crate) use self::remote::is_remote;
pub use self::rows::{IngestRecord, TableCount};
pub use self::sent::{SentEntry, SentEvent, SentLog};
pub use self::snapshot::{Snapshot, TableState};
pub(crate) use self::transaction::{Content, Transaction};

/// A folder that was checked to be a store, or a path in a bucket.
#[derive(Debug, Clone)]
pub struct Store {
    place: Place,
}

/// The ingest that a marker names, and what tells the marker from others.
fn sealed(text: &str) -> Option<(u64, String)> {
    let marker: layout::Marker = toml::from_str(text).ok()?;
    marker.record()?;
    Some((marker.newest?, fingerprint(text)))
}

impl Store {
    /// Opens an existing store: a folder, or `s3://bucket/path`.
    pub async fn open(dir: &Path) -> Result<Store, StoreError> {
        if let Some(address) = Place::address(dir)? {
            return Store::seen(remote::View::open(address).await?);
        }
        layout::marker(dir)?;
        let dir = dir.canonicalize().map_err(StoreError::io(dir))?;
        Ok(Store { place: Place::folder(dir) })
    }

    /// Opens a store, or creates an empty one in a new or empty folder or path of a bucket.
    pub async fn open_or_create(dir: &Path) -> Result<Store, StoreError> {
        if let Some(address) = Place::address(dir)? {
            return Store::seen(remote::View::open_or_create(address).await?);
        }
        layout::create(dir)?;
        Store::open(dir).await
    }

    /// A store in a bucket, of a known format.
    fn seen(view: Arc<remote::View>) -> Result<Store, StoreError> {
        let place = Place::view(view);
        layout::marker(place.dir()).map_err(|error| place.told(error))?;
        Ok(Store { place })
    }

    /// The absolute path of the folder; of a store in a bucket, of a folder of this process with the files that are not data.
    pub fn dir(&self) -> &Path {
        self.place.dir()
    }

    /// What the store is called to the user: its folder, or its address in a bucket.
    pub fn shown(&self) -> PathBuf {
        self.place.shown(self.dir())
    }

    /// What a file is called to the user: its path, or its address in a bucket.
    pub(crate) fn shown_at(&self, file: &Path) -> PathBuf {
        self.place.shown(file)
    }

    /// Where the key of the store's hashes lies: beside the store. For a store in a bucket that is the working folder.
    pub fn key_file(&self) -> PathBuf {
        let mut name = self.dir().file_name().unwrap_or_default().to_owned();
        name.push(".key");
        match self.place.remote() {
            Some(_) => PathBuf::from(name),
            None => self.dir().with_file_name(name),
        }
    }

    /// The place of a file that belongs to the store and may be deleted at any time: within it, or beside the user.
    pub fn spare(&self, name: &str) -> PathBuf {
        self.place.remote().map_or_else(|| self.dir().join(name), |view| view.spare(name))
    }

    /// The kept answers of a state of the store, beside it or beside the user.
    pub fn answers(&self, snapshot: &Snapshot) -> Option<Answers> {
        match self.place.remote() {
            Some(view) => Answers::beside(&view.spare("store"), snapshot),
            None => Answers::beside(self.dir(), snapshot),
        }
    }

    /// The state that an ingest left, or the newest one; version 0, empty, if no ingest is complete.
    ///
    /// Every file is compared with what the ingest wrote, so a damaged store fails here and not in a later query.
    pub async fn snapshot(&self, version: Option<u64>) -> Result<Snapshot, StoreError> {
        Ok(self.snapshot_and_log(version).await?.0)
    }

    /// As [`Store::snapshot`], with the complete ingests up to that state, newest first.
    pub async fn snapshot_and_log(&self, version: Option<u64>) -> Result<(Snapshot, Vec<IngestRecord>), StoreError> {
        self.place.refresh().await?;
        let (snapshot, rows) = snapshot::load(&self.place, version).await.map_err(|error| self.place.told(error))?;
        let mut records = rows.records();
        records.retain(|record| record.ingest <= snapshot.version);
        Ok((snapshot, records))
    }

    /// The number of the newest complete ingest, and what tells it from any other of that number. `None` if nothing does.
    pub(crate) fn seal(&self) -> Option<(u64, String)> {
        sealed(&std::fs::read_to_string(self.dir().join(names::MARKER)).ok()?)
    }

    /// The same of a store that need not be opened: of one in a bucket, a single file is read.
    ///
    /// # Errors
    /// There is no store, or the bucket cannot be read.
    pub async fn newest(dir: &Path) -> Result<Option<(u64, String)>, StoreError> {
        let Some(address) = Place::address(dir)? else { return Ok(Store::open(dir).await?.seal()) };
        Ok(sealed(&remote::marker(address).await?))
    }

    /// The complete ingests, newest first. Checks the newest state.
    pub async fn log(&self) -> Result<Vec<IngestRecord>, StoreError> {
        Ok(self.snapshot_and_log(None).await?.1)
    }

    /// Reads every file that any ingest names, and reports which differ from what was written.
    pub async fn check(&self) -> Result<Checked, StoreError> {
        self.place.refresh().await?;
        check::check(&self.place).await.map_err(|error| self.place.told(error))
    }

    /// Begins an ingest. Only one can run at a time: the lock is held until the transaction is committed or dropped;
    /// the system releases it when the process dies. Into a bucket several may run, and one gets through.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        Transaction::begin(&self.place).await.map_err(|error| self.place.told(error))
    }
}
