//! The regulation that is in force when an ingest is made stays with the store, so that an old week can be judged by it.

use std::path::Path;

use super::rows::Rows;
use super::{IngestError, data_file};
use crate::export::datum::Cell;
use crate::model::layout::Layout;
use crate::model::tables::Table;
use crate::regulation::Regulation;
use crate::store::{Transaction, regulations};

/// Adds the regulation to the store, unless it is the one that was added last.
pub(crate) fn keep(regulation: &Regulation, transaction: &mut Transaction) -> Result<(), IngestError> {
    let known = regulations(transaction.base()).map_err(IngestError::from)?;
    if known.last().is_some_and(|last| last.text == regulation.text()) {
        return Ok(());
    }
    let layout = Layout::new(Table::Regulations, Vec::new());
    let mut rows = Rows::new(layout.width());
    rows.cells.resize(layout.width(), Cell::Null);
    let epoch = chrono::DateTime::UNIX_EPOCH.date_naive();
    let valid_from = regulation.valid_from().map(|day| Cell::Whole((day - epoch).num_days()));
    let values = [
        ("ingest", Some(Cell::Whole(i64::try_from(transaction.number()).unwrap_or(i64::MAX)))),
        ("valid_from", valid_from),
        ("text", Some(Cell::Text(regulation.text()))),
    ];
    for (name, value) in values {
        if let Some(value) = value {
            rows.cells[layout.slot(name)?] = value;
        }
    }
    let path = transaction.new_file(Table::Regulations, 0);
    write(&path, &layout, &rows)?;
    transaction.append(Table::Regulations, vec![(path, 1)]);
    Ok(())
}

fn write(path: &Path, layout: &Layout, rows: &Rows<'_>) -> Result<(), IngestError> {
    data_file::write(path, layout, rows, &[0])
}
