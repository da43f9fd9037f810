//! `cv(x)` and `detrended_cv(week_index, x)`: how unsteady a series is.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::aggregate::Summary;
use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::variation::{cv, detrended_cv};

/// The values of one group.
#[derive(Debug, Default)]
pub struct Cv(Vec<f64>);

impl Summary for Cv {
    const NAME: &'static str = "cv";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(a number)", [Argument::Number].into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::Float64
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        if let &[Some(value)] = row {
            self.0.push(finite(Self::NAME, "x", value)?);
        }
        Ok(())
    }

    fn save(&self) -> Vec<f64> {
        self.0.clone()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved);
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(f64::total_cmp);
        Ok(ScalarValue::Float64(cv(&self.0)))
    }
}

/// The weeks of one group and their values.
#[derive(Debug, Default)]
pub struct DetrendedCv(Vec<(i64, f64)>);

impl Summary for DetrendedCv {
    const NAME: &'static str = "detrended_cv";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(week_index, x), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::Float64
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(week), Some(value)] = row else { return Ok(()) };
        if week.fract() != 0.0 || week.abs() > 1e9 {
            let (value, allowed) = (week.to_string(), "a whole number, one more for each week");
            return Err(FunctionError::Value { function: Self::NAME, argument: "week_index", value, allowed });
        }
        self.0.push((week as i64, finite(Self::NAME, "x", value)?));
        Ok(())
    }

    fn save(&self) -> Vec<f64> {
        self.0.iter().flat_map(|(week, value)| [*week as f64, *value]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved.chunks_exact(2).map(|pair| (pair[0] as i64, pair[1])));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        if let Some(pair) = self.0.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(FunctionError::WeekTwice { function: Self::NAME, week: pair[0].0 });
        }
        Ok(ScalarValue::Float64(detrended_cv(&self.0)))
    }
}
