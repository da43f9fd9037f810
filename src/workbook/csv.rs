//! The rows of a query as CSV for spreadsheets and programs: commas, points, a header of the columns' names.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, LargeStringArray};
use arrow::compute::cast;
use arrow::csv::WriterBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use crate::model::shown::defused;

/// The rows of a batch. To memory: the CSV writer would hide that a closed pipe, and nothing worse, was the reason to stop.
///
/// # Errors
/// A column is a list.
pub fn csv(batch: &RecordBatch, header: bool) -> Result<Vec<u8>, ArrowError> {
    let mut text = Vec::new();
    WriterBuilder::new().with_header(header).build(&mut text).write(&without_formulas(batch)?)?;
    Ok(text)
}

/// As the CSV of a report: a text that a spreadsheet would run gets an apostrophe. Numbers stay what they are.
fn without_formulas(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let mut fields = Vec::new();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let name = defused(field.name()).into_owned();
        let column = match is_text(column.data_type()) {
            true => {
                let texts = cast(column, &DataType::LargeUtf8)?;
                Arc::new(texts.as_string::<i64>().iter().map(|text| text.map(defused)).collect::<LargeStringArray>())
            }
            false => Arc::clone(column),
        };
        fields.push(Field::new(name, column.data_type().clone(), true));
        columns.push(column);
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn is_text(kind: &DataType) -> bool {
    match kind {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, StringArray};
    use arrow::json::ArrayWriter;

    use super::*;

    #[test]
    fn a_text_in_csv_is_no_formula_and_a_number_stays_one() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("=1+1"), Some("-5"), None]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![-5, 0, 1]));
        let batch = RecordBatch::try_from_iter([("@who", texts), ("n", numbers)]).unwrap();
        assert_eq!(String::from_utf8(csv(&batch, true).unwrap()).unwrap(), "'@who,n\n'=1+1,-5\n'-5,0\n,1\n");
        // what a program reads is as it is stored
        let mut json = ArrayWriter::new(Vec::new());
        json.write(&batch).unwrap();
        json.finish().unwrap();
        assert!(String::from_utf8(json.into_inner()).unwrap().contains("\"@who\":\"=1+1\""));
    }
}
