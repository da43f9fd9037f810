//! What workbooks of both kinds have in common: how a broken one is refused.

use super::keeping::Keeping;
use crate::export::ExportError;

/// Refuses a workbook that cannot be read.
pub(super) fn broken(keeping: &Keeping<'_>, what: impl std::fmt::Display) -> ExportError {
    ExportError::no_table(
        keeping.path(),
        format!("this is a workbook that cannot be read: {what}"),
        "open it in a spreadsheet and save it anew, without a password",
    )
}
