//! `wilson_low(k, n)` and `wilson_high(k, n)`: the ends of a share's 95 % interval.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, coerce};
use super::error::FunctionError;
use super::statistics::wilson::wilson;
use super::structure::real;

/// One end of the Wilson interval.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Wilson {
    name: &'static str,
    end: End,
    signature: Signature,
}

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum End {
    Low,
    High,
}

impl Wilson {
    /// `wilson_low`.
    pub fn low() -> Wilson {
        Wilson { name: "wilson_low", end: End::Low, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// `wilson_high`.
    pub fn high() -> Wilson {
        Wilson { name: "wilson_high", end: End::High, signature: Signature::user_defined(Volatility::Immutable) }
    }

    /// Null where either is null or `n` is 0: no data is not zero.
    fn of(&self, k: Option<f64>, n: Option<f64>) -> Result<Option<f64>> {
        let (Some(k), Some(n)) = (k, n) else { return Ok(None) };
        if !(0.0..=n).contains(&k) {
            let value = format!("{k} of {n}");
            let allowed = "from 0 to n";
            return Err(FunctionError::Value { function: self.name, argument: "k", value, allowed }.into());
        }
        Ok(real(wilson(k, n).map(|share| match self.end {
            End::Low => share.low,
            End::High => share.high,
        })))
    }
}

impl ScalarUDFImpl for Wilson {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name, "(k, n), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let (k, n) = (columns[0].as_primitive::<Float64Type>(), columns[1].as_primitive::<Float64Type>());
        let ends = k.iter().zip(n).map(|(k, n)| self.of(k, n)).collect::<Result<Float64Array>>()?;
        Ok(ColumnarValue::Array(Arc::new(ends) as ArrayRef))
    }
}
