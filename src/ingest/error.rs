//! Why an ingest did not begin or had to stop: place, cause and way out.

mod text;

use std::io;
use std::path::{Path, PathBuf};

use crate::export::{ExportError, named};
use crate::model::layout::NoColumn;
use crate::store::{Store, StoreError};

/// Why an ingest was refused. The store is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// An export cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The key of the hashes is no key.
    #[error(
        "{}: not a key that an ingest made\n    put the store's own key back: with a new one every client would become another",
        named(path)
    )]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// The key of the hashes is not the one that the store knows.
    #[error(
        "{}: {what}\n    put the store's own key back; if it is lost, remove {}: the clients that the store knows will then be other ones than those to come",
        named(path),
        named(id)
    )]
    OtherKey {
        /// The key's file.
        path: PathBuf,
        /// What tells the store's key.
        id: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A file within the store that says how personal data is kept holds nothing.
    #[error(
        "{}: the file is empty\n    put it back from a backup, or the whole store: it says how the store keeps personal data",
        named(path)
    )]
    Emptied {
        /// The file.
        path: PathBuf,
    },
    /// A file that says how the store keeps personal data is gone.
    #[error(
        "{}: the file is missing\n    put it back from a backup, or the whole store: it says how the store keeps personal data",
        named(path)
    )]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// The mapping would keep personal data otherwise than the store does.
    #[error(
        "{}: this store keeps personal data by personal = \"{kept}\", and {mapping} states personal = \"{stated}\"\n    what is there would stay as it is, and clients and events would be there twice: state \"{kept}\", or ingest all exports into a new store: --store NEW",
        named(store)
    )]
    OtherRule {
        /// The store.
        store: PathBuf,
        /// How it keeps it.
        kept: &'static str,
        /// The mapping.
        mapping: String,
        /// What that states.
        stated: &'static str,
    },
    /// Rows are known by texts that hold phones or e-mails, and the store has these as they came.
    #[error(
        "{}: in {values} names and ids by which rows are known, phones and e-mails would be replaced, and this store has such as they came\n    the rows would be there twice: ingest all exports into a new store: --store NEW; or state personal = \"keep\" in the mapping",
        named(store)
    )]
    OtherTexts {
        /// The store.
        store: PathBuf,
        /// How many.
        values: u64,
    },
    /// A file of rows to be mended is there already.
    #[error(
        "{}: it is there already, and somebody may be mending it\n    mend and ingest that one; or remove it, or name another folder: voronka quarantine --out DIR",
        named(path)
    )]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Amounts in another currency than those that they would be added to, or set against.
    #[error(
        "{}: {what}\n    convert them before the ingest; or, where the cells hold bare numbers, in the mapping: {column} = {{ multiply = [\"…\", RATE], currency = \"{other}\" }}; rows in another currency are left out by `when`, or a store of its own is made for them (--store)",
        path.display()
    )]
    Currencies {
        /// The export.
        path: PathBuf,
        /// What is in which.
        what: String,
        /// The column of ours.
        column: String,
        /// The currency of the others.
        other: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", named(path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A data file of the store could not be read or written.
    #[error("{}: {what}", named(path))]
    Data {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A data file of the store could not be written since the disk is full.
    #[error(
        "{}: it could not be written: the disk seems to be full ({what})\n    make room on the disk, and try again",
        named(path)
    )]
    NoRoom {
        /// The file.
        path: PathBuf,
        /// What its writer says, which knows only that a write failed.
        what: String,
    },
    /// The store could not be opened or committed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table has no column of a name that this program gives it: a fault of the program, not of the data.
    #[error(transparent)]
    NoColumn(#[from] NoColumn),
}

impl IngestError {
    /// The same, with files of the store named as the user knows them: of a store in a bucket by their addresses.
    pub(crate) fn told(mut self, store: &Store) -> IngestError {
        let places = match &mut self {
            IngestError::NoKey { path }
            | IngestError::Emptied { path }
            | IngestError::Lost { path }
            | IngestError::Exists { path }
            | IngestError::Io { path, .. }
            | IngestError::Data { path, .. }
            | IngestError::NoRoom { path, .. } => [Some(path), None],
            IngestError::OtherRule { store, .. } | IngestError::OtherTexts { store, .. } => [Some(store), None],
            IngestError::OtherKey { path, id, .. } => [Some(path), Some(id)],
            _ => [None, None],
        };
        places.into_iter().flatten().for_each(|place| *place = store.shown_at(place));
        self
    }

    pub(crate) fn io(path: &Path) -> impl Fn(io::Error) -> IngestError + '_ {
        move |source| IngestError::Io { path: path.to_owned(), source }
    }

    pub(crate) fn data(path: &Path, what: impl ToString) -> IngestError {
        IngestError::Data { path: path.to_owned(), what: what.to_string() }
    }

    /// Of a data file that could not be written.
    pub(crate) fn unwritten(path: &Path, what: impl ToString) -> IngestError {
        /// What the writer says of any write that failed.
        const FAILED: &str = "Invalid thrift: transport error";
        let (path, what) = (path.to_owned(), what.to_string());
        match what.contains(FAILED) {
            true => IngestError::NoRoom { path, what },
            false => IngestError::Data { path, what },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Lang;

    #[test]
    fn a_full_disk_is_told_with_a_way_out() {
        let full = IngestError::unwritten(Path::new("x"), "Invalid thrift: transport error");
        assert!(full.text(Lang::En).contains("make room") && full.text(Lang::Ru).contains("освободите"));
        assert!(!IngestError::unwritten(Path::new("x"), "not a parquet file").text(Lang::En).contains("make room"));
    }
}
