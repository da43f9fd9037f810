//! What can be said of a whole row before its values are read: conditions, totals, headers, and the shape of it.

use super::column_plan::Check;
use super::open::Opened;
use super::plan::Plan;
use super::reason;
use super::row::Row;
use super::within;
use crate::export::mapping::Test;
use crate::export::records::{Quotes, Record};
use crate::model::lang::Text;

/// Whether conditions hold: all of them, or any of them.
pub(super) fn holds(checks: &[Check], row: Row<'_>, all: bool) -> bool {
    let one = |check: &Check| {
        let Some(cell) = check.index.map(|index| row.cell(index)) else { return false };
        match &check.test {
            Test::Equals(texts) => texts.iter().any(|text| text.trim() == cell),
            Test::NotEquals(texts) => texts.iter().all(|text| text.trim() != cell),
            Test::StartsWith(text) => cell.starts_with(text.as_str()),
            Test::Filled(filled, empty) => *filled != (cell.is_empty() || empty.iter().any(|text| text == cell)),
        }
    };
    match all {
        true => checks.iter().all(one),
        false => checks.iter().any(one),
    }
}

/// How many lines a row swallowed, if they are too many for one.
///
/// Quarantined as one row, they would be counted as one: most of a file could be missing from a good-looking report.
pub(super) fn swallowed(record: &Record, cells: usize) -> Option<u64> {
    const LINES: u64 = 50;
    if record.is_of_form() {
        return None;
    }
    match record.quotes {
        Quotes::Open => Some(record.lines),
        _ => (record.cells.len() != cells).then_some(record.lines.saturating_sub(1)).filter(|lines| *lines > LINES),
    }
}

/// What is wrong with the number of cells of a row. Cells after the last one of the header are none as long as nothing is
/// in them: many exports end each row with a delimiter.
pub(super) fn shape_of(record: &Record, opened: &Opened) -> Option<Text> {
    let row = &record.cells;
    let is_blank = |cell: &[u8]| cell.trim_ascii().is_empty();
    if matches!(record.quotes, Quotes::Broken | Quotes::Open) {
        return Some(reason::broken_quote());
    }
    match !record.is_of_form() && (row.len() < opened.least || !row.iter().skip(opened.cells).all(is_blank)) {
        true => Some(reason::wrong_cells(row.len(), opened.cells, record.lines > 1)),
        false => None,
    }
}

/// Whether a cell of several lines has one that is a row by itself: a quote opens before it by mistake.
///
/// In a table of few columns a line of a text may look so: there a quotation mark within the cell has to speak for it, too.
pub(super) fn row_within(row: Row<'_>, opened: &Opened, plan: &Plan) -> Option<Text> {
    const FEW: usize = 4;
    if opened.cells < 2 || !row.record.typed.is_empty() || row.record.lines < 2 {
        return None;
    }
    let quote = char::from(opened.quote());
    let has_row = |cell: usize| {
        let text = row.cell(cell);
        (opened.cells >= FEW || text.contains(quote))
            && text.split(['\n', '\r']).skip(1).any(|line| within::is_row(line, opened, plan))
    };
    (0..opened.cells).any(has_row).then(reason::row_within)
}

/// Whether a row is a total: its first cell begins like one, and stands where no such text can, or a cell without which it
/// would be no row is not filled.
pub(super) fn is_total(plan: &Plan, row: Row<'_>) -> bool {
    let first = row.cell(0);
    let begins = |total: &String| {
        let begins = first.get(..total.len()).is_some_and(|begin| begin.to_lowercase() == total.to_lowercase());
        begins && !first[total.len()..].starts_with(char::is_alphanumeric)
    };
    let is_bare = |total: &String| first.trim_end_matches([':', '.', ' ']).len() == total.len();
    let Some(total) = plan.totals.iter().find(|total| begins(total)) else { return false };
    let mut columns = plan.fills.iter().flat_map(|fill| &fill.columns).filter(|column| column.required);
    is_bare(total) || columns.any(|column| column.cells().contains(&0) || column.is_empty(row))
}
