//! The comparison of files with what ingests wrote, by their digests. What is checked when: `docs/decisions/store.md`.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::digest::{Digest, Digests};
use super::error::StoreError;
use super::files::{DataFile, Files};
use super::remote::View;
use crate::model::lang::{Text, both};

/// How many files are read at once.
const AT_ONCE: usize = 8;
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

/// The files as a view of a bucket looks for them.
pub(super) fn wanted(view: &View, files: &[(DataFile, Option<Digest>)]) -> Vec<(String, u64, Option<Digest>)> {
    files.iter().filter_map(|(file, digest)| Some((view.within(&file.path)?, file.bytes, *digest))).collect()
}

/// The same of a store in a bucket: each file is read there, whatever is kept here.
pub(super) async fn verify_in(view: &View, files: &[(DataFile, Option<Digest>)]) -> Vec<StoreError> {
    view.prove_all(wanted(view, files)).await
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
