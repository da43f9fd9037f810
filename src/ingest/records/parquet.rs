//! Parquet, a batch at a time.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type, Float64Type, Int64Type, TimeUnit};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Keeping, Sheet, Typed, unharmed};
use crate::ingest::IngestError;

/// So many rows are in memory at once, and so many cells.
const ROWS: usize = 8192;
const CELLS: usize = 1 << 20;

/// Lays down a file, with the names of its columns as the header.
pub(super) fn table(keeping: &Keeping<'_>) -> Result<Sheet, IngestError> {
    unharmed(|| read(keeping)).unwrap_or_else(|| Err(broken(keeping, "its parts do not fit together")))
}

fn broken(keeping: &Keeping<'_>, what: impl std::fmt::Display) -> IngestError {
    IngestError::no_table(keeping.path(), format!("this begins like Parquet and is none: {what}"), "export it again")
}

fn read(keeping: &Keeping<'_>) -> Result<Sheet, IngestError> {
    let file = keeping.input.whole(keeping.scratch)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| broken(keeping, e))?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let reader =
        builder.with_batch_size((CELLS / names.len().max(1)).clamp(1, ROWS)).build().map_err(|e| broken(keeping, e))?;
    let mut kept = keeping.begin(None)?;
    kept.push(0, names.iter().map(|name| (name.as_str(), Typed::No)))?;
    let mut line = 0;
    for batch in reader {
        let batch = batch.map_err(|e| broken(keeping, e))?;
        let rows = shown(&batch).map_err(|e| broken(keeping, e))?;
        for row in rows {
            line += 1;
            kept.push(line, row.iter().map(|(text, typed)| (text.as_str(), *typed)))?;
        }
        if keeping.is_enough(line) {
            break;
        }
    }
    kept.done()
}

fn shown(batch: &RecordBatch) -> Result<Vec<Vec<(String, Typed)>>, arrow::error::ArrowError> {
    let options = FormatOptions::default()
        .with_null("")
        .with_timestamp_format(Some("%Y-%m-%dT%H:%M:%S%.f"))
        .with_timestamp_tz_format(Some("%Y-%m-%dT%H:%M:%S%.f%:z"));
    let mut rows = vec![Vec::with_capacity(batch.num_columns()); batch.num_rows()];
    for column in batch.columns() {
        let typed = match column.data_type() {
            kind if kind.is_integer() => Typed::Whole,
            DataType::Decimal32(_, 0)
            | DataType::Decimal64(_, 0)
            | DataType::Decimal128(_, 0)
            | DataType::Decimal256(_, 0) => Typed::Whole,
            kind if kind.is_numeric() => Typed::Number,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Typed::Time,
            _ => Typed::No,
        };
        // a duration is so many seconds
        let seconds = match column.data_type() {
            DataType::Duration(unit) => Some(match unit {
                TimeUnit::Second => 1,
                TimeUnit::Millisecond => 1_000,
                TimeUnit::Microsecond => 1_000_000,
                TimeUnit::Nanosecond => 1_000_000_000,
            }),
            _ => None,
        };
        let whole = seconds.and_then(|per| Some((arrow::compute::cast(column, &DataType::Int64).ok()?, per)));
        // the shortest digits that mean the same number, never an exponent: as in workbooks
        let float = |row: usize| match column.data_type() {
            _ if column.is_null(row) => None,
            DataType::Float64 => Some(column.as_primitive::<Float64Type>().value(row).to_string()),
            DataType::Float32 => Some(column.as_primitive::<Float32Type>().value(row).to_string()),
            _ => None,
        };
        let formatter = ArrayFormatter::try_new(column, &options)?;
        for (row, cells) in rows.iter_mut().enumerate() {
            let text = match &whole {
                Some((values, _)) if values.is_null(row) => String::new(),
                Some((values, per)) => (values.as_primitive::<Int64Type>().value(row) / per).to_string(),
                None => match float(row) {
                    // what pandas writes where nothing is
                    Some(number) if number == "NaN" => String::new(),
                    Some(number) => number,
                    None => formatter.value(row).to_string(),
                },
            };
            let typed = if whole.is_some() { Typed::Number } else { typed };
            cells.push((text, typed));
        }
    }
    Ok(rows)
}
