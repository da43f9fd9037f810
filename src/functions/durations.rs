//! The rows that `cuminc`, `event_time`, `km_at` and `km_quantile` share: how long something took, how that ended, and one parameter
//! for the whole group.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::arguments::finite;
use super::error::FunctionError;
use super::statistics::Estimate;
use super::statistics::competing::Incidence;
use super::statistics::observations::{Observations, Outcome};
use super::structure::{structure, structure_type};

/// The observations of a group and its parameter.
#[derive(Debug, Default)]
pub struct Durations {
    /// The observations.
    pub observed: Observations,
    /// The horizon or the share asked about, once a row told it.
    pub parameter: Option<f64>,
}

/// How the rows of a function are read.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// The function.
    pub function: &'static str,
    /// Its parameter.
    pub parameter: Parameter,
    /// How an outcome may end: what stands at 0, 1, ...
    pub outcomes: &'static [Outcome],
    /// The same in words.
    pub allowed: &'static str,
}

/// The parameter of a function, by its name.
#[derive(Debug, Clone, Copy)]
pub enum Parameter {
    /// A time that is asked about; longer durations need only be counted.
    Horizon(&'static str),
    /// A share between 0 and 1.
    Share(&'static str),
}

impl Parameter {
    fn name(self) -> &'static str {
        match self {
            Parameter::Horizon(name) | Parameter::Share(name) => name,
        }
    }
}

impl Durations {
    /// Takes in a row: duration, outcome, parameter. A row that lacks one of them is left out.
    pub fn add(&mut self, reading: &Reading, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(duration), Some(outcome), Some(parameter)] = row else { return Ok(()) };
        let wrong = |argument, value: f64, allowed| {
            let value = value.to_string();
            Err(FunctionError::Value { function: reading.function, argument, value, allowed })
        };
        let duration = finite(reading.function, "duration", duration)?;
        let known = reading.outcomes.iter().enumerate().find(|(code, _)| *code as f64 == outcome);
        let Some((_, ended)) = known else { return wrong("outcome", outcome, reading.allowed) };
        let limit = match reading.parameter {
            Parameter::Horizon(name) => Some(finite(reading.function, name, parameter)?),
            Parameter::Share(_) if parameter > 0.0 && parameter < 1.0 => None,
            Parameter::Share(name) => return wrong(name, parameter, "above 0 and below 1"),
        };
        self.agree(reading, parameter)?;
        self.observed.add(duration, *ended, limit);
        Ok(())
    }

    fn agree(&mut self, reading: &Reading, parameter: f64) -> Result<(), FunctionError> {
        let first = *self.parameter.get_or_insert(parameter);
        if first != parameter {
            let (function, name) = (reading.function, reading.parameter.name());
            return Err(FunctionError::ParameterVaries { function, parameter: name, first, second: parameter });
        }
        Ok(())
    }

    /// All as numbers: the parameter, how many are beyond it, how many of two kinds, then the durations. Nothing where
    /// nothing was seen.
    pub fn save(&mut self) -> Vec<f64> {
        let Some(parameter) = self.parameter else { return Vec::new() };
        let Observations { events, competing, censored, beyond } = &self.observed;
        let head = [parameter, *beyond as f64, events.len() as f64, competing.len() as f64];
        head.into_iter().chain(events.iter().chain(competing).chain(censored).copied()).collect()
    }

    /// Takes in what another one saved.
    pub fn absorb(&mut self, reading: &Reading, saved: &[f64]) -> Result<(), FunctionError> {
        if saved.is_empty() {
            return Ok(());
        }
        let broken = FunctionError::State { function: reading.function, length: saved.len() };
        let [parameter, beyond, events, competing, durations @ ..] = saved else { return Err(broken) };
        let (events, competing) = (*events as usize, *competing as usize);
        if events + competing > durations.len() {
            return Err(broken);
        }
        self.agree(reading, *parameter)?;
        self.observed.beyond += *beyond as u64;
        self.observed.events.extend(&durations[..events]);
        self.observed.competing.extend(&durations[events..events + competing]);
        self.observed.censored.extend(&durations[events + competing..]);
        Ok(())
    }

    /// The share by the horizon, as the struct that SQL sees.
    pub fn share(&mut self, share_by: fn(&mut Observations, f64) -> Incidence) -> ScalarValue {
        let horizon = self.parameter.unwrap_or(f64::MAX);
        self.share_by(horizon, share_by)
    }

    /// The share by a horizon that is not beyond the parameter, as the struct that SQL sees.
    pub fn share_by(&mut self, horizon: f64, share_by: fn(&mut Observations, f64) -> Incidence) -> ScalarValue {
        let Incidence { estimate, at_least } = share_by(&mut self.observed, horizon);
        let end = |of: fn(Estimate) -> f64| estimate.map(of);
        let reals = [end(|e| e.value), end(|e| e.low), end(|e| e.high), at_least];
        structure(&Durations::share_type(), &reals, &[self.observed.len(), self.observed.at_risk(horizon)])
    }

    /// The type of [`Durations::share`].
    pub fn share_type() -> DataType {
        structure_type(&["estimate", "low", "high", "at_least"], &["n", "at_risk"])
    }
}
