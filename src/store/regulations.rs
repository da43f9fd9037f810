//! The regulations stored by ingests.

use std::fs::File;

use arrow::array::AsArray;
use arrow::datatypes::{Date32Type, Int64Type};
use chrono::NaiveDate;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Snapshot, StoreError};
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
    for file in snapshot.tables.get(&Table::Regulations).iter().flat_map(|state| &state.files) {
        let fault = |what: String| StoreError::file(&file.path, Text::same(what));
        let open = File::open(&file.path).map_err(StoreError::io(&file.path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(open)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .map_err(|e| fault(e.to_string()))?;
        for batch in reader {
            let batch = batch.map_err(|e| fault(e.to_string()))?;
            let text = arrow::compute::cast(&batch["text"], &arrow::datatypes::DataType::Utf8);
            let text = text.map_err(|e| fault(e.to_string()))?;
            let numbers = batch["ingest"].as_primitive::<Int64Type>().iter();
            let days = batch["valid_from"].as_primitive::<Date32Type>().iter();
            for ((ingest, day), text) in numbers.zip(days).zip(text.as_string::<i32>().iter()) {
                let (ingest, text) = (ingest.unwrap_or_default(), text.unwrap_or_default().to_owned());
                all.push(Kept { ingest, valid_from: day.and_then(NaiveDate::from_epoch_days), text });
            }
        }
    }
    all.sort();
    Ok(all)
}
