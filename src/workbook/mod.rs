//! Workbooks of spreadsheet programs (`.xlsx`): what all sheets share, whether they hold the tables of a report or the rows of a query.
//!
//! A value is written as what it is: a number with the format of its unit, a day as a day, a text as a text. No text becomes a
//! formula or a link, whatever it begins with. An unknown value is an empty hatched cell: it is not zero, and it does not take
//! part in sums and means. Tables go through a temporary file, so that their rows are not held in memory. The same input gives the
//! same bytes: the creation date is an argument.

mod csv;
mod error;
mod look;
mod name;
mod rows;
mod sheet;
mod text;
mod width;

pub use self::csv::csv;
pub use error::WorkbookError;
pub use look::{Looks, number_format};
pub use name::Names;
pub use rows::{RowColumn, Rows, whole};
pub use sheet::{Column, Kind, RowsAre, Sheet, Top, Value, link, paper, write, write_text};
pub use text::{is_like_a_formula, shown};
pub use width::{height, lines, of_text};

use chrono::NaiveDate;
use rust_xlsxwriter::{DocProperties, Workbook};

/// Rows of a sheet, the header among them.
pub const MOST_ROWS: u32 = 1_048_576;
/// Columns of a sheet.
pub const MOST_COLUMNS: usize = 16_384;

/// An empty workbook, dated with this day and not with the time of writing.
pub fn workbook(title: &str, company: &str, day: NaiveDate) -> Result<Workbook, WorkbookError> {
    let mut book = Workbook::new();
    let created = day.and_time(chrono::NaiveTime::MIN).and_utc();
    book.set_properties(
        &DocProperties::new()
            .set_title(text::property(title))
            .set_company(text::property(company))
            .set_creation_datetime(&created),
    );
    Ok(book)
}
