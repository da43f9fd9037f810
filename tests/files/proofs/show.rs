//! Values as proofs write them.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};

/// The rows of a batch, only the columns named, or all where none is.
pub fn rows(batch: &RecordBatch, shown: &[String]) -> Result<Vec<Vec<String>>, String> {
    let schema = batch.schema();
    let columns: Vec<usize> = match shown.is_empty() {
        true => (0..batch.num_columns()).collect(),
        false => shown.iter().map(|name| schema.index_of(name)).collect::<Result<_, _>>().map_err(|e| e.to_string())?,
    };
    let value = |row: usize, column: usize| value(batch.column(column), row);
    Ok((0..batch.num_rows()).map(|row| columns.iter().map(|column| value(row, *column)).collect()).collect())
}

/// Six digits after the point, trailing zeros gone; an absent value and an empty text are words.
fn value(array: &dyn Array, row: usize) -> String {
    if array.is_null(row) {
        return "NULL".into();
    }
    let text = match array.data_type() {
        DataType::Float64 => format!("{:.6}", array.as_primitive::<Float64Type>().value(row)),
        _ => ArrayFormatter::try_new(array, &FormatOptions::default()).unwrap().value(row).to_string(),
    };
    match array.data_type() {
        DataType::Float64 | DataType::Decimal128(..) if text.contains('.') => {
            let short = text.trim_end_matches('0').trim_end_matches('.');
            if short == "-0" { "0".into() } else { short.into() }
        }
        _ if text.is_empty() => "(empty)".into(),
        _ => text,
    }
}
