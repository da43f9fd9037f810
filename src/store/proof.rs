//! Digests of files as ingests wrote them, and the comparison with the files as they are.
//!
//! The digest is xxh3 with 128 bits: it detects every accidental change by disk, copy or synchronisation, and is faster
//! than reading the file. It does not protect against deliberate changes. What is checked when:
//! `docs/decisions/store.md`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::StoreError;
use super::delta::Files;
use super::snapshot::DataFile;
use crate::model::lang::{Text, both};

/// How many files are read at once.
const AT_ONCE: usize = 8;
/// How many bytes are read at a time.
const PIECE: usize = 1 << 18;

/// A digest, written as 32 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Digest(u128);

impl Digest {
    /// The digest of bytes in memory.
    pub(super) fn of(bytes: &[u8]) -> Digest {
        Digest(xxh3_128(bytes))
    }

    /// The digest of a whole file.
    pub(super) fn of_file(path: &Path) -> io::Result<Digest> {
        let mut file = File::open(path)?;
        let (mut hasher, mut piece) = (Xxh3::new(), vec![0; PIECE]);
        loop {
            match file.read(&mut piece)? {
                0 => return Ok(Digest(hasher.digest128())),
                read => hasher.update(&piece[..read]),
            }
        }
    }

    /// Parses a digest; `None` if the text is not one.
    pub(super) fn parse(text: &str) -> Option<Digest> {
        u128::from_str_radix(text, 16).ok().map(Digest)
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The digests of a table's data files, by their path inside its folder.
pub(super) type Digests = BTreeMap<String, Digest>;

/// The digest of a table's state: its columns, and its files with sizes, rows and digests. `None` if a file has no
/// digest.
pub(super) fn state(columns: &[String], files: &Files, digests: &Digests) -> Option<Digest> {
    let mut text = format!("{}\n", columns.join("\t"));
    for (path, file) in files {
        text += &format!("{path}\t{}\t{}\t{}\n", file.bytes, file.rows, digests.get(path)?);
    }
    Some(Digest::of(text.as_bytes()))
}

/// Computes the digests of files that have none.
pub(super) async fn missing(dir: &Path, files: &Files, known: &Digests) -> Result<Digests, StoreError> {
    let unknown: Vec<String> = files.keys().filter(|path| !known.contains_key(*path)).cloned().collect();
    let found = stream::iter(unknown).map(|path| {
        let place = dir.join(&path);
        in_background(place.clone(), move || {
            Digest::of_file(&place).map(|digest| (path, digest)).map_err(StoreError::io(&place))
        })
    });
    found.buffered(AT_ONCE).try_collect().await
}

/// Checks that each file is as the ingest wrote it.
pub(super) async fn verify(files: Vec<(DataFile, Option<Digest>)>) -> Result<(), StoreError> {
    let checked =
        stream::iter(files).map(|(file, digest)| in_background(file.path.clone(), move || whole(&file, digest)));
    checked.buffered(AT_ONCE).try_collect::<Vec<()>>().await.map(|_| ())
}

/// Runs work on a file on a thread that may block.
async fn in_background<T: Send + 'static>(
    path: PathBuf,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|e| StoreError::io(&path)(e.into()))?
}

/// Checks a data file by its digest or, if none was recorded, by its length and row count.
pub(super) fn whole(file: &DataFile, digest: Option<Digest>) -> Result<(), StoreError> {
    let damaged = |what: Text| Err(StoreError::damaged(&file.path, what));
    let found = match std::fs::metadata(&file.path) {
        Ok(found) if found.is_file() => found.len(),
        Ok(_) => return damaged(Text::new("это не файл", "it is no file")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => return damaged(Text::new("файла нет", "the file is missing")),
        Err(e) => return Err(StoreError::io(&file.path)(e)),
    };
    if found != file.bytes {
        return damaged(both!(
            "в файле {found} байт, а записано {}",
            "the file has {found} bytes, and {} were written",
            file.bytes
        ));
    }
    match digest {
        Some(digest) if Digest::of_file(&file.path).map_err(StoreError::io(&file.path))? == digest => Ok(()),
        Some(_) => damaged(Text::new("в файле не то, что было записано", "the file's content is not what was written")),
        None => match rows(&file.path) {
            Ok(rows) if rows == file.rows => Ok(()),
            Ok(rows) => damaged(both!(
                "в файле {rows} строк, а записано {}",
                "the file has {rows} rows, and {} were written",
                file.rows
            )),
            Err(what) => damaged(both!("файл не прочитать: {what}", "{what}")),
        },
    }
}

/// The row count in a footer.
fn rows(path: &Path) -> Result<u64, String> {
    let file = File::open(path).map_err(|e| e.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|e| e.to_string())?;
    u64::try_from(reader.metadata().file_metadata().num_rows()).map_err(|_| "a negative number of rows".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_same_in_pieces_and_at_once_and_as_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        let bytes: Vec<u8> = (0..PIECE * 2 + 5).map(|n| (n % 251) as u8).collect();
        std::fs::write(&path, &bytes).unwrap();
        let digest = Digest::of_file(&path).unwrap();
        assert_eq!(digest, Digest::of(&bytes));
        assert_eq!(Digest::parse(&digest.to_string()), Some(digest));
        assert_eq!(Digest::parse("no digest"), None);
    }
}
