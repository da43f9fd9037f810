//! Parquet, a batch at a time.

use std::fmt::{self, Write};
use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, FieldRef, Float32Type, Float64Type, Int64Type, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use parquet::column::page::PageReader;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::keeping::{Keeping, unharmed};
use super::record::Typed;
use super::temp_table::{LONGEST_CELL, Sheet};
use crate::export::ExportError;
use crate::export::files::{FREE, RATIO};

/// So many rows are in memory at once, and so many cells.
const ROWS: usize = 8192;
const CELLS: usize = 1 << 20;
/// And so many values within lists in one piece of a file, which may be those of one row.
const VALUES: usize = 8 << 20;

/// Lays down a file, with the names of its columns as the header.
pub(super) fn table(keeping: &Keeping<'_>) -> Result<Sheet, ExportError> {
    unharmed(|| read(keeping)).unwrap_or_else(|| Err(broken(keeping, "its parts do not fit together")))
}

fn broken(keeping: &Keeping<'_>, what: impl std::fmt::Display) -> ExportError {
    ExportError::no_table(keeping.path(), format!("this begins like Parquet and is none: {what}"), "export it again")
}

fn read(keeping: &Keeping<'_>) -> Result<Sheet, ExportError> {
    let wrong = |error: &dyn std::fmt::Display| broken(keeping, error);
    let file = keeping.input.whole(keeping.scratch)?;
    let as_written = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).map_err(|e| wrong(&e))?;
    let options = ArrowReaderOptions::new().with_schema(of_views(as_written.schema()));
    // where the file's own schema allows no views, it is read as it is
    let metadata = ArrowReaderMetadata::try_new(as_written.metadata().clone(), options).unwrap_or(as_written);
    let names: Vec<String> = metadata.schema().fields().iter().map(|field| field.name().clone()).collect();
    let rows = (CELLS / names.len().max(1)).clamp(1, ROWS);
    let rows = few(keeping, &file, &metadata, rows)?;
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
    let mut kept = keeping.begin(None)?;
    kept.push(0, names.iter().map(|name| (name.as_str(), Typed::No)))?;
    let mut line = 0;
    for batch in builder.with_batch_size(rows).build().map_err(|e| wrong(&e))? {
        let batch = batch.map_err(|e| wrong(&e))?;
        let options = options_of_cells();
        let columns = batch.columns().iter().map(|column| Cells::new(column, &options));
        let columns: Vec<Cells<'_>> = columns.collect::<Result<_, _>>().map_err(|e| wrong(&e))?;
        for row in 0..batch.num_rows() {
            line += 1;
            // a row at a time: the texts of a batch may be one that is shared, and not fit side by side
            let cells = columns.iter().map(|column| column.text(row)).collect::<Result<Vec<String>, _>>();
            let cells = cells.map_err(|_| {
                let what = format!("row {line} has a cell longer than {} MiB", LONGEST_CELL >> 20);
                ExportError::no_table(keeping.path(), what, "export only the columns that are needed")
            })?;
            kept.push(line, cells.iter().zip(&columns).map(|(text, column)| (text.as_str(), column.typed)))?;
        }
        if keeping.is_enough(line) {
            break;
        }
    }
    kept.done()
}

/// How many rows may be read at once, so that of lists within cells no more values are in memory than of cells; the error says which
/// column is too much.
///
/// The pages themselves are asked, which tell their values without being unpacked: what the end of the file says of them is not what is
/// read.
fn few(keeping: &Keeping<'_>, file: &File, metadata: &ArrowReaderMetadata, rows: usize) -> Result<usize, ExportError> {
    let file = Arc::new(file.try_clone().map_err(ExportError::io(keeping.path()))?);
    let too_much =
        |what: String| Err(ExportError::no_table(keeping.path(), what, "export it without what is not needed"));
    let mut most = rows;
    for group in metadata.metadata().row_groups() {
        let rows_of_group = usize::try_from(group.num_rows()).unwrap_or(0).max(1);
        let of_all = |size: fn(&ColumnChunkMetaData) -> i64| {
            group
                .columns()
                .iter()
                .map(|column| u64::try_from(size(column)).unwrap_or(u64::MAX))
                .fold(0, u64::saturating_add)
        };
        let (size, packed) =
            (of_all(ColumnChunkMetaData::uncompressed_size), of_all(ColumnChunkMetaData::compressed_size));
        if size > FREE && size / RATIO > packed {
            return too_much(format!("{packed} bytes of it unpack to {} MiB: no export does that", size >> 20));
        }
        for column in group.columns().iter().filter(|column| column.column_descr().max_rep_level() > 0) {
            let pages = SerializedPageReader::new(file.clone(), column, rows_of_group, None);
            let mut pages = pages.map_err(|e| broken(keeping, e))?;
            let mut values = 0_usize;
            while let Some(page) = pages.peek_next_page().map_err(|e| broken(keeping, e))? {
                values = values.saturating_add(page.num_levels.unwrap_or(0));
                if values > VALUES {
                    let name = column.column_path().parts().first().map_or("", String::as_str);
                    return too_much(format!(
                        "the lists of `{name}` hold more than {VALUES} values in one piece of the file"
                    ));
                }
                pages.skip_next_page().map_err(|e| broken(keeping, e))?;
            }
            most = most.min((CELLS / values.div_ceil(rows_of_group).max(1)).max(1));
        }
    }
    Ok(most)
}

/// The schema with its texts as views: of a text that a dictionary has once, all cells are views, and none a copy.
fn of_views(schema: &Schema) -> SchemaRef {
    let view = |field: &FieldRef| match field.data_type() {
        DataType::Utf8 | DataType::LargeUtf8 => Arc::new(field.as_ref().clone().with_data_type(DataType::Utf8View)),
        _ => field.clone(),
    };
    let fields: Vec<FieldRef> = schema.fields().iter().map(view).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

fn options_of_cells() -> FormatOptions<'static> {
    FormatOptions::default()
        .with_null("")
        .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.f%:z"))
}

/// A column of a batch, as text.
struct Cells<'b> {
    column: &'b dyn Array,
    typed: Typed,
    /// A duration column: its numbers, and how many of them are a second.
    lengths: Option<(ArrayRef, i64)>,
    formatter: ArrayFormatter<'b>,
}

impl<'b> Cells<'b> {
    fn new(column: &'b dyn Array, options: &FormatOptions<'b>) -> Result<Cells<'b>, ArrowError> {
        let per_second = match column.data_type() {
            DataType::Duration(unit) => Some(match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            }),
            _ => None,
        };
        let numbers = |per| arrow::compute::cast(column, &DataType::Int64).map(|numbers| (numbers, per));
        let typed = match column.data_type() {
            kind if kind.is_integer() => Typed::Whole,
            DataType::Decimal32(_, 0)
            | DataType::Decimal64(_, 0)
            | DataType::Decimal128(_, 0)
            | DataType::Decimal256(_, 0) => Typed::Whole,
            DataType::Duration(_) => Typed::Number,
            kind if kind.is_numeric() => Typed::Number,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Typed::Time,
            _ => Typed::No,
        };
        let formatter = ArrayFormatter::try_new(column, options)?;
        Ok(Cells { column, typed, lengths: per_second.map(numbers).transpose()?, formatter })
    }

    /// A cell's text, as long as a cell may be.
    fn text(&self, row: usize) -> Result<String, fmt::Error> {
        if self.column.is_null(row) {
            return Ok(String::new());
        }
        // the shortest digits that mean the same number, never an exponent: as in workbooks
        let number = match (self.column.data_type(), &self.lengths) {
            (_, Some((numbers, per))) => (numbers.as_primitive::<Int64Type>().value(row) / per).to_string(),
            (DataType::Float64, _) => self.column.as_primitive::<Float64Type>().value(row).to_string(),
            (DataType::Float32, _) => self.column.as_primitive::<Float32Type>().value(row).to_string(),
            _ => {
                let mut short = Short(String::new());
                write!(short, "{}", self.formatter.value(row))?;
                return Ok(short.0);
            }
        };
        // what pandas writes where nothing is
        Ok(if number == "NaN" { String::new() } else { number })
    }
}

/// A text that ends before it is longer than a cell may be.
struct Short(String);

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > LONGEST_CELL {
            return Err(fmt::Error);
        }
        self.0.push_str(text);
        Ok(())
    }
}
