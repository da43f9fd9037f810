//! The part of a table that a letter shows: few rows and columns, each cell as text.

use crate::model::unit::Unit;
use crate::report::document::{Cell, Column, Document, Table};
use crate::report::render::number::{Cents, NONE, Numbers};

/// A letter shows so many rows of a table at most,
const ROWS: usize = 15;
/// and so many columns: more do not fit a phone.
const COLUMNS: usize = 5;

/// The part of a table that a letter shows.
pub(super) struct Shown {
    /// The heads, and whether their columns hold text.
    pub heads: Vec<(String, bool)>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// How many rows are left out, and how many columns.
    pub left_out: (usize, usize),
}

/// None where the report folds its tables away: they are in its file.
pub(super) fn shown(table: &Table, doc: &Document) -> Option<Shown> {
    let numbers = Numbers { lang: doc.lang, currency: &doc.currency };
    let columns = table.columns.len().min(COLUMNS);
    let rows = table.rows.len().min(ROWS);
    let head = |column: &Column| (head(column, &doc.currency), matches!(column.unit, Unit::Text | Unit::Date));
    let row = |cells: &Vec<Cell>| -> Vec<String> {
        cells.iter().zip(&table.columns).take(columns).map(|(cell, of)| text(cell, of, &numbers)).collect()
    };
    (!doc.folds).then(|| Shown {
        heads: table.columns.iter().take(columns).map(head).collect(),
        rows: table.rows.iter().take(rows).map(row).collect(),
        left_out: (table.rows.len() - rows, table.columns.len() - columns),
    })
}

fn head(column: &Column, currency: &str) -> String {
    match column.unit {
        Unit::Money if !column.title.contains(currency) => format!("{},\u{a0}{currency}", column.title),
        _ => column.title.clone(),
    }
}

#[allow(clippy::cast_precision_loss)] // money and counts of a report are far below 2^53
fn text(cell: &Cell, column: &Column, numbers: &Numbers<'_>) -> String {
    let number = |value: f64| match column.unit {
        Unit::Money if value.abs() < 1000.0 && value.fract() != 0.0 => numbers.bare_money(value, Cents::Two),
        Unit::Money => numbers.bare_money(value, Cents::Whole),
        unit => numbers.exact(value, unit),
    };
    match cell {
        Cell::Empty => NONE.to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Count(count) => numbers.exact(*count as f64, Unit::Count),
        Cell::Money(money) => number(*money as f64 / 10_000.0),
        Cell::Number(value) | Cell::Interval { value, .. } => number(*value),
        Cell::Bounds { least, most } => numbers.bounds(*least, *most, column.unit),
        Cell::Date(day) => numbers.date(*day),
    }
}
