//! Lines of a text that may be rows which a quote swallowed.

use csv::ByteRecord;

use super::column_plan::{ColumnPlan, From};
use super::oddities::Oddities;
use super::open::Opened;
use super::plan::Plan;
use super::row::Row;
use crate::export::records::Record;
use crate::model::tables::Kind;

/// Whether a line of a cell is a row by itself: as many cells as a row has, and in them what the columns need. A text with as many
/// commas as that is a text.
pub(super) fn is_row(line: &str, opened: &Opened, plan: &Plan) -> bool {
    let delimiter = char::from(opened.delimiter());
    let cells: Vec<&str> = line.split(delimiter).collect();
    if !(opened.least..=opened.cells).contains(&cells.len()) {
        return false;
    }
    let record = Record { cells: ByteRecord::from(cells), line: 1, lines: 1, ..Record::default() };
    let Ok(text) = std::str::from_utf8(record.cells.as_slice()) else { return false };
    let row = Row { text, record: &record, number: 1 };
    plan.fills.iter().flat_map(|fill| &fill.columns).all(|column| fits(column, row))
}

fn fits(column: &ColumnPlan, row: Row<'_>) -> bool {
    // with the quotes of the rows around it a cell has some of its own
    let is_filled = |cell: &usize| !row.cell(*cell).trim_matches('"').is_empty();
    let From::Cells(cells) = &column.from else { return true };
    match column.kind {
        Kind::Text => !column.required || cells.iter().any(is_filled),
        Kind::Money => column.amount(row).is_ok(),
        Kind::Instant | Kind::Day | Kind::Count => {
            let seen = column.seen.borrow().clone();
            let read = column.read(row, &mut Oddities::default());
            column.seen.replace(seen);
            read.is_ok()
        }
        _ => true,
    }
}
