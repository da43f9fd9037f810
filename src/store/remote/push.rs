//! Repeats in the bucket what an ingest committed in its view.
//!
//! Data files first, whose names are this attempt's own; then a commit of each table, in the order of the tables, and that of
//! `ingests` last. A commit is written only where there is none of its number. So of two ingests that build on one state, one gets
//! all of its commits written; the commit of `ingests` decides, and it is the only one that readers of the store follow.

use std::collections::BTreeSet;
use std::fs;

use futures::FutureExt as _;

use super::super::digest::Digest;
use super::super::error::StoreError;
use super::super::layout::Attempt;
use super::client::{Put, together};
use super::fetch::link;
use super::pull::{BESIDE, key};
use super::view::View;
use crate::model::lang::Lang;
use crate::model::tables::Table;

/// How many files are uploaded at once.
const AT_ONCE: usize = 16;
/// The hint for other readers of Delta which checkpoint is the newest.
const HINT: &str = "_last_checkpoint";

impl View {
    /// Makes the ingest that was committed in the folder the store's newest state.
    ///
    /// # Errors
    /// Another ingest was quicker: the bucket is as if this one had not been. Or the bucket cannot be written: an error before the
    /// last commit leaves the store as it was.
    pub(in crate::store) async fn push(&self, attempt: Attempt) -> Result<(), StoreError> {
        let ingest = attempt.ingest;
        self.push_beside(ingest).await?;
        let files = self.files_of(attempt);
        let work = files.iter().map(|name| self.push_file(name).boxed()).collect();
        together(work, AT_ONCE).await?;
        let last = self.new_commits(Table::Ingests);
        // a writer that slept looks before it leaves commits that nobody will name
        for name in &last {
            if self.client.get(name).await?.is_some() {
                return Err(self.withdraw(ingest, &files, &BTreeSet::new()).await);
            }
        }
        let mut committed = BTreeSet::new();
        let tables = Table::ALL.into_iter().filter(|table| *table != Table::Ingests);
        for table in tables {
            for name in self.new_commits(table) {
                match self.push_commit(&name).await? {
                    Put::Done(_) => _ = committed.insert(table),
                    Put::Taken => return Err(self.withdraw(ingest, &files, &committed).await),
                }
            }
        }
        for name in last {
            match self.push_commit(&name).await {
                Ok(Put::Done(_)) => {}
                Ok(Put::Taken) => return Err(self.withdraw(ingest, &files, &committed).await),
                Err(error) => {
                    let first = |lang| error.text(lang).lines().next().unwrap_or_default().to_owned();
                    let what = crate::model::lang::Text::new(first(Lang::Ru), first(Lang::En));
                    return Err(StoreError::Uncertain { dir: self.address().url_of(""), ingest, what });
                }
            }
        }
        self.keep(&files);
        Ok(())
    }

    /// Uploads checkpoints. They only make reading faster.
    pub(in crate::store) async fn push_checkpoints(&self) {
        for table in Table::ALL {
            let names = self.new_files(table, |name| name.ends_with(".checkpoint.parquet") || name.ends_with(HINT));
            // the names are sorted, so the hint comes last
            for name in names {
                let Ok(bytes) = fs::read(self.dir().join(&name)) else { return };
                if self.client.put(&name, bytes).await.is_err() {
                    return;
                }
            }
        }
    }

    /// Uploads what ingest wrote beside the tables, if that changed.
    async fn push_beside(&self, ingest: u64) -> Result<(), StoreError> {
        // the marker is written last, by itself
        for name in &BESIDE[1..] {
            let Ok(own) = fs::read(self.dir().join(name)) else { continue };
            let tag = self.seen().get(*name).and_then(|(_, tag)| tag.clone());
            let put = match (self.client.get(name).await?, tag) {
                (Some((found, _)), _) if found == own => continue,
                (Some((_, found)), Some(tag)) if found.as_ref() == Some(&tag) => {
                    self.client.put_over(name, &own, &tag).await?
                }
                (None, None) => self.client.put_new(name, &own).await?,
                // somebody else has changed it since
                _ => Put::Taken,
            };
            match put {
                Put::Done(tag) => _ = self.seen().insert((*name).to_owned(), (own.len() as u64, tag)),
                Put::Taken => return Err(StoreError::Overtaken { dir: self.address().url_of(""), ingest }),
            }
        }
        Ok(())
    }

    async fn push_file(&self, name: &str) -> Result<(), StoreError> {
        let path = self.dir().join(name);
        let bytes = fs::read(&path).map_err(StoreError::io(&path))?;
        self.client.put(name, bytes).await.map(drop)
    }

    async fn push_commit(&self, name: &str) -> Result<Put, StoreError> {
        let path = self.dir().join(name);
        let bytes = fs::read(&path).map_err(StoreError::io(&path))?;
        let put = self.client.put_new(name, &bytes).await?;
        if let Put::Done(tag) = &put {
            let length = bytes.len() as u64;
            if tag.is_some() {
                self.cache.keep(&key(name, length, tag.as_deref()), &bytes);
            }
            self.seen().insert(name.to_owned(), (length, tag.clone()));
        }
        Ok(put)
    }

    /// Deletes what an ingest uploaded that did not get through. Files of tables that it did commit stay, for other readers of
    /// Delta, until the next ingest takes that commit back.
    async fn withdraw(&self, ingest: u64, files: &[String], committed: &BTreeSet<Table>) -> StoreError {
        let stays = |name: &&String| committed.iter().any(|table| name.starts_with(&format!("{}/", table.name())));
        let gone: Vec<String> = files.iter().filter(|name| !stays(name)).cloned().collect();
        self.client.delete(&gone).await;
        StoreError::Overtaken { dir: self.address().url_of(""), ingest }
    }

    /// The data files that an attempt wrote.
    fn files_of(&self, attempt: Attempt) -> Vec<String> {
        let folders = Table::ALL.map(|table| self.dir().join(table.name()).join(attempt.folder()));
        let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        let is_data = |name: &String| name.ends_with(".parquet");
        entries.filter_map(|entry| self.within(&entry.path())).filter(is_data).collect()
    }

    /// The commits of a table that are not in the bucket, in order.
    fn new_commits(&self, table: Table) -> Vec<String> {
        self.new_files(table, |name| name.ends_with(".json"))
    }

    fn new_files(&self, table: Table, is_wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let log = self.dir().join(table.name()).join("_delta_log");
        let entries = fs::read_dir(log).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| self.within(&entry.path())).filter(|name| is_wanted(name));
        let mut names: Vec<String> = names.filter(|name| !self.seen().contains_key(name)).collect();
        names.sort();
        names
    }

    /// Keeps what was uploaded, so that the next ingest of this user need not fetch it.
    fn keep(&self, files: &[String]) {
        for name in files {
            let path = self.dir().join(name);
            if let (Ok(digest), Ok(found)) = (Digest::of_file(&path), fs::metadata(&path)) {
                let _ = link(&path, &self.cache.data(digest, found.len()));
            }
        }
    }
}
