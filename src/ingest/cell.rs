//! Rows in memory: a bucket's worth, flat.

use std::cmp::Ordering;

/// A value of a row. Text is borrowed from where the row was read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Cell<'a> {
    /// Not filled.
    #[default]
    Null,
    Text(&'a str),
    /// Money in units, an instant in microseconds, a day, a count.
    Whole(i64),
    Real(f64),
}

impl<'a> Cell<'a> {
    pub(super) fn text(self) -> Option<&'a str> {
        match self {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn whole(self) -> Option<i64> {
        match self {
            Cell::Whole(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn real(self) -> Option<f64> {
        match self {
            Cell::Real(number) => Some(number),
            _ => None,
        }
    }

    pub(super) fn is_null(self) -> bool {
        matches!(self, Cell::Null)
    }

    /// A number by which cells of one column compare as they do themselves, where it differs.
    fn prefix(self) -> u64 {
        match self {
            Cell::Null | Cell::Real(_) => 0,
            Cell::Text(text) => {
                let mut first = [0; 8];
                let length = text.len().min(first.len());
                first[..length].copy_from_slice(&text.as_bytes()[..length]);
                u64::from_be_bytes(first)
            }
            Cell::Whole(number) => number.cast_unsigned() ^ (1 << 63),
        }
    }
}

impl PartialEq for Cell<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // texts of two lengths are told apart without being read
            (Cell::Text(a), Cell::Text(b)) => a == b,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl Eq for Cell<'_> {}

impl PartialOrd for Cell<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Nothing comes first: files are sorted with nulls first.
impl Ord for Cell<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |cell: &Cell<'_>| match cell {
            Cell::Null => 0,
            Cell::Text(_) => 1,
            Cell::Whole(_) => 2,
            Cell::Real(_) => 3,
        };
        match (self, other) {
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (Cell::Whole(a), Cell::Whole(b)) => a.cmp(b),
            (Cell::Real(a), Cell::Real(b)) => a.total_cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// Rows of one table, each `width` cells.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows<'a> {
    pub(super) width: usize,
    pub(super) cells: Vec<Cell<'a>>,
}

impl<'a> Rows<'a> {
    pub(super) fn new(width: usize) -> Rows<'a> {
        Rows { width, cells: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.cells.len() / self.width
    }

    pub(super) fn row(&self, row: usize) -> &[Cell<'a>] {
        &self.cells[row * self.width..(row + 1) * self.width]
    }

    pub(super) fn cell(&self, row: usize, slot: usize) -> Cell<'a> {
        self.cells[row * self.width + slot]
    }

    /// The rows in the order of these columns.
    pub(super) fn sorted(&self, by: &[usize]) -> Vec<u32> {
        let rows = 0..u32::try_from(self.len()).unwrap_or(u32::MAX);
        let prefix = |row: u32| by.first().map_or(0, |slot| self.cell(row as usize, *slot).prefix());
        let mut order: Vec<(u64, u32)> = rows.map(|row| (prefix(row), row)).collect();
        // rows with an equal sort key cannot be told apart by it: their key breaks the tie in every table
        order.sort_by(|(first, a), (second, b)| {
            let rest = || {
                let (a, b) = (self.row(*a as usize), self.row(*b as usize));
                by.iter().map(|slot| a[*slot].cmp(&b[*slot])).find(|o| o.is_ne()).unwrap_or(Ordering::Equal)
            };
            first.cmp(second).then_with(rest)
        });
        order.into_iter().map(|(_, row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Cell::{Null, Text, Whole};
    use super::*;

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
        }
    }
}
