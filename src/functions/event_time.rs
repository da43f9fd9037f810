//! `event_time(duration, outcome, q)`: the time by which a share of those that will have the event has had it.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::durations::{Durations, Parameter, Reading};
use super::error::FunctionError;
use super::statistics::event_time::event_time;
use super::statistics::observations::Outcome;
use super::structure::{structure, structure_type};
use super::summary::Summary;

const READING: Reading = Reading {
    function: "event_time",
    parameter: Parameter::Share("q"),
    outcomes: &[Outcome::Censored, Outcome::Event, Outcome::Competing],
    allowed: "0 (open), 1 (the event) or 2 (what prevents it)",
};

/// The rows of one group.
#[derive(Debug, Default)]
pub struct EventTime(Durations);

impl Summary for EventTime {
    const NAME: &'static str = "event_time";

    fn keeps(_: &[Option<f64>]) -> usize {
        1
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = "(duration, outcome 0/1/2, q between 0 and 1), all numbers";
        coerce(Self::NAME, wanted, [Argument::Number; 3].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["estimate", "low", "high"], &["n", "events"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        self.0.add(&READING, row)
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.save()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.absorb(&READING, saved)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let Durations { observed, parameter } = &mut self.0;
        let found = parameter.map(|q| event_time(observed, q)).unwrap_or_default();
        let counts = [observed.len(), observed.events.len() as u64];
        Ok(structure(&Self::returns(), &[found.value, found.low, found.high], &counts))
    }
}
