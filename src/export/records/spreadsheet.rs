//! What workbooks of both kinds have in common: how a broken one is refused.

use super::keeping::Keeping;
use crate::export::ExportError;
use crate::model::lang::{Text, both};

/// Refuses a workbook that cannot be read.
pub(super) fn broken(keeping: &Keeping<'_>, what: impl std::fmt::Display) -> ExportError {
    ExportError::unreadable(
        keeping.path(),
        both!("это книга, которую не прочитать: {what}", "this is a workbook that cannot be read: {what}"),
        Text::new(
            "откройте её в Excel и сохраните заново, без пароля",
            "open it in a spreadsheet and save it anew, without a password",
        ),
    )
}
