//! Sums and differences of cells, one of which is empty: no amount is taken, and what the others come to is told.

use super::column_plan::{ColumnPlan, Part};
use super::row::Row;
use super::value::clean;
use crate::export::mapping::Operation;
use crate::export::values::amounts::{self, Amount};
use crate::export::values::numbers;

impl ColumnPlan {
    /// Result of a sum or difference over its filled parts, where another is empty. `None` if all are empty.
    pub(super) fn without(&self, operation: Operation, parts: &[Part], row: Row<'_>) -> Option<i128> {
        if operation == Operation::Multiply {
            return None;
        }
        let mut total = None;
        for (at, part) in parts.iter().enumerate() {
            let Part::Cell(cell) = part else { continue };
            let Ok(Some(text)) = clean(row.cell(*cell), &self.reading, *cell) else { continue };
            let Amount { number, tens, .. } = amounts::read(&text);
            let Some(exact) = numbers::scaled(&number, self.decimal(row.typed(*cell)), tens) else { continue };
            let sign = if at > 0 && operation == Operation::Subtract { -1 } else { 1 };
            total = Some(total.unwrap_or(0) + sign * i128::from(exact.units));
        }
        total
    }
}
