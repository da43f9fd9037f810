//! `list[n]` of the engine copies one element after the other. Where the place is the same for all rows, which is nearly always, the elements are
//! taken at once.

use std::sync::Arc;

use arrow::array::{Array, ListArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::config::ConfigOptions;
use datafusion::error::Result;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

const NAME: &str = "array_element";

/// Puts our function in the place of the engine's, whose syntax names it without asking what is registered.
pub(super) fn register(context: &SessionContext) -> Result<()> {
    let inner = context.udf(NAME)?;
    let taking = Arc::new(ScalarUDF::new_from_impl(TakeElement { inner }));
    let state = context.state_ref();
    state.write().register_function_rewrite(Arc::new(TakeElements { taking }))
}

#[derive(Debug)]
struct TakeElements {
    taking: Arc<ScalarUDF>,
}

impl FunctionRewrite for TakeElements {
    fn name(&self) -> &str {
        "take_elements"
    }

    fn rewrite(&self, expr: Expr, _: &DFSchema, _: &ConfigOptions) -> Result<Transformed<Expr>> {
        match expr {
            Expr::ScalarFunction(ScalarFunction { func, args })
                if func.name() == NAME && !func.inner().is::<TakeElement>() =>
            {
                Ok(Transformed::yes(Expr::ScalarFunction(ScalarFunction::new_udf(Arc::clone(&self.taking), args))))
            }
            other => Ok(Transformed::no(other)),
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct TakeElement {
    inner: Arc<ScalarUDF>,
}

impl ScalarUDFImpl for TakeElement {
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
        if let [ColumnarValue::Array(lists), ColumnarValue::Scalar(ScalarValue::Int64(Some(place)))] = &args.args[..]
            && let Some(lists) = lists.as_any().downcast_ref::<ListArray>()
        {
            return Ok(ColumnarValue::Array(take(lists.values(), &at(lists, *place), None)?));
        }
        self.inner.invoke_with_args(args)
    }
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
    fn elements_are_those_of_the_engine() {
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
        let context = SessionContext::new();
        let inner = context.udf(NAME).unwrap();
        let taking = ScalarUDF::new_from_impl(TakeElement { inner: Arc::clone(&inner) });
        for lists in [numbers.slice(0, 5), numbers.slice(2, 3), structs.slice(0, 5), structs.slice(1, 4)] {
            for place in [-4, -3, -2, -1, 0, 1, 2, 3, 4, i64::MIN, i64::MAX] {
                let by = |function: &ScalarUDF, place: ColumnarValue| -> Option<ArrayRef> {
                    let lists: ArrayRef = Arc::new(lists.clone());
                    let field = |kind: &DataType| Arc::new(Field::new("x", kind.clone(), true));
                    let args = ScalarFunctionArgs {
                        arg_fields: vec![field(lists.data_type()), field(&DataType::Int64)],
                        return_field: field(
                            &function.return_type(&[lists.data_type().clone(), DataType::Int64]).unwrap(),
                        ),
                        number_rows: lists.len(),
                        config_options: Arc::default(),
                        args: vec![ColumnarValue::Array(Arc::clone(&lists)), place],
                    };
                    let rows = lists.len();
                    function.invoke_with_args(args).and_then(|value| value.into_array(rows)).ok()
                };
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
