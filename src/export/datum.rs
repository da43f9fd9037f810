//! A value as the store holds it, and the bytes that it is on its way there.

use crate::model::index::index_u32;
use std::borrow::Cow;
use std::cmp::Ordering;

/// One value. `T` is how its text is held: [`Value`] may own it, [`Cell`] borrows it and is copied freely.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum Datum<T> {
    /// Not filled.
    #[default]
    Null,
    /// Text, never empty.
    Text(T),
    /// Money in units, an instant in microseconds, a day since 1970, a count.
    Whole(i64),
    /// A real number.
    Real(f64),
}

/// A value that was read out of an export.
pub(crate) type Value<'r> = Datum<Cow<'r, str>>;

/// A value of a row in memory. Its text is borrowed from where the row was read.
pub(crate) type Cell<'a> = Datum<&'a str>;

impl<'a> Cell<'a> {
    pub(crate) fn text(self) -> Option<&'a str> {
        match self {
            Datum::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn whole(self) -> Option<i64> {
        match self {
            Datum::Whole(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn real(self) -> Option<f64> {
        match self {
            Datum::Real(number) => Some(number),
            _ => None,
        }
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self, Datum::Null)
    }

    /// Whether its sort prefix is all of it: no other cell of the column that says this too has the same one.
    pub(crate) fn is_prefix(self) -> bool {
        match self {
            Datum::Null => true,
            Datum::Text(text) => text.len() <= 8 && !text.as_bytes().contains(&0),
            Datum::Whole(number) => number != i64::MIN,
            Datum::Real(_) => false,
        }
    }

    /// Sort prefix: cells of a column whose prefixes differ sort as the prefixes do; equal prefixes decide nothing.
    pub(crate) fn prefix(self) -> u64 {
        match self {
            Datum::Null | Datum::Real(_) => 0,
            Datum::Text(text) => {
                let mut first = [0; 8];
                let length = text.len().min(first.len());
                first[..length].copy_from_slice(&text.as_bytes()[..length]);
                u64::from_be_bytes(first)
            }
            Datum::Whole(number) => number.cast_unsigned() ^ (1 << 63),
        }
    }
}

impl<T: Ord> PartialEq for Datum<T> {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            // texts of two lengths are told apart without being read
            (Datum::Text(a), Datum::Text(b)) => a == b,
            _ => self.cmp(other) == Ordering::Equal,
        }
    }
}

impl<T: Ord> Eq for Datum<T> {}

impl<T: Ord> PartialOrd for Datum<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Nothing comes first: files are sorted with nulls first.
impl<T: Ord> Ord for Datum<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |datum: &Datum<T>| match datum {
            Datum::Null => 0,
            Datum::Text(_) => 1,
            Datum::Whole(_) => 2,
            Datum::Real(_) => 3,
        };
        match (self, other) {
            (Datum::Text(a), Datum::Text(b)) => a.cmp(b),
            (Datum::Whole(a), Datum::Whole(b)) => a.cmp(b),
            (Datum::Real(a), Datum::Real(b)) => a.total_cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// Appends a value to the bytes of a key or an id: they are hashed of these and kept in the store, so they stay as they are.
pub(crate) fn encode<T: AsRef<str>>(value: &Datum<T>, bytes: &mut Vec<u8>) {
    match value {
        Datum::Null => bytes.push(0),
        Datum::Text(text) => {
            let text = text.as_ref();
            bytes.push(1);
            bytes.extend_from_slice(&index_u32(text.len()).to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        Datum::Whole(number) => {
            bytes.push(2);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        Datum::Real(number) => {
            bytes.push(3);
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// The first byte of a packed value, where it is not the length of a text: most texts are short, and most of the bytes of a row
/// would be lengths.
const LONG: u8 = 252;
const WHOLE: u8 = 253;
const REAL: u8 = 254;
const NULL: u8 = 255;

/// Appends a value to a row on its way to the store.
pub(crate) fn pack<T: AsRef<str>>(value: &Datum<T>, row: &mut Vec<u8>) {
    match value {
        Datum::Null => row.push(NULL),
        Datum::Text(text) => {
            let text = text.as_ref().as_bytes();
            match u8::try_from(text.len()) {
                Ok(length @ 0..LONG) => row.push(length),
                _ => {
                    row.push(LONG);
                    row.extend_from_slice(&index_u32(text.len()).to_le_bytes());
                }
            }
            row.extend_from_slice(text);
        }
        Datum::Whole(number) => {
            row.push(WHOLE);
            row.extend_from_slice(&number.to_le_bytes());
        }
        Datum::Real(number) => {
            row.push(REAL);
            row.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Reads a packed value. `None` at the end of the row.
pub(crate) fn unpack<'a>(rest: &mut &'a [u8]) -> Option<Cell<'a>> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    let length = match *first {
        NULL => return Some(Datum::Null),
        kind @ (WHOLE | REAL) => {
            let (bytes, after) = rest.split_first_chunk()?;
            *rest = after;
            return Some(match kind {
                WHOLE => Datum::Whole(i64::from_le_bytes(*bytes)),
                _ => Datum::Real(f64::from_le_bytes(*bytes)),
            });
        }
        LONG => {
            let (bytes, after) = rest.split_first_chunk()?;
            *rest = after;
            u32::from_le_bytes(*bytes) as usize
        }
        length => usize::from(length),
    };
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok().map(Datum::Text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let texts = ["", "Сделка", &"а".repeat(125), &"ab".repeat(126), &"x".repeat(70_000)];
        let others = [Cell::Null, Cell::Whole(-5), Cell::Real(0.25), Cell::Null];
        let all: Vec<Cell<'_>> = texts.into_iter().map(Cell::Text).chain(others).collect();
        let mut row = Vec::new();
        all.iter().for_each(|value| pack(value, &mut row));
        let mut rest = row.as_slice();
        let cells: Vec<Cell<'_>> = std::iter::from_fn(|| unpack(&mut rest)).collect();
        assert_eq!(cells, all);
        for cut in 0..12 {
            let mut rest = &row[..cut];
            assert!(std::iter::from_fn(|| unpack(&mut rest)).count() <= 2);
        }
    }
}
