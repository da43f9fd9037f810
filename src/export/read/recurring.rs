//! Texts that recur, such as managers and stages: what such a text says is found out once, and then looked up.

use std::cell::{Cell, OnceCell};

use xxhash_rust::xxh3::xxh3_64;

use super::row::Row;
use crate::export::datum::Value;

/// A column has places for so many texts.
const PLACES: usize = 512;
/// A longer text, in bytes, is none that recurs.
const LONGEST: usize = 64;
/// Once so many texts more were not known than known, the column holds anything, and nothing is looked up any more.
const STRANGE: i64 = 2048;

/// The texts of a column that were met, with their values. One never leaves its place, so that a value borrows it.
#[derive(Debug, Clone)]
pub(super) struct Recurring {
    cell: usize,
    places: Vec<OnceCell<Word>>,
    /// How many texts more were not known than known.
    strange: Cell<i64>,
}

/// A text as the cell has it, and its value.
#[derive(Debug, Clone)]
struct Word {
    text: Box<str>,
    value: Option<Box<str>>,
}

impl Recurring {
    /// Those of a column that is read from this cell alone.
    pub(super) fn of(cell: usize) -> Recurring {
        Recurring { cell, places: vec![OnceCell::new(); PLACES], strange: Cell::new(0) }
    }

    /// The text of a row, where it may be one that recurs.
    pub(super) fn text<'r>(&self, row: Row<'r>) -> Option<&'r str> {
        // what the form says of a cell is no part of its text
        let is_off = self.strange.get() > STRANGE || !row.record.typed.is_empty();
        Some(self.cell)
            .filter(|_| !is_off)
            .map(|cell| row.cell(cell))
            .filter(|text| (1..=LONGEST).contains(&text.len()))
    }

    fn place(&self, text: &str) -> Option<&OnceCell<Word>> {
        self.places.get(usize::try_from(xxh3_64(text.as_bytes()) % PLACES as u64).ok()?)
    }

    /// The value of a text that was kept; `None`: it was not.
    pub(super) fn value(&self, text: &str) -> Option<Option<&str>> {
        let known = self.place(text).and_then(OnceCell::get).filter(|word| *word.text == *text);
        self.strange.set((self.strange.get() + if known.is_some() { -1 } else { 1 }).max(-STRANGE));
        known.map(|word| word.value.as_deref())
    }

    /// Keeps the value of a text, if there is a place for it.
    pub(super) fn keep(&self, text: &str, value: &Value<'_>) {
        let value = match value {
            Value::Text(value) => Some(value.as_ref().into()),
            _ => None,
        };
        if let Some(place) = self.place(text) {
            place.get_or_init(|| Word { text: text.into(), value });
        }
    }
}
