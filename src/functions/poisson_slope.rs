//! `poisson_slope(number, x)`: by how much the logarithm of a number grows with x, with its interval.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::poisson::poisson_slope;
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// The pairs of one group, x first.
#[derive(Debug, Default)]
pub struct PoissonSlope(Vec<(f64, f64)>);

impl Summary for PoissonSlope {
    const NAME: &'static str = "poisson_slope";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(number, x), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["slope", "low", "high"], &["n"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        if let &[Some(number), Some(x)] = row {
            let number = finite(Self::NAME, "number", number)?;
            if number < 0.0 {
                let (function, argument, value) = (Self::NAME, "number", number.to_string());
                return Err(FunctionError::Value { function, argument, value, allowed: "0 or more" });
            }
            self.0.push((finite(Self::NAME, "x", x)?, number));
        }
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.iter().flat_map(|(x, number)| [*x, *number]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let line = poisson_slope(&self.0);
        let interval = line.and_then(|line| line.interval);
        let reals = [line.map(|l| l.slope), interval.map(|i| i.low), interval.map(|i| i.high)];
        Ok(structure(&Self::returns(), &reals, &[self.0.len() as u64]))
    }
}
