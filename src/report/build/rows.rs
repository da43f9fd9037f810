//! Filters, sorts and limits the rows of a result.

use std::cmp::Ordering;

use crate::report::definition::{Rows, Sort};
use crate::report::document::Cell;
use crate::report::grid::{Grid, number};
use crate::report::phrases::Phrases;

/// Rows picked from a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// The rows, in the order in which they are shown.
    pub rows: Vec<usize>,
    /// How many there were before the limit.
    pub of: usize,
}

/// Picks, sorts and limits rows.
pub fn pick(grid: &Grid, rows: &Rows, say: &Phrases<'_>) -> Picked {
    let mut picked: Vec<usize> = (0..grid.rows.len()).collect();
    if let Some((column, value)) = &rows.only {
        picked.retain(|row| is(grid.cell(*row, &say.titles.column(column)), value));
    }
    if let Some(Sort { column, less, descending }) = &rows.sort {
        let column = say.titles.column(column);
        match less {
            None => picked.sort_by(|a, b| compare(grid.cell(*a, &column), grid.cell(*b, &column), *descending)),
            // the difference is empty if either value is
            Some(less) => {
                let excess = |row: usize| Some(grid.number(row, &column)? - grid.number(row, less)?);
                let cell = |row: usize| excess(row).map_or(Cell::Empty, Cell::Number);
                picked.sort_by(|a, b| compare(&cell(*a), &cell(*b), *descending));
            }
        }
    }
    let of = picked.len();
    picked.truncate(rows.limit.unwrap_or(of));
    Picked { rows: picked, of }
}

/// Whether a cell equals the value in the definition.
pub fn is(cell: &Cell, value: &str) -> bool {
    match cell {
        Cell::Text(text) => text == value,
        Cell::Date(day) => day.to_string() == value,
        Cell::Empty => value.is_empty(),
        cell => number(cell).is_some_and(|n| value.parse() == Ok(n)),
    }
}

/// Adds "showing N of M" to the title of a limited table.
pub fn caption(title: &str, shown: usize, of: usize, say: &Phrases<'_>) -> String {
    match shown < of {
        true => format!("{title} ({} {shown} {} {of})", say.pick("показаны", "showing"), say.pick("из", "of")),
        false => title.to_owned(),
    }
}

/// Sorts empty cells last in both directions.
fn compare(a: &Cell, b: &Cell, descending: bool) -> Ordering {
    let way = |order: Ordering| if descending { order.reverse() } else { order };
    match (a, b) {
        (Cell::Empty, Cell::Empty) => Ordering::Equal,
        (Cell::Empty, _) => Ordering::Greater,
        (_, Cell::Empty) => Ordering::Less,
        (Cell::Text(a), Cell::Text(b)) => way(a.cmp(b)),
        (Cell::Date(a), Cell::Date(b)) => way(a.cmp(b)),
        (Cell::Money(a), Cell::Money(b)) => way(a.cmp(b)),
        (a, b) => way(number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0))),
    }
}
