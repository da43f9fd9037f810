//! `cv(x)` and `detrended_cv(week_index, x, judged)`: how unsteady a series is.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::variation::{Week, cv, detrended_cv};
use super::structure::{real, structure, structure_type};
use super::summary::Summary;

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

    fn save(&mut self) -> Vec<f64> {
        self.0.clone()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved);
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(f64::total_cmp);
        Ok(ScalarValue::Float64(real(cv(&self.0))))
    }
}

/// The weeks of one group, their values, and which of them are judged.
#[derive(Debug, Default)]
pub struct DetrendedCv(Vec<Week>);

impl Summary for DetrendedCv {
    const NAME: &'static str = "detrended_cv";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = [Argument::Number, Argument::Number, Argument::Flag].into_iter();
        coerce(Self::NAME, "(week_index, x, judged), two numbers and yes/no", wanted, given)
    }

    fn returns() -> DataType {
        structure_type(&["cv"], &["n", "seasons"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(week), Some(value), Some(judged)] = row else { return Ok(()) };
        if week.fract() != 0.0 || week.abs() > 1e9 {
            let (value, allowed) = (week.to_string(), "a whole number, one more for each week");
            return Err(FunctionError::Value { function: Self::NAME, argument: "week_index", value, allowed });
        }
        let value = finite(Self::NAME, "x", value)?;
        self.0.push(Week { index: week as i64, value, judged: judged != 0.0 });
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.iter().flat_map(|week| [week.index as f64, week.value, f64::from(u8::from(week.judged))]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        let week = |of: &[f64]| Week { index: of[0] as i64, value: of[1], judged: of[2] != 0.0 };
        self.0.extend(saved.chunks_exact(3).map(week));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| a.index.cmp(&b.index).then(a.value.total_cmp(&b.value)));
        if let Some(pair) = self.0.windows(2).find(|pair| pair[0].index == pair[1].index) {
            return Err(FunctionError::Twice { function: Self::NAME, unit: "week", index: pair[0].index });
        }
        let rest = detrended_cv(&self.0);
        Ok(structure(&Self::returns(), &[rest.cv], &[self.0.len() as u64, rest.seasons as u64]))
    }
}
