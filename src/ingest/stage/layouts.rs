//! The layouts of all tables that a mapping may fill.

use std::collections::BTreeMap;

use crate::export::mapping::{Mapped, Mapping};
use crate::model::layout::Layout;
use crate::model::tables::Table;
use crate::store::Snapshot;

/// The layout of every table that a mapping may fill: the extra columns that the store has stay, new ones follow. Of
/// those that an export need not have, the ones that some export `has`.
pub(crate) fn layouts(mapping: &Mapping, has: impl Fn(&Mapped) -> bool, base: &Snapshot) -> BTreeMap<Table, Layout> {
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
