//! Which of the rows that wait in quarantine were overtaken: a good row of the same key came after them. Mended later on, such a
//! row is of an older day than what the store has, and must not take its place.

use std::collections::{BTreeMap, BTreeSet};

use crate::export::read::RowKey;
use crate::export::records::RepairOrigin;
use crate::model::tables::Table;

/// So many keys are watched; of what is refused beyond that, it is not known whether it was overtaken.
const MOST: usize = 1_000_000;

/// Tables as they are written, a word for each.
pub(crate) fn tables(tables: &BTreeSet<Table>) -> String {
    tables.iter().map(|table| table.name()).collect::<Vec<_>>().join(" ")
}

/// What came in an ingest after rows that wait.
#[derive(Debug, Default)]
pub(crate) struct Later {
    /// The keys of rows that wait in the store, in order.
    waiting: Vec<RowKey>,
    /// Of them, those of which good rows came, and the last place of one.
    overtaken: BTreeMap<RowKey, RepairOrigin>,
    /// Of them, those that came at all, by the name of the file.
    came: BTreeSet<(String, RowKey)>,
    /// The keys of rows that were refused in this ingest.
    refused: BTreeSet<RowKey>,
    /// Keys whose good row came later: number of rows refused by then.
    after: BTreeMap<RowKey, u64>,
    /// How many rows were refused.
    refusals: u64,
}

impl Later {
    /// Watches the rows that wait in a store.
    pub(crate) fn watching(mut waiting: Vec<RowKey>) -> Later {
        waiting.sort_unstable();
        waiting.dedup();
        waiting.truncate(MOST);
        Later { waiting, ..Later::default() }
    }

    /// Whether any key matters.
    pub(crate) fn watches(&self) -> bool {
        !self.waiting.is_empty() || !self.refused.is_empty()
    }

    /// Records a good row of a file; `place` is its position in the order of rows.
    pub(crate) fn take(&mut self, key: RowKey, file: &str, place: RepairOrigin) {
        if self.waiting.binary_search(&key).is_ok() {
            let last = self.overtaken.entry(key).or_insert(place);
            *last = place.max(*last);
            self.came.insert((file.to_owned(), key));
        }
        if self.refused.contains(&key) {
            self.after.insert(key, self.refusals);
        }
    }

    /// Records a refused row of a file. Returns its number among the refused rows.
    pub(crate) fn refuse(&mut self, keys: &[RowKey], file: &str) -> u64 {
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

    /// For the refused row of that number: the tables in which a good row overtook it.
    pub(crate) fn after(&self, keys: &[RowKey], number: u64) -> BTreeSet<Table> {
        let is_later = |key: &&RowKey| self.after.get(key).is_some_and(|by| *by > number);
        keys.iter().filter(is_later).map(|key| key.table()).collect()
    }

    /// Whether a good row of this key came after that place.
    pub(crate) fn is_overtaken(&self, key: RowKey, place: RepairOrigin) -> bool {
        self.overtaken.get(&key).is_some_and(|by| *by > place)
    }

    /// Whether any row of this key came in a file of this name.
    pub(crate) fn came(&self, file: &str, key: RowKey) -> bool {
        !self.came.is_empty() && self.came.contains(&(file.to_owned(), key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::datum::Value;

    fn key(id: &str) -> RowKey {
        let id = Value::Text(id.into());
        RowKey::of(Table::Deals, |name| (name == "deal_id").then_some(&id)).unwrap()
    }

    #[test]
    fn a_row_is_overtaken_by_what_comes_after_it_alone() {
        let place = |ingest, line| RepairOrigin { ingest, line };
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
}
