//! What the arguments of our functions may be in SQL, and how their columns are read.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::{DataType, Field, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::error::Result;

use super::error::FunctionError;

/// What an argument is, whatever SQL type it comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// Any integer, float or decimal; read as a double. A flag counts as 0 or 1.
    Number,
    /// A boolean, or a number that is 0 or not.
    Flag,
    /// A timestamp in any unit and zone (without a zone: UTC).
    Instant,
    /// A timestamp, or a date.
    InstantOrDay,
    /// A timestamp, not a date: asked where the hour matters.
    Moment,
    /// Any integer, kept whole.
    Whole,
    /// Text in any of Arrow's three layouts.
    Word,
    /// A list of what a number may be.
    Numbers,
}

/// The type of an instant, as everywhere in the store.
pub fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// The type of a list of doubles, partial results among them.
pub fn numbers() -> DataType {
    DataType::List(Arc::new(Field::new_list_field(DataType::Float64, true)))
}

impl Argument {
    /// The type to which a value of type `given` must be cast. `None` if that type is not accepted here.
    pub fn accepts(self, given: &DataType) -> Option<DataType> {
        use DataType::{
            Boolean, Date32, Date64, Dictionary, FixedSizeList, Float64, Int64, LargeList, LargeUtf8, List, Null,
            Timestamp, Utf8, Utf8View,
        };
        if let Dictionary(_, values) = given {
            return self.accepts(values);
        }
        match (self, given) {
            (Argument::Number, Boolean | Null) => Some(Float64),
            (Argument::Number, number) if number.is_numeric() => Some(Float64),
            (Argument::Flag, Boolean | Null) => Some(Boolean),
            (Argument::Flag, number) if number.is_numeric() => Some(Boolean),
            (Argument::InstantOrDay, Date32 | Date64) => Some(Date32),
            (
                Argument::Instant | Argument::InstantOrDay | Argument::Moment,
                Timestamp(..) | Null | Utf8 | LargeUtf8 | Utf8View,
            ) => Some(instant()),
            (Argument::Instant, Date32 | Date64) => Some(instant()),
            (Argument::Whole, Null) => Some(Int64),
            (Argument::Whole, number) if number.is_integer() => Some(Int64),
            (Argument::Word, Utf8 | LargeUtf8 | Utf8View | Null) => Some(Utf8),
            (Argument::Numbers, Null) => Some(numbers()),
            (Argument::Numbers, List(of) | LargeList(of) | FixedSizeList(of, _)) => {
                Argument::Number.accepts(of.data_type()).map(|_| numbers())
            }
            _ => None,
        }
    }
}

/// Checks a call: as many arguments as `wanted`, each cast to what its place takes.
pub fn coerce(
    function: &'static str,
    takes: &'static str,
    wanted: impl ExactSizeIterator<Item = Argument>,
    given: &[DataType],
) -> Result<Vec<DataType>> {
    let wrong = || {
        let given = given.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        FunctionError::Arguments { function, given, takes }.into()
    };
    match wanted.len() == given.len() {
        true => wanted.zip(given).map(|(argument, of)| argument.accepts(of).ok_or_else(wrong)).collect(),
        false => Err(wrong()),
    }
}

/// Lets a number through that one can compute with.
pub fn finite(function: &'static str, argument: &'static str, value: f64) -> Result<f64, FunctionError> {
    match value.is_finite() {
        true => Ok(value),
        false => {
            let (value, allowed) = (value.to_string(), "a finite number");
            Err(FunctionError::Value { function, argument, value, allowed })
        }
    }
}

/// A batch of arguments, each row of which can be read as numbers and at most one word.
#[derive(Debug)]
pub struct Rows {
    words: Option<StringArray>,
    numbers: Vec<Column>,
}

/// A column of numbers. An instant is its microseconds, exact in a double until the year 2255.
#[derive(Debug)]
enum Column {
    Real(arrow::array::Float64Array),
    Instant(arrow::array::TimestampMicrosecondArray),
    Flag(arrow::array::BooleanArray),
    Whole(arrow::array::Int64Array),
}

impl Column {
    fn get(&self, row: usize) -> Option<f64> {
        match self {
            Column::Real(of) => of.is_valid(row).then(|| of.value(row)),
            Column::Instant(of) => of.is_valid(row).then(|| of.value(row) as f64),
            Column::Flag(of) => of.is_valid(row).then(|| f64::from(u8::from(of.value(row)))),
            Column::Whole(of) => of.is_valid(row).then(|| of.value(row) as f64),
        }
    }
}

impl Rows {
    /// Reads columns of the types that [`coerce`] gave.
    pub fn new(function: &'static str, columns: &[ArrayRef]) -> Result<Rows> {
        let mut rows = Rows { words: None, numbers: Vec::with_capacity(columns.len()) };
        for column in columns {
            let number = match column.data_type() {
                DataType::Float64 => Column::Real(column.as_primitive::<Float64Type>().clone()),
                DataType::Int64 => Column::Whole(column.as_primitive::<Int64Type>().clone()),
                DataType::Boolean => Column::Flag(column.as_boolean().clone()),
                DataType::Timestamp(TimeUnit::Microsecond, _) => {
                    Column::Instant(column.as_primitive::<TimestampMicrosecondType>().clone())
                }
                DataType::Utf8 if rows.words.is_none() => {
                    rows.words = Some(column.as_string::<i32>().clone());
                    continue;
                }
                other => {
                    let given = other.to_string();
                    return Err(FunctionError::Arguments { function, given, takes: "numbers" }.into());
                }
            };
            rows.numbers.push(number);
        }
        Ok(rows)
    }

    /// Fills `numbers` with the row's numbers and gives its word.
    pub fn read(&self, row: usize, numbers: &mut Vec<Option<f64>>) -> Option<&str> {
        numbers.clear();
        numbers.extend(self.numbers.iter().map(|column| column.get(row)));
        self.words.as_ref().filter(|words| words.is_valid(row)).map(|words| words.value(row))
    }
}
