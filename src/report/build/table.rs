//! Tables.

use std::sync::Arc;

use super::absent::with_absent;
use super::made::Made;
use super::rows::{caption, pick};
use crate::metrics::Bound;
use crate::report::definition;
use crate::report::document::{Block, Cell, Column, Table};
use crate::report::grid::{Grid, number};
use crate::report::inputs::Inputs;
use crate::report::phrases::Phrases;

/// A table: the dimensions, then the requested columns. A value that has an interval is shown with it.
pub(super) async fn table(inputs: &mut Inputs<'_>, say: &Phrases<'_>, table: &definition::Table) -> Made {
    let range = inputs.reach.range(table.ask.period);
    let grid = inputs.metrics.ask(&table.ask, range).await?;
    let grid = if table.is_bare { grid } else { with_absent(inputs, &table.ask, range, grid).await };
    let grid = table.rows.ratios_are.map_or(Arc::clone(&grid), |unit| Arc::new(grid.with_ratios(unit)));
    let title = say.text(&table.title);
    let picked = pick(&grid, &table.rows, say);
    if picked.rows.is_empty() {
        let lacking = table.columns.iter().find_map(|column| inputs.metrics.lacking(&table.ask, column));
        return lacking.map_or(Ok(None), Err);
    }
    let shown = columns(&grid, &table.columns, say);
    let cell = |row: usize, at: usize| match with_bounds(&grid, row, at) {
        _ if grid.is_no_return(row, &grid.columns[at].name) => Cell::Empty,
        Some(known) => known,
        None => say.titles.shown(&table.ask.metric, &grid, at, &grid.rows[row][at]),
    };
    let rows: Vec<Vec<Cell>> = picked.rows.iter().map(|row| shown.iter().map(|at| cell(*row, *at)).collect()).collect();
    let column = |at: &usize| {
        let column = &grid.columns[*at];
        Column { name: column.name.clone(), title: say.text(&column.title).to_owned(), unit: column.unit }
    };
    let names: Vec<&str> = shown.iter().map(|at| grid.columns[*at].name.as_str()).collect();
    let cover = inputs.cover(&table.ask, range, &names);
    Ok(Some(Block::Table(Table {
        id: table.id.clone(),
        title: say.with_cover(caption(title, rows.len(), picked.of, say), cover, table.ask.period),
        columns: shown.iter().map(column).collect(),
        rows,
        source: say.source(&table.ask, inputs.days(&table.ask, range)),
    })))
}

/// Dimensions first, then those asked for, or all that say something: bounds stand with their value, and of titles in
/// two languages one is enough.
fn columns(grid: &Grid, asked: &[String], say: &Phrases<'_>) -> Vec<usize> {
    let says_something = |at: &usize| {
        let column = &grid.columns[*at];
        column.lang.is_none_or(|lang| lang == say.lang) && column.bound_of.is_none()
    };
    let own: Vec<usize> = match asked.is_empty() {
        true => (grid.dimensions..grid.columns.len()).filter(says_something).collect(),
        false => asked.iter().filter_map(|name| grid.position(&say.titles.column(name))).collect(),
    };
    let dimensions = (0..grid.dimensions).filter(|at| !own.contains(at));
    dimensions.chain(own.iter().copied()).collect()
}

/// A value with its interval; an unknown value with the ends between which it lies.
fn with_bounds(grid: &Grid, row: usize, at: usize) -> Option<Cell> {
    let name = &grid.columns[at].name;
    let bound = |end: Bound| grid.bound(row, name, end);
    match number(&grid.rows[row][at]) {
        Some(value) => Some(Cell::Interval { value, low: bound(Bound::Low)?, high: bound(Bound::High)? }),
        None => Some(Cell::Bounds { least: bound(Bound::Least)?, most: bound(Bound::Most)? }),
    }
}
