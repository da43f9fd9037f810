//! `cuminc(duration, outcome, horizon)`: the share that has the event by the horizon, others being open or prevented.
//! `cuminc_at(duration, outcome, horizons)`: the same by each of several horizons, from one reading of the rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::durations::{Durations, Parameter, Reading};
use super::error::FunctionError;
use super::statistics::competing::cumulative_incidence;
use super::statistics::observations::Outcome;
use super::summary::Summary;

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

    fn keeps(_: &[Option<f64>]) -> usize {
        1
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(duration, outcome 0/1/2, horizon), all numbers", [Argument::Number; 3].into_iter(), given)
    }

    fn returns() -> DataType {
        Durations::share_type()
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
        Ok(self.0.share(cumulative_incidence))
    }
}

/// The rows of one group, and the horizons, which are the same in each row.
#[derive(Debug, Default)]
pub struct CumincAt {
    /// Its parameter is the longest horizon.
    observed: Durations,
    horizons: Vec<f64>,
}

const READING_AT: Reading = Reading { function: "cuminc_at", parameter: Parameter::Horizon("horizons"), ..READING };

impl CumincAt {
    /// Takes the horizons of a row, or of another summary. They must be those of the rows before.
    fn agree(&mut self, horizons: &[f64]) -> Result<(), FunctionError> {
        if self.horizons.is_empty() {
            self.horizons.extend(horizons);
        }
        let differing = self.horizons.iter().zip(horizons).find(|(first, second)| first != second);
        let lengths = (self.horizons.len() as f64, horizons.len() as f64);
        let differing = differing.map(|(first, second)| (*first, *second));
        match differing.or((lengths.0 != lengths.1).then_some(lengths)) {
            Some((first, second)) => {
                Err(FunctionError::ParameterVaries { function: Self::NAME, parameter: "horizons", first, second })
            }
            None => Ok(()),
        }
    }
}

impl Summary for CumincAt {
    const NAME: &'static str = "cuminc_at";

    fn keeps(_: &[Option<f64>]) -> usize {
        1
    }

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let wanted = [Argument::Number, Argument::Number, Argument::Numbers].into_iter();
        coerce(Self::NAME, "(duration, outcome 0/1/2, list of horizons), all numbers", wanted, given)
    }

    fn returns() -> DataType {
        DataType::List(Arc::new(Field::new_list_field(Durations::share_type(), true)))
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let [duration, outcome, horizons @ ..] = row else { return Ok(()) };
        if horizons.is_empty() || row.contains(&None) {
            return Ok(());
        }
        // most rows repeat what the first one said: nothing is allocated for them
        if !self.horizons.iter().map(|horizon| Some(*horizon)).eq(horizons.iter().copied()) {
            self.agree(&horizons.iter().flatten().copied().collect::<Vec<f64>>())?;
        }
        let longest = self.horizons.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.observed.add(&READING_AT, &[*duration, *outcome, Some(longest)])
    }

    fn save(&mut self) -> Vec<f64> {
        let head = std::iter::once(self.horizons.len() as f64).chain(self.horizons.iter().copied());
        head.chain(self.observed.save()).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        let broken = || FunctionError::State { function: Self::NAME, length: saved.len() };
        let (count, rest) = saved.split_first().ok_or_else(broken)?;
        let (horizons, observed) = rest.split_at_checked(*count as usize).ok_or_else(broken)?;
        if horizons.is_empty() {
            return Ok(());
        }
        self.agree(horizons)?;
        self.observed.absorb(&READING_AT, observed)
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        let CumincAt { observed, horizons } = self;
        let shares: Vec<ScalarValue> =
            horizons.iter().map(|horizon| observed.share_by(*horizon, cumulative_incidence)).collect();
        Ok(ScalarValue::List(ScalarValue::new_list_nullable(&shares, &Durations::share_type())))
    }
}
