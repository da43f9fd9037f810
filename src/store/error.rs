//! Errors of the store: what is wrong, where, and how to fix it.

mod text;

use std::io;
use std::path::{Path, PathBuf};

use deltalake::DeltaTableError;
use parquet::errors::ParquetError;

use crate::model::lang::Text;

/// Why a store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder is not a store.
    #[error(
        "{}: not a store (it has no `{}`)\n    name the store's folder with --store, or make one with `voronka ingest`",
        dir.display(), super::names::MARKER
    )]
    NotAStore {
        /// The folder.
        dir: PathBuf,
    },
    /// A new store was requested in a folder that holds something else.
    #[error(
        "{}: not a store, and not empty (it holds `{found}`)\n    a store is made in a new or empty folder: name one with --store",
        dir.display()
    )]
    NotEmpty {
        /// The folder.
        dir: PathBuf,
        /// One of the things in it.
        found: String,
    },
    /// The store's format is unknown to this version of Voronka.
    #[error(
        "{}: the store has format {format}, and this Voronka knows formats up to {known}\n    use the newer Voronka that made it",
        dir.display()
    )]
    Newer {
        /// The folder.
        dir: PathBuf,
        /// The store's format.
        format: u32,
        /// The newest supported format.
        known: u32,
    },
    /// The marker file cannot be understood.
    #[error("{}: {what}\n    restore the file from a backup: it says which ingest is the newest", path.display())]
    Marker {
        /// The marker file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// No complete ingest has that number.
    #[error("{}: there is no version {version}\n    {}", dir.display(), existing.en)]
    VersionNotFound {
        /// The store.
        dir: PathBuf,
        /// The version asked for.
        version: u64,
        /// The existing versions, as a sentence.
        existing: Text,
    },
    /// Another ingest is writing.
    #[error("{}: another ingest is writing this store\n    wait until it ends, then run this one again", dir.display())]
    Locked {
        /// The store.
        dir: PathBuf,
    },
    /// Another process is sending.
    #[error("{}: another `voronka send` is running\n    wait until it ends: it sends what is due", dir.display())]
    Sending {
        /// The store.
        dir: PathBuf,
    },
    /// The log of what was sent cannot be understood.
    #[error("{}: {}\n    nothing is sent until it is mended: put it back from a backup, or delete that line", path.display(), what.en)]
    SentLog {
        /// The log.
        path: PathBuf,
        /// What is wrong with it.
        what: Text,
    },
    /// A data file differs from what the ingest declared.
    #[error("{}: {}", path.display(), what.en)]
    DataFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: Text,
    },
    /// A file that an ingest wrote is missing or has changed.
    #[error(
        "{}: {}\n    the store is damaged: put this file back from a backup, or the whole store; `voronka check --store` \
         lists all that is damaged",
        path.display(),
        what.en
    )]
    Damaged {
        /// The file, or the folder in which it is missing.
        path: PathBuf,
        /// What is wrong with it.
        what: Text,
    },
    /// The record of ingests is older than the data: a part of the store was restored or synchronised without the rest.
    #[error(
        "{}: files of ingest {ingest}, but the record of ingests ends with {newest}: it is older than the data\n    \
         restore the whole store from one backup, with `ingests` and `voronka-store.toml`; nothing was deleted",
        path.display()
    )]
    RolledBack {
        /// The folder of the later ingest.
        path: PathBuf,
        /// Its number.
        ingest: u64,
        /// The last ingest of the record.
        newest: u64,
    },
    /// A store of an early Voronka holds files of an ingest that is not in its record.
    #[error(
        "{}: files of ingest {ingest}, which the record of ingests does not know: it was killed, or the record has lost its end\n    \
         if `voronka log` lists all that was ingested, delete this folder and run it again; if not, restore the store from a backup",
        path.display()
    )]
    Unknown {
        /// The folder of the ingest.
        path: PathBuf,
        /// Its number.
        ingest: u64,
    },
    /// The last commit was made, but the system did not confirm that it is on disk.
    #[error(
        "{}: ingest {ingest} is in the store, but it is not certain to outlast a loss of power: {source}\n    see `voronka log`, and check the disk",
        path.display()
    )]
    Unsynced {
        /// The commit.
        path: PathBuf,
        /// The ingest.
        ingest: u64,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The buckets of a table are inconsistent.
    #[error("table `{table}`: {what}")]
    Buckets {
        /// The table.
        table: &'static str,
        /// The inconsistency.
        what: String,
    },
    /// The rows of `ingests` are invalid.
    #[error("{}: {}\n    the record of ingests is damaged: restore the store from a backup", dir.display(), what.en)]
    Record {
        /// The folder of `ingests`.
        dir: PathBuf,
        /// What is wrong.
        what: Text,
    },
    /// The Delta log of a table could not be read or written.
    #[error("{}: Delta log: {source}", dir.display())]
    Delta {
        /// The table's folder.
        dir: PathBuf,
        /// The error of the Delta library.
        #[source]
        source: Box<DeltaTableError>,
    },
    /// A Parquet file could not be read or written.
    #[error("{}: {source}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// The error of the Parquet library.
        #[source]
        source: ParquetError,
    },
    /// A bucket does not give what is asked of it.
    #[error("{url}: {}\n    {}", what.en, hint.en)]
    Remote {
        /// The address.
        url: String,
        /// What is wrong.
        what: Text,
        /// The way out.
        hint: Text,
    },
    /// Another ingest into a bucket was quicker.
    #[error(
        "{}: another ingest was quicker, and this one, {ingest}, was not stored\n    run it again: it builds on the other then",
        dir.display()
    )]
    Overtaken {
        /// The address of the store.
        dir: PathBuf,
        /// The number that the ingest would have had.
        ingest: u64,
    },
    /// The answer to the last commit into a bucket was lost.
    #[error(
        "{}: it is not certain whether ingest {ingest} was stored: {}\n    `voronka log` says which ingests are; run it again if this one is not",
        dir.display(), what.en
    )]
    Uncertain {
        /// The address of the store.
        dir: PathBuf,
        /// The number of the ingest.
        ingest: u64,
        /// What went wrong.
        what: Text,
    },
    /// An input or output error.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        #[source]
        source: io::Error,
    },
}

impl StoreError {
    /// The file or folder that it names.
    pub(super) fn place(&mut self) -> Option<&mut PathBuf> {
        match self {
            StoreError::NotAStore { dir }
            | StoreError::NotEmpty { dir, .. }
            | StoreError::Newer { dir, .. }
            | StoreError::VersionNotFound { dir, .. }
            | StoreError::Locked { dir }
            | StoreError::Sending { dir }
            | StoreError::Overtaken { dir, .. }
            | StoreError::Uncertain { dir, .. }
            | StoreError::Record { dir, .. }
            | StoreError::Delta { dir, .. } => Some(dir),
            StoreError::Marker { path, .. }
            | StoreError::SentLog { path, .. }
            | StoreError::DataFile { path, .. }
            | StoreError::Damaged { path, .. }
            | StoreError::RolledBack { path, .. }
            | StoreError::Unknown { path, .. }
            | StoreError::Unsynced { path, .. }
            | StoreError::Parquet { path, .. }
            | StoreError::Io { path, .. } => Some(path),
            StoreError::Buckets { .. } | StoreError::Remote { .. } => None,
        }
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> StoreError {
        move |source| StoreError::Io { path: path.to_owned(), source }
    }

    pub(super) fn delta(dir: &Path) -> impl Fn(DeltaTableError) -> StoreError {
        move |source| StoreError::Delta { dir: dir.to_owned(), source: Box::new(source) }
    }

    pub(super) fn parquet(path: &Path) -> impl Fn(ParquetError) -> StoreError {
        move |source| StoreError::Parquet { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path, what: Text) -> StoreError {
        StoreError::Damaged { path: path.to_owned(), what }
    }

    pub(super) fn file(path: &Path, what: Text) -> StoreError {
        StoreError::DataFile { path: path.to_owned(), what }
    }
}
