//! When what a list tells began and ended: `first_at(list)` and `last_at(list)`, the instant of its first element and of its last.

use arrow::array::{Array, ArrayRef, AsArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// The function: the instant `at` of the first struct of a list, null where the list is null or has none.
pub(crate) fn first_at() -> ScalarUDF {
    ScalarUDF::new_from_impl(EndOfList { is_last: false, signature: Signature::any(1, Volatility::Immutable) })
}

/// The function: the same of the last struct.
pub(crate) fn last_at() -> ScalarUDF {
    ScalarUDF::new_from_impl(EndOfList { is_last: true, signature: Signature::any(1, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct EndOfList {
    is_last: bool,
    signature: Signature,
}

impl ScalarUDFImpl for EndOfList {
    fn name(&self) -> &str {
        if self.is_last { "last_at" } else { "first_at" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Array(self.of(&args.args[0].to_array(args.number_rows)?)?))
    }
}

impl EndOfList {
    fn of(&self, column: &ArrayRef) -> Result<ArrayRef> {
        let wrong = || exec_datafusion_err!("{}() needs a list of structs with an instant `at`", self.name());
        let lists = column.as_list_opt::<i32>().ok_or_else(wrong)?;
        let at = lists.values().as_struct_opt().and_then(|of| of.column_by_name("at")).ok_or_else(wrong)?;
        let place = |row: usize| {
            let [from, to] = [row, row + 1].map(|at| lists.value_offsets()[at]);
            let end = if self.is_last { to - 1 } else { from };
            u32::try_from(end).ok().filter(|_| lists.is_valid(row) && from < to)
        };
        let places: UInt32Array = (0..lists.len()).map(place).collect();
        Ok(take(at, &places, None)?)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, RecordBatch};
    use arrow::datatypes::Int64Type;
    use arrow::json::ReaderBuilder;

    use super::*;
    use crate::model::tables::Table;

    #[test]
    fn empty_and_absent_lists_have_no_ends() {
        let json = r#"
            {"deal_id":"a","entries":[]}
            {"deal_id":"b","entries":[{"stage":"x","at":"1970-01-01T00:00:01Z"},{"stage":"y","at":"1970-01-01T00:00:02Z"}]}
            {"deal_id":"c"}
            {"deal_id":"d","entries":[{"stage":"x"},{"stage":"y","at":"1970-01-01T00:00:04Z"}]}"#;
        let schema = Table::Journeys.schema(&[]);
        let batch: RecordBatch = ReaderBuilder::new(schema).build(json.as_bytes()).unwrap().next().unwrap().unwrap();
        let entries = batch.column_by_name("entries").unwrap();
        let of = |is_last: bool, from: usize| {
            let end = EndOfList { is_last, signature: Signature::any(1, Volatility::Immutable) };
            let found = end.of(&entries.slice(from, 4 - from)).unwrap();
            assert_eq!(found.data_type(), &end.return_type(&[]).unwrap());
            arrow::compute::cast(&found, &DataType::Int64).unwrap().as_primitive::<Int64Type>().clone()
        };
        assert_eq!(of(false, 0), Int64Array::from(vec![None, Some(1_000_000), None, None]));
        assert_eq!(of(true, 0), Int64Array::from(vec![None, Some(2_000_000), None, Some(4_000_000)]));
        // a slice, as batches often are
        assert_eq!(of(true, 1), Int64Array::from(vec![Some(2_000_000), None, Some(4_000_000)]));
    }
}
