//! A line of a sheet below its header.

use crate::export::records::Typed;

/// A cell: its text, and what its form calls it.
pub(super) type Cell = (String, Typed);

/// A line of the sheet below its header.
pub(super) struct Line {
    pub(super) line: u64,
    pub(super) cells: Vec<Cell>,
}
