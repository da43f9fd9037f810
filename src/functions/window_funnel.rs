//! `window_funnel([mode,] window_seconds, at, condition 1, …, condition N)`: how far the chain was followed in time.

use std::iter::repeat_n;

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce};
use super::error::FunctionError;
use super::statistics::funnel::{Event, Strict, longest};
use super::summary::Summary;

/// As many conditions as ClickHouse allows.
const MOST: usize = 32;
/// Microseconds of a second.
const SECOND: f64 = 1e6;

/// The events of one group.
#[derive(Debug, Default)]
pub struct WindowFunnel {
    plan: Option<Plan>,
    events: Vec<Event>,
}

/// What must be the same in all rows of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Plan {
    /// In seconds.
    window: f64,
    /// As [`bits`] has it.
    mode: u8,
    conditions: u8,
}

impl WindowFunnel {
    fn agree(&mut self, plan: Plan) -> Result<(), FunctionError> {
        let first = *self.plan.get_or_insert(plan);
        let varies = |parameter, first: f64, second: f64| {
            Err(FunctionError::ParameterVaries { function: "window_funnel", parameter, first, second })
        };
        match first {
            _ if first.window != plan.window => varies("window", first.window, plan.window),
            _ if first.mode != plan.mode => varies("mode (as bits)", first.mode.into(), plan.mode.into()),
            _ => Ok(()),
        }
    }
}

/// The strict modes of a word such as `strict_order, strict_increase`, a bit for each.
fn bits(word: &str) -> Result<u8, FunctionError> {
    word.split(',').map(str::trim).filter(|mode| !mode.is_empty()).try_fold(0, |bits, mode| {
        Ok(bits
            | match mode {
                "strict_deduplication" => 1,
                "strict_order" => 2,
                "strict_increase" => 4,
                other => {
                    return Err(FunctionError::Value {
                        function: "window_funnel",
                        argument: "mode",
                        value: format!("'{other}'"),
                        allowed: "strict_deduplication, strict_order, strict_increase, or several joined by commas",
                    });
                }
            })
    })
}

impl Summary for WindowFunnel {
    const NAME: &'static str = "window_funnel";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        let mode = given.first().is_some_and(|of| of.is_string()) as usize;
        let conditions = given.len().saturating_sub(mode + 2).clamp(1, MOST);
        let wanted = repeat_n(Argument::Word, mode)
            .chain([Argument::Number, Argument::Instant])
            .chain(repeat_n(Argument::Flag, conditions));
        let takes = "([mode,] window in seconds, a timestamp, then 1 to 32 conditions)";
        coerce(Self::NAME, takes, wanted.collect::<Vec<_>>().into_iter(), given)
    }

    fn returns() -> DataType {
        DataType::Int32
    }

    fn add(&mut self, word: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let [Some(window), Some(at), conditions @ ..] = row else { return Ok(()) };
        if !(*window >= 0.0 && window.is_finite()) {
            let (value, allowed) = (window.to_string(), "a number of seconds, 0 or more");
            return Err(FunctionError::Value { function: Self::NAME, argument: "window", value, allowed });
        }
        let mode = bits(word.unwrap_or_default())?;
        self.agree(Plan { window: *window, mode, conditions: conditions.len() as u8 })?;
        let fulfilled = (1..).zip(conditions).filter(|(_, met)| **met == Some(1.0)).map(|(place, _)| (*at, place));
        let before = self.events.len();
        self.events.extend(fulfilled);
        // only a strict order cares about events that fulfil nothing
        if self.events.len() == before && mode & 2 > 0 {
            self.events.push((*at, 0));
        }
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        let Some(Plan { window, mode, conditions }) = self.plan else { return Vec::new() };
        let plan = [window, mode.into(), conditions.into()];
        plan.into_iter().chain(self.events.iter().flat_map(|(at, place)| [*at, (*place).into()])).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        match saved {
            [] => Ok(()),
            [window, mode, conditions, events @ ..] => {
                self.agree(Plan { window: *window, mode: *mode as u8, conditions: *conditions as u8 })?;
                self.events.extend(events.chunks_exact(2).map(|event| (event[0], event[1] as u8)));
                Ok(())
            }
            _ => Err(FunctionError::State { function: Self::NAME, length: saved.len() }),
        }
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.events.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let length = self.plan.map_or(0, |Plan { window, mode, conditions }| {
            let strict = Strict { deduplication: mode & 1 > 0, order: mode & 2 > 0, increase: mode & 4 > 0 };
            longest(&self.events, window * SECOND, conditions, strict)
        });
        Ok(ScalarValue::Int32(Some(length.into())))
    }
}
