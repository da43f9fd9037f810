//! The result of a metric: each unit has one Arrow type.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::record_batch::{RecordBatch, RecordBatchOptions};

use super::ask::Ask;
use super::columns::MetricColumn;
use crate::model::tables::MONEY_SCALE;
use crate::model::unit::Unit;
use crate::session::SEPARATOR;

/// Result of a metric.
#[derive(Debug, Clone)]
pub struct MetricResult {
    /// The metric's name.
    pub metric: String,
    /// What was asked.
    pub ask: Ask,
    /// The version of the store that was read.
    pub version: u64,
    /// The columns: the dimensions asked for, then the metric's own.
    pub columns: Vec<MetricColumn>,
    /// The rows, in the metric's order; one column per entry of `columns`. An absent value is null.
    pub batch: RecordBatch,
}

/// The Arrow type of every column with this unit.
pub(crate) fn arrow_type(unit: Unit) -> DataType {
    match unit {
        Unit::Text => DataType::Utf8,
        Unit::Date => DataType::Date32,
        Unit::Count => DataType::Int64,
        // sums need more digits than a single amount
        Unit::Money => DataType::Decimal128(38, MONEY_SCALE),
        Unit::Share | Unit::Ratio | Unit::Minutes | Unit::Hours | Unit::Days | Unit::Index => DataType::Float64,
    }
}

/// Splits `grp`, the first column of `raw`, into the dimensions, and gives every other column its unit's type.
pub(super) fn shape(raw: &RecordBatch, by: &[String], columns: &[MetricColumn]) -> Result<RecordBatch, ArrowError> {
    let mut arrays: Vec<ArrayRef> = split(&cast(raw.column(0), &DataType::Utf8)?, by.len());
    for (array, column) in raw.columns()[1..].iter().zip(columns) {
        arrays.push(cast(array, &arrow_type(column.unit))?);
    }
    let dimensions = by.iter().map(|name| Field::new(name, DataType::Utf8, true));
    let own = columns.iter().map(|c| Field::new(&c.name, arrow_type(c.unit), true));
    let schema = Arc::new(Schema::new(dimensions.chain(own).collect::<Vec<_>>()));
    let options = RecordBatchOptions::new().with_row_count(Some(raw.num_rows()));
    RecordBatch::try_new_with_options(schema, arrays, &options)
}

/// One array per dimension; an empty value becomes null, because nothing was known.
fn split(grp: &ArrayRef, dimensions: usize) -> Vec<ArrayRef> {
    let grp: &StringArray = grp.as_string();
    let mut builders: Vec<StringBuilder> = (0..dimensions).map(|_| StringBuilder::new()).collect();
    for row in 0..grp.len() {
        let mut parts = if grp.is_null(row) { "" } else { grp.value(row) }.split(SEPARATOR);
        for builder in &mut builders {
            builder.append_option(parts.next().filter(|part| !part.is_empty()));
        }
    }
    builders.into_iter().map(|mut b| Arc::new(b.finish()) as ArrayRef).collect()
}

/// A value that does not fit its unit stops the run; it never becomes null.
fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::lang::Text;
    use arrow::array::Decimal128Array;

    #[test]
    fn grp_becomes_dimensions_and_units_become_types() {
        let grp: ArrayRef = Arc::new(StringArray::from(vec!["site\u{1f}", "\u{1f}B"]));
        let money: ArrayRef =
            Arc::new(Decimal128Array::from(vec![Some(1_000_005), None]).with_precision_and_scale(38, 5).unwrap());
        let raw = RecordBatch::try_from_iter_with_nullable([("grp", grp, true), ("spend", money, true)]).unwrap();
        let spend = MetricColumn::new("spend", Unit::Money, Text::default());
        let shaped = shape(&raw, &["source".into(), "branch".into()], &[spend]).unwrap();
        let text = |i: usize| shaped.column(i).as_string::<i32>().iter().collect::<Vec<_>>();
        assert_eq!((text(0), text(1)), (vec![Some("site"), None], vec![None, Some("B")]));
        let spend = shaped.column(2).as_primitive::<arrow::datatypes::Decimal128Type>();
        assert_eq!((spend.value(0), spend.is_null(1)), (100_001, true));
    }
}
