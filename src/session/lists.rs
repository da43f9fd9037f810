//! `list[n]` of the engine copies one element after the other, and `array_length` makes an array of each list to ask it for its length. Here the
//! elements are taken at once, where the place is the same for all rows, which is nearly always; lengths are told by the offsets.

use std::sync::Arc;

use arrow::array::{Array, ListArray, UInt32Array, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use super::replaced::replace;

/// What a function tells of the lists of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tells {
    Element,
    Length,
}

const FUNCTIONS: [(&str, Tells); 2] = [("array_element", Tells::Element), ("array_length", Tells::Length)];

/// Puts our functions in the place of the engine's, which its syntax and its own expressions name without asking what is registered.
pub(super) fn register(context: &SessionContext) -> Result<()> {
    for (name, tells) in FUNCTIONS {
        let inner = context.udf(name)?;
        replace(context, ScalarUDF::new_from_impl(OfLists { inner, tells }))?;
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct OfLists {
    inner: Arc<ScalarUDF>,
    tells: Tells,
}

impl ScalarUDFImpl for OfLists {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        self.inner.schema_name(args)
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.inner.return_type(types)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.inner.documentation()
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let lists = match args.args.first() {
            Some(ColumnarValue::Array(lists)) => lists.as_any().downcast_ref::<ListArray>(),
            _ => None,
        };
        match (self.tells, lists, &args.args[..]) {
            (Tells::Element, Some(lists), [_, ColumnarValue::Scalar(ScalarValue::Int64(Some(place)))]) => {
                Ok(ColumnarValue::Array(take(lists.values(), &at(lists, *place), None)?))
            }
            (Tells::Length, Some(lists), [_]) => Ok(ColumnarValue::Array(Arc::new(lengths(lists)))),
            _ => self.inner.invoke_with_args(args),
        }
    }
}

/// The length of each list; null where there is none.
fn lengths(lists: &ListArray) -> UInt64Array {
    let lengths = lists.offsets().lengths().map(|length| length as u64).collect::<Vec<_>>();
    UInt64Array::new(lengths.into(), lists.nulls().cloned())
}

/// Where in the values the element of each list is, counted from 1, or from -1 backwards; null where there is none.
fn at(lists: &ListArray, place: i64) -> UInt32Array {
    let of = |row: usize| {
        let [from, to] = [row, row + 1].map(|row| i64::from(lists.value_offsets()[row]));
        let at = if place < 0 { to.checked_add(place)? } else { from.checked_add(place)? - 1 };
        u32::try_from(at).ok().filter(|_| lists.is_valid(row) && (from..to).contains(&at))
    };
    (0..lists.len()).map(of).collect()
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array, StructArray};
    use arrow::datatypes::{Field, Int32Type};

    use super::*;

    /// Whatever the list, the place and the slice: as the engine's own.
    #[test]
    fn elements_and_lengths_are_those_of_the_engine() {
        let numbers = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![
            Some(vec![Some(1), None, Some(3)]),
            None,
            Some(vec![]),
            Some(vec![Some(4)]),
            Some(vec![None, Some(6)]),
        ]);
        let field = Arc::new(Field::new("n", DataType::Int32, true));
        let structs = StructArray::from(vec![(field, Arc::clone(numbers.values()))]);
        let item = Arc::new(Field::new_list_field(structs.data_type().clone(), true));
        let (offsets, nulls) = (numbers.offsets().clone(), numbers.nulls().cloned());
        let structs = ListArray::new(item, offsets, Arc::new(structs), nulls);
        let [(taking, inner), (measuring, measured)] = FUNCTIONS.map(|(name, tells)| {
            let inner = SessionContext::new().udf(name).unwrap();
            (ScalarUDF::new_from_impl(OfLists { inner: Arc::clone(&inner), tells }), inner)
        });
        for lists in [numbers.slice(0, 5), numbers.slice(2, 3), structs.slice(0, 5), structs.slice(1, 4)] {
            let called = |function: &ScalarUDF, further: Option<ColumnarValue>| -> Option<ArrayRef> {
                let field = |kind: &DataType| Arc::new(Field::new("x", kind.clone(), true));
                let args: Vec<_> = [ColumnarValue::Array(Arc::new(lists.clone()))].into_iter().chain(further).collect();
                let kinds: Vec<DataType> = args.iter().map(ColumnarValue::data_type).collect();
                let args = ScalarFunctionArgs {
                    arg_fields: kinds.iter().map(field).collect(),
                    return_field: field(&function.return_type(&kinds).unwrap()),
                    number_rows: lists.len(),
                    config_options: Arc::default(),
                    args,
                };
                function.invoke_with_args(args).and_then(|value| value.into_array(lists.len())).ok()
            };
            let [length, expected] = [&measuring, &*measured].map(|function| called(function, None).unwrap());
            assert_eq!(length.to_data(), expected.to_data());
            for dimension in [1, 2] {
                let dimension = Some(ColumnarValue::Scalar(ScalarValue::Int64(Some(dimension))));
                let [length, expected] = [&measuring, &*measured].map(|function| called(function, dimension.clone()));
                assert_eq!(length.map(|array| array.to_data()), expected.map(|array| array.to_data()));
            }
            for place in [-4, -3, -2, -1, 0, 1, 2, 3, 4, i64::MIN, i64::MAX] {
                let by = |function: &ScalarUDF, place: ColumnarValue| called(function, Some(place));
                let one = ColumnarValue::Scalar(ScalarValue::Int64(Some(place)));
                let each = ColumnarValue::Array(Arc::new(Int64Array::from(vec![place; lists.len()])));
                let (taken, expected) = (by(&taking, one).unwrap(), by(&inner, each.clone()));
                // the engine refuses what is no place of any list
                if let Some(expected) = expected {
                    assert_eq!(taken.to_data(), expected.to_data(), "{place}");
                    assert_eq!(by(&taking, each).unwrap().to_data(), expected.to_data(), "{place}");
                } else {
                    assert_eq!(taken.null_count(), taken.len(), "{place}");
                }
            }
        }
    }
}
