//! What the readers of all forms but text have in common: where they lay records down, and that a broken file ends none of them.

use std::fs::File;
use std::path::Path;

use super::temp_table::{Budget, Kept};
use crate::export::ExportError;
use crate::export::files::Input;
use crate::model::letters::into_composed;

/// What a reader of others makes of a file; none: it stopped at what it had not foreseen. It is a broken file then, and
/// the ingest goes on to say so.
pub(super) fn unharmed<T>(read: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
}

/// Parameters for writing records to the temp table.
pub(super) struct Keeping<'k> {
    pub(super) input: &'k Input,
    pub(super) scratch: &'k Path,
    pub(super) rows: Option<u64>,
    /// What all its sheets may take.
    pub(super) budget: Budget,
}

impl Keeping<'_> {
    pub(super) fn path(&self) -> &Path {
        &self.input.path
    }

    pub(super) fn begin(&self, name: Option<String>) -> Result<Kept, ExportError> {
        let file: File = tempfile::tempfile_in(self.scratch).map_err(ExportError::io(self.scratch))?;
        Ok(Kept::new(file, name.map(into_composed), self.path(), self.budget.clone()))
    }

    pub(super) fn is_enough(&self, rows: u64) -> bool {
        self.rows.is_some_and(|most| rows >= most)
    }
}
