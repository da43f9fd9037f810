//! Which column of a table stands where in a row.

use std::collections::BTreeMap;

use super::mapping::{Mapped, Mapping};
use crate::model::tables::{Kind, Table};
use crate::store::Snapshot;

/// The columns of a table: the canonical ones, then the extra ones.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) table: Table,
    pub(super) extra: Vec<String>,
    pub(super) columns: Vec<(String, Kind)>,
    /// The slots of the key's columns.
    pub(super) key: Vec<usize>,
    /// The slots of money.
    pub(super) money: Vec<usize>,
}

impl Layout {
    /// The layout of a table with these extra columns.
    pub(super) fn new(table: Table, extra: Vec<String>) -> Layout {
        let canonical = table.columns().iter().map(|c| (c.name.to_owned(), c.kind));
        let columns: Vec<_> = canonical.chain(extra.iter().map(|name| (name.clone(), Kind::Text))).collect();
        let money = (0..columns.len()).filter(|slot| columns[*slot].1 == Kind::Money).collect();
        let mut layout = Layout { table, extra, columns, key: Vec::new(), money };
        layout.key = layout.slots(table.key());
        layout
    }

    /// Where a column stands.
    pub(super) fn slot(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|(n, _)| n == name)
    }

    /// Where several columns stand.
    pub(super) fn slots(&self, names: &[&str]) -> Vec<usize> {
        names.iter().filter_map(|name| self.slot(name)).collect()
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }
}

/// The layout of every table that a mapping may fill: the extra columns that the store has stay, new ones follow. Of
/// those that an export need not have, the ones that some export `has`.
pub(super) fn layouts(mapping: &Mapping, has: impl Fn(&Mapped) -> bool, base: &Snapshot) -> BTreeMap<Table, Layout> {
    let layout = |table: Table| {
        let mut extra = base.tables.get(&table).map(|state| state.extra.clone()).unwrap_or_default();
        let fills = mapping.exports.iter().flat_map(|e| &e.fills).filter(|f| f.table == table);
        for column in fills.flat_map(|f| &f.columns).filter(|c| c.extra && (!c.optional || has(c))) {
            if !extra.contains(&column.name) {
                extra.push(column.name.clone());
            }
        }
        (table, Layout::new(table, extra))
    };
    Table::MAPPED.into_iter().map(layout).collect()
}
