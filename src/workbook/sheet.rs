//! A sheet that holds a table: a header that stays in sight and repeats on paper, a filter, columns as wide as their content.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{Datelike, NaiveDate, NaiveDateTime};
use rust_xlsxwriter::{Format, IgnoreError, Url, Worksheet};

use super::error::WorkbookError;
use super::look::Looks;
use super::text::{is_like_a_formula, shown};
use super::width;
use crate::model::unit::Unit;

/// A4.
const PAPER: u8 = 9;
/// The first year that a spreadsheet knows. Earlier days are written as texts.
const FIRST_YEAR: i32 = 1900;
/// Whole numbers of more digits lose their last ones in a spreadsheet: they are ids, and are written as texts.
pub const EXACT: u64 = 999_999_999_999_999;

/// A value of a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// No data.
    Nothing,
    /// A text.
    Text(Cow<'a, str>),
    /// A number; one that is not finite is no data.
    Number(f64),
    /// A day.
    Date(NaiveDate),
    /// A day and a time.
    Moment(NaiveDateTime),
    /// Yes or no.
    Truth(bool),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Texts, days, truths.
    Text,
    /// Numbers of a unit, with so many decimals.
    Number(Unit, usize),
    /// Numbers of which nothing is known, shown with the digits that they have.
    Plain,
}

/// A column of a sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its header.
    pub head: String,
    /// What it holds.
    pub kind: Kind,
}

/// What stands above the header.
#[derive(Debug, Clone, PartialEq)]
pub struct Top {
    /// The title.
    pub title: String,
    /// The line beneath it; empty: none.
    pub source: String,
    /// The sheet to return to, and what the link is called.
    pub back: (String, String),
    /// What an empty cell means; empty: there are none.
    pub note: String,
}

/// Where the rows of a sheet are until the workbook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsAre {
    /// In memory.
    Held,
    /// In a temporary file: the worksheet is one of constant memory.
    Streamed,
}

/// A sheet that is being written, row by row.
pub struct Sheet {
    sheet: Worksheet,
    looks: Arc<Looks>,
    rows: RowsAre,
    columns: Vec<(Column, Format)>,
    widths: Vec<f64>,
    head: u32,
    next: u32,
}

impl Sheet {
    /// Names the sheet and writes what stands above its rows.
    pub fn open(
        mut sheet: Worksheet,
        name: &str,
        looks: &Arc<Looks>,
        columns: Vec<Column>,
        top: Option<&Top>,
        rows: RowsAre,
    ) -> Result<Sheet, WorkbookError> {
        sheet.set_name(name)?;
        if let Some(top) = top {
            sheet.set_row_height(0, 21)?;
            write_text(&mut sheet, (0, 0), &top.title.replace('\u{ad}', ""), (&looks.title, &looks.title), looks)?;
            write_text(&mut sheet, (1, 0), &top.source, (&looks.muted, &looks.muted), looks)?;
            let (to, word) = &top.back;
            link(&mut sheet, (2, 0), to, word, (&looks.back, looks))?;
            if !top.note.is_empty() {
                sheet.write_blank(2, 1, &looks.nothing)?;
                write_text(&mut sheet, (2, 2), &top.note, (&looks.muted, &looks.muted), looks)?;
            }
        }
        let head = if top.is_some() { 3 } else { 0 };
        let of_numbers = |column: &Column| !matches!(column.kind, Kind::Text);
        let formatted = |column: Column| {
            let format = match column.kind {
                Kind::Number(unit, digits) => looks.number(unit, digits),
                Kind::Plain | Kind::Text => looks.plain.clone(),
            };
            (column, format)
        };
        let widths = vec![0.0; columns.len()];
        for (at, column) in (0..).zip(&columns) {
            let format = if of_numbers(column) { &looks.head_number } else { &looks.head };
            let text = column.head.replace('\u{ad}', "");
            sheet.write_string_with_format(head, at, shown(&text, looks.lang), format)?;
        }
        // a column becomes no narrower than this; rows that go to a file cannot be changed later
        let narrow: Vec<f64> = columns.iter().map(|column| width::of_column(&column.head, 0.0)).collect();
        let high = head_height(columns.iter().zip(&narrow));
        sheet.set_row_height(head, high)?;
        let columns = columns.into_iter().map(formatted).collect();
        Ok(Sheet { sheet, looks: Arc::clone(looks), rows, columns, widths, head, next: head + 1 })
    }

    /// How many rows were written, the header and what stands above it among them.
    pub fn rows(&self) -> u32 {
        self.next
    }

    /// The row of the header, from zero.
    pub fn head(&self) -> u32 {
        self.head
    }

    /// Writes a row: a value per column.
    pub fn row<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) -> Result<(), WorkbookError> {
        let row = self.next;
        let mut high = 1;
        for (at, value) in (0..).zip(values) {
            let (column, format) = &self.columns[usize::from(at)];
            let wide = match value {
                Value::Number(number) => number_width(number, column.kind, &self.looks),
                Value::Text(ref text) => {
                    let wide = width::of_text(text);
                    if wide > width::MOST || text.contains('\n') {
                        high = high.max(width::lines(text, width::MOST));
                    }
                    wide
                }
                Value::Date(_) => 11.0,
                Value::Moment(_) => 19.0,
                Value::Truth(_) => 7.0,
                Value::Nothing => 0.0,
            };
            let widest = &mut self.widths[usize::from(at)];
            *widest = widest.max(wide);
            write(&mut self.sheet, (row, at), &value, format, &self.looks)?;
        }
        if high > 1 {
            self.sheet.set_row_height(row, width::height(high))?;
        }
        self.next += 1;
        Ok(())
    }

    /// Sets widths, filter, and how it prints.
    pub fn close(mut self) -> Result<Worksheet, WorkbookError> {
        let fitted = |((column, _), widest): (&(Column, Format), &f64)| width::of_column(&column.head, *widest);
        let widths: Vec<f64> = self.columns.iter().zip(&self.widths).map(fitted).collect();
        for (at, width) in (0..).zip(&widths) {
            self.sheet.set_column_width(at, *width)?;
        }
        if self.rows == RowsAre::Held {
            self.sheet
                .set_row_height(self.head, head_height(self.columns.iter().map(|(column, _)| column).zip(&widths)))?;
        }
        let (last_row, last_column) = (self.next - 1, (self.columns.len().max(1) - 1) as u16);
        for (at, (column, _)) in (0..).zip(&self.columns) {
            if column.kind == Kind::Text && last_row > self.head {
                let numbers = IgnoreError::NumberStoredAsText;
                self.sheet.ignore_error_range(self.head + 1, at, last_row, at, numbers)?;
            }
        }
        let sheet = &mut self.sheet;
        if last_row > self.head {
            sheet.autofilter(self.head, 0, last_row, last_column)?;
        }
        // the first column names the row: in a wide table it stays in sight as well
        let first = u16::from(self.columns.len() > 7 && self.widths[0] < 40.0);
        sheet.set_freeze_panes(self.head + 1, first)?;
        sheet.set_repeat_rows(self.head, self.head)?;
        paper(sheet);
        Ok(self.sheet)
    }
}

/// The height of the header: the sign of the filter has the last line for itself.
fn head_height<'c>(columns: impl Iterator<Item = (&'c Column, &'c f64)>) -> f64 {
    let lines = columns.map(|(column, width)| width::lines(&column.head, *width - 1.0));
    width::height(lines.max().unwrap_or(1) + 1)
}

/// Landscape A4, as wide as the sheet, with the sheet's name and the page number at the foot.
pub fn paper(sheet: &mut Worksheet) {
    sheet.set_landscape().set_paper_size(PAPER).set_print_fit_to_pages(1, 0);
    sheet.set_margins(0.4, 0.4, 0.5, 0.6, 0.3, 0.3);
    sheet.set_footer("&L&8&A&R&8&P / &N");
}

/// Writes a value, each as what it is.
pub fn write(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: &Value<'_>,
    number: &Format,
    looks: &Looks,
) -> Result<(), WorkbookError> {
    match value {
        Value::Number(value) if value.is_finite() => {
            sheet.write_number_with_format(row, column, *value, number)?;
        }
        Value::Nothing | Value::Number(_) => {
            sheet.write_blank(row, column, &looks.nothing)?;
        }
        Value::Text(text) => {
            let wraps = text.contains('\n') || width::of_text(text) > width::MOST;
            let formats = if wraps { (&looks.wrapped, &looks.inert_wrapped) } else { (&looks.text, &looks.inert) };
            write_text(sheet, (row, column), text, formats, looks)?;
        }
        Value::Date(day) if day.year() >= FIRST_YEAR => {
            sheet.write_date_with_format(row, column, day, &looks.date)?;
        }
        Value::Date(day) => {
            sheet.write_string_with_format(row, column, day.to_string(), &looks.text)?;
        }
        Value::Moment(moment) if moment.year() >= FIRST_YEAR => {
            sheet.write_datetime_with_format(row, column, moment, &looks.moment)?;
        }
        Value::Moment(moment) => {
            sheet.write_string_with_format(row, column, moment.to_string(), &looks.text)?;
        }
        Value::Truth(value) => {
            sheet.write_boolean_with_format(row, column, *value, &looks.text)?;
        }
    }
    Ok(())
}

/// Writes a text: in the first format, or in the second if it begins as a formula does.
pub fn write_text(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    text: &str,
    (plain, inert): (&Format, &Format),
    looks: &Looks,
) -> Result<(), WorkbookError> {
    let format = if is_like_a_formula(text) { inert } else { plain };
    sheet.write_string_with_format(row, column, shown(text, looks.lang), format)?;
    Ok(())
}

/// Writes a text that leads to another sheet.
pub fn link(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    to: &str,
    text: &str,
    (format, looks): (&Format, &Looks),
) -> Result<(), WorkbookError> {
    let url = Url::new(format!("internal:'{to}'!A1")).set_text(shown(text, looks.lang));
    sheet.write_url_with_format(row, column, url, format)?;
    Ok(())
}

fn number_width(value: f64, kind: Kind, looks: &Looks) -> f64 {
    match kind {
        Kind::Number(Unit::Share, digits) => width::of_number(value * 100.0, digits, looks.suffix(Unit::Share)),
        Kind::Number(unit, digits) => width::of_number(value, digits, looks.suffix(unit)),
        Kind::Plain | Kind::Text => width::of_text(&format!("{value}")).min(18.0),
    }
}
