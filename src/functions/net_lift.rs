//! `net_lift(day_index, x, part)`: what a promotion brought beyond what ordinary days would have.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::lift::{Day, Part, net_lift};
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// What the numbers in SQL stand for.
const PARTS: [Part; 4] = [Part::Ordinary, Part::Before, Part::During, Part::After];

/// The days of one group.
#[derive(Debug, Default)]
pub struct NetLift(Vec<Day>);

impl Summary for NetLift {
    const NAME: &'static str = "net_lift";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(day_index, x, part 0 to 3), all numbers", [Argument::Number; 3].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["before", "during", "after", "net", "low", "high"], &["ordinary"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(index), Some(value), Some(part)] = row else { return Ok(()) };
        let wrong = |argument, value: f64, allowed| {
            Err(FunctionError::Value { function: Self::NAME, argument, value: value.to_string(), allowed })
        };
        if index.fract() != 0.0 || index.abs() > 1e9 {
            return wrong("day_index", index, "a whole number, one more for each day");
        }
        let named = PARTS.iter().enumerate().find(|(code, _)| *code as f64 == part);
        let Some((_, named)) = named else {
            return wrong("part", part, "0 (an ordinary day), 1 (before), 2 (during) or 3 (after)");
        };
        self.0.push(Day { index: index as i64, value: finite(Self::NAME, "x", value)?, part: *named });
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.iter().flat_map(|day| [day.index as f64, day.value, day.part as u8 as f64]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        saved.chunks_exact(3).try_for_each(|day| self.add(None, &[Some(day[0]), Some(day[1]), Some(day[2])]))
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0
            .sort_unstable_by(|a, b| a.index.cmp(&b.index).then(a.part.cmp(&b.part)).then(a.value.total_cmp(&b.value)));
        if let Some(pair) = self.0.windows(2).find(|pair| pair[0].index == pair[1].index) {
            return Err(FunctionError::Twice { function: Self::NAME, unit: "day", index: pair[0].index });
        }
        let ordinary = self.0.iter().filter(|day| day.part == Part::Ordinary).count();
        let lift = net_lift(&self.0);
        let expected = |at: usize| lift.map(|lift| lift.expected[at]);
        let net = lift.map(|lift| lift.net);
        let reals =
            [expected(0), expected(1), expected(2), net.map(|n| n.value), net.map(|n| n.low), net.map(|n| n.high)];
        Ok(structure(&Self::returns(), &reals, &[ordinary as u64]))
    }
}
