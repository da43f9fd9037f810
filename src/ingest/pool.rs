//! Memory that bucket after bucket uses: given back to the system and taken anew each time, it would be cleared page by page,
//! which takes longer than filling it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::export::datum::Cell;
use crate::model::tables::Table;

/// Of what rows cells are: as much room as these take is enough for the next ones, and none is ever large for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Of {
    /// New rows of a table.
    New(Table),
    /// The rows of a table as they are from now on.
    Whole(Table),
}

/// Memory that nobody uses at the moment.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    cells: Mutex<BTreeMap<Of, Vec<Vec<Cell<'static>>>>>,
    bytes: Mutex<Vec<Vec<u8>>>,
}

impl Pool {
    /// Room for cells.
    pub(crate) fn cells<'a>(&self, of: Of) -> Vec<Cell<'a>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get_mut(&of).and_then(Vec::pop).map_or_else(Vec::new, emptied)
    }

    /// Room for bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes the room of cells back.
    pub(crate) fn keep_cells(&self, of: Of, cells: Vec<Cell<'_>>) {
        let cells = emptied(cells);
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).entry(of).or_default().push(cells);
    }

    /// Takes the room of bytes back.
    pub(crate) fn keep_bytes(&self, mut bytes: Vec<u8>) {
        bytes.clear();
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
    }
}

/// The room of cells that nobody needs any more, for others: a vector that is collected from another one takes over its memory.
fn emptied<'b>(mut cells: Vec<Cell<'_>>) -> Vec<Cell<'b>> {
    cells.clear();
    cells.into_iter().map(|_| Cell::Null).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again() {
        let pool = Pool::default();
        let text = "a text that lives shorter".to_owned();
        let cells = vec![Cell::Text(text.as_str()); 1000];
        pool.keep_cells(Of::New(Table::Deals), cells);
        drop(text);
        assert_eq!(pool.cells(Of::Whole(Table::Deals)).capacity(), 0);
        let again: Vec<Cell<'_>> = pool.cells(Of::New(Table::Deals));
        assert!(again.is_empty() && again.capacity() >= 1000);
        pool.keep_bytes(vec![1; 1000]);
        let again = pool.bytes();
        assert!(again.is_empty() && again.capacity() >= 1000);
        assert!(pool.bytes().capacity() == 0 && pool.cells(Of::New(Table::Deals)).capacity() == 0);
    }
}
