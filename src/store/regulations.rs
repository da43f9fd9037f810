//! The regulations stored by ingests.

use std::fs::File;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Int64Type};
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Snapshot, StoreError, at_hand};
use crate::model::lang::Text;
use crate::model::tables::Table;

/// The regulation at the time of an ingest.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kept {
    /// The ingest.
    pub ingest: i64,
    /// The first day on which it was in force; `None` if always.
    pub valid_from: Option<NaiveDate>,
    /// The text of the file.
    pub text: String,
}

/// All regulations of a snapshot, in the order of their ingests.
pub fn regulations(snapshot: &Snapshot) -> Result<Vec<Kept>, StoreError> {
    let mut all = Vec::new();
    let files = snapshot.tables.get(&Table::Regulations).map(|state| state.files.as_slice()).unwrap_or_default();
    at_hand(files)?;
    for file in files {
        let fault = |what: String| StoreError::file(&file.path, Text::same(what));
        let open = File::open(file.at_hand()?).map_err(StoreError::io(&file.path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(open)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|e| fault(e.to_string()))?;
        for batch in reader {
            let batch = batch.map_err(|e| fault(e.to_string()))?;
            read(&batch, &mut all).map_err(fault)?;
        }
    }
    all.sort();
    Ok(all)
}

fn read(batch: &RecordBatch, all: &mut Vec<Kept>) -> Result<(), String> {
    let column = |name: &str, to: &DataType| {
        let column = batch.column_by_name(name).ok_or_else(|| format!("the column `{name}` is missing"))?;
        cast(column, to).map_err(|e| e.to_string())
    };
    let (ingests, days) = (column("ingest", &DataType::Int64)?, column("valid_from", &DataType::Date32)?);
    let texts = column("text", &DataType::Utf8)?;
    let days = days.as_primitive::<Date32Type>().iter();
    for ((ingest, day), text) in ingests.as_primitive::<Int64Type>().iter().zip(days).zip(texts.as_string::<i32>()) {
        let (Some(ingest), Some(text)) = (ingest, text) else {
            return Err("a regulation without its ingest or its text".to_owned());
        };
        all.push(Kept { ingest, valid_from: day.and_then(NaiveDate::from_epoch_days), text: text.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Date32Array, Int64Array, StringArray};

    use super::*;

    #[test]
    fn a_regulation_without_a_text_is_damage_and_no_empty_regulation() {
        let row = |text: Option<&str>| {
            let columns: [(&str, ArrayRef); 3] = [
                ("ingest", Arc::new(Int64Array::from(vec![1]))),
                ("valid_from", Arc::new(Date32Array::from(vec![None]))),
                ("text", Arc::new(StringArray::from(vec![text]))),
            ];
            read(
                &RecordBatch::try_from_iter_with_nullable(columns.map(|(n, c)| (n, c, true))).unwrap(),
                &mut Vec::new(),
            )
        };
        assert_eq!(row(Some("…")), Ok(()));
        assert!(row(None).is_err());
    }
}
