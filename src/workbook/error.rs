//! Why a workbook was not written.

use rust_xlsxwriter::XlsxError;

use super::MOST_COLUMNS;
use crate::model::lang::Lang;

/// Why a workbook was not written.
#[derive(Debug, thiserror::Error)]
pub enum WorkbookError {
    /// A sheet cannot hold so many columns.
    #[error(
        "{0} columns do not fit into a sheet, {MOST_COLUMNS} do\n    ask for fewer columns, or add --format csv or --format parquet"
    )]
    Columns(usize),
    /// A cell cannot hold a list.
    #[error(
        "a cell of a workbook cannot hold the list `{0}`\n    leave it out of the SELECT, or add --format json or --format parquet"
    )]
    List(String),
    /// The rows of a query could not be read.
    #[error("cannot read the rows: {0}")]
    Rows(#[from] arrow::error::ArrowError),
    /// The library or the disk refused.
    #[error("cannot write the workbook: {0}")]
    Writing(#[from] XlsxError),
}

impl WorkbookError {
    /// The message in a language.
    pub fn text(&self, lang: Lang) -> String {
        match (self, lang) {
            (_, Lang::En) => self.to_string(),
            (WorkbookError::Columns(count), Lang::Ru) => format!(
                "{count} столбцов не поместятся на лист, помещается {MOST_COLUMNS}\n    выберите меньше столбцов или добавьте --format csv либо --format parquet"
            ),
            (WorkbookError::List(name), Lang::Ru) => format!(
                "в ячейке книги не может стоять список `{name}`\n    уберите его из SELECT или добавьте --format json либо --format parquet"
            ),
            (WorkbookError::Rows(why), Lang::Ru) => format!("не прочитать строки: {why}"),
            (WorkbookError::Writing(why), Lang::Ru) => format!("не записать книгу: {why}"),
        }
    }
}
