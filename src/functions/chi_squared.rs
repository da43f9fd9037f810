//! `chi_squared_p(statistic, df)`: how likely chance alone makes a χ² statistic as large as this one.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, coerce};
use super::error::FunctionError;
use super::statistics::chi_squared::at_least;

const NAME: &str = "chi_squared_p";
/// More groups than anybody compares.
const MOST_DEGREES: f64 = 1e6;

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct ChiSquared {
    signature: Signature,
}

impl Default for ChiSquared {
    fn default() -> ChiSquared {
        ChiSquared { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

fn p(statistic: Option<f64>, df: Option<f64>) -> Result<Option<f64>> {
    let (Some(statistic), Some(df)) = (statistic, df) else { return Ok(None) };
    let wrong = |argument, value: f64, allowed| {
        Err(FunctionError::Value { function: NAME, argument, value: value.to_string(), allowed }.into())
    };
    if !(1.0..=MOST_DEGREES).contains(&df) || df.fract() != 0.0 {
        return wrong("df", df, "a whole number from 1 to 1000000");
    }
    if !statistic.is_finite() || statistic < 0.0 {
        return wrong("statistic", statistic, "a finite number from 0 up");
    }
    Ok(Some(at_least(statistic, df)))
}

impl ScalarUDFImpl for ChiSquared {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(NAME, "(statistic, df), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let (statistics, degrees) =
            (columns[0].as_primitive::<Float64Type>(), columns[1].as_primitive::<Float64Type>());
        let all = statistics.iter().zip(degrees).map(|(of, df)| p(of, df)).collect::<Result<Float64Array>>()?;
        Ok(ColumnarValue::Array(Arc::new(all) as ArrayRef))
    }
}
