//! Headline figures.

use super::rows::is;
use super::{Made, ReportError};
use crate::report::asker::Asker;
use crate::report::definition::{self, Pick};
use crate::report::document::{Block, Cell, Tile};
use crate::report::grid::{Grid, number};
use crate::report::say::Say;

/// One figure, and its change against other periods.
pub(super) async fn tile(asker: &mut Asker<'_>, say: &Say<'_>, tile: &definition::Tile) -> Result<Made, ReportError> {
    let range = asker.range(tile.ask.period);
    let grid = match asker.ask(&tile.ask, range).await? {
        Ok(grid) => grid,
        Err(missing) => return Ok(Err(missing)),
    };
    let (column, unit) = (say.column(&tile.column), grid.unit(&tile.column));
    let value = picked(&grid, &tile.pick, &column);
    let mut notes = Vec::new();
    for (compare, earlier) in asker.earlier(&tile.ask, &tile.compare).await? {
        let was = picked(&earlier, &tile.pick, &column);
        if let (Some(now), Some(past)) = (number(&value), number(&was)) {
            let (to, was) = (say.compared(compare, tile.ask.period), say.value(&was, unit));
            notes.push(format!("{} {to} ({} {was})", say.difference(now, past, unit), say.pick("было", "was")));
        }
    }
    notes.extend(tile.note.as_ref().map(|note| say.text(note).to_owned()));
    let (label, source) = (say.text(&tile.label).to_owned(), say.source(&tile.ask, range));
    Ok(Ok(Some(Block::Tiles(vec![Tile { label, value, unit, notes, source }]))))
}

fn picked(grid: &Grid, pick: &Pick, column: &str) -> Cell {
    let row = match pick {
        Pick::First => (!grid.rows.is_empty()).then_some(0),
        Pick::Last => grid.rows.len().checked_sub(1),
        Pick::Where(by, value) => (0..grid.rows.len()).find(|row| is(grid.cell(*row, by), value)),
    };
    row.map_or(Cell::Empty, |row| grid.cell(row, column).clone())
}
