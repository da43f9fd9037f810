//! `beta_binomial(k, n)`: how the rates of groups scatter. `beta_low(a, b)`, `beta_high(a, b)`: the ends of a 95 % interval.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::formula::Formula;
use super::statistics::beta::{Beta, beta_binomial};
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// The groups: events and cases of each.
#[derive(Debug, Default)]
pub struct BetaBinomial(Vec<(f64, f64)>);

impl Summary for BetaBinomial {
    const NAME: &'static str = "beta_binomial";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(k, n), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["alpha", "beta"], &["groups"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(events), Some(cases)] = row else { return Ok(()) };
        let whole = |number: f64| number.is_finite() && number.fract() == 0.0;
        if !whole(events) || !whole(cases) || !(0.0..=cases).contains(&events) {
            let value = format!("{events} of {cases}");
            let allowed = "whole, and from 0 to n";
            return Err(FunctionError::Value { function: Self::NAME, argument: "k", value, allowed });
        }
        self.0.push((events, cases));
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.iter().flat_map(|(events, cases)| [*events, *cases]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved.chunks_exact(2).map(|pair| (pair[0], pair[1])));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.total_cmp(&b.0)));
        let prior = beta_binomial(&self.0);
        let reals = [prior.map(|prior| prior.alpha), prior.map(|prior| prior.beta)];
        Ok(structure(&Self::returns(), &reals, &[self.0.len() as u64]))
    }
}

/// One end of the interval of a beta distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BetaEnd {
    /// `beta_low`.
    Low,
    /// `beta_high`.
    High,
}

impl Formula for BetaEnd {
    fn name(&self) -> &'static str {
        match self {
            BetaEnd::Low => "beta_low",
            BetaEnd::High => "beta_high",
        }
    }

    fn takes(&self) -> (&'static str, usize) {
        ("(a, b), both numbers", 2)
    }

    fn answer(&self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError> {
        let &[Some(alpha), Some(beta)] = row else { return Ok(None) };
        let (alpha, beta) = (finite(self.name(), "a", alpha)?, finite(self.name(), "b", beta)?);
        let Some(estimate) = (Beta { alpha, beta }).estimate() else {
            let (function, value) = (self.name(), format!("{alpha} with b {beta}"));
            let allowed = "above 0, as b, together at most 1e9";
            return Err(FunctionError::Value { function, argument: "a", value, allowed });
        };
        Ok(Some(match self {
            BetaEnd::Low => estimate.low,
            BetaEnd::High => estimate.high,
        }))
    }
}
