//! `product_change(before, after)`: how much of a product's change each factor made.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Builder, ListBuilder};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, coerce, finite, numbers};
use super::error::FunctionError;
use super::statistics::shapley::product_change;

/// The name in SQL.
const NAME: &str = "product_change";
/// As many factors as anybody could explain.
const MOST: usize = 8;

/// `product_change`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ProductChange {
    signature: Signature,
}

impl Default for ProductChange {
    fn default() -> ProductChange {
        ProductChange { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

/// The factors of a list; none where one is null.
fn factors(list: &ArrayRef) -> Result<Option<Vec<f64>>, FunctionError> {
    let list = list.as_primitive::<Float64Type>();
    let finite = |factor| finite(NAME, "a factor", factor);
    list.iter().map(|factor| factor.map(finite).transpose()).collect()
}

fn change(before: &ArrayRef, after: &ArrayRef) -> Result<Option<Vec<f64>>, FunctionError> {
    let (first, second) = (before.len(), after.len());
    if first != second || first > MOST {
        return Err(FunctionError::Factors { function: NAME, first, second, most: MOST });
    }
    let both = factors(before)?.zip(factors(after)?);
    let change = both.map(|(before, after)| product_change(&before, &after));
    Ok(change.filter(|parts| parts.iter().all(|part| part.is_finite())))
}

impl ScalarUDFImpl for ProductChange {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(NAME, "(before, after), both lists of numbers", [Argument::Numbers; 2].into_iter(), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(numbers())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let (before, after) = (columns[0].as_list::<i32>(), columns[1].as_list::<i32>());
        let mut changes = ListBuilder::new(Float64Builder::new());
        for (before, after) in before.iter().zip(after.iter()) {
            match before.zip(after).map(|(before, after)| change(&before, &after)).transpose()?.flatten() {
                Some(parts) => changes.append_value(parts.into_iter().map(Some)),
                None => changes.append_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(changes.finish())))
    }
}
