//! What our functions of the numbers in a row have in common, so that one of them is its arguments and a formula, no more.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, Float64Array};
use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::arguments::{Argument, Rows, coerce};
use super::error::FunctionError;
use super::structure::real;

/// A number out of the numbers in a row.
pub trait Formula: Debug + PartialEq + Eq + Hash + Send + Sync + 'static {
    /// The function's name in SQL.
    fn name(&self) -> &'static str;
    /// Its arguments as a message tells them, and how many they are.
    fn takes(&self) -> (&'static str, usize);
    /// The answer for the arguments of a row; `None` where one that matters is null, or nothing is known.
    ///
    /// # Errors
    /// An argument is not what it may be.
    fn answer(&self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError>;
}

/// The SQL function of a formula.
#[derive(Debug, PartialEq, Eq, Hash)]
struct OfRow<F> {
    formula: F,
    signature: Signature,
}

/// Makes the SQL function of a formula.
pub fn formula<F: Formula>(formula: F) -> ScalarUDF {
    ScalarUDF::from(OfRow { formula, signature: Signature::user_defined(Volatility::Immutable) })
}

impl<F: Formula> ScalarUDFImpl for OfRow<F> {
    fn name(&self) -> &str {
        self.formula.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let (takes, arguments) = self.formula.takes();
        coerce(self.formula.name(), takes, std::iter::repeat_n(Argument::Number, arguments), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let rows = Rows::new(self.formula.name(), &columns)?;
        let mut row = Vec::new();
        let answers = (0..columns.first().map_or(0, |column| column.len())).map(|at| {
            rows.read(at, &mut row);
            self.formula.answer(&row).map(real)
        });
        Ok(ColumnarValue::Array(Arc::new(answers.collect::<Result<Float64Array, FunctionError>>()?)))
    }
}
