//! The transaction of an ingest: it hands out file paths, replaces buckets, and commits everything at once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::digest::{Digest, Digests};
use super::error::StoreError;
use super::files::{Files, Heat};
use super::layout::{self, Attempt};
use super::place::Place;
use super::remote::{View, Writing};
use super::rows::{IngestRecord, Named, Rows};
use super::snapshot::{self, Snapshot, TableState};
use super::{delta, footer, proof, record};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// After so many small files, `ingests` is rewritten as one file, since all are read at every opening.
const RECORD_FILES: usize = 32;

/// The only open ingest of a store. If it is dropped without [`Transaction::commit`], the store stays as it was.
#[derive(Debug)]
pub struct Transaction {
    store: PathBuf,
    base: Snapshot,
    /// The record of all ingests so far.
    recorded: Rows,
    attempt: Attempt,
    handed_out: BTreeMap<(Table, u32), usize>,
    changes: BTreeMap<Table, Change>,
    place: Place,
    _writing: Option<Writing>,
    _lock: File,
    /// For tests: the number of commits before the ingest "dies".
    #[cfg(test)]
    pub(super) dies_after: Option<usize>,
}

/// The pending change of a table.
#[derive(Debug, Default)]
struct Change {
    buckets: u32,
    extra: Vec<String>,
    replaced: BTreeMap<u32, Content>,
    appended: Vec<(PathBuf, u64)>,
    removed: BTreeSet<PathBuf>,
}

/// The new content of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// New files with their row counts.
    pub(crate) files: Vec<(PathBuf, u64)>,
    /// Files of the base that stay.
    pub(crate) kept: Vec<PathBuf>,
}

impl Transaction {
    /// Takes the store's lock, opens its newest state, and removes leftovers of killed ingests.
    pub(super) async fn begin(place: &Place) -> Result<Transaction, StoreError> {
        let (store, view) = (place.dir(), place.remote());
        let lock = layout::lock(store)?;
        if let Some(view) = view {
            view.look().await?;
        }
        let writing = view.map(View::write);
        let newest = layout::marker(store)?.newest;
        let (base, recorded) = snapshot::load(place, None).await?;
        match view {
            None if newest.is_none() => refuse_unknown(store, &base)?,
            Some(view) if newest.is_none() => return Err(early(view)),
            _ => {}
        }
        // the previous ingest was killed right after its last commit, or an early Voronka made it
        if newest != Some(base.version) {
            layout::witness(store, base.version, None)?;
            if let Some(view) = view {
                view.push_marker().await;
            }
        }
        if let Some(view) = view {
            prepare(view, &base).await?;
        }
        let mut attempt = clear(store, &base).await?;
        if let Some(view) = view {
            attempt = view.claim(attempt).await?;
        }
        Ok(Transaction {
            store: store.to_owned(),
            base,
            recorded,
            attempt,
            handed_out: BTreeMap::new(),
            changes: BTreeMap::new(),
            place: place.clone(),
            _writing: writing,
            _lock: lock,
            #[cfg(test)]
            dies_after: None,
        })
    }

    /// The newest complete state, on which this ingest builds.
    pub fn base(&self) -> &Snapshot {
        &self.base
    }

    /// The complete ingests before this one, newest first.
    pub fn log(&self) -> Vec<IngestRecord> {
        self.recorded.clone().records()
    }

    /// The number of this ingest.
    pub fn number(&self) -> u64 {
        self.attempt.ingest
    }

    /// The path for the next Parquet file of a bucket (LZ4, canonical schema, sorted by [`Table::sorted_by`]). No path
    /// is used twice.
    pub fn new_file(&mut self, table: Table, bucket: u32) -> PathBuf {
        self.new_file_of(table, bucket, Heat::Hot)
    }

    /// The same of a file that says so in its name if its rows are cold.
    pub(crate) fn new_file_of(&mut self, table: Table, bucket: u32, heat: Heat) -> PathBuf {
        let sequence = self.handed_out.entry((table, bucket)).or_insert(0);
        let path = self.store.join(table.name()).join(self.attempt.file(bucket, heat, *sequence));
        *sequence += 1;
        if let Some(folder) = path.parent() {
            // if this fails, writing the file fails as well and reports the reason
            let _ = fs::create_dir_all(folder);
        }
        path
    }

    /// Replaces the content of a bucket by these files with their row counts; without files the bucket becomes empty.
    ///
    /// `extra` are the table's columns beyond the canonical ones; those of the base are kept. If `buckets` differs from
    /// the base's, every bucket must be given.
    #[cfg(test)]
    pub fn replace(&mut self, table: Table, buckets: u32, extra: Vec<String>, bucket: u32, files: Vec<(PathBuf, u64)>) {
        self.replace_by(table, buckets, extra, bucket, Content { files, kept: Vec::new() });
    }

    /// The same, where files of the base may stay.
    pub(crate) fn replace_by(&mut self, table: Table, buckets: u32, extra: Vec<String>, bucket: u32, content: Content) {
        let change = self.changes.entry(table).or_default();
        change.buckets = buckets;
        change.extra.extend(extra);
        change.replaced.insert(bucket, content);
    }

    /// Adds files with their row counts to a table of one bucket.
    pub fn append(&mut self, table: Table, files: Vec<(PathBuf, u64)>) {
        self.change(table).appended.extend(files);
    }

    /// Removes files of the base, and their rows, from a table of one bucket.
    pub fn remove(&mut self, table: Table, files: Vec<PathBuf>) {
        self.change(table).removed.extend(files);
    }

    fn change(&mut self, table: Table) -> &mut Change {
        let buckets = self.base.tables.get(&table).map_or(1, |t| t.buckets);
        self.changes.entry(table).or_insert_with(|| Change { buckets, ..Change::default() })
    }

    /// Commits each changed table by its own Delta commit, then the record of the ingest, which names their versions
    /// and makes them the store's newest state. If the process is killed before that last commit, the store stays as it
    /// was. Returns the number of the ingest, which is also set in `record`.
    pub async fn commit(mut self, record: IngestRecord) -> Result<u64, StoreError> {
        let record = IngestRecord { ingest: self.number(), ..record };
        let place = self.place.clone();
        self.commit_all(record).await.map_err(|error| place.told(error))?;
        Ok(self.number())
    }

    async fn commit_all(&mut self, record: IngestRecord) -> Result<(), StoreError> {
        let mut named = Vec::new();
        for table in Table::ALL.into_iter().filter(|t| *t != Table::Ingests) {
            named.extend(self.settle(table, &record).await?);
        }
        self.finish(record, named).await
    }

    /// Changes the newest Delta version of a table to the content that this ingest needs, whatever a killed ingest left
    /// there.
    async fn settle(&mut self, table: Table, record: &IngestRecord) -> Result<Option<Named>, StoreError> {
        let dir = self.store.join(table.name());
        let change = self.changes.remove(&table);
        let base = self.base.tables.get(&table);
        if change.is_none() {
            let newest = delta::open(&dir, None).await?;
            match (base, newest) {
                // never filled, or same as the base: the version stays
                (None, None) => return Ok(None),
                (Some(base), Some(newest)) if delta::version(&newest) == base.delta_version => {
                    let named = self.recorded.tables(self.base.version).iter().find(|named| named.table == table);
                    if let Some(named) = named.filter(|named| named.state.is_some()) {
                        return Ok(Some(Named { files: Digests::new(), ..named.clone() }));
                    }
                    let (files, columns) = (delta::files(&dir, &newest)?, delta::columns(&dir, &newest)?);
                    return self.seal(table, base.delta_version, base.buckets, &files, &columns).await.map(Some);
                }
                _ => {}
            }
        }
        let buckets = change.as_ref().map(|c| c.buckets).or(base.map(|b| b.buckets)).unwrap_or(1);
        let mut extra: Vec<String> = base.map(|b| b.extra.clone()).unwrap_or_default();
        for name in change.iter().flat_map(|c| &c.extra) {
            if !extra.contains(name) && table.column(name).is_none() {
                extra.push(name.clone());
            }
        }
        let schema = table.schema(&extra);
        let mut files = self.base_files(table).await?;
        if let Some(change) = &change {
            self.check_buckets(table, change)?;
            let whole = base.is_some_and(|base| rebucketed(base, change));
            let replaced = |path: &str| {
                let content = layout::bucket(path).and_then(|bucket| change.replaced.get(&bucket));
                content.is_some_and(|content| !content.kept.contains(&dir.join(path)))
            };
            files.retain(|path, _| !whole && !replaced(path) && !change.removed.contains(&dir.join(path)));
            let replaced = change.replaced.values().flat_map(|content| &content.files);
            let new = replaced.chain(&change.appended).cloned().collect();
            for (path, logged) in footer::seal(new, &schema, record.at.timestamp_millis()).await? {
                files.insert(inside(&dir, &path)?, logged);
            }
        }
        self.step(&dir)?;
        let (ingest, at) = (record.ingest, record.at);
        let columns: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let next = delta::Next { dir: &dir, name: table.name(), schema, files: files.clone(), ingest, at };
        let delta_version = delta::commit(next).await?;
        delta::sync(&dir, delta_version).map_err(StoreError::io(&layout::commit(&dir, delta_version)))?;
        delta::checkpoint(&dir, delta_version).await;
        // a table that only a killed ingest filled is empty again, and stays unnamed
        match change.is_some() || self.base.tables.contains_key(&table) {
            true => self.seal(table, delta_version, buckets, &files, &columns).await.map(Some),
            false => Ok(None),
        }
    }

    /// The state of a table for the record, with its digests.
    async fn seal(
        &self,
        table: Table,
        delta_version: u64,
        buckets: u32,
        files: &Files,
        columns: &[String],
    ) -> Result<Named, StoreError> {
        let dir = self.store.join(table.name());
        let mut digests = self.recorded.digests(table);
        let new = proof::missing(&dir, files, &digests).await?;
        digests.extend(new.clone());
        let (state, path) = (proof::state(columns, files, &digests), layout::commit(&dir, delta_version));
        let commit = Digest::of_file(&path).map_err(StoreError::io(&path))?;
        Ok(Named { table, delta_version, buckets, state, commit: Some(commit), files: new })
    }

    /// The last commit, which makes the ingest visible.
    async fn finish(&mut self, record: IngestRecord, mut named: Vec<Named>) -> Result<(), StoreError> {
        let table = Table::Ingests;
        let dir = self.store.join(table.name());
        let (number, at) = (record.ingest, record.at);
        let newest = delta::open(&dir, None).await?;
        // there is no other writer, so the version is known in advance
        let delta_version = newest.map_or(0, |t| delta::version(&t) + 1);
        let mut files = self.base_files(table).await?;
        let is_many = files.len() >= RECORD_FILES;
        if is_many {
            files.clear();
        }
        let digests = proof::missing(&dir, &files, &Digests::new()).await?;
        named.push(Named { table, delta_version, buckets: 1, state: None, commit: None, files: digests });
        let mut rows = std::mem::take(&mut self.recorded);
        rows.push(record, named);
        if !is_many {
            rows = rows.only(number);
        }
        let path = self.new_file(table, 0);
        let count = record::write(&path, &rows)?;
        let schema = record::schema();
        for (path, logged) in footer::seal(vec![(path.clone(), count)], &schema, at.timestamp_millis()).await? {
            files.insert(inside(&dir, &path)?, logged);
        }
        let made_of = Digest::of_file(&path).map_err(StoreError::io(&path))?;
        self.step(&dir)?;
        let next = delta::Next { dir: &dir, name: table.name(), schema, files, ingest: number, at };
        let made = delta::commit(next).await?;
        if let Some(view) = self.place.remote() {
            view.push(self.attempt).await?;
        }
        // from here on the ingest is stored, and no error may claim otherwise
        let commit = layout::commit(&dir, made);
        let unsynced = |source| StoreError::Unsynced { path: commit.clone(), ingest: number, source };
        delta::sync(&dir, made).map_err(unsynced)?;
        // a marker that lags behind is harmless: the next ingest corrects it
        if let Ok(digest) = Digest::of_file(&commit) {
            let _ = layout::witness(&self.store, number, Some((made_of, digest)));
        }
        delta::checkpoint(&dir, made).await;
        if let Some(view) = self.place.remote() {
            view.push_marker().await;
            view.push_checkpoints().await;
        }
        Ok(())
    }

    async fn base_files(&self, table: Table) -> Result<Files, StoreError> {
        let Some(base) = self.base.tables.get(&table) else { return Ok(Files::new()) };
        let dir = self.store.join(table.name());
        match delta::open(&dir, Some(base.delta_version)).await? {
            Some(open) => delta::files(&dir, &open),
            None => Err(StoreError::Record {
                dir,
                what: Text::new("журнала Delta этой таблицы нет", "the table's Delta log is gone"),
            }),
        }
    }

    fn check_buckets(&self, table: Table, change: &Change) -> Result<(), StoreError> {
        let error = |what: String| Err(StoreError::Buckets { table: table.name(), what });
        if let Some(bucket) = change.replaced.keys().find(|b| **b >= change.buckets) {
            return error(format!("bucket {bucket} of {} was given", change.buckets));
        }
        let base = self.base.tables.get(&table);
        let kept = change.replaced.values().flat_map(|content| &content.kept);
        let is_lost = |path: &&PathBuf| !base.is_some_and(|base| base.files.iter().any(|file| file.path == **path));
        if let Some(lost) = kept.into_iter().find(is_lost) {
            return error(format!("{} is to stay, and the store does not have it", lost.display()));
        }
        match base {
            Some(base) if rebucketed(base, change) && change.replaced.len() < change.buckets as usize => {
                let (old, new, given) = (base.buckets, change.buckets, change.replaced.len());
                error(format!("from {old} to {new} buckets, and only {given} were given: rows would be lost"))
            }
            _ => Ok(()),
        }
    }

    /// Where a test makes the ingest die.
    fn step(&mut self, _dir: &Path) -> Result<(), StoreError> {
        #[cfg(test)]
        if let Some(left) = &mut self.dies_after {
            if *left == 0 {
                return Err(StoreError::file(_dir, Text::same("died")));
            }
            *left -= 1;
        }
        Ok(())
    }
}

/// A data file's path relative to its table's folder, as the log writes it.
fn inside(dir: &Path, path: &Path) -> Result<String, StoreError> {
    let inside = path.strip_prefix(dir).map_err(|_| StoreError::file(path, Text::same("not a path of new_file()")))?;
    Ok(inside.to_string_lossy().replace('\\', "/"))
}

fn rebucketed(base: &TableState, change: &Change) -> bool {
    base.buckets != change.buckets && !base.files.is_empty()
}

/// Refuses a store of an early Voronka with files of an ingest that is not in the record: either the ingest was killed
/// or the record has lost its end, and files must not be deleted unless they are known to be dead.
fn refuse_unknown(store: &Path, base: &Snapshot) -> Result<(), StoreError> {
    for table in Table::ALL {
        for (attempt, path) in layout::attempts(&store.join(table.name()), base.version + 1)? {
            if !layout::data_files(&path)?.is_empty() {
                return Err(StoreError::Unknown { path, ingest: attempt.ingest });
            }
        }
    }
    Ok(())
}

/// The files of a table that the newest state and the newest Delta version list.
async fn kept(dir: &Path, table: Table, base: &Snapshot) -> Result<BTreeSet<PathBuf>, StoreError> {
    let named = base.tables.get(&table).into_iter().flat_map(|t| &t.files).map(|f| f.path.clone());
    let mut keep: BTreeSet<PathBuf> = named.collect();
    if let Some(newest) = delta::open(dir, None).await? {
        keep.extend(delta::files(dir, &newest)?.into_keys().map(|path| dir.join(path)));
    }
    Ok(keep)
}

/// Before an ingest into a bucket: what dead ones left there is deleted, and the newest state is fetched, because ingest reads it.
async fn prepare(view: &View, base: &Snapshot) -> Result<(), StoreError> {
    let mut keep = BTreeSet::new();
    for table in Table::ALL {
        let kept = kept(&view.dir().join(table.name()), table, base).await?;
        keep.extend(kept.iter().filter_map(|path| view.within(path)));
    }
    view.sweep(base.version, &keep).await;
    let files = base.tables.values().flat_map(|state| &state.files);
    view.fetch_all(files.filter_map(|file| view.within(&file.path)).collect()).await
}

/// A store of an early Voronka was moved into a bucket: which of its files are dead cannot be told there.
fn early(view: &View) -> StoreError {
    StoreError::Remote {
        url: view.address().url(),
        what: Text::new("хранилище сделано старой Voronka", "the store was made by an early Voronka"),
        hint: Text::new(
            "скопируйте его в папку, загрузите туда что-нибудь один раз и верните в бакет",
            "copy it into a folder, ingest into it there once, and move it back into the bucket",
        ),
    }
}

/// Deletes the files that no version of the store needs, and returns the number of this attempt.
///
/// A killed ingest may have committed tables without naming them. Those files stay as long as the newest Delta version
/// lists them, for other readers of Delta; this ingest's commit removes them from the list, and the next ingest deletes
/// them.
async fn clear(store: &Path, base: &Snapshot) -> Result<Attempt, StoreError> {
    let ingest = base.version + 1;
    let mut attempt = 0;
    for table in Table::ALL {
        let dir = store.join(table.name());
        let folders = layout::attempts(&dir, base.version)?;
        if folders.is_empty() {
            continue;
        }
        let keep = kept(&dir, table, base).await?;
        for (found, folder) in folders {
            // an empty folder of a killed attempt at this ingest stays, so that its number is not used again
            layout::clean(&folder, |path| keep.contains(path), found.ingest < ingest)?;
            if found.ingest == ingest {
                attempt = attempt.max(found.attempt);
            }
        }
    }
    Ok(Attempt { ingest, attempt: attempt + 1 })
}
