//! One row of an export as values are read from it, and why one of them is refused.

use crate::export::records::{Record, Typed};
use crate::model::lang::Text;

/// Why a value was refused: the row goes to quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The cell that the value came from. `None` if made of several cells, or of none.
    pub(super) cell: Option<usize>,
    pub(super) value: String,
    pub(super) reason: Text,
    /// It is not the row's fault but the whole column's: nothing is stored, and this is the way out.
    pub(super) whole_column: Option<Box<Text>>,
}

/// One row of an export: text known to be UTF-8, cut into cells.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    pub(super) text: &'r str,
    pub(super) record: &'r Record,
    /// Its number among the rows that are not blank, from 1.
    pub(super) number: u64,
}

impl<'r> Row<'r> {
    /// A cell without the spaces around it; empty where the row is too short.
    pub(super) fn cell(&self, index: usize) -> &'r str {
        let text = self.record.cells.range(index).and_then(|range| self.text.get(range)).unwrap_or_default();
        match text.as_bytes() {
            // most cells have nothing around them, as two bytes tell
            [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
            _ => text.trim(),
        }
    }

    /// What the form of the file calls a cell.
    pub(super) fn typed(&self, index: usize) -> Typed {
        self.record.typed.get(index).copied().unwrap_or_default()
    }
}
