//! `km_at(duration, event, time)` and `km_quantile(duration, event, q)`: the Kaplan–Meier curve read both ways.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::durations::{Durations, Parameter, Reading};
use super::error::FunctionError;
use super::statistics::observations::Outcome;
use super::statistics::survival::{quantile, share_by};
use super::structure::real;
use super::summary::Summary;

const OUTCOMES: &[Outcome] = &[Outcome::Censored, Outcome::Event];
const ALLOWED: &str = "false or 0 (still open), true or 1 (the event)";
const ARGUMENTS: [Argument; 3] = [Argument::Number; 3];

const AT: Reading =
    Reading { function: "km_at", parameter: Parameter::Horizon("time"), outcomes: OUTCOMES, allowed: ALLOWED };

const QUANTILE: Reading =
    Reading { function: "km_quantile", parameter: Parameter::Share("q"), outcomes: OUTCOMES, allowed: ALLOWED };

/// The rows of one group, to be asked for the share by a time.
#[derive(Debug, Default)]
pub struct KmAt(Durations);

impl Summary for KmAt {
    const NAME: &'static str = "km_at";

    fn keeps(_: &[Option<f64>]) -> usize {
        1
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(duration, event yes/no, time)", ARGUMENTS.into_iter(), given)
    }

    fn returns() -> DataType {
        Durations::share_type()
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        self.0.add(&AT, row)
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.save()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.absorb(&AT, saved)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        Ok(self.0.share(share_by))
    }
}

/// The rows of one group, to be asked for the time by which a share has had the event.
#[derive(Debug, Default)]
pub struct KmQuantile(Durations);

impl Summary for KmQuantile {
    const NAME: &'static str = "km_quantile";

    fn keeps(_: &[Option<f64>]) -> usize {
        1
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(duration, event yes/no, q between 0 and 1)", ARGUMENTS.into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::Float64
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        self.0.add(&QUANTILE, row)
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.save()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.absorb(&QUANTILE, saved)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let Durations { observed, parameter } = &mut self.0;
        Ok(ScalarValue::Float64(real(parameter.and_then(|q| quantile(observed, q)))))
    }
}
