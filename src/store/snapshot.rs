//! A version of the store: the files of each table.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use futures::future::join_all;

use super::digest::{Digest, fingerprint};
use super::error::StoreError;
use super::files::{DataFile, Origin};
use super::place::Place;
use super::remote::{Objects, View};
use super::rows::{Named, Rows};
use super::{damage, delta, layout, proof, record};
use crate::model::lang::{Text, both};
use crate::model::tables::Table;

/// How many logs are read at once. Each blocks threads that wait for others; without a limit a system that is out of
/// threads would deadlock.
const AT_ONCE: usize = 4;

/// The store as left by one complete ingest.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The number of that ingest; 0 is the empty store.
    pub version: u64,
    /// The tables that have, or had, rows.
    pub tables: BTreeMap<Table, TableState>,
    /// The same of two states only where every file is the same, byte for byte; `None` if a file cannot be read.
    pub identity: Option<String>,
    /// The view that it was opened in, of a store in a bucket.
    pub(super) view: Option<Arc<View>>,
}

impl Snapshot {
    /// Tables that no record names.
    pub fn of(version: u64, tables: BTreeMap<Table, TableState>) -> Snapshot {
        Snapshot { version, tables, ..Snapshot::default() }
    }

    /// Of a store in a bucket: its address and its data files, for an engine that reads them there; each is fetched once.
    pub(crate) fn objects(&self) -> Option<(url::Url, object_store::Result<Objects>)> {
        let view = self.view.as_ref()?;
        // whatever stands in the path, the engine takes its parts as they are
        let mut url = url::Url::parse(&format!("s3://{}/", view.address().bucket())).ok()?;
        url.path_segments_mut().ok()?.pop_if_empty().extend(view.address().parts());
        Some((url, Objects::of(view)))
    }
}

/// One table in a snapshot.
#[derive(Debug, Clone)]
pub struct TableState {
    /// The canonical columns, then the extra text columns.
    pub schema: SchemaRef,
    /// Names of the columns that mappings added.
    pub extra: Vec<String>,
    /// The number of buckets.
    pub buckets: u32,
    /// The files, by path.
    pub files: Vec<DataFile>,
    /// The version of the Delta table.
    pub delta_version: u64,
}

impl TableState {
    /// The files of one bucket.
    pub fn bucket(&self, bucket: u32) -> impl Iterator<Item = &DataFile> {
        self.files.iter().filter(move |f| f.bucket == bucket)
    }

    /// The row count of the table.
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|f| f.rows).sum()
    }
}

/// Opens the requested version, or the newest, and the record of all ingests. Every file of the version is read and
/// compared with its digest; of a store in a bucket, their lengths are compared with its listing.
pub(super) async fn load(place: &Place, version: Option<u64>) -> Result<(Snapshot, Rows), StoreError> {
    let store = place.dir();
    let rows = record(store).await?;
    let newest = rows.versions().last().copied().unwrap_or(0);
    let version = match version {
        None if newest == 0 => return Ok((Snapshot::default(), rows)),
        None => newest,
        Some(v) if rows.versions().contains(&v) => v,
        Some(v) => return Err(not_found(store, v, &rows)),
    };
    let mut states = Vec::new();
    for some in rows.tables(version).chunks(AT_ONCE) {
        // all of them end, even where one fails: the library panics in the background where its work is dropped half-way
        for state in join_all(some.iter().map(|named| state(store, &rows, named))).await {
            states.push(state?);
        }
    }
    let (states, files): (Vec<_>, Vec<_>) = states.into_iter().unzip();
    let files: Vec<_> = files.into_iter().flatten().collect();
    let identity = identity(place, version, &files);
    let mut tables: BTreeMap<Table, TableState> =
        rows.tables(version).iter().map(|named| named.table).zip(states).collect();
    let view = place.remote().cloned();
    match &view {
        None => proof::verify(files).await?,
        // to read all files would be to fetch all: each is compared when it is fetched
        Some(view) => {
            let wanted = proof::wanted(view, &files);
            view.expect(&wanted);
            view.verify(&wanted).await?;
            let of = tables.values_mut().flat_map(|state| &mut state.files);
            of.for_each(|file| file.from = Origin(Some(Arc::clone(view))));
        }
    }
    Ok((Snapshot { version, tables, identity, view }, rows))
}

/// A name for exactly these files.
fn identity(place: &Place, version: u64, files: &[(DataFile, Option<Digest>)]) -> Option<String> {
    let mut told = format!("{version}\n");
    for (file, digest) in files {
        // of the record of ingests itself none is recorded
        let digest = digest.map_or_else(|| Digest::of_file(&file.path).ok(), Some)?;
        let _ = writeln!(told, "{} {digest}", place.shown(&file.path).display());
    }
    Some(fingerprint(&told))
}

/// The record of ingests.
///
/// # Errors
/// It is damaged, or older than the data: an ingest begins only after the one before it completed.
pub(super) async fn record(store: &Path) -> Result<Rows, StoreError> {
    // looked at before the record is read: an ingest that completes meanwhile is in the record then
    let latest = layout::latest_attempt(store)?;
    let rows = record::load(store).await?;
    let newest = rows.versions().last().copied().unwrap_or(0);
    match latest.filter(|(attempt, _)| attempt.ingest > newest + 1) {
        Some((attempt, path)) => Err(StoreError::RolledBack { path, ingest: attempt.ingest, newest }),
        None => Ok(rows),
    }
}

/// The state of a table that an ingest names, and its files with their recorded digests. The state is verified, the
/// files are not yet read.
pub(super) async fn state(
    store: &Path,
    rows: &Rows,
    named: &Named,
) -> Result<(TableState, Vec<(DataFile, Option<Digest>)>), StoreError> {
    let dir = store.join(named.table.name());
    let at_fault = |error| damage::of_table(store, rows, named, error);
    let gone = || StoreError::damaged(&dir.join("_delta_log"), Text::new("журнала нет", "the log is missing"));
    let delta = delta::open(&dir, Some(named.delta_version)).await.map_err(at_fault)?.ok_or_else(gone)?;
    let digests = rows.digests(named.table);
    let listed = delta::files(&dir, &delta).map_err(at_fault)?;
    if let Some(expected) = named.state
        && proof::state(&delta::columns(&dir, &delta)?, &listed, &digests) != Some(expected)
    {
        let what = both!(
            "версия {} — не то состояние, которое записала загрузка",
            "version {} is not the state that an ingest recorded",
            named.delta_version
        );
        return Err(at_fault(StoreError::Record { dir, what }));
    }
    let state = table_state(&dir, named.table, named.buckets, &delta)?;
    let files = state.files.iter().cloned().zip(listed.keys().map(|path| digests.get(path).copied())).collect();
    Ok((state, files))
}

fn table_state(
    dir: &Path,
    table: Table,
    buckets: u32,
    delta: &deltalake::DeltaTable,
) -> Result<TableState, StoreError> {
    let extra = delta::extra(dir, table, delta)?;
    let files = delta::files(dir, delta)?.into_iter().map(|(path, file)| {
        let bucket = layout::bucket(&path).ok_or_else(|| {
            StoreError::file(
                &dir.join(&path),
                Text::new("имя файла не говорит его номера", "the file's name does not say its bucket"),
            )
        })?;
        let heat = layout::heat(&path);
        Ok(DataFile { path: dir.join(path), bucket, heat, rows: file.rows, bytes: file.bytes, from: Origin::default() })
    });
    Ok(TableState {
        schema: table.schema(&extra),
        files: files.collect::<Result<_, StoreError>>()?,
        extra,
        buckets,
        delta_version: delta::version(delta),
    })
}

fn not_found(store: &Path, version: u64, rows: &Rows) -> StoreError {
    let existing = match rows.versions() {
        [] => Text::new("хранилище пусто: ни одна загрузка не завершена", "the store is empty: no ingest is complete"),
        [only] => both!("есть только версия {only}", "there is only version {only}"),
        [first, .., last] if (last - first) as usize + 1 == rows.versions().len() => {
            both!(
                "есть версии с {first} по {last}: см. `voronka log`",
                "there are versions {first} to {last}: see `voronka log`"
            )
        }
        some => {
            let versions = some.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
            both!("есть версии {versions}", "there are versions {versions}")
        }
    };
    StoreError::VersionNotFound { dir: store.to_owned(), version, existing }
}
