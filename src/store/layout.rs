//! What lies where in a store's folder: the marker, the lock, the data files.
//!
//! ```text
//! store/
//!   voronka-store.toml              the marker: this is a store, and of which format
//!   .lock                           held by the ingest that is writing
//!   personal.id                     what tells the key of hashes that lies beside the store; ingest's own
//!   deals/                          a Delta table per canonical table
//!     _delta_log/
//!     000012-1/b0007-00.parquet     ingest 12, attempt 1; bucket 7, its first file
//! ```

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::StoreError;

/// The file that makes a folder a store.
pub(super) const MARKER: &str = "voronka-store.toml";
/// The newest format that is known here.
pub(super) const FORMAT: u32 = 1;
const LOCK: &str = ".lock";

#[derive(serde::Deserialize)]
struct Marker {
    format: u32,
}

/// Checks that the folder is a store of a known format.
pub(super) fn check(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(MARKER);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(StoreError::NotAStore { dir: dir.to_owned() });
        }
        Err(e) => return Err(StoreError::io(&path)(e)),
    };
    let marker: Marker =
        toml::from_str(&text).map_err(|e| StoreError::Marker { path, what: e.message().to_owned() })?;
    match marker.format {
        format if format > FORMAT => Err(StoreError::Newer { dir: dir.to_owned(), format, known: FORMAT }),
        _ => Ok(()),
    }
}

/// Makes the folder a store if it is new or empty.
pub(super) fn create(dir: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    let marker = dir.join(MARKER);
    if marker.exists() {
        return Ok(());
    }
    // hidden files are nobody's data, and one of them may be the leftover of a creation that was killed
    for entry in fs::read_dir(dir).map_err(StoreError::io(dir))? {
        let found = entry.map_err(StoreError::io(dir))?.file_name().to_string_lossy().into_owned();
        // another ingest may have made it a store in the meantime
        if !found.starts_with('.') && !marker.exists() {
            return Err(StoreError::NotEmpty { dir: dir.to_owned(), found });
        }
    }
    // each has its own, so that of two that make the store at once none takes the other's away
    let aside = dir.join(format!(".{MARKER}.{}", std::process::id()));
    fs::write(&aside, format!("# A Voronka store. Do not edit.\nformat = {FORMAT}\n"))
        .and_then(|()| fs::rename(&aside, &marker))
        .map_err(StoreError::io(&marker))
}

/// Takes the lock of the one writer. The system releases it when the file is dropped or the process dies.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(StoreError::io(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(e)) => Err(StoreError::io(&path)(e)),
    }
}

/// One attempt at an ingest. Its number tells its files from those of an attempt that died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Attempt {
    pub(super) ingest: u64,
    pub(super) attempt: u64,
}

impl Attempt {
    /// The name of the folder that holds its files, inside a table's folder.
    pub(super) fn folder(self) -> String {
        format!("{:06}-{}", self.ingest, self.attempt)
    }

    /// The path of a data file inside the table's folder.
    pub(super) fn file(self, bucket: u32, sequence: usize) -> String {
        format!("{}/b{bucket:04}-{sequence:02}.parquet", self.folder())
    }

    fn parse(folder: &str) -> Option<Attempt> {
        let (ingest, attempt) = folder.split_once('-')?;
        Some(Attempt { ingest: ingest.parse().ok()?, attempt: attempt.parse().ok()? })
    }
}

/// The bucket that a data file's path names.
pub(super) fn bucket(path: &str) -> Option<u32> {
    let name = path.rsplit('/').next()?;
    name.strip_prefix('b')?.split_once('-')?.0.parse().ok()
}

/// The folders of attempts at ingest `from` and later, in a table's folder.
pub(super) fn attempts(table: &Path, from: u64) -> Result<Vec<(Attempt, PathBuf)>, StoreError> {
    let entries = match fs::read_dir(table) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StoreError::io(table)(e)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io(table))?;
        let attempt = Attempt::parse(&entry.file_name().to_string_lossy());
        found.extend(attempt.filter(|a| a.ingest >= from).map(|a| (a, entry.path())));
    }
    found.sort();
    Ok(found)
}

/// Deletes the files of an attempt that `keep` does not want, and the folder if `whole` and nothing is left in it.
pub(super) fn clean(folder: &Path, keep: impl Fn(&Path) -> bool, whole: bool) -> Result<(), StoreError> {
    let mut left = 0;
    for entry in fs::read_dir(folder).map_err(StoreError::io(folder))? {
        let path = entry.map_err(StoreError::io(folder))?.path();
        match keep(&path) {
            true => left += 1,
            false => fs::remove_file(&path).map_err(StoreError::io(&path))?,
        }
    }
    match whole && left == 0 {
        true => fs::remove_dir(folder).map_err(StoreError::io(folder)),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_its_bucket_and_its_attempt() {
        let attempt = Attempt { ingest: 12, attempt: 3 };
        let path = attempt.file(255, 1);
        assert_eq!(path, "000012-3/b0255-01.parquet");
        assert_eq!(bucket(&path), Some(255));
        assert_eq!(Attempt::parse("000012-3"), Some(attempt));
        assert_eq!(Attempt::parse("_delta_log"), None);
        assert_eq!(bucket("part-00000-c000.snappy.parquet"), None);
    }
}
