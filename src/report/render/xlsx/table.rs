//! A sheet per table.

use std::borrow::Cow;

use rust_xlsxwriter::{Workbook, Worksheet};

use super::book::{Book, Fault};
use crate::model::lang::Lang;
use crate::model::unit::Unit;
use crate::report::document::{Cell, Table};
use crate::report::render::flat::{self, Part};
use crate::workbook::{Column, Kind, MOST_ROWS, RowsAre, Sheet, Value, WorkbookError, whole};

/// The rows of a longer table go to a temporary file as they are written.
const MANY: usize = 5_000;

/// The sheet of a table; further ones where its rows do not fit.
pub fn sheets(book: &Book<'_>, file: &mut Workbook, table: &Table, name: &str) -> Result<Vec<Worksheet>, Fault> {
    let parts = flat::columns(table);
    if parts.len() > crate::workbook::MOST_COLUMNS {
        return Err(WorkbookError::Columns(parts.len()).into());
    }
    let columns: Vec<Column> = parts.iter().map(|(at, part)| column(table, *at, *part, book.doc.lang)).collect();
    let has_empty = table.rows.iter().any(|row| parts.iter().any(|(at, part)| is_empty(&flat::part(&row[*at], *part))));
    let top = book.top(&table.title, &table.source, has_empty || table.rows.is_empty());
    let mut done = Vec::new();
    let open = |file: &mut Workbook, name: &str| -> Result<Sheet, WorkbookError> {
        let (sheet, rows) = match table.rows.len() > MANY {
            true => (file.new_worksheet_with_constant_memory()?, RowsAre::Streamed),
            false => (Worksheet::new(), RowsAre::Held),
        };
        Sheet::open(sheet, name, &book.looks, columns.clone(), Some(&top), rows)
    };
    let mut sheet = open(file, name)?;
    for row in &table.rows {
        if sheet.rows() == MOST_ROWS {
            let further = book.names.borrow_mut().take(name, &table.id);
            let full = std::mem::replace(&mut sheet, open(file, &further)?);
            done.push(full.close()?);
        }
        let cells: Vec<Cow<'_, Cell>> = parts.iter().map(|(at, part)| flat::part(&row[*at], *part)).collect();
        sheet.row(cells.iter().map(|cell| value(cell)))?;
    }
    done.push(sheet.close()?);
    Ok(done)
}

/// A cell as what it is.
pub fn value(cell: &Cell) -> Value<'_> {
    match cell {
        Cell::Empty | Cell::Bounds { .. } => Value::Nothing,
        Cell::Text(text) => Value::Text(Cow::Borrowed(text)),
        Cell::Count(count) => whole(i128::from(*count)),
        Cell::Money(money) => Value::Number(*money as f64 / 10_000.0),
        Cell::Number(value) | Cell::Interval { value, .. } => Value::Number(*value),
        Cell::Date(day) => Value::Date(*day),
    }
}

fn is_empty(cell: &Cell) -> bool {
    matches!(cell, Cell::Empty) || matches!(cell, Cell::Number(value) if !value.is_finite())
}

fn column(table: &Table, at: usize, part: Part, lang: Lang) -> Column {
    let column = &table.columns[at];
    let title = &column.title;
    let head = match part {
        Part::Value => title.clone(),
        Part::Low => format!("{title}: {}", lang.pick("от", "low")),
        Part::High => format!("{title}: {}", lang.pick("до", "high")),
        Part::Least => format!("{title}: {}", lang.pick("может быть от", "may be from")),
        Part::Most => format!("{title}: {}", lang.pick("может быть до", "may be to")),
    };
    let numbers: Vec<f64> = table.rows.iter().flat_map(|row| numbers(&row[at])).collect();
    Column { head, kind: kind(column.unit, &numbers) }
}

/// All numbers of a cell.
fn numbers(cell: &Cell) -> Vec<f64> {
    match cell {
        Cell::Interval { value, low, high } => vec![*value, *low, *high],
        Cell::Bounds { least, most } => vec![*least, *most],
        cell => match value(cell) {
            Value::Number(number) => vec![number],
            _ => Vec::new(),
        },
    }
}

/// What a column of these numbers holds: as many decimals as a page shows, the same in all rows.
pub fn kind(unit: Unit, numbers: &[f64]) -> Kind {
    let finite = || numbers.iter().copied().filter(|number| number.is_finite());
    let most = finite().map(f64::abs).fold(0.0, f64::max);
    let is_broken = finite().any(|number| number.fract() != 0.0);
    let digits = match unit {
        Unit::Text | Unit::Date if numbers.is_empty() => return Kind::Text,
        Unit::Text | Unit::Date => return Kind::Plain,
        Unit::Count | Unit::Hours | Unit::Days => usize::from(is_broken),
        Unit::Index => 1,
        Unit::Minutes => usize::from(is_broken && most < 100.0),
        Unit::Money => {
            if is_broken && most < 1000.0 {
                2
            } else {
                0
            }
        }
        Unit::Share => usize::from(most < 10.0),
        Unit::Ratio => 2,
    };
    Kind::Number(unit, digits)
}
