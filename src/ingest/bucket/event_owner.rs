//! The deal to which an event is written that ingest makes.

use crate::export::datum::Cell;
use crate::ingest::rows::Rows;
use crate::model::layout::{Layout, NoColumn};

/// Whose deal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner<'a> {
    pub(crate) deal: &'a str,
    pub(crate) client: Cell<'a>,
    pub(crate) manager: Cell<'a>,
}

impl<'a> Owner<'a> {
    /// Appends an event of the deal: its id and kind, and `at`, `after`, `before`.
    pub(crate) fn write<'e>(
        &self,
        events: &mut Rows<'e>,
        layout: &Layout,
        (id, kind): (&'e str, &'e str),
        (at, after, before): (i64, Option<i64>, i64),
    ) -> Result<(), NoColumn>
    where
        'a: 'e,
    {
        let start = events.cells.len();
        events.cells.resize(start + events.width, Cell::Null);
        for (name, value) in [
            ("event_id", Cell::Text(id)),
            ("at", Cell::Whole(at)),
            ("kind", Cell::Text(kind)),
            ("deal_id", Cell::Text(self.deal)),
            ("client_id", self.client),
            ("manager", self.manager),
            ("after", after.map_or(Cell::Null, Cell::Whole)),
            ("before", Cell::Whole(before)),
        ] {
            events.cells[start + layout.slot(name)?] = value;
        }
        Ok(())
    }
}
