//! `normal_p(z)`, `p_two_shares(k1, n1, k2, n2)`, `newcombe_low` and `newcombe_high` of the same four, and the aggregate
//! `p_shares_equal(k, n)`: whether shares differ by more than chance lets them.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::error::FunctionError;
use super::formula::Formula;
use super::statistics::normal::normal_p;
use super::statistics::shares::{equal, fisher, newcombe};
use super::structure::real;
use super::summary::Summary;

/// More cases than this are a slip, and would be counted for hours.
const MOST: f64 = 1e9;

/// What is asked of numbers in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shares {
    /// The two-sided p-value of a normal deviate.
    Normal,
    /// The p-value of a difference between two shares.
    Two,
    /// The lower end of the interval of that difference.
    DifferenceLow,
    /// The upper end of the interval of that difference.
    DifferenceHigh,
}

impl Shares {
    /// All four.
    pub const ALL: [Shares; 4] = [Shares::Normal, Shares::Two, Shares::DifferenceLow, Shares::DifferenceHigh];
}

impl Formula for Shares {
    fn name(&self) -> &'static str {
        match self {
            Shares::Normal => "normal_p",
            Shares::Two => "p_two_shares",
            Shares::DifferenceLow => "newcombe_low",
            Shares::DifferenceHigh => "newcombe_high",
        }
    }

    fn takes(&self) -> (&'static str, usize) {
        match self {
            Shares::Normal => ("(z), a number", 1),
            _ => ("(k1, n1, k2, n2), all numbers", 4),
        }
    }

    fn answer(&self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError> {
        let [k1, n1, k2, n2] = match *row {
            [Some(z)] if z.is_nan() => return Err(wrong(self.name(), "z", z.to_string(), "a number")),
            [Some(z)] => return Ok(normal_p(z)),
            [Some(k1), Some(n1), Some(k2), Some(n2)] => [k1, n1, k2, n2],
            _ => return Ok(None),
        };
        let counted = |argument, k, n| match self {
            Shares::Two => counts(self.name(), argument, k, n),
            _ => within(self.name(), argument, k, n),
        };
        counted("k1", k1, n1)?;
        counted("k2", k2, n2)?;
        Ok(match self {
            Shares::Two => fisher(k1, n1, k2, n2),
            Shares::DifferenceLow => newcombe(k1, n1, k2, n2).map(|difference| difference.low),
            _ => newcombe(k1, n1, k2, n2).map(|difference| difference.high),
        })
    }
}

fn wrong(function: &'static str, argument: &'static str, value: String, allowed: &'static str) -> FunctionError {
    FunctionError::Value { function, argument, value, allowed }
}

fn within(function: &'static str, argument: &'static str, k: f64, n: f64) -> Result<(), FunctionError> {
    match n.is_finite() && (0.0..=n).contains(&k) {
        true => Ok(()),
        false => Err(wrong(function, argument, format!("{k} of {n}"), "from 0 to n")),
    }
}

fn counts(function: &'static str, argument: &'static str, k: f64, n: f64) -> Result<(), FunctionError> {
    match (0.0..=n).contains(&k) && n <= MOST && k.fract() == 0.0 && n.fract() == 0.0 {
        true => Ok(()),
        false => Err(wrong(function, argument, format!("{k} of {n}"), "whole, and from 0 to n, n at most 1e9")),
    }
}

/// The groups of one set: events and cases of each.
#[derive(Debug, Default)]
pub struct SharesEqual(Vec<(f64, f64)>);

impl Summary for SharesEqual {
    const NAME: &'static str = "p_shares_equal";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(k, n), both numbers", [Argument::Number; 2].into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::Float64
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(events), Some(cases)] = row else { return Ok(()) };
        counts(Self::NAME, "k", events, cases)?;
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
        Ok(ScalarValue::Float64(real(equal(&self.0))))
    }
}
