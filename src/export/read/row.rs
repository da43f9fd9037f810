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
        match is_trimmed(text.as_bytes()) {
            true => text,
            false => text.trim(),
        }
    }

    /// What the form of the file calls a cell.
    pub(super) fn typed(&self, index: usize) -> Typed {
        self.record.typed.get(index).copied().unwrap_or_default()
    }
}

/// Whether a text has no spaces around it, as far as its first and last two bytes tell: true of most cells.
fn is_trimmed(text: &[u8]) -> bool {
    // the bytes with which Cyrillic letters begin: no space begins with them
    let begins_letter = |byte: &u8| matches!(byte, 0xd0 | 0xd1);
    match text {
        [] => true,
        [only] => only.is_ascii_graphic(),
        [first, .., before, last] | [first @ before, last] => {
            (first.is_ascii_graphic() || begins_letter(first)) && (last.is_ascii_graphic() || begins_letter(before))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_to_be_trimmed_is_so() {
        let all = (0..=u32::from(char::MAX)).filter_map(char::from_u32);
        for symbol in all {
            for text in [format!("{symbol}"), format!("{symbol}a"), format!("a{symbol}"), format!("д{symbol}")] {
                assert!(!is_trimmed(text.as_bytes()) || text.trim() == text, "{text:?}");
            }
        }
        for text in ["", "7", "12", "Иванова П.", "Звонок", "да", "№ 1", "14.02.2025 19:05:10"] {
            assert_eq!(is_trimmed(text.as_bytes()), !text.starts_with('№'), "{text}");
        }
    }
}
