//! The key of a row as it is kept beside a refused one: a hash of the key columns of a table.

use xxhash_rust::xxh3::xxh3_64;

use crate::export::datum::{Value, encode};
use crate::model::tables::Table;

/// What tells a row of a table, as it is written beside a refused one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RowKey {
    table: Table,
    hash: u64,
}

impl RowKey {
    /// The key of a row of a table, of whose columns `value` gives those that are there. None: nothing tells the row, or only all
    /// that is in it does.
    pub(crate) fn of<'v, 'r: 'v>(table: Table, value: impl Fn(&str) -> Option<&'v Value<'r>>) -> Option<RowKey> {
        RowKey::of_key(table, table.key().iter().map(|name| value(name)), &mut Vec::new())
    }

    /// The same of the values of the key's columns, in their order; `bytes` is overwritten.
    pub(crate) fn of_key<'v, 'r: 'v>(
        table: Table,
        key: impl Iterator<Item = Option<&'v Value<'r>>>,
        bytes: &mut Vec<u8>,
    ) -> Option<RowKey> {
        bytes.clear();
        for (at, found) in key.enumerate() {
            match found {
                None | Some(Value::Null) if at == 0 => return None,
                found => encode(found.unwrap_or(&Value::Null), bytes),
            }
        }
        bytes.extend_from_slice(table.name().as_bytes());
        Some(RowKey { table, hash: xxh3_64(bytes) })
    }

    /// Keys as they are written, a word for each.
    pub(crate) fn written(keys: &[RowKey]) -> String {
        keys.iter().map(|key| format!("{}:{:016x}", key.table.name(), key.hash)).collect::<Vec<_>>().join(" ")
    }

    /// The keys that were written.
    pub(crate) fn read(text: &str) -> impl Iterator<Item = RowKey> {
        text.split(' ').filter_map(|word| {
            let (table, hash) = word.split_once(':')?;
            Some(RowKey { table: Table::named(table)?, hash: u64::from_str_radix(hash, 16).ok()? })
        })
    }

    pub(crate) fn table(self) -> Table {
        self.table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> RowKey {
        let id = Value::Text(id.into());
        RowKey::of(Table::Deals, |name| (name == "deal_id").then_some(&id)).unwrap()
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let keys = [key("1"), key("2")];
        assert_eq!(RowKey::read(&RowKey::written(&keys)).collect::<Vec<_>>(), keys);
        assert_eq!(RowKey::read("").count() + RowKey::read("deals:x other:1").count(), 0);
        // nothing tells a row without an id
        assert_eq!(RowKey::of(Table::Deals, |_| None), None);
        let day = Value::Whole(20_000);
        assert!(RowKey::of(Table::Spend, |name| (name == "day").then_some(&day)).is_some());
    }
}
