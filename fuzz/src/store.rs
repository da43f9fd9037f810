//! As much of the store as reading needs: an empty one.

use std::collections::BTreeMap;

use crate::model::tables::Table;

/// Never met: nothing is stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {}

/// What a store holds.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// Its tables: none.
    pub tables: BTreeMap<Table, TableState>,
}

/// A table of it.
#[derive(Debug, Default)]
pub struct TableState {
    /// Columns of the company's own.
    pub extra: Vec<String>,
}
