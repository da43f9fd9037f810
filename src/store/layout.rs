//! The files in a store's folder: marker, lock, data files.
//!
//! ```text
//! store/
//!   voronka-store.toml              the marker: this is a store, and of which format
//!   .lock                           held by the ingest that is writing
//!   sent.jsonl                      what was sent to whom
//!   .sending                        held by the process that is sending
//!   personal.id                     what tells the key of hashes that lies beside the store; ingest's own
//!   .repeat                         what the newest ingest read and told; ingest's own, and may be deleted
//!   deals/                          a Delta table per canonical table
//!     _delta_log/
//!     000012-1/b0007-00.parquet     ingest 12, attempt 1; bucket 7, its first file
//!     000012-1/b0007-cold-1f3a5c7e-01.parquet
//!                                   its second one, whose rows are cold, and the mark of how their journeys were folded
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::digest::Digest;
use super::error::StoreError;
use super::files::Heat;
use super::names::{LOCK, MARKER};
use crate::model::tables::Table;

/// The newest supported format.
pub(super) const FORMAT: u32 = 1;

/// The content of the marker. It protects the end of the record of ingests: a record that ends before `newest` has lost
/// rows.
#[derive(Debug, Clone, Default, serde::Deserialize)]
pub(super) struct Marker {
    format: u32,
    /// The newest complete ingest, or the one before it if the newest was killed right after its last commit. `None` in
    /// a store of an early Voronka.
    pub(super) newest: Option<u64>,
    record: Option<String>,
    commit: Option<String>,
}

impl Marker {
    /// The digest of the data file of `ingests` that the newest ingest wrote.
    pub(super) fn record(&self) -> Option<Digest> {
        self.record.as_deref().and_then(Digest::parse)
    }

    /// The digest of the commit that named that file.
    pub(super) fn commit(&self) -> Option<Digest> {
        self.commit.as_deref().and_then(Digest::parse)
    }
}

/// Reads the marker of a store of a known format.
pub(super) fn marker(dir: &Path) -> Result<Marker, StoreError> {
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
        _ => Ok(marker),
    }
}

/// What a marker says.
pub(super) fn marker_text(newest: u64, made: Option<(Digest, Digest)>) -> String {
    let mut text = format!("# A Voronka store. Do not edit.\nformat = {FORMAT}\nnewest = {newest}\n");
    if let Some((record, commit)) = made {
        text += &format!("record = \"{record}\"\ncommit = \"{commit}\"\n");
    }
    text
}

/// Rewrites the marker: the newest ingest, with the digests of its record and of the commit that names it.
pub(super) fn witness(dir: &Path, newest: u64, made: Option<(Digest, Digest)>) -> Result<(), StoreError> {
    let (marker, text) = (dir.join(MARKER), marker_text(newest, made));
    // each process uses its own file, so that two that create the store at once do not remove each other's
    let aside = dir.join(format!(".{MARKER}.{}", std::process::id()));
    let write = || {
        let mut file = File::create(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        fs::rename(&aside, &marker)
    };
    write().map_err(StoreError::io(&marker))?;
    sync_folder(dir);
    Ok(())
}

/// Whether a name belongs to a file that operating systems or storage devices leave in folders.
pub(super) fn is_foreign(name: &str) -> bool {
    const FOREIGN: [&str; 7] =
        ["@eaDir", "@Recycle", "#recycle", "#snapshot", "Thumbs.db", "desktop.ini", "lost+found"];
    name.starts_with('.') || FOREIGN.iter().any(|foreign| name.eq_ignore_ascii_case(foreign))
}

/// Creates a store in the folder if it is new or empty.
pub(super) fn create(dir: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(dir).map_err(StoreError::io(dir))?;
    let marker = dir.join(MARKER);
    if marker.exists() {
        return Ok(());
    }
    // hidden files are ignored: one of them may be the leftover of a creation that was killed
    for entry in fs::read_dir(dir).map_err(StoreError::io(dir))? {
        let found = entry.map_err(StoreError::io(dir))?.file_name().to_string_lossy().into_owned();
        // another ingest may have created the store in the meantime
        if !is_foreign(&found) && !marker.exists() {
            return Err(StoreError::NotEmpty { dir: dir.to_owned(), found });
        }
    }
    match witness(dir, 0, None) {
        // another ingest created it in the meantime
        Err(_) if marker.exists() => Ok(()),
        done => done,
    }
}

/// Removes what killed processes left of markers that they were writing. Only for whoever has the lock: nobody else
/// writes the marker of a store that exists.
fn sweep(dir: &Path) {
    let begins = format!(".{MARKER}.");
    for entry in fs::read_dir(dir).into_iter().flatten().filter_map(Result::ok) {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(&begins));
        if number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit())) {
            // one that stays is harmless, and is tried again by the next
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Takes the writer's lock, and clears what killed writers left. The system releases it when the file is dropped or the process dies.
pub(super) fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(StoreError::io(&path))?;
    match file.try_lock() {
        Ok(()) => {
            sweep(dir);
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { dir: dir.to_owned() }),
        Err(TryLockError::Error(e)) => Err(StoreError::io(&path)(e)),
    }
}

/// An attempt at an ingest. Its number distinguishes its files from those of killed attempts.
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
    pub(super) fn file(self, bucket: u32, heat: Heat, sequence: usize) -> String {
        let folder = self.folder();
        match heat {
            Heat::Hot => format!("{folder}/b{bucket:04}-{sequence:02}.parquet"),
            Heat::Cold(mark) => format!("{folder}/b{bucket:04}-{COLD}{mark:08x}-{sequence:02}.parquet"),
        }
    }

    pub(super) fn parse(folder: &str) -> Option<Attempt> {
        let (ingest, attempt) = folder.split_once('-')?;
        Some(Attempt { ingest: ingest.parse().ok()?, attempt: attempt.parse().ok()? })
    }
}

/// Whether a name is that of an attempt's folder.
pub(super) fn is_attempt(folder: &str) -> bool {
    Attempt::parse(folder).is_some()
}

/// How the name of a file goes on that holds cold rows.
const COLD: &str = "cold-";

/// Which rows of their bucket the name of a data file promises.
pub(super) fn heat(path: &str) -> Heat {
    let name = path.rsplit('/').next().and_then(|name| name.split_once('-'));
    let mark = name.and_then(|(_, rest)| rest.strip_prefix(COLD)?.split_once('-')).map(|(mark, _)| mark);
    mark.and_then(|mark| u32::from_str_radix(mark, 16).ok()).map_or(Heat::Hot, Heat::Cold)
}

/// The bucket in a data file's path.
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
        let attempt = Attempt::parse(&entry.file_name().to_string_lossy()).filter(|_| entry.path().is_dir());
        found.extend(attempt.filter(|a| a.ingest >= from).map(|a| (a, entry.path())));
    }
    found.sort();
    Ok(found)
}

/// The folder of the latest attempt at any ingest, over all tables.
pub(super) fn latest_attempt(store: &Path) -> Result<Option<(Attempt, PathBuf)>, StoreError> {
    let mut latest = None;
    for table in Table::ALL {
        latest = latest.max(attempts(&store.join(table.name()), 0)?.pop());
    }
    Ok(latest)
}

/// Whether a file name has the form that the store uses.
fn is_ours(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|e| e == "parquet") && bucket(&path.to_string_lossy()).is_some()
}

/// The data files in the folder of an attempt.
pub(super) fn data_files(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let entries =
        fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(StoreError::io(folder))?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| is_ours(path)).collect())
}

/// Deletes the data files of an attempt that are not in `keep`, and the folder if `whole` and it is empty. Other files
/// stay.
pub(super) fn clean(folder: &Path, keep: impl Fn(&Path) -> bool, whole: bool) -> Result<(), StoreError> {
    for path in data_files(folder)?.into_iter().filter(|path| !keep(path)) {
        fs::remove_file(&path).map_err(StoreError::io(&path))?;
    }
    if whole {
        // the system refuses to delete a folder that is not empty, which is intended
        let _ = fs::remove_dir(folder);
    }
    Ok(())
}

/// Flushes a folder to disk. Errors are ignored: not every system supports it, and it matters only if power is lost.
pub(super) fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

/// The path of a commit.
pub(super) fn commit(dir: &Path, version: u64) -> PathBuf {
    dir.join("_delta_log").join(format!("{version:020}.json"))
}

/// The newest version for which a log has a commit.
pub(super) fn newest_commit(dir: &Path) -> Option<u64> {
    let entries = fs::read_dir(dir.join("_delta_log")).ok()?;
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter_map(|name| name.strip_suffix(".json")?.parse().ok()).max()
}

/// The newest checkpoint among the first `n` commits.
pub(super) fn checkpoint(dir: &Path, commits: u64) -> Option<PathBuf> {
    let path = |version: u64| dir.join("_delta_log").join(format!("{version:020}.checkpoint.parquet"));
    (0..commits).rev().map(path).find(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_tells_its_bucket_and_its_attempt() {
        let attempt = Attempt { ingest: 12, attempt: 3 };
        let path = attempt.file(255, Heat::Hot, 1);
        assert_eq!(path, "000012-3/b0255-01.parquet");
        assert_eq!((bucket(&path), heat(&path)), (Some(255), Heat::Hot));
        let path = attempt.file(255, Heat::Cold(0xbee), 0);
        assert_eq!(path, "000012-3/b0255-cold-00000bee-00.parquet");
        assert_eq!((bucket(&path), heat(&path)), (Some(255), Heat::Cold(0xbee)));
        assert_eq!(["b0001-cold-00.parquet", "b0001-cold-x-00.parquet"].map(heat), [Heat::Hot; 2]);
        assert_eq!(Attempt::parse("000012-3"), Some(attempt));
        assert_eq!(Attempt::parse("_delta_log"), None);
        assert_eq!(bucket("part-00000-c000.snappy.parquet"), None);
    }
}
