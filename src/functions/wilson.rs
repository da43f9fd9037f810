//! `wilson_low(k, n)` and `wilson_high(k, n)`: the ends of a share's 95 % interval.

use super::error::FunctionError;
use super::formula::Formula;
use super::statistics::wilson::wilson;

/// One end of the Wilson interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wilson {
    /// `wilson_low`.
    Low,
    /// `wilson_high`.
    High,
}

impl Formula for Wilson {
    fn name(&self) -> &'static str {
        match self {
            Wilson::Low => "wilson_low",
            Wilson::High => "wilson_high",
        }
    }

    fn takes(&self) -> (&'static str, usize) {
        ("(k, n), both numbers", 2)
    }

    /// Null where either is null or `n` is 0: no data is not zero.
    fn answer(&self, row: &[Option<f64>]) -> Result<Option<f64>, FunctionError> {
        let &[Some(k), Some(n)] = row else { return Ok(None) };
        if !(0.0..=n).contains(&k) {
            let value = format!("{k} of {n}");
            let allowed = "from 0 to n";
            return Err(FunctionError::Value { function: self.name(), argument: "k", value, allowed });
        }
        Ok(wilson(k, n).map(|share| match self {
            Wilson::Low => share.low,
            Wilson::High => share.high,
        }))
    }
}
