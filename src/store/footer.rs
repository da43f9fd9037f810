//! Parquet footers: check of the files that an ingest wrote, and statistics for the log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::json;

use super::error::StoreError;
use super::files::Logged;
use super::layout::sync_folder;
use crate::model::lang::both;

/// How many files are flushed to disk at once: one by one takes six times as long.
const AT_ONCE: usize = 8;

/// Checks the files with their row counts, and flushes them and their folders to disk.
pub(super) async fn seal(
    files: Vec<(PathBuf, u64)>,
    schema: &SchemaRef,
    modified: i64,
) -> Result<Vec<(PathBuf, Logged)>, StoreError> {
    let folders: BTreeSet<PathBuf> =
        files.iter().flat_map(|(path, _)| path.ancestors().skip(1).take(2)).map(Path::to_owned).collect();
    let sealed = stream::iter(files).map(|(path, rows)| {
        let schema = schema.clone();
        let place = path.clone();
        let work =
            tokio::task::spawn_blocking(move || one(&path, rows, &schema, modified).map(|logged| (path, logged)));
        async move { work.await.map_err(|e| StoreError::io(&place)(e.into()))? }
    });
    let sealed = sealed.buffered(AT_ONCE).try_collect().await?;
    folders.iter().for_each(|folder| sync_folder(folder));
    Ok(sealed)
}

/// Checks that a file has the given row count and the columns of the schema, and flushes it to disk.
fn one(path: &Path, rows: u64, schema: &Schema, modified: i64) -> Result<Logged, StoreError> {
    let file = File::open(path).map_err(StoreError::io(path))?;
    // if power is lost after the commit, the rows that the commit names must be on disk
    file.sync_data().map_err(StoreError::io(path))?;
    let bytes = file.metadata().map_err(StoreError::io(path))?.len();
    let reader = SerializedFileReader::new(file).map_err(StoreError::parquet(path))?;
    let footer = reader.metadata().file_metadata();
    let found = u64::try_from(footer.num_rows()).unwrap_or(0);
    if found != rows {
        return Err(StoreError::file(
            path,
            both!(
                "в файле {found} строк, а загрузка насчитала {rows}",
                "the file holds {found} rows, the ingest counted {rows}"
            ),
        ));
    }
    let written = parquet_to_arrow_schema(footer.schema_descr(), None).map_err(StoreError::parquet(path))?;
    for field in written.fields() {
        match schema.field_with_name(field.name()) {
            Err(_) => {
                return Err(StoreError::file(
                    path,
                    both!("в таблице нет столбца `{}`", "the table has no column `{}`", field.name()),
                ));
            }
            Ok(of) if same(of.data_type(), field.data_type()) => {}
            Ok(of) => {
                let what = both!(
                    "столбец `{}` — {}, а не {}",
                    "column `{}` is {}, not {}",
                    field.name(),
                    field.data_type(),
                    of.data_type()
                );
                return Err(StoreError::file(path, what));
            }
        }
    }
    Ok(Logged { rows, bytes, stats: stats(&reader, rows), modified })
}

/// Whether two types store the same values; names and nullability inside lists and structs are ignored.
fn same(a: &DataType, b: &DataType) -> bool {
    use DataType::{LargeList, LargeUtf8, List, Struct, Utf8, Utf8View};
    match (a, b) {
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        (List(a) | LargeList(a), List(b) | LargeList(b)) => same(a.data_type(), b.data_type()),
        (Struct(a), Struct(b)) => {
            a.len() == b.len()
                && a.iter().zip(b).all(|(a, b)| a.name() == b.name() && same(a.data_type(), b.data_type()))
        }
        _ => a == b,
    }
}

/// The Delta statistics of a file: number of rows, and number of nulls in each flat column.
fn stats(reader: &SerializedFileReader<File>, rows: u64) -> String {
    let mut nulls: BTreeMap<String, Option<u64>> = BTreeMap::new();
    for group in reader.metadata().row_groups() {
        for column in group.columns().iter().filter(|c| c.column_descr().max_rep_level() == 0) {
            let [name] = column.column_path().parts() else { continue };
            let found = column.statistics().and_then(|s| s.null_count_opt());
            let total = nulls.entry(name.clone()).or_insert(Some(0));
            *total = total.zip(found).map(|(a, b)| a + b);
        }
    }
    let nulls: BTreeMap<_, _> = nulls.into_iter().filter_map(|(name, n)| n.map(|n| (name, n))).collect();
    json!({ "numRecords": rows, "nullCount": nulls }).to_string()
}
