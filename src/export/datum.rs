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

/// Appends a value to an encoded row. Ids and keys are hashed of these bytes and kept in the store: they stay as they are.
pub(crate) fn encode<T: AsRef<str>>(value: &Datum<T>, row: &mut Vec<u8>) {
    match value {
        Datum::Null => row.push(0),
        Datum::Text(text) => {
            let text = text.as_ref();
            row.push(1);
            row.extend_from_slice(&index_u32(text.len()).to_le_bytes());
            row.extend_from_slice(text.as_bytes());
        }
        Datum::Whole(number) => {
            row.push(2);
            row.extend_from_slice(&number.to_le_bytes());
        }
        Datum::Real(number) => {
            row.push(3);
            row.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// Reads an encoded value. `None` at the end of the row.
pub(crate) fn decode<'a>(rest: &mut &'a [u8]) -> Option<Cell<'a>> {
    let (tag, after) = rest.split_first()?;
    *rest = after;
    match tag {
        0 => Some(Datum::Null),
        1 => {
            let length = u32::from_le_bytes(*rest.first_chunk()?) as usize;
            let text = std::str::from_utf8(rest.get(4..4 + length)?).ok()?;
            *rest = &rest[4 + length..];
            Some(Datum::Text(text))
        }
        tag => {
            let bytes: [u8; 8] = *rest.first_chunk()?;
            *rest = &rest[8..];
            Some(if *tag == 2 {
                Datum::Whole(i64::from_le_bytes(bytes))
            } else {
                Datum::Real(f64::from_le_bytes(bytes))
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let mut row = Vec::new();
        for value in [Value::Text("Сделка".into()), Value::Null, Value::Whole(-5), Value::Real(0.25)] {
            encode(&value, &mut row);
        }
        let mut rest = row.as_slice();
        let cells: Vec<Cell<'_>> = std::iter::from_fn(|| decode(&mut rest)).collect();
        assert_eq!(cells, [Cell::Text("Сделка"), Cell::Null, Cell::Whole(-5), Cell::Real(0.25)]);
    }
}
