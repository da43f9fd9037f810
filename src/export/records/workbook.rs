//! Workbooks: every sheet that has anything in it, cell by cell.

use std::io::{BufReader, Cursor, Read};

use calamine::{Data, DataRef, ExcelDateTime, Reader, Style, Xls, Xlsx, XlsxError};

use super::keeping::{Keeping, unharmed};
use super::record::Typed;
use super::spreadsheet::broken;
use super::temp_table::{Kept, MOST_COLUMNS, Sheet};
use super::{UNCALCULATED, formats, xls_limits, xlsx_limits};
use crate::export::ExportError;
use crate::model::index::index_u32;

/// A workbook of an older Excel is in memory as a whole. It has no more than 65,536 rows a sheet.
const LARGEST: u64 = 256 << 20;
const MOST_SHEETS: usize = 900;
/// A spreadsheet has no more rows.
const MOST_ROWS: u32 = 1_048_576;

/// The sheets of a workbook of the Excel of 2007 and later.
pub(super) fn xlsx(keeping: &Keeping<'_>) -> Result<Vec<Sheet>, ExportError> {
    unharmed(|| read_xlsx(keeping)).unwrap_or_else(|| Err(broken(keeping, "its parts do not fit together")))
}

fn read_xlsx(keeping: &Keeping<'_>) -> Result<Vec<Sheet>, ExportError> {
    let file = keeping.input.whole(keeping.scratch)?;
    let uncalculated = xlsx_limits::weigh(keeping, &file)?;
    let mut workbook = Xlsx::new(BufReader::new(file)).map_err(|e| broken(keeping, e))?;
    let is_1904 = workbook.has_1904_epoch();
    let mut sheets = Vec::new();
    for name in workbook.sheet_names() {
        few(keeping, &sheets)?;
        let mut cells = match workbook.worksheet_cells_reader(&name) {
            Ok(cells) => cells,
            // a sheet of charts has no cells
            Err(XlsxError::NotAWorksheet(_)) => continue,
            Err(error) => return Err(broken(keeping, format!("sheet `{name}`: {error}"))),
        };
        let mut kept = keeping.begin(Some(name.clone()))?;
        kept.is_1904 = is_1904;
        let styles: Vec<Typed> = cells.styles().iter().map(typed).collect();
        let uncalculated = uncalculated.get(&name).map_or(&[][..], Vec::as_slice);
        let mut row = Row::default();
        loop {
            let at = |e| broken(keeping, format!("sheet `{name}`, after row {}: {e}", row.number + 1));
            let Some((cell, style)) = cells.next_cell_with_style_id().map_err(at)? else { break };
            let (number, column) = cell.get_position();
            if number != row.number {
                row.end(&mut kept)?;
                if keeping.is_enough(kept.len()) {
                    break;
                }
                row.number = number;
            }
            let value = match cell.get_value() {
                DataRef::Empty if uncalculated.binary_search(&(number, column)).is_ok() => {
                    (UNCALCULATED.to_owned(), Typed::No)
                }
                value => shown(value, styles.get(style).copied().unwrap_or(Typed::Number)),
            };
            row.put(keeping, column, value)?;
        }
        row.end(&mut kept)?;
        if kept.len() > 0 {
            sheets.push(kept.done()?);
        }
    }
    found(keeping, sheets)
}

/// The sheets of a workbook of an older Excel.
pub(super) fn xls(keeping: &Keeping<'_>) -> Result<Vec<Sheet>, ExportError> {
    unharmed(|| read_xls(keeping)).unwrap_or_else(|| Err(broken(keeping, "its parts do not fit together")))
}

fn read_xls(keeping: &Keeping<'_>) -> Result<Vec<Sheet>, ExportError> {
    let mut bytes = Vec::new();
    let file = keeping.input.whole(keeping.scratch)?;
    // one that is packed within an archive is no larger than such a file may be
    let most = (64 << 20).max(keeping.input.bytes.saturating_mul(16)).min(LARGEST);
    file.take(most + 1).read_to_end(&mut bytes).map_err(ExportError::io(keeping.path()))?;
    if bytes.len() as u64 > most {
        return Err(broken(keeping, format!("it is larger than {} MiB", most >> 20)));
    }
    let typed = xls_limits::weigh(&bytes).map_err(|e| broken(keeping, e))?;
    let mut workbook = Xls::new(Cursor::new(bytes)).map_err(|e| broken(keeping, e))?;
    let is_1904 = workbook.has_1904_epoch();
    let mut sheets = Vec::new();
    for (sheet, name) in workbook.sheet_names().into_iter().enumerate() {
        few(keeping, &sheets)?;
        let typed = typed.get(sheet);
        let cells = workbook.worksheet_range(&name).map_err(|e| broken(keeping, e))?;
        let mut kept = keeping.begin(Some(name))?;
        kept.is_1904 = is_1904;
        let (first, left) = cells.start().unwrap_or_default();
        for (below, values) in cells.rows().enumerate() {
            if keeping.is_enough(kept.len()) {
                break;
            }
            let mut row = Row { number: first + index_u32(below), ..Row::default() };
            for (column, value) in (left..).zip(values) {
                let number = typed.and_then(|cells| cells.get(&(row.number, column))).copied();
                row.put(keeping, column, shown(&borrowed(value), number.unwrap_or(Typed::Number)))?;
            }
            row.end(&mut kept)?;
        }
        if kept.len() > 0 {
            sheets.push(kept.done()?);
        }
    }
    found(keeping, sheets)
}

/// Refuses a workbook of more sheets than a person looks through: each is a file while it is read.
fn few(keeping: &Keeping<'_>, sheets: &[Sheet]) -> Result<(), ExportError> {
    match sheets.len() < MOST_SHEETS {
        true => Ok(()),
        false => Err(broken(keeping, format!("it has more than {MOST_SHEETS} sheets"))),
    }
}

fn found(keeping: &Keeping<'_>, sheets: Vec<Sheet>) -> Result<Vec<Sheet>, ExportError> {
    match sheets.is_empty() {
        true => Err(ExportError::NoRows { path: keeping.path().to_owned(), what: "the workbook is empty" }),
        false => Ok(sheets),
    }
}

/// A row being put together.
#[derive(Default)]
struct Row {
    number: u32,
    cells: Vec<(String, Typed)>,
}

impl Row {
    fn put(&mut self, keeping: &Keeping<'_>, column: u32, cell: (String, Typed)) -> Result<(), ExportError> {
        let column = column as usize;
        if column >= MOST_COLUMNS || self.number >= MOST_ROWS {
            return Err(broken(keeping, "a cell lies beyond where a sheet ends"));
        }
        if cell.0.is_empty() {
            return Ok(());
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, Default::default());
        }
        self.cells[column] = cell;
        Ok(())
    }

    fn end(&mut self, kept: &mut Kept) -> Result<(), ExportError> {
        kept.push(u64::from(self.number) + 1, self.cells.iter().map(|(text, typed)| (text.as_str(), *typed)))?;
        self.cells.clear();
        Ok(())
    }
}

/// Of the older form, whose cells are all in memory.
fn borrowed(value: &Data) -> DataRef<'_> {
    match value {
        Data::Int(number) => DataRef::Int(*number),
        Data::Float(number) => DataRef::Float(*number),
        Data::String(text) => DataRef::SharedString(text),
        Data::Bool(yes) => DataRef::Bool(*yes),
        Data::DateTime(time) => DataRef::DateTime(*time),
        Data::DateTimeIso(text) => DataRef::DateTimeIso(text.clone()),
        Data::DurationIso(text) => DataRef::DurationIso(text.clone()),
        Data::Error(error) => DataRef::Error(error.clone()),
        Data::Empty => DataRef::Empty,
    }
}

/// The type that a cell style gives to its numbers.
fn typed(style: &Style) -> Typed {
    style.number_format.as_ref().map_or(Typed::Number, |format| formats::typed(&format.format_code))
}

fn shown(value: &DataRef<'_>, number: Typed) -> (String, Typed) {
    match value {
        DataRef::Empty => (String::new(), Typed::No),
        DataRef::String(text) => (text.clone(), Typed::No),
        DataRef::SharedString(text) => ((*text).to_owned(), Typed::No),
        DataRef::Int(value) => (value.to_string(), number),
        // the shortest digits that mean the same number; never an exponent
        DataRef::Float(value) => (value.to_string(), number),
        DataRef::Bool(yes) => (yes.to_string(), Typed::No),
        DataRef::DateTime(time) => moment(time),
        DataRef::DateTimeIso(text) => (text.clone(), Typed::Time),
        DataRef::DurationIso(text) => (text.clone(), Typed::No),
        DataRef::Error(error) => (error.to_string(), Typed::No),
    }
}

/// A date with its time, or, before the calendar of spreadsheets begins, a length of time.
#[allow(clippy::cast_possible_truncation)] // a spreadsheet's days are few
fn moment(time: &ExcelDateTime) -> (String, Typed) {
    if time.is_duration() || time.as_f64() < 1.0 {
        let seconds = (time.as_f64() * 86_400.0).round() as i64;
        let text = format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        return (text, Typed::No);
    }
    let (year, month, day, hour, minute, second, milli) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    match (hour, minute, second, milli) {
        (0, 0, 0, 0) => (date, Typed::Time),
        (_, _, _, 0) => (format!("{date}T{hour:02}:{minute:02}:{second:02}"), Typed::Time),
        _ => (format!("{date}T{hour:02}:{minute:02}:{second:02}.{milli:03}"), Typed::Time),
    }
}
