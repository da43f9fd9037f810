//! `standardised(weight, k, n)`: a rate as it would be if the group's cases were mixed as all cases are.

use arrow::datatypes::DataType;
use datafusion::error::Result;
use datafusion::scalar::ScalarValue;

use super::arguments::{Argument, coerce, finite};
use super::error::FunctionError;
use super::statistics::standard::{Cell, standardised};
use super::structure::{structure, structure_type};
use super::summary::Summary;

/// The cells of one group.
#[derive(Debug, Default)]
pub struct Standardised(Vec<Cell>);

impl Summary for Standardised {
    const NAME: &'static str = "standardised";

    fn coerce(given: &[DataType]) -> Result<Vec<DataType>> {
        coerce(Self::NAME, "(weight, k, n), all numbers", [Argument::Number; 3].into_iter(), given)
    }

    fn returns() -> DataType {
        structure_type(&["rate", "low", "high"], &["cells"])
    }

    fn add(&mut self, _: Option<&str>, row: &[Option<f64>]) -> Result<(), FunctionError> {
        let &[Some(weight), Some(events), Some(cases)] = row else { return Ok(()) };
        let wrong = |argument, value: String, allowed| {
            Err(FunctionError::Value { function: Self::NAME, argument, value, allowed })
        };
        if finite(Self::NAME, "weight", weight)? < 0.0 {
            return wrong("weight", weight.to_string(), "0 or more");
        }
        if finite(Self::NAME, "n", cases)? <= 0.0 {
            return wrong("n", cases.to_string(), "above 0; merge empty cells with others");
        }
        if !(0.0..=cases).contains(&events) {
            return wrong("k", format!("{events} of {cases}"), "from 0 to n");
        }
        self.0.push(Cell { weight, events, cases });
        Ok(())
    }

    fn save(&mut self) -> Vec<f64> {
        self.0.iter().flat_map(|cell| [cell.weight, cell.events, cell.cases]).collect()
    }

    fn absorb(&mut self, saved: &[f64]) -> Result<(), FunctionError> {
        self.0.extend(saved.chunks_exact(3).map(|of| Cell { weight: of[0], events: of[1], cases: of[2] }));
        Ok(())
    }

    fn finish(&mut self) -> Result<ScalarValue, FunctionError> {
        self.0.sort_unstable_by(|a, b| {
            let order = a.weight.total_cmp(&b.weight).then(a.events.total_cmp(&b.events));
            order.then(a.cases.total_cmp(&b.cases))
        });
        let rate = standardised(&self.0);
        let reals = [rate.map(|r| r.value), rate.map(|r| r.low), rate.map(|r| r.high)];
        Ok(structure(&Self::returns(), &reals, &[self.0.len() as u64]))
    }
}
