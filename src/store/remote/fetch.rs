//! Data files of a store in a bucket: fetched when they are first read, and compared then with what the ingest wrote.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use futures::FutureExt as _;
use tokio::sync::OnceCell;
use xxhash_rust::xxh3::Xxh3;

use super::super::digest::Digest;
use super::super::error::StoreError;
use super::client::{Listed, together};
use super::view::{Expected, View};
use crate::model::lang::{Text, both};

/// How many files are fetched at once.
const AT_ONCE: usize = 32;
/// Files in more folders are looked for by listing whole tables.
const FOLDERS: usize = 64;

/// A data file that a snapshot lists: its path within the store, its length, its digest.
pub(in crate::store) type Wanted = (String, u64, Option<Digest>);

impl View {
    /// Remembers which data files there are. None is fetched yet.
    pub(in crate::store) fn expect(&self, files: &[Wanted]) {
        let mut expected = self.expected();
        for (name, bytes, digest) in files {
            let known = expected.get(name).is_some_and(|known| known.bytes == *bytes && known.digest == *digest);
            if !known {
                let fetched = Arc::new(OnceCell::new());
                expected.insert(name.clone(), Expected { bytes: *bytes, digest: *digest, fetched });
            }
        }
    }

    /// The length of a data file that some snapshot lists.
    pub(super) fn length(&self, name: &str) -> Option<u64> {
        self.expected().get(name).map(|file| file.bytes)
    }

    /// Compares the files with what the bucket lists: that they are there, and as long as they were written.
    pub(in crate::store) async fn verify(&self, files: &[Wanted]) -> Result<(), StoreError> {
        // the record was read and compared when it was brought here
        let files: Vec<&Wanted> = files.iter().filter(|(name, ..)| !self.seen().contains_key(name)).collect();
        let folder = |name: &str| name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let mut folders: BTreeSet<String> = files.iter().map(|(name, ..)| folder(name)).collect();
        if folders.len() > FOLDERS {
            folders = folders.iter().map(|name| name.split('/').next().unwrap_or_default().to_owned()).collect();
        }
        let work = folders.into_iter().map(|folder| async move { self.client.list(&folder).await }.boxed());
        let found: Vec<Vec<Listed>> = together(work.collect(), AT_ONCE).await?;
        let found: BTreeMap<String, u64> = found.into_iter().flatten().map(|file| (file.name, file.bytes)).collect();
        for (name, bytes, _) in &files {
            let what = match found.get(name) {
                Some(there) if there == bytes => continue,
                Some(there) => length(*there, *bytes),
                None => absent(),
            };
            return Err(StoreError::damaged(&self.address().url_of(name), what));
        }
        Ok(())
    }

    /// Reads a file in the bucket, whatever is kept here, and compares it with what the ingest wrote.
    async fn prove(&self, (name, bytes, digest): &Wanted) -> Result<(), StoreError> {
        let (mut hasher, mut read) = (Xxh3::new(), 0);
        let mut take = |piece: Option<&[u8]>| {
            match piece {
                None => (hasher, read) = (Xxh3::new(), 0),
                Some(piece) => {
                    hasher.update(piece);
                    read += piece.len() as u64;
                }
            }
            Ok(())
        };
        let is_there = self.client.stream(name, &mut take).await?;
        let what = match digest {
            _ if !is_there => absent(),
            _ if read != *bytes => length(read, *bytes),
            Some(digest) if Digest::from(hasher.digest128()) != *digest => changed(),
            _ => return Ok(()),
        };
        Err(StoreError::damaged(&self.address().url_of(name), what))
    }

    /// The same of many; what is wrong with each that is not as it was written.
    pub(in crate::store) async fn prove_all(&self, files: Vec<Wanted>) -> Vec<StoreError> {
        let work = files.into_iter().map(|file| async move { Ok(self.prove(&file).await.err()) }.boxed());
        together(work.collect(), AT_ONCE).await.unwrap_or_default().into_iter().flatten().collect()
    }

    /// Fetches files into the folder, many at once.
    pub(in crate::store) async fn fetch_all(&self, names: Vec<String>) -> Result<(), StoreError> {
        let work = names.into_iter().map(|name| async move { self.fetch(&name).await }.boxed());
        together(work.collect(), AT_ONCE).await.map(drop)
    }

    /// The same for whoever cannot wait otherwise than by blocking.
    pub(in crate::store) fn fetch_now(self: &Arc<View>, names: Vec<String>) -> Result<(), StoreError> {
        let names: Vec<String> = names.into_iter().filter(|name| !self.is_here(name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let view = Arc::clone(self);
        let fetched = self.client.wait(async move { view.fetch_all(names).await });
        fetched.unwrap_or_else(|| Err(StoreError::io(&self.address().url_of(""))(io::Error::other("stopped"))))
    }

    fn is_here(&self, name: &str) -> bool {
        self.expected().get(name).is_none_or(|file| file.fetched.initialized())
    }

    /// Fetches a data file into the folder, unless it is there. One that no snapshot lists is not looked for.
    pub(super) async fn fetch(&self, name: &str) -> Result<(), StoreError> {
        let Some(file) = self.expected().get(name).cloned() else { return Ok(()) };
        let fetched = Arc::clone(&file.fetched);
        fetched.get_or_try_init(|| self.place(name, file)).await.map(drop)
    }

    /// Puts a data file into the folder: one that is kept and whole, or the bucket's.
    async fn place(&self, name: &str, file: Expected) -> Result<(), StoreError> {
        let path = self.dir().join(name);
        let io = |error| StoreError::io(&path)(error);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(io)?;
        }
        // a file of the record, or of an ingest of this process
        if fs::metadata(&path).is_ok_and(|found| found.len() == file.bytes) {
            return Ok(());
        }
        let kept = file.digest.map(|digest| self.cache.data(digest, file.bytes));
        if let (Some(kept), Some(digest)) = (&kept, file.digest) {
            let looked = kept.clone();
            let found =
                tokio::task::spawn_blocking(move || Digest::of_file(&looked)).await.map_err(|e| io(e.into()))?;
            match found {
                Ok(found) if found == digest => return link(kept, &path).map_err(io),
                // the disk has lost it: it is fetched again
                Ok(_) => drop(fs::remove_file(kept)),
                Err(_) => {}
            }
        }
        let mut aside = self.cache.aside().map_err(io)?;
        let (mut hasher, mut read) = (Xxh3::new(), 0);
        let mut take = |piece: Option<&[u8]>| match piece {
            None => {
                (hasher, read) = (Xxh3::new(), 0);
                aside.as_file_mut().set_len(0)?;
                io::Seek::rewind(aside.as_file_mut())
            }
            Some(piece) => {
                hasher.update(piece);
                read += piece.len() as u64;
                aside.write_all(piece)
            }
        };
        let is_there = self.client.stream(name, &mut take).await?;
        let what = match file.digest {
            _ if !is_there => Some(absent()),
            _ if read != file.bytes => Some(length(read, file.bytes)),
            Some(digest) if Digest::from(hasher.digest128()) != digest => Some(changed()),
            _ => None,
        };
        if let Some(what) = what {
            return Err(StoreError::damaged(&self.address().url_of(name), what));
        }
        match kept {
            Some(kept) => {
                aside.persist(&kept).map_err(|error| io(error.error))?;
                link(&kept, &path).map_err(io)
            }
            None => aside.persist(&path).map(drop).map_err(|error| io(error.error)),
        }
    }
}

/// Gives a file a second name, or a second file where the system has no second names.
pub(super) fn link(from: &Path, to: &Path) -> io::Result<()> {
    match fs::hard_link(from, to) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(to)?;
            link(from, to)
        }
        Err(_) => fs::copy(from, to).map(drop),
        done => done,
    }
}

fn absent() -> Text {
    Text::new("файла нет", "the file is missing")
}

fn length(found: u64, written: u64) -> Text {
    both!("в файле {found} байт, а записано {written}", "the file has {found} bytes, and {written} were written")
}

fn changed() -> Text {
    Text::new("в файле не то, что было записано", "the file's content is not what was written")
}
