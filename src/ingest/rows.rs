//! Rows in memory: a bucket's worth, flat.

use std::cmp::Ordering;

use crate::export::datum::Cell;
use crate::model::index::index_u32;

/// Rows of one table, each `width` cells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows<'a> {
    pub(crate) width: usize,
    pub(crate) cells: Vec<Cell<'a>>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(width: usize) -> Rows<'a> {
        Rows { width, cells: Vec::new() }
    }

    /// Rows in memory that was used before.
    pub(crate) fn within(width: usize, cells: Vec<Cell<'a>>) -> Rows<'a> {
        Rows { width, cells }
    }

    pub(crate) fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    pub(crate) fn row(&self, row: usize) -> &[Cell<'a>] {
        &self.cells[row * self.width..(row + 1) * self.width]
    }

    pub(crate) fn cell(&self, row: usize, slot: usize) -> Cell<'a> {
        self.cells[row * self.width + slot]
    }

    /// The rows in the order of these columns.
    pub(crate) fn sorted(&self, by: &[usize]) -> Vec<u32> {
        let rows = 0..index_u32(self.len());
        let first = |row: u32| by.first().map_or(Cell::Null, |slot| self.cell(row as usize, *slot));
        // where the first column's prefixes tell its cells apart, those of the second one decide nearly all that is left
        let is_told = rows.clone().all(|row| first(row).is_prefix());
        let second = by.get(1).filter(|_| is_told);
        let prefix = |row: u32| second.map_or(0, |slot| self.cell(row as usize, *slot).prefix());
        let mut order: Vec<(u64, u64, u32)> = rows.map(|row| (first(row).prefix(), prefix(row), row)).collect();
        // rows with an equal sort key cannot be told apart by it: their key breaks the tie in every table. A stable sort, since
        // those of the store come in order, and it makes use of that
        order.sort_by(|a, b| {
            let rest = || {
                let (a, b) = (self.row(a.2 as usize), self.row(b.2 as usize));
                by.iter().map(|slot| a[*slot].cmp(&b[*slot])).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
            };
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(rest)
        });
        order.into_iter().map(|(.., row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::datum::Datum::{Null, Text, Whole};

    #[test]
    fn rows_are_sorted_as_their_cells_compare() {
        let first = [
            Null,
            Text("a"),
            Text("a\u{0}"),
            Text("abcdefgh"),
            Text("abcdefgh1"),
            Text("abcdefgh0"),
            Text("яблоко"),
            Text("Ян"),
        ];
        let numbers = [Null, Whole(i64::MIN), Whole(-1), Whole(0), Whole(7), Whole(i64::MAX)];
        for column in [first.as_slice(), numbers.as_slice()] {
            let mut rows = Rows::new(2);
            for (at, cell) in column.iter().chain(column).rev().enumerate() {
                rows.cells.extend([*cell, Whole(at as i64 % 5)]);
            }
            let mut expected: Vec<&[Cell<'_>]> = (0..rows.len()).map(|row| rows.row(row)).collect();
            expected.sort();
            let sorted: Vec<&[Cell<'_>]> = rows.sorted(&[0, 1]).iter().map(|row| rows.row(*row as usize)).collect();
            assert_eq!(sorted, expected);
            // each cell alone, so that the second column decides
            let mut in_order = column.to_vec();
            in_order.sort();
            for cell in column {
                let mut rows = Rows::new(2);
                column.iter().rev().for_each(|second| rows.cells.extend([*cell, *second]));
                let sorted = rows.sorted(&[0, 1]);
                let sorted: Vec<Cell<'_>> = sorted.iter().map(|row| rows.cell(*row as usize, 1)).collect();
                assert_eq!(sorted, in_order);
            }
        }
    }
}
