//! `ols_slope(y, x)`: the slope of a straight line with its interval.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::regression::slope;
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// The pairs of one group, x first.
#[derive(Debug, Default)]
pub struct OlsSlope(Vec<(f64, f64)>);

impl Summary for OlsSlope {
    const NAME: &'static str = "ols_slope";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(y, x), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["slope", "low", "high"], &["n"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        if let &[Some(y), Some(x)] = row {
            self.0.push((finite(Self::NAME, "x", x)?, finite(Self::NAME, "y", y)?));
        }
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.iter().flat_map(|(x, y)| [*x, *y]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let line = slope(&self.0);
        let interval = line.and_then(|line| line.interval);
        let reals = [line.map(|l| l.slope), interval.map(|i| i.low), interval.map(|i| i.high)];
        Ok(structure(&Self::returns(), &reals, &[self.0.len() as u64]))
    }
}
