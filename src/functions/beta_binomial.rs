//! `beta_binomial(k, n)`: how the rates of groups scatter. `beta_low(a, b)`, `beta_high(a, b)`: the ends of a 95 % interval.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::error::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::beta::{Beta, beta_binomial};
use super::structure::{real, structure, structure_type};
use super::summary::Summary;

/// The groups: events and cases of each.
#[derive(Debug, Default)]
pub struct BetaBinomial(Vec<(f64, f64)>);

impl Summary for BetaBinomial {
    const NAME: &'static str = "beta_binomial";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(k, n), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["alpha", "beta"], &["groups"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(events), Some(cases)] = row else { return Ok(()) };
        let whole = |number: f64| number.is_finite() && number.fract() == 0.0;
        if !whole(events) || !whole(cases) || !(0.0..=cases).contains(&events) {
            let value = format!("{events} of {cases}");
            let allowed = "whole, and from 0 to n";
            return Err(FunctionError::Value { function: Self::NAME, argument: "k", value, allowed });
        }
        self.0.push((events, cases));
        Ok(())
    }

    fn save(&self) -> Vec<f64> {
        self.0.iter().flat_map(|(events, cases)| [*events, *cases]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
        let prior = beta_binomial(&self.0);
        let reals = [prior.map(|prior| prior.alpha), prior.map(|prior| prior.beta)];
        Ok(structure(&Self::returns(), &reals, &[self.0.len() as u64]))
    }
}

/// One end of the interval of a beta distribution.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct BetaEnd {
    name: &'static str,
    high: bool,
    signature: Signature,
}

impl BetaEnd {
    /// `beta_low` and `beta_high`.
    pub fn both() -> [BetaEnd; 2] {
        [("beta_low", false), ("beta_high", true)].map(|(name, high)| BetaEnd {
            name,
            high,
            signature: Signature::user_defined(Volatility::Immutable),
        })
    }

    fn of(&self, alpha: Option<f64>, beta: Option<f64>) -> Result<Option<f64>> {
        let (Some(alpha), Some(beta)) = (alpha, beta) else { return Ok(None) };
        let (alpha, beta) = (finite(self.name, "a", alpha)?, finite(self.name, "b", beta)?);
        let Some(estimate) = (Beta { alpha, beta }).estimate() else {
            let value = format!("{alpha} with b {beta}");
            return Err(FunctionError::Value {
                function: self.name,
                argument: "a",
                value,
                allowed: "above 0, as b, together at most 1e9",
            }
            .into());
        };
        Ok(real(Some(if self.high { estimate.high } else { estimate.low })))
    }
}

impl ScalarUDFImpl for BetaEnd {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(self.name, "(a, b), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let columns = ColumnarValue::values_to_arrays(&args.args)?;
        let [alphas, betas] = [0, 1].map(|at| columns[at].as_primitive::<Float64Type>());
        let ends = alphas.iter().zip(betas).map(|(alpha, beta)| self.of(alpha, beta));
        Ok(ColumnarValue::Array(Arc::new(ends.collect::<Result<Float64Array>>()?) as ArrayRef))
    }
}
