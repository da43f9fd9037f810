//! Results of several named numbers, read in SQL as `f(...)['low']`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::scalar::ScalarValue;

/// The type of a result: real numbers first, then counts.
pub fn structure_type(reals: &[&str], counts: &[&str]) -> DataType {
    let reals = reals.iter().map(|name| Field::new(*name, DataType::Float64, true));
    let counts = counts.iter().map(|name| Field::new(*name, DataType::Int64, true));
    DataType::Struct(reals.chain(counts).collect::<Fields>())
}

/// A real number as SQL sees it; null where it is none, or beyond what a double can hold: no function of ours gives infinity or NaN.
pub fn real(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// A result of that type: the real parts, each as [`real`] has it, then the counts.
pub fn structure(of: &DataType, reals: &[Option<f64>], counts: &[u64]) -> ScalarValue {
    let reals = reals.iter().map(|value| Arc::new(Float64Array::from(vec![real(*value)])) as ArrayRef);
    let counts = counts.iter().map(|value| Arc::new(Int64Array::from(vec![*value as i64])) as ArrayRef);
    match of {
        DataType::Struct(fields) => {
            ScalarValue::Struct(Arc::new(StructArray::new(fields.clone(), reals.chain(counts).collect(), None)))
        }
        _ => ScalarValue::Null,
    }
}
