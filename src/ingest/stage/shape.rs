//! The shape of encoded rows: which columns of a table they hold, and how they are told apart.

use crate::export::datum::{Cell, pack, unpack};
use crate::export::mapping::Repeated;
use crate::export::read::FillPlan;
use crate::model::layout::Layout;
use crate::model::tables::{Kind, Table};

/// What the rows of one fill of one file look like.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) table: Table,
    pub(crate) sum: bool,
    pub(crate) columns: Vec<ShapeColumn>,
    /// Where the key's columns stand among `columns`.
    pub(crate) key: Vec<Option<usize>>,
    /// Where the columns that decide the bucket stand among `columns`, in order.
    pub(crate) bucket_by: Vec<usize>,
    /// Of events: whether the export gives ids of its own. Its rows end in a number that tells their order.
    pub(crate) gives_ids: bool,
    /// Groups the shapes of one mapping fill. A key seen twice within a group counts as a repeat.
    pub(crate) kind: u32,
}

/// One column of a [`Shape`].
#[derive(Debug)]
pub(crate) struct ShapeColumn {
    /// Where it stands in the table's [`Layout`].
    pub(crate) slot: usize,
    pub(crate) adds_up: bool,
    pub(crate) if_unknown: bool,
}

impl Shape {
    /// The shape of a fill. Events always begin with their `event_id`.
    pub(crate) fn new(fill: &FillPlan, layout: &Layout, repeated: Repeated, kind: u32) -> Shape {
        let derived = (fill.table == Table::Events).then(|| layout.slot("event_id")).and_then(Result::ok);
        let mapped = fill.columns.iter().filter(|c| Some(c.slot) != derived).map(|c| (c.slot, c.if_unknown));
        let columns: Vec<ShapeColumn> = derived
            .map(|slot| (slot, false))
            .into_iter()
            .chain(mapped)
            .map(|(slot, if_unknown)| {
                let adds_up = matches!(layout.columns[slot].1, Kind::Money | Kind::Count);
                ShapeColumn { slot, adds_up, if_unknown }
            })
            .collect();
        let place = |slot: usize| columns.iter().position(|c| c.slot == slot);
        Shape {
            table: fill.table,
            sum: repeated == Repeated::Sum,
            key: layout.key.iter().map(|slot| place(*slot)).collect(),
            bucket_by: layout.slots(fill.table.bucket_by()).into_iter().filter_map(place).collect(),
            gives_ids: derived.is_some_and(|id| fill.columns.iter().any(|c| c.slot == id)),
            columns,
            kind,
        }
    }

    /// The shape of rows that came too late: they fill only what is empty.
    pub(crate) fn late(&self) -> Shape {
        let is_key = |at: usize| self.key.contains(&Some(at));
        let column = |(at, column): (usize, &ShapeColumn)| ShapeColumn {
            slot: column.slot,
            adds_up: column.adds_up,
            if_unknown: column.if_unknown || !is_key(at),
        };
        Shape {
            table: self.table,
            sum: self.sum,
            columns: self.columns.iter().enumerate().map(column).collect(),
            key: self.key.clone(),
            bucket_by: self.bucket_by.clone(),
            gives_ids: self.gives_ids,
            kind: self.kind,
        }
    }

    /// The shape of whole rows of a table, as the store has them.
    pub(crate) fn whole(layout: &Layout) -> Shape {
        let column = |slot| ShapeColumn { slot, adds_up: false, if_unknown: false };
        Shape {
            table: layout.table,
            sum: false,
            columns: (0..layout.width()).map(column).collect(),
            key: layout.key.iter().copied().map(Some).collect(),
            bucket_by: layout.slots(layout.table.bucket_by()),
            gives_ids: false,
            kind: u32::MAX,
        }
    }
}

/// Appends a whole row of a table.
pub(crate) fn encode_cells(cells: &[Cell<'_>], row: &mut Vec<u8>) {
    cells.iter().for_each(|cell| pack(cell, row));
}

/// Decodes the cells of a row; returns what follows them.
pub(crate) fn cells<'a>(shape: &Shape, mut row: &'a [u8], cells: &mut Vec<Cell<'a>>) -> &'a [u8] {
    for _ in &shape.columns {
        cells.push(unpack(&mut row).unwrap_or(Cell::Null));
    }
    row
}

/// The text that decides the bucket of a row: its first filled column of those that may.
pub(crate) fn bucket_key<'a>(shape: &Shape, cells: &[Cell<'a>]) -> &'a str {
    shape.bucket_by.iter().find_map(|at| cells[*at].text()).unwrap_or_default()
}
