//! The record of ingests: the rows of the table `ingests`. The commit of these rows completes an ingest.
//!
//! A row describes one table in one ingest: how many rows were read, new, changed, …; and, in columns that are not
//! canonical, the version of the Delta table after the ingest and its number of buckets. A table that an ingest did not
//! touch has a row with the version only, so that the newest ingest names the state of every table.
//!
//! Digests are stored beside the version: of the table's state, of the commit, of the data files that no earlier ingest
//! recorded, and of all rows of the ingest. So the record can verify itself and everything that it names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::digest::{Digest, Digests};
use super::error::StoreError;
use super::files::DataFile;
use super::layout::{self, Marker};
use super::rows::{IngestRecord, Named, OWN, Rows, TableCount};
use super::{damage, delta, proof};
use crate::model::lang::{Text, both};
use crate::model::tables::{Kind, Table};

impl Rows {
    /// What is wrong with the rows; `None` if all ingests are present and their rows match their digests.
    fn fault(&self) -> Option<Text> {
        let gap = (1..).zip(&self.versions).find(|(expected, found)| expected != *found);
        if let Some((expected, _)) = gap {
            return Some(both!("нет загрузки {expected}", "ingest {expected} is missing"));
        }
        let changed = |(number, said): &(&u64, &Digest)| {
            self.ingests.get(number).is_some_and(|(record, named)| proven(record, named) != **said)
        };
        self.proofs.iter().find(changed).map(|(number, _)| {
            both!(
                "строки загрузки {number} — не то, что было записано",
                "the rows of ingest {number} are not what was written"
            )
        })
    }
}

/// The schema of the data files of `ingests`.
pub(super) fn schema() -> SchemaRef {
    let mut fields: Vec<Field> = Table::Ingests.schema(&[]).fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.extend(
        OWN.into_iter()
            .zip([Kind::Count, Kind::Count, Kind::Text, Kind::Text, Kind::Text, Kind::Text, Kind::Text, Kind::Text])
            .map(|(name, kind)| Field::new(name, kind.arrow(), true)),
    );
    Arc::new(Schema::new(fields))
}

/// Reads the rows of every complete ingest, and verifies them.
pub(super) async fn load(store: &Path) -> Result<Rows, StoreError> {
    // the marker is read first: an ingest that ends in between makes the record newer than the marker, never older
    let marker = layout::marker(store)?;
    let dir = store.join(Table::Ingests.name());
    let opened = delta::open(&dir, None).await.map_err(|error| damage::of_record(store, &marker, error))?;
    let mut rows = Rows::default();
    if let Some(table) = opened {
        let files = delta::files(&dir, &table)?;
        // the last file is read first: it holds the digests of the others
        for (path, logged) in files.iter().rev() {
            let digest = digest(path, &marker, &rows);
            let place = dir.join(path);
            let file = DataFile::here(place, logged.rows, logged.bytes);
            proof::whole(&file, digest)?;
            read_file(&file.path, &mut rows)?;
        }
    }
    rows.versions = rows.ingests.keys().copied().collect();
    let short = marker.newest.filter(|newest| rows.versions.last().copied().unwrap_or(0) < *newest);
    let what = match short {
        Some(newest) => {
            let last = rows.versions.last().copied().unwrap_or(0);
            Some(both!(
                "загрузка {newest} была завершена, а запись загрузок кончается на {last}",
                "ingest {newest} was complete, and the record of ingests ends with {last}"
            ))
        }
        None => rows.fault(),
    };
    if let Some(what) = what {
        return Err(damage::of_record(store, &marker, StoreError::Record { dir, what }));
    }
    if rows.versions.is_empty() && marker.newest.is_none() {
        damage::refuse_orphans(store)?;
    }
    Ok(rows)
}

/// The digest of a data file of `ingests`: the marker has the newest one, the newest ingest the others.
fn digest(path: &str, marker: &Marker, rows: &Rows) -> Option<Digest> {
    let of_newest = path.split('-').next().and_then(|number| number.parse().ok()) == marker.newest;
    marker.record().filter(|_| of_newest).or_else(|| rows.digests(Table::Ingests).get(path).copied())
}

fn read_file(path: &Path, rows: &mut Rows) -> Result<(), StoreError> {
    let file = File::open(path).map_err(StoreError::io(path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build());
    for batch in reader.map_err(StoreError::parquet(path))? {
        let batch = batch.map_err(|e| StoreError::parquet(path)(ParquetError::ArrowError(e.to_string())))?;
        read(&batch, rows)
            .map_err(|what| StoreError::damaged(path, both!("запись загрузок не прочитать: {what}", "{what}")))?;
    }
    Ok(())
}

fn read(batch: &RecordBatch, rows: &mut Rows) -> Result<(), String> {
    let column = |name: &str, to: &DataType| -> Result<ArrayRef, String> {
        let column = batch.column_by_name(name).ok_or_else(|| format!("the column `{name}` is missing"))?;
        cast(column, to).map_err(|e| format!("column `{name}`: {e}"))
    };
    let count = |name: &str| column(name, &Kind::Count.arrow()).map(|c| c.as_primitive::<Int64Type>().clone());
    let text = |name: &str| column(name, &Kind::Text.arrow()).map(|c| c.as_string::<i32>().clone());
    let (ingest, delta_version, buckets) = (count("ingest")?, count("delta_version")?, count("buckets")?);
    let at = column("at", &Kind::Instant.arrow())?.as_primitive::<TimestampMicrosecondType>().clone();
    let (exports, table_name, notes) = (text("exports")?, text("table_name")?, text("notes")?);
    let counts = ["read", "new", "changed", "unchanged", "quarantined"].map(count);
    let [read, new, changed, unchanged, quarantined] = &counts;
    // absent in a store of an early Voronka
    let taken = match batch.column_by_name("taken") {
        Some(_) => Some(column("taken", &Kind::Instant.arrow())?.as_primitive::<TimestampMicrosecondType>().clone()),
        None => None,
    };
    // likewise for digests
    let own = |name: &str| match batch.column_by_name(name) {
        Some(_) => text(name).map(Some),
        None => Ok(None),
    };
    let (state, commit, files, proof) = (own("state")?, own("commit")?, own("files")?, own("proof")?);
    let cell = |from: &Option<StringArray>, row: usize| -> Option<String> {
        from.as_ref().filter(|from| from.is_valid(row)).map(|from| from.value(row).to_owned())
    };
    let digest = |from: &Option<StringArray>, row: usize| match cell(from, row) {
        None => Ok(None),
        Some(text) => Digest::parse(&text).map(Some).ok_or_else(|| format!("`{text}` is no digest")),
    };
    let currencies = batch.column_by_name("currencies").map(|_| text("currencies")).transpose()?;
    let number = |from: &Result<Int64Array, String>, row: usize| -> Result<u64, String> {
        u64::try_from(from.as_ref().map_err(String::clone)?.value(row)).map_err(|_| "a negative count".to_owned())
    };
    for row in 0..batch.num_rows() {
        let number_of_ingest = u64::try_from(ingest.value(row)).map_err(|_| "a negative number of an ingest")?;
        let table = Table::named(table_name.value(row))
            .ok_or_else(|| format!("it names a table `{}`, which is unknown", table_name.value(row)))?;
        let at = at.is_valid(row).then(|| DateTime::<Utc>::from_timestamp_micros(at.value(row))).flatten();
        let at = at.ok_or("it does not say when an ingest was")?;
        let (record, named) = rows.ingests.entry(number_of_ingest).or_insert_with(|| {
            let lines = |a: &StringArray| match a.value(row) {
                "" => Vec::new(),
                text => text.split('\n').map(str::to_owned).collect(),
            };
            let (exports, notes) = (lines(&exports), lines(&notes));
            let currencies = currencies.as_ref().map(lines).unwrap_or_default();
            let record = IngestRecord { ingest: number_of_ingest, at, exports, tables: Vec::new(), notes, currencies };
            (record, Vec::new())
        });
        if delta_version.is_valid(row) {
            let delta_version = u64::try_from(delta_version.value(row)).map_err(|_| "a negative version")?;
            let buckets = u32::try_from(buckets.value(row)).map_err(|_| "an impossible number of buckets")?;
            let files = digests(&cell(&files, row).unwrap_or_default())?;
            let (state, commit) = (digest(&state, row)?, digest(&commit, row)?);
            named.push(Named { table, delta_version, buckets, state, commit, files });
        }
        if let Some(proof) = digest(&proof, row)? {
            rows.proofs.insert(number_of_ingest, proof);
        }
        if read.as_ref().is_ok_and(|r| r.is_valid(row)) {
            record.tables.push(TableCount {
                table,
                read: number(read, row)?,
                new: number(new, row)?,
                changed: number(changed, row)?,
                unchanged: number(unchanged, row)?,
                quarantined: number(quarantined, row)?,
                taken: taken
                    .as_ref()
                    .filter(|taken| taken.is_valid(row))
                    .and_then(|taken| DateTime::<Utc>::from_timestamp_micros(taken.value(row))),
            });
        }
    }
    Ok(())
}

/// The digests of files, one per line: `digest path`.
fn digests(lines: &str) -> Result<Digests, String> {
    let one = |line: &str| {
        let (digest, path) = line.split_once(' ')?;
        Some((path.to_owned(), Digest::parse(digest)?))
    };
    lines.lines().map(|line| one(line).ok_or_else(|| format!("`{line}` is no digest of a file"))).collect()
}

fn written(digests: &Digests) -> String {
    digests.iter().map(|(path, digest)| format!("{digest} {path}")).collect::<Vec<_>>().join("\n")
}

/// The digest of all rows of an ingest.
fn proven(record: &IngestRecord, named: &[Named]) -> Digest {
    let mut text = format!(
        "{}\t{}\t{}\t{}\t{}\t{}\n",
        record.tables.len(),
        named.len(),
        record.ingest,
        record.at.timestamp_micros(),
        one_per_line(&record.exports),
        one_per_line(&record.notes)
    );
    for line in lines(record, named) {
        text += line.table.name();
        if let Some(count) = line.count {
            let TableCount { read, new, changed, unchanged, quarantined, taken, .. } = count;
            let taken = taken.map(|taken| taken.timestamp_micros());
            text += &format!("\t{read} {new} {changed} {unchanged} {quarantined} {taken:?}");
        }
        if let Some(named) = line.named {
            let digest = |digest: Option<Digest>| digest.map(|digest| digest.to_string()).unwrap_or_default();
            let (version, buckets) = (named.delta_version, named.buckets);
            let (state, commit, files) = (digest(named.state), digest(named.commit), written(&named.files));
            text += &format!("\t{version} {buckets} {state} {commit} {files}");
        }
        text.push('\n');
    }
    Digest::of(text.as_bytes())
}

/// Writes rows as a data file of `ingests`, and returns their number.
pub(super) fn write(path: &Path, rows: &Rows) -> Result<u64, StoreError> {
    let batch = batch(rows).map_err(|e| StoreError::parquet(path)(ParquetError::ArrowError(e.to_string())))?;
    let file = File::create(path).map_err(StoreError::io(path))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(format!("voronka {}", env!("CARGO_PKG_VERSION")))
        .build();
    ArrowWriter::try_new(file, batch.schema(), Some(properties))
        .and_then(|mut writer| writer.write(&batch).and_then(|()| writer.close()))
        .map_err(StoreError::parquet(path))?;
    Ok(batch.num_rows() as u64)
}

fn batch(rows: &Rows) -> Result<RecordBatch, arrow::error::ArrowError> {
    let proofs: BTreeMap<u64, Digest> =
        rows.ingests.values().map(|(record, named)| (record.ingest, proven(record, named))).collect();
    let lines: Vec<_> = rows.ingests.values().flat_map(|(record, named)| lines(record, named)).collect();
    let count = |of: &dyn Fn(&Line<'_>) -> Option<u64>| -> ArrayRef {
        Arc::new(lines.iter().map(|l| of(l).and_then(|n| i64::try_from(n).ok())).collect::<Int64Array>())
    };
    let text = |of: &dyn Fn(&Line<'_>) -> String| -> ArrayRef {
        Arc::new(lines.iter().map(|l| Some(of(l))).collect::<StringArray>())
    };
    let own = |of: &dyn Fn(&Line<'_>) -> Option<String>| -> ArrayRef {
        Arc::new(lines.iter().map(of).collect::<StringArray>())
    };
    let digest = |of: &dyn Fn(&Named) -> Option<Digest>| own(&|l| l.named.and_then(of).map(|d| d.to_string()));
    let at: TimestampMicrosecondArray = lines.iter().map(|l| Some(l.record.at.timestamp_micros())).collect();
    let taken = lines.iter().map(|l| l.count.and_then(|c| c.taken).map(|taken| taken.timestamp_micros()));
    let taken: TimestampMicrosecondArray = taken.collect();
    RecordBatch::try_new(
        schema(),
        vec![
            count(&|l| Some(l.record.ingest)),
            Arc::new(at.with_timezone("UTC")),
            text(&|l| one_per_line(&l.record.exports)),
            text(&|l| l.table.name().to_owned()),
            count(&|l| l.count.map(|c| c.read)),
            count(&|l| l.count.map(|c| c.new)),
            count(&|l| l.count.map(|c| c.changed)),
            count(&|l| l.count.map(|c| c.unchanged)),
            count(&|l| l.count.map(|c| c.quarantined)),
            Arc::new(taken.with_timezone("UTC")),
            count(&|l| l.named.map(|n| n.delta_version)),
            count(&|l| l.named.map(|n| u64::from(n.buckets))),
            text(&|l| one_per_line(&l.record.notes)),
            digest(&|n| n.state),
            digest(&|n| n.commit),
            own(&|l| l.named.map(|n| written(&n.files))),
            own(&|l| proofs.get(&l.record.ingest).map(ToString::to_string)),
            text(&|l| one_per_line(&l.record.currencies)),
        ],
    )
}

struct Line<'a> {
    record: &'a IngestRecord,
    table: Table,
    count: Option<TableCount>,
    named: Option<&'a Named>,
}

fn lines<'a>(record: &'a IngestRecord, named: &'a [Named]) -> Vec<Line<'a>> {
    let tables: BTreeSet<Table> = record.tables.iter().map(|c| c.table).chain(named.iter().map(|n| n.table)).collect();
    let line = |table| Line {
        record,
        table,
        count: record.tables.iter().copied().find(|c| c.table == table),
        named: named.iter().find(|n| n.table == table),
    };
    tables.into_iter().map(line).collect()
}

/// A list as text, one item per line; line breaks inside an item become spaces.
fn one_per_line(items: &[String]) -> String {
    items.iter().map(|item| item.replace('\n', " ")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{Field, Schema};

    use super::*;

    #[test]
    fn an_ingest_of_no_time_is_damage() {
        let at = DateTime::<Utc>::UNIX_EPOCH;
        let (exports, notes, currencies) = (Vec::new(), Vec::new(), Vec::new());
        let record = IngestRecord { ingest: 1, at, exports, tables: Vec::new(), notes, currencies };
        let named = Named {
            table: Table::Deals,
            delta_version: 1,
            buckets: 1,
            state: None,
            commit: None,
            files: Digests::new(),
        };
        let mut rows = Rows::default();
        rows.ingests.insert(1, (record, vec![named]));
        let written = batch(&rows).unwrap();
        read(&written, &mut Rows::default()).unwrap();
        let place = written.schema().index_of("at").unwrap();
        let (mut fields, mut columns) = (written.schema().fields().to_vec(), written.columns().to_vec());
        fields[place] = Arc::new(Field::new("at", Kind::Instant.arrow(), true));
        columns[place] = arrow::array::new_null_array(&Kind::Instant.arrow(), written.num_rows());
        let torn = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
        assert!(read(&torn, &mut Rows::default()).unwrap_err().contains("when an ingest was"));
    }
}
