//! The rows of a query as a workbook. Rows go to a temporary file as they come; those beyond what a sheet holds go to further sheets.

use std::borrow::Cow;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float64Type, Int64Type, SchemaRef, TimeUnit, TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::NaiveDate;
use rust_xlsxwriter::{Workbook, Worksheet};

use super::error::WorkbookError;
use super::look::Looks;
use super::name::Names;
use super::sheet::{Column, EXACT, Kind, RowsAre, Sheet, Value};
use super::{MOST_COLUMNS, MOST_ROWS, workbook};
use crate::model::unit::Unit;

/// What is known of a column beside its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowColumn {
    /// Its header.
    pub head: String,
    /// The unit of its numbers. `None` if it is not known: they are shown with the digits that they have.
    pub unit: Option<Unit>,
}

/// A workbook of rows that is being written.
pub struct Rows {
    book: Workbook,
    looks: Arc<Looks>,
    /// The first sheet's name; further ones are numbered.
    name: String,
    names: Names,
    /// So many rows a sheet holds, its header among them.
    most: u32,
    columns: Vec<Column>,
    /// The sheets that are full.
    full: Vec<Worksheet>,
    sheet: Sheet,
}

impl Rows {
    /// Begins a workbook of rows of this schema; `columns` tells of each of its columns, in their order. The day is the creation date.
    pub fn open(
        schema: &SchemaRef,
        columns: &[RowColumn],
        looks: &Arc<Looks>,
        name: &str,
        day: NaiveDate,
    ) -> Result<Rows, WorkbookError> {
        if columns.len() > MOST_COLUMNS {
            return Err(WorkbookError::Columns(columns.len()));
        }
        if let Some(field) = schema.fields().iter().find(|field| field.data_type().is_nested()) {
            return Err(WorkbookError::List(field.name().clone()));
        }
        let column = |(known, field): (&RowColumn, &arrow::datatypes::FieldRef)| {
            let zone = match field.data_type() {
                // a spreadsheet knows no time zones
                DataType::Timestamp(_, Some(_)) => " (UTC)",
                _ => "",
            };
            Column { head: format!("{}{zone}", known.head), kind: kind(field.data_type(), known.unit) }
        };
        let columns: Vec<Column> = columns.iter().zip(schema.fields()).map(column).collect();
        let mut book = workbook(name, "", day)?;
        let mut names = Names::default();
        let name = names.take(name, "rows");
        let sheet = Sheet::open(
            book.new_worksheet_with_constant_memory()?,
            &name,
            looks,
            columns.clone(),
            None,
            RowsAre::Streamed,
        )?;
        Ok(Rows { book, looks: Arc::clone(looks), name, names, most: MOST_ROWS, columns, full: Vec::new(), sheet })
    }

    /// Writes the rows of a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), WorkbookError> {
        let columns: Vec<Cells> = batch.columns().iter().map(Cells::of).collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            if self.sheet.rows() == self.most {
                self.next_sheet()?;
            }
            self.sheet.row(columns.iter().map(|cells| cells.value(row)))?;
        }
        Ok(())
    }

    fn next_sheet(&mut self) -> Result<(), WorkbookError> {
        let name = self.names.take(&self.name, "rows");
        let fresh = self.book.new_worksheet_with_constant_memory()?;
        let fresh = Sheet::open(fresh, &name, &self.looks, self.columns.clone(), None, RowsAre::Streamed)?;
        let full = std::mem::replace(&mut self.sheet, fresh).close()?;
        self.full.push(full);
        Ok(())
    }

    /// Writes the workbook.
    pub fn finish(mut self, out: impl Write + Send) -> Result<(), WorkbookError> {
        let last = self.sheet.close()?;
        for sheet in self.full.into_iter().chain([last]) {
            self.book.push_worksheet(sheet);
        }
        Ok(self.book.save_to_writer(out)?)
    }
}

/// What a column of this type holds.
fn kind(of: &DataType, unit: Option<Unit>) -> Kind {
    let is_whole = of.is_integer();
    match (of.is_numeric(), unit) {
        (false, _) => Kind::Text,
        (true, None | Some(Unit::Text | Unit::Date)) => Kind::Plain,
        (true, Some(Unit::Count)) => Kind::Number(Unit::Count, if is_whole { 0 } else { 1 }),
        (true, Some(unit)) => Kind::Number(unit, decimals(unit)),
    }
}

/// So many decimals have numbers of a unit where the rows are not known beforehand.
fn decimals(unit: Unit) -> usize {
    match unit {
        Unit::Money | Unit::Ratio => 2,
        Unit::Text | Unit::Date | Unit::Count => 0,
        Unit::Share | Unit::Minutes | Unit::Hours | Unit::Days | Unit::Index => 1,
    }
}

/// A column of a batch, cast to one of the few types that a cell can be.
enum Cells {
    Whole(ArrayRef),
    /// With so many decimals.
    Decimals(ArrayRef, i8),
    Numbers(ArrayRef),
    Texts(ArrayRef),
    Dates(ArrayRef),
    Moments(ArrayRef),
    Truths(ArrayRef),
}

impl Cells {
    fn of(column: &ArrayRef) -> Result<Cells, WorkbookError> {
        use DataType::{
            Boolean, Date32, Date64, Decimal32, Decimal64, Decimal128, Dictionary, Float64, Int64, LargeUtf8,
            Timestamp, UInt64, Utf8, Utf8View,
        };
        Ok(match column.data_type() {
            Boolean => Cells::Truths(ArrayRef::clone(column)),
            Date32 | Date64 => Cells::Dates(cast(column, &Date32)?),
            Timestamp(_, zone) => Cells::Moments(cast(column, &Timestamp(TimeUnit::Microsecond, zone.clone()))?),
            UInt64 => Cells::Decimals(cast(column, &Decimal128(20, 0))?, 0),
            whole if whole.is_integer() => Cells::Whole(cast(column, &Int64)?),
            Decimal32(_, scale) | Decimal64(_, scale) | Decimal128(_, scale) if *scale >= 0 => {
                Cells::Decimals(cast(column, &Decimal128(38, *scale))?, *scale)
            }
            number if number.is_numeric() => Cells::Numbers(cast(column, &Float64)?),
            Utf8 | LargeUtf8 | Utf8View | Dictionary(..) => Cells::Texts(cast(column, &LargeUtf8)?),
            _ => Cells::Texts(written(column)?),
        })
    }

    fn value(&self, row: usize) -> Value<'_> {
        let (Cells::Whole(array)
        | Cells::Decimals(array, _)
        | Cells::Numbers(array)
        | Cells::Texts(array)
        | Cells::Dates(array)
        | Cells::Moments(array)
        | Cells::Truths(array)) = self;
        if array.is_null(row) {
            return Value::Nothing;
        }
        match self {
            Cells::Whole(array) => whole(i128::from(array.as_primitive::<Int64Type>().value(row))),
            Cells::Decimals(array, scale) => decimal(array.as_primitive::<Decimal128Type>().value(row), *scale),
            Cells::Numbers(array) => Value::Number(array.as_primitive::<Float64Type>().value(row)),
            Cells::Texts(array) => Value::Text(Cow::Borrowed(array.as_string::<i64>().value(row))),
            Cells::Truths(array) => Value::Truth(array.as_boolean().value(row)),
            Cells::Dates(array) => {
                array.as_primitive::<Date32Type>().value_as_date(row).map_or(Value::Nothing, Value::Date)
            }
            Cells::Moments(array) => {
                let moments = array.as_primitive::<TimestampMicrosecondType>();
                moments.value_as_datetime(row).map_or(Value::Nothing, Value::Moment)
            }
        }
    }
}

/// A whole number. One that a spreadsheet would round is an id, and becomes a text.
#[allow(clippy::cast_precision_loss)] // checked
pub fn whole(number: i128) -> Value<'static> {
    match number.unsigned_abs() <= u128::from(EXACT) {
        true => Value::Number(number as f64),
        false => Value::Text(Cow::Owned(number.to_string())),
    }
}

/// A number of so many decimals.
#[allow(clippy::cast_precision_loss)] // a spreadsheet has fifteen digits
fn decimal(number: i128, scale: i8) -> Value<'static> {
    let power = 10i128.pow(scale.unsigned_abs().into());
    match number % power {
        0 => whole(number / power),
        _ => Value::Number(number as f64 / power as f64),
    }
}

/// Values of other types as Arrow writes them.
fn written(column: &ArrayRef) -> Result<ArrayRef, WorkbookError> {
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let text = |row: usize| (!column.is_null(row)).then(|| formatter.value(row).to_string());
    Ok(Arc::new((0..column.len()).map(text).collect::<LargeStringArray>()))
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray, TimestampMicrosecondArray,
        UInt64Array,
    };
    use calamine::{Data, DataType as _, Reader, Xlsx};

    use super::*;
    use crate::model::lang::Lang;

    fn written_rows(batches: &[RecordBatch], units: &[Option<Unit>]) -> Vec<u8> {
        let looks = Arc::new(Looks::new(Lang::Ru, "₽"));
        let schema = batches[0].schema();
        let columns: Vec<RowColumn> = schema
            .fields()
            .iter()
            .zip(units)
            .map(|(field, unit)| RowColumn { head: field.name().clone(), unit: *unit })
            .collect();
        let day = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
        let mut rows = Rows::open(&schema, &columns, &looks, "rows", day).unwrap();
        batches.iter().for_each(|batch| rows.write(batch).unwrap());
        let mut bytes = Vec::new();
        rows.finish(&mut bytes).unwrap();
        bytes
    }

    fn read(bytes: Vec<u8>) -> calamine::Range<Data> {
        Xlsx::new(std::io::Cursor::new(bytes)).unwrap().worksheet_range("rows").unwrap()
    }

    fn batch() -> RecordBatch {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("text", Arc::new(StringArray::from(vec![Some("=1+1"), None]))),
            ("n", Arc::new(Int64Array::from(vec![Some(-5), Some(1_234_567_890_123_456_789)]))),
            ("big", Arc::new(UInt64Array::from(vec![u64::MAX, 7]))),
            (
                "money",
                Arc::new(Decimal128Array::from(vec![12_345_678, 10_000]).with_precision_and_scale(18, 4).unwrap()),
            ),
            ("share", Arc::new(Float64Array::from(vec![0.1 + 0.2, f64::NAN]))),
            ("day", Arc::new(Date32Array::from(vec![Some(20_269), Some(-40_000)]))),
            ("at", Arc::new(TimestampMicrosecondArray::from(vec![1_751_274_000_000_000, 0]).with_timezone("UTC"))),
            ("is", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ];
        RecordBatch::try_from_iter(columns).unwrap()
    }

    #[test]
    fn values_are_what_they_are() {
        let units = [None, Some(Unit::Count), None, Some(Unit::Money), Some(Unit::Share), None, None, None];
        let range = read(written_rows(&[batch(), batch().slice(0, 0), batch()], &units));
        assert_eq!(range.get_size(), (5, 8));
        let row = |at: u32| {
            (0..8).map(|column| range.get_value((at, column)).cloned().unwrap_or_default()).collect::<Vec<_>>()
        };
        assert_eq!(row(0)[6], Data::String("at (UTC)".into()));
        let first = row(1);
        assert_eq!(
            first[..5],
            [
                Data::String("=1+1".into()),
                Data::Float(-5.0),
                Data::String("18446744073709551615".into()),
                Data::Float(1234.5678),
                Data::Float(0.1 + 0.2)
            ]
        );
        // days since 30 December 1899
        assert_eq!(
            (first[5].get_datetime().unwrap().as_f64(), first[6].get_datetime().unwrap().as_f64()),
            (45_838.0, 45_838.375)
        );
        assert_eq!(first[7], Data::Bool(true));
        let second = row(2);
        assert_eq!(
            second[..5],
            [Data::Empty, Data::String("1234567890123456789".into()), Data::Float(7.0), Data::Float(1.0), Data::Empty]
        );
        assert_eq!((&second[5], &second[7]), (&Data::String("1860-06-26".into()), &Data::Empty));
        assert_eq!(row(3), first);
    }

    #[test]
    fn rows_that_do_not_fit_go_on_in_further_sheets() {
        let schema = batch().schema();
        let columns: Vec<RowColumn> =
            schema.fields().iter().map(|field| RowColumn { head: field.name().clone(), unit: None }).collect();
        let looks = Arc::new(Looks::new(Lang::En, ""));
        let long = "A name that is as long as a sheet's name may be";
        let mut rows = Rows::open(&schema, &columns, &looks, long, NaiveDate::default()).unwrap();
        rows.most = 4;
        (0..4).for_each(|_| rows.write(&batch()).unwrap());
        let mut bytes = Vec::new();
        rows.finish(&mut bytes).unwrap();
        let sheets = Xlsx::new(std::io::Cursor::new(bytes)).unwrap().worksheets();
        let found: Vec<(&str, usize)> =
            sheets.iter().map(|(name, range)| (name.as_str(), range.get_size().0)).collect();
        let (one, two, three) =
            ("A name that is as long as a…", "A name that is as long as… (2)", "A name that is as long as… (3)");
        assert_eq!(found, [(one, 4), (two, 4), (three, 3)]);
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let units = [None; 8];
        assert_eq!(written_rows(&[batch()], &units), written_rows(&[batch()], &units));
    }

    #[test]
    fn no_rows_are_a_header() {
        let range = read(written_rows(&[batch().slice(0, 0)], &[None; 8]));
        assert_eq!(range.get_size(), (1, 8));
    }

    #[test]
    fn a_list_is_refused() {
        let item = Arc::new(arrow::datatypes::Field::new_list_field(DataType::Int64, true));
        let field = arrow::datatypes::Field::new("touch_at", DataType::List(item), true);
        let schema: SchemaRef = Arc::new(arrow::datatypes::Schema::new(vec![field]));
        let columns = [RowColumn { head: "touch_at".into(), unit: None }];
        let day = NaiveDate::from_ymd_opt(2025, 6, 30).unwrap();
        let looks = Arc::new(Looks::new(Lang::En, ""));
        let error = Rows::open(&schema, &columns, &looks, "rows", day).err().unwrap().to_string();
        assert!(error.contains("the list `touch_at`") && error.contains("--format json"), "{error}");
    }
}
