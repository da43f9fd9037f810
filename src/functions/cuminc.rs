//! `cuminc(duration, outcome, horizon)`: the share that has the event by the horizon, others being open or prevented.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::aggregate::Summary;
use super::arguments::{Argument, coerce};
use super::durations::{Durations, Parameter, Reading};
use super::error::FunctionError;
use super::statistics::competing::cumulative_incidence;
use super::statistics::observations::Outcome;

/// The rows of one group.
#[derive(Debug, Default)]
pub struct Cuminc(Durations);

const READING: Reading = Reading {
    function: "cuminc",
    parameter: Parameter::Horizon("horizon"),
    outcomes: &[Outcome::Censored, Outcome::Event, Outcome::Competing],
    allowed: "0 (open), 1 (the event) or 2 (what prevents it)",
};

impl Summary for Cuminc {
    const NAME: &'static str = "cuminc";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(duration, outcome 0/1/2, horizon), all numbers", [Argument::Number; 3].into_iter(), given)
    }

    fn returns() -> DataType {
        Durations::share_type()
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        self.0.add(&READING, row)
    }

    fn save(&self) -> Vec<f64> {
        self.0.save()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.absorb(&READING, saved)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        Ok(self.0.share(cumulative_incidence))
    }
}
