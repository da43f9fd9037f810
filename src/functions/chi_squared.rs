//! `chi_squared_p(statistic, df)`: how likely chance alone makes a χ² statistic as large as this one.

use super::error::FunctionError;
use super::formula::Formula;
use super::statistics::chi_squared::at_least;

/// More groups than anybody compares.
const MOST_DEGREES: f64 = 1e6;

/// The function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChiSquared;

impl Formula for ChiSquared {
    fn name(&self) -> &'static str {
        "chi_squared_p"
    }

    fn takes(&self) -> (&'static str, usize) {
        ("(statistic, df), both numbers", 2)
    }

    fn answer(&self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError> {
        let &[Some(statistic), Some(df)] = row else { return Ok(None) };
        let wrong = |argument, value: f64, allowed| {
            Err(FunctionError::Value { function: self.name(), argument, value: value.to_string(), allowed })
        };
        if !(1.0..=MOST_DEGREES).contains(&df) || df.fract() != 0.0 {
            return wrong("df", df, "a whole number from 1 to 1000000");
        }
        if !statistic.is_finite() || statistic < 0.0 {
            return wrong("statistic", statistic, "a finite number from 0 up");
        }
        Ok(Some(at_least(statistic, df)))
    }
}
