//! A table with one number per column: an interval takes three columns, bounds take two more. For formats whose cells are single values.

use std::borrow::Cow;

use crate::report::document::{Cell, Table};

/// Which number of a cell a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The value itself.
    Value,
    /// The lower bound of its interval.
    Low,
    /// The upper bound of its interval.
    High,
    /// The least value that it may have.
    Least,
    /// The greatest value that it may have.
    Most,
}

/// The columns: which column of the table, and which part of its cells.
pub fn columns(table: &Table) -> Vec<(usize, Part)> {
    let mut columns = Vec::new();
    for at in 0..table.columns.len() {
        columns.push((at, Part::Value));
        if table.rows.iter().any(|row| matches!(row[at], Cell::Interval { .. })) {
            columns.extend([(at, Part::Low), (at, Part::High)]);
        }
        if table.rows.iter().any(|row| matches!(row[at], Cell::Bounds { .. })) {
            columns.extend([(at, Part::Least), (at, Part::Most)]);
        }
    }
    columns
}

/// A part of a cell: never an interval, never bounds.
pub fn part(cell: &Cell, part: Part) -> Cow<'_, Cell> {
    Cow::Owned(match (cell, part) {
        (Cell::Interval { value, .. }, Part::Value) => Cell::Number(*value),
        (Cell::Interval { low, .. }, Part::Low) => Cell::Number(*low),
        (Cell::Interval { high, .. }, Part::High) => Cell::Number(*high),
        (Cell::Bounds { least, .. }, Part::Least) => Cell::Number(*least),
        (Cell::Bounds { most, .. }, Part::Most) => Cell::Number(*most),
        (Cell::Bounds { .. }, _) | (_, Part::Low | Part::High | Part::Least | Part::Most) => Cell::Empty,
        (cell, Part::Value) => return Cow::Borrowed(cell),
    })
}
