//! `by_then(happened, moment)`: what had added up by a moment, of a list of structs with an instant `at` and numbers.
//! `count_by(instants, moment)`: how many of a list of instants there had been. What happened at the moment itself counts.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Int64Type, TimestampMicrosecondType};
use datafusion::common::{exec_datafusion_err, plan_datafusion_err};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

/// `by_then(…)`: a struct with one sum per numeric field, under the same names.
pub fn by_then() -> ScalarUDF {
    ScalarUDF::new_from_impl(ByThen { signature: Signature::any(2, Volatility::Immutable) })
}

/// `count_by(…)`: a number; 0 where there is no list or no moment.
pub fn count_by() -> ScalarUDF {
    ScalarUDF::new_from_impl(CountBy { signature: Signature::any(2, Volatility::Immutable) })
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct CountBy {
    signature: Signature,
}

impl ScalarUDFImpl for CountBy {
    fn name(&self) -> &str {
        "count_by"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let wrong = || exec_datafusion_err!("count_by() needs a list of instants, and an instant");
        let [lists, moment] = [0, 1].map(|index| args.args[index].to_array(args.number_rows));
        let (lists, moment) = (lists?, moment?);
        let lists = lists.as_list_opt::<i32>().ok_or_else(wrong)?;
        let at = lists.values().as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
        let moment = moment.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
        let count = |row: usize| {
            let list = list(lists, row).filter(|_| moment.is_valid(row)).unwrap_or_default();
            list.filter(|i| at.is_valid(*i) && at.value(*i) <= moment.value(row)).count() as i64
        };
        Ok(ColumnarValue::Array(Arc::new(Int64Array::from_iter_values((0..lists.len()).map(count)))))
    }
}

/// Where the values of a row's list stand.
fn list(lists: &ListArray, row: usize) -> Option<Range<usize>> {
    let offsets = lists.value_offsets();
    lists.is_valid(row).then(|| offsets[row] as usize..offsets[row + 1] as usize)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ByThen {
    signature: Signature,
}

impl ScalarUDFImpl for ByThen {
    fn name(&self) -> &str {
        "by_then"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> Result<DataType> {
        let wrong = || plan_datafusion_err!("by_then() needs a list of structs");
        let DataType::List(item) = &arguments[0] else { return Err(wrong()) };
        let DataType::Struct(fields) = item.data_type() else { return Err(wrong()) };
        Ok(DataType::Struct(sums(fields)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [happened, moment] = [0, 1].map(|index| args.args[index].to_array(args.number_rows));
        Ok(ColumnarValue::Array(add_up(&happened?, &moment?)?))
    }
}

fn sums(fields: &Fields) -> Fields {
    let numbers = fields.iter().filter(|field| field.name() != "at");
    numbers.map(|field| Field::new(field.name(), DataType::Int64, false)).collect()
}

fn add_up(happened: &ArrayRef, moment: &ArrayRef) -> Result<ArrayRef> {
    let wrong =
        || exec_datafusion_err!("by_then() needs a list of structs with an instant `at` and numbers, and an instant");
    let lists = happened.as_list_opt::<i32>().ok_or_else(wrong)?;
    let moment = moment.as_primitive_opt::<TimestampMicrosecondType>().ok_or_else(wrong)?;
    let structs = lists.values().as_struct_opt().ok_or_else(wrong)?;
    let at = structs.column_by_name("at").and_then(|at| at.as_primitive_opt::<TimestampMicrosecondType>());
    let at = at.ok_or_else(wrong)?;
    let fields = sums(structs.fields());
    let mut columns: Vec<ArrayRef> = Vec::new();
    for field in &fields {
        let numbers = structs.column_by_name(field.name()).and_then(|n| n.as_primitive_opt::<Int64Type>());
        let numbers = numbers.ok_or_else(wrong)?;
        let sum = |row: usize| {
            let list = list(lists, row).filter(|_| moment.is_valid(row)).unwrap_or_default();
            let counts = |i: &usize| at.is_valid(*i) && at.value(*i) <= moment.value(row) && numbers.is_valid(*i);
            list.filter(counts).map(|i| numbers.value(i)).sum::<i64>()
        };
        columns.push(Arc::new(Int64Array::from_iter_values((0..lists.len()).map(sum))));
    }
    Ok(Arc::new(StructArray::try_new(fields, columns, None)?))
}

#[cfg(test)]
mod tests {
    use arrow::array::TimestampMicrosecondArray;
    use arrow::compute::cast;

    use super::*;
    use crate::model::tables::Kind;

    #[test]
    fn instants_are_counted_up_to_a_moment_and_with_it() {
        let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some(vec![Some(1), Some(5), None, Some(9)]),
            Some(vec![]),
            None,
            Some(vec![Some(3)]),
            Some(vec![Some(3)]),
        ]);
        let of = DataType::List(Arc::new(Field::new_list_field(Kind::Instant.arrow(), true)));
        let lists = cast(&lists, &of).unwrap();
        let moments =
            TimestampMicrosecondArray::from(vec![Some(5), Some(5), Some(5), Some(2), None]).with_timezone("UTC");
        let field = |of: &DataType| Arc::new(Field::new("x", of.clone(), true));
        let args = ScalarFunctionArgs {
            arg_fields: vec![field(lists.data_type()), field(moments.data_type())],
            return_field: field(&DataType::Int64),
            number_rows: lists.len(),
            config_options: Arc::default(),
            args: vec![ColumnarValue::Array(lists), ColumnarValue::Array(Arc::new(moments))],
        };
        let counted = count_by().invoke_with_args(args).unwrap().into_array(5).unwrap();
        assert_eq!(counted.as_primitive::<Int64Type>().values(), &[2, 0, 0, 0, 0]);
    }
}
