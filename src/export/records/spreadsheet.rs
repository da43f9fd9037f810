//! What workbooks of both kinds have in common: how percentages are shown, and how a broken one is refused.

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

/// Whether a format of numbers shows percentages: what stands in quotes or behind a backslash is text.
pub(super) fn is_percent(format: &str) -> bool {
    let (mut quoted, mut skipped) = (false, false);
    for symbol in format.chars() {
        match symbol {
            _ if skipped => skipped = false,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '\\' | '_' | '*' => skipped = true,
            '%' => return true,
            // what follows is for numbers below zero
            ';' => return false,
            _ => {}
        }
    }
    false
}
