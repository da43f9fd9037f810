//! Which of the rows that wait in quarantine were overtaken: a good row of the same key came after them. Mended later on, such a
//! row is of an older day than what the store has, and must not take its place.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use super::export::Value;
use super::records::Mends;
use super::spill::encode;
use crate::model::tables::Table;

/// So many keys are watched; of what is refused beyond that, it is not known whether it was overtaken.
const MOST: usize = 1_000_000;

/// What tells a row of a table, as it is written beside a refused one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ingest) struct Key {
    table: Table,
    hash: u64,
}

impl Key {
    /// The key of a row of a table, of whose columns `value` gives those that are there. None: nothing tells the row, or only all
    /// that is in it does.
    pub(in crate::ingest) fn of<'v, 'r: 'v>(
        table: Table,
        value: impl Fn(&str) -> Option<&'v Value<'r>>,
    ) -> Option<Key> {
        let mut bytes = Vec::new();
        for (at, name) in table.key().iter().enumerate() {
            match value(name) {
                None | Some(Value::Null) if at == 0 => return None,
                found => encode(found.unwrap_or(&Value::Null), &mut bytes),
            }
        }
        bytes.extend_from_slice(table.name().as_bytes());
        Some(Key { table, hash: xxh3_64(&bytes) })
    }

    /// Keys as they are written, a word for each.
    pub(super) fn written(keys: &[Key]) -> String {
        keys.iter().map(|key| format!("{}:{:016x}", key.table.name(), key.hash)).collect::<Vec<_>>().join(" ")
    }

    /// The keys that were written.
    pub(super) fn read(text: &str) -> impl Iterator<Item = Key> {
        text.split(' ').filter_map(|word| {
            let (table, hash) = word.split_once(':')?;
            Some(Key { table: Table::named(table)?, hash: u64::from_str_radix(hash, 16).ok()? })
        })
    }

    pub(super) fn table(self) -> Table {
        self.table
    }
}

/// Tables as they are written, a word for each.
pub(super) fn tables(tables: &BTreeSet<Table>) -> String {
    tables.iter().map(|table| table.name()).collect::<Vec<_>>().join(" ")
}

/// What came in an ingest after rows that wait.
#[derive(Debug, Default)]
pub(super) struct Later {
    /// The keys of rows that wait in the store, in order.
    waiting: Vec<Key>,
    /// Of them, those of which good rows came, and the last place of one.
    overtaken: BTreeMap<Key, Mends>,
    /// Of them, those that came at all, by the name of the file.
    came: BTreeSet<(String, Key)>,
    /// The keys of rows that were refused in this ingest.
    refused: BTreeSet<Key>,
    /// Of them, those of which a good row came later: how many rows had been refused by then.
    after: BTreeMap<Key, u64>,
    /// How many rows were refused.
    refusals: u64,
}

impl Later {
    /// Watches the rows that wait in a store.
    pub(super) fn watching(mut waiting: Vec<Key>) -> Later {
        waiting.sort_unstable();
        waiting.dedup();
        waiting.truncate(MOST);
        Later { waiting, ..Later::default() }
    }

    /// Whether any key matters.
    pub(super) fn watches(&self) -> bool {
        !self.waiting.is_empty() || !self.refused.is_empty()
    }

    /// Hears of a good row of a file; `place` is where it stands in the order of rows.
    pub(super) fn take(&mut self, key: Key, file: &str, place: Mends) {
        if self.waiting.binary_search(&key).is_ok() {
            let last = self.overtaken.entry(key).or_insert(place);
            *last = place.max(*last);
            self.came.insert((file.to_owned(), key));
        }
        if self.refused.contains(&key) {
            self.after.insert(key, self.refusals);
        }
    }

    /// Hears of a row of a file that is refused. Returns its number among these.
    pub(super) fn refuse(&mut self, keys: &[Key], file: &str) -> u64 {
        for key in keys {
            if self.waiting.binary_search(key).is_ok() {
                self.came.insert((file.to_owned(), *key));
            }
            if self.refused.len() < MOST {
                self.refused.insert(*key);
            }
        }
        self.refusals += 1;
        self.refusals - 1
    }

    /// Of the row that was refused as that number: the tables for which it was overtaken.
    pub(super) fn after(&self, keys: &[Key], number: u64) -> BTreeSet<Table> {
        let is_later = |key: &&Key| self.after.get(key).is_some_and(|by| *by > number);
        keys.iter().filter(is_later).map(|key| key.table).collect()
    }

    /// Whether a good row of this key came after that place.
    pub(super) fn is_overtaken(&self, key: Key, place: Mends) -> bool {
        self.overtaken.get(&key).is_some_and(|by| *by > place)
    }

    /// Whether any row of this key came in a file of this name.
    pub(super) fn came(&self, file: &str, key: Key) -> bool {
        !self.came.is_empty() && self.came.contains(&(file.to_owned(), key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> Key {
        let id = Value::Text(id.into());
        Key::of(Table::Deals, |name| (name == "deal_id").then_some(&id)).unwrap()
    }

    #[test]
    fn a_row_is_overtaken_by_what_comes_after_it_alone() {
        let place = |ingest, line| Mends { ingest, line };
        let mut later = Later::watching(vec![key("1"), key("2")]);
        assert!(later.watches());
        later.take(key("3"), "deals.csv", place(2, 5));
        later.take(key("1"), "deals.csv", place(2, 5));
        assert!(later.is_overtaken(key("1"), place(1, 9)) && !later.is_overtaken(key("1"), place(2, 5)));
        assert!(!later.is_overtaken(key("2"), place(1, 1)));
        assert!(later.came("deals.csv", key("1")) && !later.came("calls.csv", key("1")));
        // within one ingest: refused, good, refused again
        let first = later.refuse(&[key("4")], "deals.csv");
        later.take(key("4"), "deals.csv", place(2, 6));
        let second = later.refuse(&[key("4")], "deals.csv");
        assert_eq!(later.after(&[key("4")], first), [Table::Deals].into());
        assert!(later.after(&[key("4")], second).is_empty());
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys = [key("1"), key("2")];
        assert_eq!(Key::read(&Key::written(&keys)).collect::<Vec<_>>(), keys);
        assert_eq!(Key::read("").count() + Key::read("deals:x other:1").count(), 0);
        // nothing tells a row without an id
        assert_eq!(Key::of(Table::Deals, |_| None), None);
        let day = Value::Whole(20_000);
        assert!(Key::of(Table::Spend, |name| (name == "day").then_some(&day)).is_some());
    }
}
