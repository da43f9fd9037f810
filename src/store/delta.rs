//! The Delta side of a table: opening a version, listing its files, committing the next one.
//!
//! Protocol reader 1 / writer 2, no partition columns, no table features: what every Delta reader can read.

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use deltalake::kernel::engine::arrow_conversion::TryIntoKernel as _;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake::kernel::{Action, Add, CommitInfo, Metadata, Protocol, Remove, StructType};
use deltalake::protocol::{DeltaOperation, SaveMode};
use deltalake::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use futures::FutureExt as _;
use object_store::local::LocalFileSystem;
use serde_json::json;
use xxhash_rust::xxh3::xxh3_128;

use super::error::StoreError;
use super::files::{Files, Logged};
use super::layout;
use super::rows::OWN;
use crate::model::lang::Text;
use crate::model::tables::Table;

/// A checkpoint is written every so many versions; a log is read from its newest checkpoint on.
const CHECKPOINT_EVERY: u64 = 20;

/// Opens a table at a version, or at its newest one; `None` if the table does not exist.
pub(super) async fn open(dir: &Path, version: Option<u64>) -> Result<Option<DeltaTable>, StoreError> {
    if !dir.join("_delta_log").is_dir() {
        return Ok(None);
    }
    let error = StoreError::delta(dir);
    if version.is_none() {
        let table = builder(dir)?.build().map_err(&error)?;
        // a log folder without any commit: the ingest that created it was killed before its first commit
        if !table.verify_deltatable_existence().await.map_err(&error)? {
            return Ok(None);
        }
    }
    let newest = builder(dir)?;
    let wanted = match version {
        Some(version) => newest.with_version(version),
        None => newest,
    };
    // a damaged log may make the library panic: the panic is reported as damage
    match AssertUnwindSafe(wanted.load()).catch_unwind().await {
        Ok(loaded) => loaded.map(Some).map_err(error),
        Err(_) => Err(StoreError::damaged(
            &dir.join("_delta_log"),
            Text::new("журнал не прочитать", "the log cannot be read"),
        )),
    }
}

/// Opens the store's folder as the root of an object store, because the library mishandles some paths: it reads `%20`
/// as a blank and `\` as `/`, and rejects tabs and non-Unicode names.
fn builder(dir: &Path) -> Result<DeltaTableBuilder, StoreError> {
    let (root, table) = dir
        .parent()
        .zip(dir.file_name())
        .ok_or_else(|| StoreError::file(dir, Text::new("это не папка таблицы", "not a table's folder")))?;
    let files =
        LocalFileSystem::new_with_prefix(root).map_err(|error| StoreError::file(dir, Text::same(error.to_string())))?;
    // for `file:` the kernel checks the path on disk; for other schemes it assumes sorted listings, which a folder does not
    // give, except for hosts of this form
    let url = url::Url::parse(&format!("memory://unordered--x-s3/{}/", table.to_string_lossy()));
    let url = url.map_err(|error| StoreError::file(dir, Text::same(error.to_string())))?;
    let builder = DeltaTableBuilder::from_url(url.clone()).map_err(StoreError::delta(dir))?;
    Ok(builder.with_storage_backend(Arc::new(files), url))
}

/// The open version.
pub(super) fn version(table: &DeltaTable) -> u64 {
    table.version().unwrap_or(0)
}

/// The files of the open version.
pub(super) fn files(dir: &Path, table: &DeltaTable) -> Result<Files, StoreError> {
    let state = table.snapshot().map_err(StoreError::delta(dir))?;
    let mut files = Files::new();
    for file in state.log_data().iter() {
        let path = file.path().into_owned();
        let rows = file.num_records().ok_or_else(|| {
            StoreError::file(
                &dir.join(&path),
                Text::new(
                    "журнал Delta не говорит, сколько в файле строк",
                    "the Delta log does not say how many rows it has",
                ),
            )
        })?;
        let stats = file.stats().unwrap_or_else(|| json!({ "numRecords": rows }).to_string());
        let bytes = u64::try_from(file.size()).unwrap_or(0);
        files.insert(path, Logged { rows: rows as u64, bytes, stats, modified: file.modification_time() });
    }
    Ok(files)
}

/// The names of all columns of the open version.
pub(super) fn columns(dir: &Path, delta: &DeltaTable) -> Result<Vec<String>, StoreError> {
    let schema = delta.snapshot().map_err(StoreError::delta(dir))?.schema();
    Ok(schema.fields().map(|field| field.name().clone()).collect())
}

/// The columns of the open version that are not canonical.
pub(super) fn extra(dir: &Path, table: Table, delta: &DeltaTable) -> Result<Vec<String>, StoreError> {
    let schema = delta.snapshot().map_err(StoreError::delta(dir))?.schema();
    let own = |name: &str| table == Table::Ingests && OWN.contains(&name);
    let extra = schema.fields().map(|f| f.name()).filter(|name| table.column(name).is_none() && !own(name));
    Ok(extra.cloned().collect())
}

/// The content of the next version of a table.
pub(super) struct Next<'a> {
    pub(super) dir: &'a Path,
    pub(super) name: &'a str,
    pub(super) schema: SchemaRef,
    pub(super) files: Files,
    pub(super) ingest: u64,
    pub(super) at: DateTime<Utc>,
}

/// Commits a version that holds exactly these files, and returns its number. The commit is not yet flushed to disk: see
/// [`sync`]. No commit is made if the table's newest version already holds these files.
///
/// The difference is taken to the *newest* version of the log, including versions of killed ingests: files that a
/// killed ingest committed are removed, files that it removed are added again.
pub(super) async fn commit(next: Next<'_>) -> Result<u64, StoreError> {
    let error = StoreError::delta(next.dir);
    let schema: StructType = next.schema.as_ref().try_into_kernel().map_err(|e| error(DeltaTableError::from(e)))?;
    std::fs::create_dir_all(next.dir.join("_delta_log")).map_err(StoreError::io(next.dir))?;
    let newest = open(next.dir, None).await?;
    let at = next.at.timestamp_millis();
    let (mut actions, operation) = match &newest {
        None => {
            let (protocol, metadata) = (protocol(), metadata(&next, &schema, None).map_err(&error)?);
            let location = builder(next.dir)?.build().map_err(&error)?.table_url().clone();
            let actions = vec![Action::Protocol(protocol.clone()), Action::Metadata(metadata.clone())];
            (actions, DeltaOperation::Create { mode: SaveMode::ErrorIfExists, location, protocol, metadata })
        }
        Some(table) => {
            let state = table.snapshot().map_err(&error)?;
            let operation = DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
            let changed = *state.schema() != schema;
            let metadata = changed.then(|| metadata(&next, &schema, Some(state.metadata())).map_err(&error));
            (metadata.transpose()?.map(Action::Metadata).into_iter().collect(), operation)
        }
    };
    let old = newest.as_ref().map(|table| files(next.dir, table)).transpose()?.unwrap_or_default();
    actions.extend(old.iter().filter(|(path, _)| !next.files.contains_key(*path)).map(|(p, f)| remove(p, f, at)));
    actions.extend(next.files.iter().filter(|(path, _)| !old.contains_key(*path)).map(|(p, f)| add(p, f)));
    if let Some(table) = newest.as_ref().filter(|_| actions.is_empty()) {
        return Ok(version(table));
    }
    actions.insert(0, commit_info(&next, &operation));

    // the store's lock makes this process the only writer: a version by another writer in between is an error
    let properties = CommitProperties::default().with_max_retries(0).with_create_checkpoint(false);
    let properties = properties.with_cleanup_expired_logs(Some(false));
    let log = match &newest {
        Some(table) => table.log_store(),
        None => builder(next.dir)?.build().map_err(&error)?.log_store(),
    };
    let state = newest.as_ref().map(|table| table.snapshot()).transpose().map_err(&error)?;
    let state = state.map(|s| s as &dyn deltalake::kernel::transaction::TableReference);
    let builder = CommitBuilder::from(properties).with_actions(actions);
    let done = builder.build(state, log, operation).await.map_err(&error)?;
    Ok(done.version())
}

/// Flushes a commit to disk, before a later one names it.
pub(super) fn sync(dir: &Path, version: u64) -> std::io::Result<()> {
    File::open(layout::commit(dir, version)).and_then(|commit| commit.sync_all())?;
    layout::sync_folder(&dir.join("_delta_log"));
    Ok(())
}

/// Writes a checkpoint if one is due. Without it the log takes longer to read but stays correct, so an error here does
/// not fail the ingest, which is complete.
pub(super) async fn checkpoint(dir: &Path, version: u64) {
    if version == 0 || !version.is_multiple_of(CHECKPOINT_EVERY) {
        return;
    }
    if let Ok(Some(table)) = open(dir, Some(version)).await {
        let _ = deltalake::checkpoints::create_checkpoint(&table, None).await;
    }
}

fn protocol() -> Protocol {
    let value = json!({ "minReaderVersion": 1, "minWriterVersion": 2 });
    serde_json::from_value(value).expect("a protocol of two numbers")
}

fn metadata(next: &Next<'_>, schema: &StructType, old: Option<&Metadata>) -> Result<Metadata, DeltaTableError> {
    let at = next.at.timestamp_millis();
    // derived from the table's content, because nothing here may be random
    let id = || uuid::Uuid::from_u128(xxh3_128(format!("voronka {} {at}", next.name).as_bytes())).to_string();
    let value = json!({
        "id": old.map_or_else(id, |m| m.id().to_owned()),
        "name": next.name,
        "description": null,
        "format": { "provider": "parquet", "options": {} },
        "schemaString": serde_json::to_string(schema)?,
        "partitionColumns": [],
        // old versions must stay readable as long as the store exists: no other writer may delete their files
        "configuration": {
            "delta.logRetentionDuration": "interval 36500 days",
            "delta.deletedFileRetentionDuration": "interval 36500 days",
            "delta.enableExpiredLogCleanup": "false",
        },
        "createdTime": old.and_then(|m| m.created_time()).unwrap_or(at),
    });
    Ok(serde_json::from_value(value)?)
}

fn commit_info(next: &Next<'_>, operation: &DeltaOperation) -> Action {
    let mut info = operation.get_commit_info();
    info.timestamp = Some(next.at.timestamp_millis());
    info.engine_info = Some(format!("voronka:{}", env!("CARGO_PKG_VERSION")));
    // the default parameters of a Create commit contain the whole metadata, location included, but a store may be moved
    info.operation_parameters = None;
    info.info.insert("voronkaIngest".to_owned(), json!(next.ingest));
    Action::CommitInfo(CommitInfo { is_blind_append: None, ..info })
}

fn add(path: &str, file: &Logged) -> Action {
    Action::Add(Add {
        path: path.to_owned(),
        size: i64::try_from(file.bytes).unwrap_or(i64::MAX),
        modification_time: file.modified,
        data_change: true,
        stats: Some(file.stats.clone()),
        ..Add::default()
    })
}

fn remove(path: &str, file: &Logged, at: i64) -> Action {
    Action::Remove(Remove {
        path: path.to_owned(),
        data_change: true,
        deletion_timestamp: Some(at),
        extended_file_metadata: Some(true),
        partition_values: Some(Default::default()),
        size: i64::try_from(file.bytes).ok(),
        ..Remove::default()
    })
}
