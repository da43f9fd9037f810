//! The record of ingests: the rows of the table `ingests`, whose last commit makes an ingest complete.
//!
//! A row is a table in one ingest: how many rows were read, new, changed, … and, beside these canonical columns, which
//! version of the Delta table the ingest left and into how many buckets it is spread. A table that an ingest did not
//! count has a row with the version alone, so that the newest ingest names the state of every table.

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

use super::{StoreError, delta};
use crate::model::tables::{Kind, Table};

/// What one ingest did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngestRecord {
    /// Its number, from 1: the version of the store that it made.
    pub ingest: u64,
    /// When it ran.
    pub at: DateTime<Utc>,
    /// The files that it read.
    pub exports: Vec<String>,
    /// What became of their rows, by table.
    pub tables: Vec<TableCount>,
    /// Sentences for whoever reads the log.
    pub notes: Vec<String>,
    /// What the amounts that it brought are in, by column: `deals.amount=USD`; without a code where nothing named one.
    pub currencies: Vec<String>,
}

/// What one ingest did to one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableCount {
    /// The table.
    pub table: Table,
    /// Rows read from the exports.
    pub read: u64,
    /// Rows whose key the store did not have.
    pub new: u64,
    /// Rows whose key the store had with other values.
    pub changed: u64,
    /// Rows that the store had already.
    pub unchanged: u64,
    /// Rows refused.
    pub quarantined: u64,
    /// Up to when the exports reach that filled it; none: nothing says it.
    pub taken: Option<DateTime<Utc>>,
}

/// Columns of `ingests` that are the store's own: not canonical, and not shown in SQL.
pub(super) const OWN: [&str; 4] = ["delta_version", "buckets", "notes", "currencies"];

/// The state of a table that an ingest left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) table: Table,
    pub(super) delta_version: u64,
    pub(super) buckets: u32,
}

/// All rows of `ingests`.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    ingests: BTreeMap<u64, (IngestRecord, Vec<Named>)>,
    versions: Vec<u64>,
}

impl Rows {
    /// The numbers of the complete ingests, ascending.
    pub(super) fn versions(&self) -> &[u64] {
        &self.versions
    }

    /// The state of each table that the ingest left.
    pub(super) fn tables(&self, ingest: u64) -> &[Named] {
        self.ingests.get(&ingest).map_or(&[], |(_, named)| named)
    }

    /// The records, newest first.
    pub(super) fn records(self) -> Vec<IngestRecord> {
        self.ingests.into_values().rev().map(|(record, _)| record).collect()
    }

    pub(super) fn push(&mut self, record: IngestRecord, named: Vec<Named>) {
        self.ingests.insert(record.ingest, (record, named));
        self.versions = self.ingests.keys().copied().collect();
    }

    /// The rows of one ingest alone.
    pub(super) fn only(&self, ingest: u64) -> Rows {
        let mut rows = Rows::default();
        if let Some((record, named)) = self.ingests.get(&ingest) {
            rows.push(record.clone(), named.clone());
        }
        rows
    }
}

/// The schema of the data files of `ingests`.
pub(super) fn schema() -> SchemaRef {
    let mut fields: Vec<Field> = Table::Ingests.schema(&[]).fields().iter().map(|f| f.as_ref().clone()).collect();
    fields.extend(
        [("delta_version", Kind::Count), ("buckets", Kind::Count), ("notes", Kind::Text), ("currencies", Kind::Text)]
            .map(|(name, kind)| Field::new(name, kind.arrow(), true)),
    );
    Arc::new(Schema::new(fields))
}

/// Reads the rows of every complete ingest.
pub(super) async fn load(store: &Path) -> Result<Rows, StoreError> {
    let dir = store.join(Table::Ingests.name());
    let Some(table) = delta::open(&dir, None).await? else { return Ok(Rows::default()) };
    let mut rows = Rows::default();
    for path in delta::files(&dir, &table)?.keys() {
        let path = dir.join(path);
        let file = File::open(&path).map_err(StoreError::io(&path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|b| b.build());
        for batch in reader.map_err(StoreError::parquet(&path))? {
            let batch = batch.map_err(|e| StoreError::parquet(&path)(ParquetError::ArrowError(e.to_string())))?;
            read(&batch, &mut rows).map_err(|what| StoreError::Record { dir: dir.clone(), what })?;
        }
    }
    rows.versions = rows.ingests.keys().copied().collect();
    Ok(rows)
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
    // a store of an early Voronka does not have it
    let taken = match batch.column_by_name("taken") {
        Some(_) => Some(column("taken", &Kind::Instant.arrow())?.as_primitive::<TimestampMicrosecondType>().clone()),
        None => None,
    };
    let currencies = batch.column_by_name("currencies").map(|_| text("currencies")).transpose()?;
    let number = |from: &Result<Int64Array, String>, row: usize| -> Result<u64, String> {
        u64::try_from(from.as_ref().map_err(String::clone)?.value(row)).map_err(|_| "a negative count".to_owned())
    };
    for row in 0..batch.num_rows() {
        let number_of_ingest = u64::try_from(ingest.value(row)).map_err(|_| "a negative number of an ingest")?;
        let table = Table::named(table_name.value(row))
            .ok_or_else(|| format!("it names a table `{}`, which is unknown", table_name.value(row)))?;
        let (record, named) = rows.ingests.entry(number_of_ingest).or_insert_with(|| {
            let lines = |a: &StringArray| match a.value(row) {
                "" => Vec::new(),
                text => text.split('\n').map(str::to_owned).collect(),
            };
            let at = DateTime::<Utc>::from_timestamp_micros(at.value(row)).unwrap_or_default();
            let (exports, notes) = (lines(&exports), lines(&notes));
            let currencies = currencies.as_ref().map(lines).unwrap_or_default();
            let record = IngestRecord { ingest: number_of_ingest, at, exports, tables: Vec::new(), notes, currencies };
            (record, Vec::new())
        });
        if delta_version.is_valid(row) {
            let delta_version = u64::try_from(delta_version.value(row)).map_err(|_| "a negative version")?;
            let buckets = u32::try_from(buckets.value(row)).map_err(|_| "an impossible number of buckets")?;
            named.push(Named { table, delta_version, buckets });
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

/// Writes rows as a data file of `ingests`, and says how many they are.
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
    let lines: Vec<_> = rows.ingests.values().flat_map(|(record, named)| lines(record, named)).collect();
    let count = |of: &dyn Fn(&Line<'_>) -> Option<u64>| -> ArrayRef {
        Arc::new(lines.iter().map(|l| of(l).and_then(|n| i64::try_from(n).ok())).collect::<Int64Array>())
    };
    let text = |of: &dyn Fn(&Line<'_>) -> String| -> ArrayRef {
        Arc::new(lines.iter().map(|l| Some(of(l))).collect::<StringArray>())
    };
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
            text(&|l| one_per_line(&l.record.currencies)),
        ],
    )
}

struct Line<'a> {
    record: &'a IngestRecord,
    table: Table,
    count: Option<TableCount>,
    named: Option<Named>,
}

fn lines<'a>(record: &'a IngestRecord, named: &[Named]) -> Vec<Line<'a>> {
    let tables: BTreeSet<Table> = record.tables.iter().map(|c| c.table).chain(named.iter().map(|n| n.table)).collect();
    let line = |table| Line {
        record,
        table,
        count: record.tables.iter().copied().find(|c| c.table == table),
        named: named.iter().copied().find(|n| n.table == table),
    };
    tables.into_iter().map(line).collect()
}

/// A list as text, an item per line: file names and notes that hold line breaks lose them.
fn one_per_line(items: &[String]) -> String {
    items.iter().map(|item| item.replace('\n', " ")).collect::<Vec<_>>().join("\n")
}
